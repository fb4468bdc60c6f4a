"""`fetch`, `train` and `evaluate`: what the lab does, with bars for its progress, and its results in print."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from bearing.cli.trouble import tell
from bearing.errors import ParameterError

__all__ = ["run_evaluate", "run_fetch", "run_train"]


class _Bars:
    """A bar on stderr for each long step; `report` is a `bearing.lab.settings.Report`."""

    def __init__(self) -> None:
        self.bars: dict[str, Any] = {}

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for bar in self.bars.values():
            bar.close()

    def report(self, what: str, done: int, total: int) -> None:
        """So much of it is done."""
        from tqdm import tqdm

        bar = self.bars.get(what)
        if bar is None:
            bar = self.bars[what] = tqdm(desc=what, total=total, file=sys.stderr)
        bar.total = total
        bar.update(done - bar.n)


def run_fetch(arguments: argparse.Namespace) -> int:
    """Downloads recordings, one file at a time, with a bar per file; what is at hand already is not downloaded."""
    from tqdm import tqdm

    from bearing.cwru.download import Published, at_hand, download
    from bearing.files import cache_dir

    entries: list[Published]
    if arguments.rig == "cwru":
        from bearing.cwru.registry import entry, registry

        entries = [entry(number) for number in arguments.numbers] or list(registry())
    else:
        from bearing.rigs.adi_mfs import adi_registry

        if arguments.numbers:
            raise ParameterError("Numbers name CWRU recordings; leave them out to fetch all 39 of adi_mfs.")
        entries = list(adi_registry())
    for count, facts in enumerate(entries, start=1):
        own = at_hand(facts)
        if own is not None:
            tell(f"{facts.file_name} lies in the folder that {facts.folder_variable} names: not downloaded.")
        if own is not None and arguments.folder is None:
            print(own)
            continue
        folder = arguments.folder or cache_dir() / arguments.rig
        with tqdm(unit="B", unit_scale=True, desc=f"{count}/{len(entries)} {facts.file_name}", leave=False) as bar:

            def report(done: int, total: int, bar: tqdm = bar) -> None:
                bar.total = total or None
                bar.update(done - bar.n)

            path = download(facts, folder, report)
        print(path)
    return 0


def run_train(arguments: argparse.Namespace) -> int:
    """Trains one model and writes its files."""
    return _train_order(arguments) if arguments.model == "order" else _train_waveform(arguments)


def _train_order(arguments: argparse.Namespace) -> int:
    from bearing.lab.order.training import train_order

    with _Bars() as bars:
        card = train_order(arguments.seed, arguments.out, bars.report)
    print(f"calibration {card['calibration']}")
    print(f"{card['members']} members, written to {arguments.out}")
    return 0


def _train_waveform(arguments: argparse.Namespace) -> int:
    from bearing.cwru.dataset import window_set
    from bearing.lab.settings import Settings, step
    from bearing.lab.waveform.training import train_and_save

    settings = Settings(seed=arguments.seed, epochs=arguments.epochs, learning_rate=arguments.learning_rate)
    with _Bars() as bars:
        data = window_set(progress=step(bars.report, "recordings"))
        card = train_and_save(data, arguments.out, settings, bars.report)
    for part, metrics in card["metrics"].items():
        print(f"{part:<11} accuracy {metrics['accuracy']:.4f}  macro-F1 {metrics['macro_f1']:.4f}  n {metrics['n']}")
    print(f"{card['training']['epochs_run']} epochs in {card['training']['seconds']} s, written to {arguments.out}")
    return 0


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Measures one model under one protocol, or all of them, and writes the results beside the weights."""
    if arguments.show:
        from bearing.results.tables import results_table

        print(results_table(arguments.out))
        return 0
    return {"order": _evaluate_order, "verdict": _evaluate_verdict, "cnn": _evaluate_waveform}[arguments.model](
        arguments
    )


def _evaluate_order(arguments: argparse.Namespace) -> int:
    from bearing.lab.order.evaluation import evaluate_order, window_words

    with _Bars() as bars:
        result = evaluate_order(report=bars.report)
    for name, outcome in result["protocols"].items():
        summary = {k: v for k, v in outcome["summary"].items() if not isinstance(v, (list, dict))}
        print(f"{name}: {json.dumps(summary)}  {window_words(outcome)}")
    return _written(result, arguments, "evaluation_order.json")


def _evaluate_verdict(arguments: argparse.Namespace) -> int:
    from bearing.files import WEIGHTS_DIR
    from bearing.lab.order.evaluation import write_folds
    from bearing.lab.order.questions import FOLDS, evaluate_questions
    from bearing.results.questions import FILE, QUESTIONS, WAYS, question_tables, read_tallies

    print(f"Asked {len(QUESTIONS)} ways: {'; '.join(f'{way}: ' + ', '.join(of) for way, of in WAYS.items())}")
    with _Bars() as bars:
        if arguments.folds is None:
            write_folds(FOLDS, report=bars.report)  # anew each time: what took long lies in runs/
        result = evaluate_questions(WEIGHTS_DIR, arguments.folds or FOLDS, report=bars.report)
    print(question_tables(read_tallies(result)))
    print("\n".join(result["mistakes"]))
    return _written(result, arguments, FILE)


def _written(result: dict[str, Any], arguments: argparse.Namespace, name: str) -> int:
    if not arguments.dry_run:
        path = Path(arguments.out) / name
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(f"written to {path}")
    return 0


def _evaluate_waveform(arguments: argparse.Namespace) -> int:
    from bearing.cwru.dataset import window_set
    from bearing.files import local_data_dir
    from bearing.lab.settings import step
    from bearing.lab.waveform.evaluation import (
        OTHER_MACHINE,
        PROTOCOLS,
        Evaluation,
        evaluate,
        evaluate_other_machine,
        save_evaluation,
    )
    from bearing.results.tables import protocol_table

    def keep(evaluation: Evaluation) -> None:
        print(protocol_table(evaluation))
        if not arguments.dry_run:
            print(f"written to {save_evaluation(evaluation, arguments.out)}")

    if arguments.protocol == OTHER_MACHINE or (arguments.protocol == "all" and local_data_dir("BEARING_OTHER_DIR")):
        keep(evaluate_other_machine())
    if arguments.protocol == OTHER_MACHINE:
        return 0
    with _Bars() as bars:
        data = window_set(progress=step(bars.report, "recordings"))
        for protocol in PROTOCOLS if arguments.protocol == "all" else (arguments.protocol,):
            keep(evaluate(data, protocol, report=bars.report))
    return 0
