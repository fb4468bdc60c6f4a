"""The command line: `python -m bearing {diagnose,fetch,train,evaluate,serve}`. Parses and prints; computes nothing."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bearing import __version__
from bearing.checks import check_number
from bearing.cli.trouble import discard_output, os_problem, program_fault, tell, unheard, was_stopped
from bearing.errors import BearingError, ParameterError
from bearing.settings import check_or_exit, port_number

__all__ = ["main"]

OK, BAD_INPUT = 0, 2
PROGRAM_ERROR, STOPPED, BROKEN_PIPE = 70, 130, 141  # as in sysexits.h; 128 and the signal's number

DIAGNOSE_EXAMPLES = """\
examples:
  python -m bearing diagnose 105.mat
  python -m bearing diagnose pump.csv --rate 25600 --rpm 1480 --bearing 6205
  python -m bearing diagnose pump.wav --rpm 1480 --geometry n=9,d=7.94,D=39.04,phi=0 --json
  python -m bearing diagnose recordings/ 'more/*.mat' --csv > verdicts.csv
  python -m bearing diagnose pump.csv --rate 25600 --html pump.html
  python -m bearing diagnose daq.bin --raw int16,le,2ch --rate 25600
  cat pump.csv | python -m bearing diagnose - --rate 25600 --json | jq .verdict

exit code:
  0  healthy          1  a fault, or something that strikes, was found
  2  bad input        3  uncertain
  70 the program itself failed, or the answer could not be written
  Of several files: 1 if any has a fault, else 70, else 2 if any could not be used, else 3 if any is uncertain, else 0.
"""

TREND_EXAMPLES = """\
examples:
  python -m bearing trend pump-3/ --rpm 1480 --bearing 6205
  python -m bearing trend pump-3/ --json | jq '.points[].state'
  python -m bearing trend pump-3/ --baseline 10-40 --html > pump-3.html

exit code:
  0  ok               1  a point is in alert or alarm
  2  bad input        3  a point is to be watched, or there are too few measurements
"""


def _diagnose(arguments: argparse.Namespace) -> int:
    from bearing.cli.diagnose import run

    return run(arguments)


def _trend(arguments: argparse.Namespace) -> int:
    from bearing.cli.trend import run

    return run(arguments)


def _add(arguments: argparse.Namespace) -> int:
    from bearing.cli.machines import run_add

    return run_add(arguments)


def _watch(arguments: argparse.Namespace) -> int:
    from bearing.cli.machines import run_watch

    return run_watch(arguments)


def _fleet(arguments: argparse.Namespace) -> int:
    from bearing.cli.machines import run_fleet

    return run_fleet(arguments)


def _batch(arguments: argparse.Namespace) -> int:
    _need("distributed", "batch")
    from bearing.cli.batch import run

    return run(arguments)


def _fetch(arguments: argparse.Namespace) -> int:
    from bearing.cli.lab import run_fetch

    return run_fetch(arguments)


def _train(arguments: argparse.Namespace) -> int:
    _need("torch", "train")
    from bearing.cli.lab import run_train

    return run_train(arguments)


def _evaluate(arguments: argparse.Namespace) -> int:
    from bearing.cli.lab import run_evaluate

    return run_evaluate(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    """Replaces this process by the server: pages and REST, or REST alone."""
    from bearing.files import ROOT
    from bearing.settings import port

    chosen = str(arguments.port or port())
    _need("uvicorn" if arguments.api_only else "streamlit", "app")
    if arguments.api_only:
        command = ["-m", "uvicorn", "bearing.api.service:app", "--host", arguments.host, "--port", chosen]
    else:
        command = ["-m", "streamlit", "run", "app.py", "--server.address", arguments.host]
        command += ["--server.port", chosen, "--server.headless", "true"]
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *command])  # signals then reach the server itself


def _mcp(arguments: argparse.Namespace) -> int:
    """Serves assistants over standard input and output until they hang up."""
    _need("mcp", "mcp")
    from bearing.mcp import create_server

    create_server(arguments.folders).run("stdio")
    return OK


def _workers(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise ValueError(text)
    return value


def _need(module: str, extra: str) -> None:
    """ParameterError saying what to install where a command's libraries are missing."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise ParameterError(f"This command needs {module}: pip install 'bearing-diagnostics[{extra}]'.")


