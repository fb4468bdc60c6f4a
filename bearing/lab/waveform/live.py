"""A training that can be watched: a child process trains and writes what it reaches, line by line; others read it.

    start(Plan("random", Settings(epochs=20)))   one at a time per server
    current().read()                             what it has reached: curves, folds, time left
    current().cancel()

The child (`python -m bearing.lab.waveform.live`), not the server, imports torch. It lives as long as the pipe to its
stdin: when the server ends, however it ends, the pipe closes and the training stops. Everything goes into
`runs/<id>/`; `weights/` is never touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bearing.cwru.dataset import available
from bearing.cwru.registry import RegistryEntry, drive_end_entries
from bearing.errors import BearingError, ParameterError
from bearing.files import ROOT, RUNS_DIR
from bearing.lab.settings import Settings
from bearing.results.metrics import Epoch, Metrics, metrics_from
from bearing.results.waveform import PROTOCOLS

__all__ = ["Plan", "Progress", "Run", "TrainingBusy", "current", "missing_recordings", "start", "torch_installed"]

KEPT_RUNS = 10
GRACE_S = 5.0  # from the closed pipe to the end of a child that does not listen


class TrainingBusy(BearingError):
    """Another training is running on this server."""


@dataclass(frozen=True)
class Plan:
    """What to train: one network per fold of `protocol`, each with `settings`."""

    protocol: str = "random"
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise ParameterError(f"Unknown protocol {self.protocol!r}: expected one of {', '.join(PROTOCOLS)}.")


@dataclass(frozen=True)
class Progress:
    """How far a run has come. `curves` has the epochs of each fold begun, `folds` the hold-out metrics of each done.

    state : starting | loading | training | done | cancelled | failed. seconds_left : None before the first epoch; at
    most so long, for early stopping may end a fold sooner.
    """

    state: str
    plan: Plan
    loaded: tuple[int, int] = (0, 0)
    n_folds: int = 0
    curves: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)
    folds: dict[str, Metrics] = field(default_factory=dict)
    metrics: Metrics | None = None
    seconds: float = 0.0
    seconds_left: float | None = None
    message: str = ""

    @property
    def running(self) -> bool:
        return self.state in ("starting", "loading", "training")

    @property
    def share_done(self) -> float:
        """Epochs done of all epochs planned, 0 to 1."""
        planned = max(self.n_folds * self.plan.settings.epochs, 1)
        current_fold = list(self.curves)[-1] if self.curves else ""
        done = len(self.folds) * self.plan.settings.epochs
        if current_fold not in self.folds and current_fold:
            done += len(self.curves[current_fold])
        return min(done / planned, 1.0)


class Run:
    """A training in a child process, its files in `folder`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self._cancelled = False
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=1) + "\n", encoding="utf-8")
        with (folder / "log.txt").open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "bearing.lab.waveform.live", str(folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def name(self) -> str:
        return self.folder.name

    def running(self) -> bool:
        return self._child.poll() is None

    def cancel(self) -> None:
        """Ask the child to stop after its epoch; it ends itself within seconds in any case."""
        self._cancelled = True
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._child.stdin.close()

    def wait(self, seconds: float | None = None) -> None:
        """Until the child has ended; subprocess.TimeoutExpired after `seconds`."""
        self._child.wait(seconds)

    def read(self) -> Progress:
        """What has been reached."""
        ended = not self.running()  # asked before reading, so that the last lines of an ended child are all there
        progress = read_progress(self.folder, self.plan)
        if not ended or not progress.running:
            return progress
        if self._cancelled:
            return replace(progress, state="cancelled", seconds_left=None)
        log = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = log[-1] if log else f"exit code {self._child.returncode}"
        return replace(progress, state="failed", seconds_left=None, message=f"The training ended early: {why}")


_lock = threading.Lock()
_run: Run | None = None  # of this server, shared by all its visitors: two trainings would halve each other's speed


def current() -> Run | None:
    """The server's run, going or ended; None before the first."""
    return _run


def start(plan: Plan, folder: Path = RUNS_DIR) -> Run:
    """Begin a training. TrainingBusy while another runs on this server."""
    global _run
    with _lock:
        if _run is not None and _run.running():
            raise TrainingBusy("A training is already running on this server: wait for it, or cancel it.")
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)[
            : -KEPT_RUNS + 1
        ]:
            shutil.rmtree(old, ignore_errors=True)
        _run = Run(plan, folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06d}")
        return _run


def torch_installed() -> bool:
    """Whether a training can be started here; torch itself is not imported."""
    return find_spec("torch") is not None


def missing_recordings() -> list[RegistryEntry]:
    """The recordings a training would first have to download."""
    return [e for e in drive_end_entries() if not available(e.number)]


def read_progress(folder: Path, plan: Plan) -> Progress:
    """The progress that the lines of `folder`/progress.jsonl tell; a line still being written is left for later."""
    path = folder / "progress.jsonl"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
    curves: dict[str, list[Epoch]] = {}
    folds: dict[str, Metrics] = {}
    facts: dict[str, Any] = {"state": "starting"}
    for line in lines:
        facts["seconds"] = line.get("seconds", 0.0)
        match line["event"]:
            case "loading":
                facts |= {"state": "loading", "loaded": (line["done"], line["of"])}
            case "fold":
                facts |= {"state": "training", "n_folds": line["of"]}
                facts.setdefault("began", line["seconds"])
                curves[line["name"]] = []
            case "epoch":
                curves[line["fold"]].append(Epoch(**line["values"]))
            case "fold done":
                folds[line["fold"]] = metrics_from(line["metrics"])
            case "done":
                facts |= {"state": "done", "metrics": metrics_from(line["metrics"])}
            case "cancelled" | "failed":
                facts |= {"state": line["event"], "message": line.get("message", "")}
    began = facts.pop("began", 0.0)
    progress = Progress(plan=plan, curves={k: tuple(v) for k, v in curves.items()}, folds=folds, **facts)
    share = progress.share_done
    if progress.state == "training" and share > 0:
        left = (progress.seconds - began) * (1 - share) / share
        progress = replace(progress, seconds_left=left)
    return progress


# ---- in the child ----------------------------------------------------------------------------------------------------


class _Stopped(Exception):
    """Somebody closed the pipe."""


def train(plan: Plan, report: Callable[..., None], stopped: Callable[[], bool]) -> None:
    """Train and judge one network per fold, telling `report` every step; _Stopped soon after `stopped()`."""
    report("loading", done=0, of=len(drive_end_entries()))
    from bearing.cwru.dataset import window_set
    from bearing.lab.waveform.evaluation import folds
    from bearing.lab.waveform.network import CLASSES
    from bearing.lab.waveform.training import fit, predict
    from bearing.results.metrics import classification_metrics
    from bearing.states import LABELS

    def loading(done: int, of: int) -> None:
        report("loading", done=done, of=of)
        if stopped():
            raise _Stopped

    data = window_set(progress=loading)
    parts = folds(data, plan.protocol, plan.settings.seed)
    truths: list[str] = []
    answers: list[str] = []
    for fold in parts:
        report("fold", name=fold.name, of=len(parts))

        def on_epoch(epoch: Epoch, _planned: int, name: str = fold.name) -> bool:
            report("epoch", fold=name, values=asdict(epoch))
            return not stopped()

        fitted = fit(data.windows[fold.train], data.label[fold.train], plan.settings, on_epoch)
        if fitted.cancelled:
            raise _Stopped
        probabilities, _ = predict(fitted.network, data.windows[fold.hold_out])
        truth = data.label[fold.hold_out].tolist()
        answer = [CLASSES[i] for i in probabilities.argmax(1)]
        report("fold done", fold=fold.name, metrics=classification_metrics(truth, answer, LABELS).as_dict())
        truths += truth
        answers += answer
    report("done", metrics=classification_metrics(truths, answers, LABELS).as_dict())


def main(folder: Path) -> int:
    """The child: reads plan.json, writes progress.jsonl, stops when stdin closes."""
    stop = threading.Event()

    def watch_pipe() -> None:
        sys.stdin.buffer.read()  # returns when the server closes the pipe, or is gone
        stop.set()
        time.sleep(GRACE_S)
        os._exit(1)

    threading.Thread(target=watch_pipe, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(3)  # pages answer first
    content = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    plan = Plan(content["protocol"], Settings(**content["settings"]))
    started = time.perf_counter()
    with (folder / "progress.jsonl").open("a", encoding="utf-8", buffering=1) as file:

        def report(event: str, **values: Any) -> None:
            line = {"event": event, "seconds": round(time.perf_counter() - started, 3), **values}
            file.write(json.dumps(line) + "\n")

        try:
            train(plan, report, stop.is_set)
        except _Stopped:
            report("cancelled")
        except BearingError as error:
            report("failed", message=str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