def _interval_s(text: str) -> float:
    """Seconds between two looks."""
    try:
        return check_number(float(text), "The time between two looks", (0.1, 86_400.0), "s")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parser() -> argparse.ArgumentParser:
    """The whole grammar of the command line."""
    from bearing.cli.asked import add_asked, add_limits, add_more, add_store
    from bearing.files import WEIGHTS_DIR

    name = "bearing" if Path(sys.argv[0]).stem == "bearing" else "python -m bearing"
    root = argparse.ArgumentParser(prog=name, description="Rolling bearing diagnostics.")
    root.add_argument("--version", action="version", version=f"bearing {__version__}")
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str, examples: str = "") -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    diagnose = command("diagnose", _diagnose, "Tell what state the bearing in a recording is in.", DIAGNOSE_EXAMPLES)
    diagnose.add_argument("files", nargs="+", metavar="FILE", help="file, folder or glob; - reads one from the pipe")
    add_asked(diagnose)
    diagnose.add_argument("--member", metavar="NAME", help="one sheet of a spreadsheet, one file of an archive")
    diagnose.add_argument("--raw", metavar="LAYOUT", help="the file holds samples alone, laid out like int16,le,2ch")
    add_more(diagnose)
    output = diagnose.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON object per file")
    output.add_argument("--csv", action="store_true", help="one CSV row per channel")
    diagnose.add_argument("--html", metavar="OUT", help="write the report there too; for several files a folder")

    trend = command("trend", _trend, "Tell what changed in a machine over many recordings.", TREND_EXAMPLES)
    trend.add_argument("folder", metavar="FOLDER|MACHINE", help="folder of recordings, or a machine of the store")
    add_asked(trend)
    add_store(trend)
    trend.add_argument("--baseline", metavar="FIRST-LAST", help="the sound measurements, from 0 (default: automatic)")
    add_limits(trend)
    form = trend.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--csv", action="store_true", help="one CSV row per measurement")
    form.add_argument("--html", action="store_true", help="one page with its charts, to keep")

    add = command(
        "add",
        _add,
        "Add recordings to a machine in the store.",
        "examples:\n  python -m bearing add 'pump 3' recordings/2025-08/ --rpm 1480 --bearing 6205\n",
    )
    add.add_argument("machine", metavar="MACHINE", help="its name; a new one is made")
    add.add_argument("files", nargs="+", metavar="FILE|FOLDER")
    add_limits(add)
    watch = command("watch", _watch, "Add the recordings that arrive in a folder, until stopped.")
    watch.add_argument("folder", metavar="FOLDER")
    watch.add_argument("--machine", required=True, help="the machine they belong to")
    watch.add_argument(
        "--every", type=_interval_s, default=5.0, metavar="S", help="seconds between two looks (default: 5)"
    )
    for sub in (add, watch):
        sub.add_argument(
            "--keep-spectra", action="store_true", help="waveforms and spectra, too, as Parquet beside the store"
        )
        add_asked(sub)
        add_store(sub)
    fleet = command("fleet", _fleet, "Show all machines of the store, worst first.")
    add_store(fleet)
    shape = fleet.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="one JSON array")
    shape.add_argument("--csv", action="store_true", help="one CSV row per measuring point")
    shape.add_argument("--html", action="store_true", help="one page of all machines, to keep")

    batch = command(
        "batch",
        _batch,
        "Measure and diagnose very many recordings, on all cores or a Dask cluster.",
        "examples:\n  python -m bearing batch plant/ --rpm 1480 --bearing 6205 --out results/\n"
        "  python -m bearing batch 's3://bucket/2025/*.wav' --out results/ --scheduler tcp://10.0.0.5:8786\n"
        "  python -m bearing trend results/\n",
    )
    batch.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="file, folder, glob or address (s3://, gs://, az://)"
    )
    batch.add_argument("--out", required=True, metavar="DIR", help="folder of results; what is in it is not done again")
    where = batch.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_workers, metavar="N", help="local processes (default: one per core)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://10.0.0.5:8786")
    add_asked(batch)

    fetch = command(
        "fetch",
        _fetch,
        "Download recordings from their publisher (checked, resumed).",
        "examples:\n  python -m bearing fetch 105 97\n  python -m bearing fetch --folder recordings\n"
        "  python -m bearing fetch --rig adi_mfs\n",
    )
    fetch.add_argument("numbers", nargs="*", type=int, metavar="NUMBER", help="CWRU recordings (default: all 109)")
    fetch.add_argument("--rig", choices=("cwru", "adi_mfs"), default="cwru", help="whose recordings (default: cwru)")
    fetch.add_argument("--folder", type=Path, help="where to put them (default: the user's cache)")

    train = command(
        "train",
        _train,
        "Train a network and write its weights, card and history.",
        "examples:\n  python -m bearing train\n  python -m bearing train --seed 7 --out runs/seed-7\n",
    )
    train.add_argument("--model", choices=("cnn", "order"), default="cnn", help="waveform CNN or order network")
    train.add_argument("--seed", type=int, default=42)
    train.add_argument("--epochs", type=int, default=40, help="of the waveform CNN")
    train.add_argument("--learning-rate", type=float, default=0.02, help="of the waveform CNN")
    train.add_argument("--out", type=Path, default=WEIGHTS_DIR, help="folder for the files (default: weights/)")

    evaluate = command(
        "evaluate",
        _evaluate,
        "Measure a network on what was held out, and write the result beside the weights.",
        "examples:\n  python -m bearing evaluate\n  python -m bearing evaluate --protocol fault-size\n"
        "  python -m bearing evaluate --model order\n  python -m bearing evaluate --model verdict\n",
    )
    evaluate.add_argument(
        "--model",
        choices=("cnn", "order", "verdict"),
        default="cnn",
        help="a network, or the verdict as users get it when they ask rightly, wrongly, or nothing",
    )
    evaluate.add_argument(
        "--protocol",
        choices=("random", "recording", "load", "fault-size", "other-machine", "all"),
        default="random",
        help="what is held out; other-machine reads the folder that BEARING_OTHER_DIR names",
    )
    evaluate.add_argument("--out", type=Path, default=WEIGHTS_DIR, help="folder for the result (default: weights/)")
    evaluate.add_argument("--show", action="store_true", help="print what the last evaluations said, measure nothing")
    evaluate.add_argument(
        "--folds", type=Path, help="weights that never saw what they judge, for --model verdict (default: runs/folds)"
    )
    evaluate.add_argument("--dry-run", action="store_true", help="print only, write nothing")

    serve = command("serve", _serve, "Start the web app and the REST service on one port.")
    serve.add_argument("--port", type=port_number, help="default: the variable PORT, else 8501")
    serve.add_argument("--host", default="0.0.0.0")
    serve.add_argument("--api-only", action="store_true", help="REST alone, without the pages")

    mcp = command("mcp", _mcp, "Answer an assistant over standard input and output (Model Context Protocol).")
    mcp.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="whose recordings it may read")
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; whatever goes wrong is one sentence on stderr and an exit code of its own.

    An error of ours is 2; a fault of the program, or an answer that cannot be written, is 70 (``EX_SOFTWARE``): never
    1, which says that a bearing is damaged.
    """
    _open_streams()
    try:
        check_or_exit()
        arguments = parser().parse_args(argv)
        code = int(arguments.run(arguments))
        with unheard():
            pass  # what is still to be written
    except BearingError as error:
        code = BAD_INPUT
        tell(f"error: {error}")
    except KeyboardInterrupt:
        code = STOPPED
        tell("stopped")
    except BrokenPipeError:  # commands with a verdict keep its code; of the others the reader has seen enough
        code = BROKEN_PIPE
    except OSError as error:
        code = BAD_INPUT if error.errno == errno.ENAMETOOLONG else PROGRAM_ERROR
        tell(f"error: {os_problem(error)}")
    except Exception as error:
        stopped = was_stopped()
        code = STOPPED if stopped else PROGRAM_ERROR
        tell("stopped" if stopped else f"error: {program_fault(error)}")
    _close_streams()
    return code


def _open_streams() -> None:
    """Standard streams that were closed read and write nothing; a console that lacks a letter gets its code instead."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _close_streams() -> None:
    """What cannot be written any more goes nowhere: the interpreter would else end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            discard_output(stream)
