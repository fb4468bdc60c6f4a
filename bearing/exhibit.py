"""What `python -m bearing evaluate --model order` wrote, read back for people: verdicts, honesty, expert grades."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bearing.errors import ModelError
from bearing.explorer import PROTOCOLS
from bearing.metrics import Metrics, metrics_from
from bearing.paths import WEIGHTS_DIR
from bearing.predictor import read_json
from bearing.registry import entry

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bin", "Outcome", "RecordingVerdict", "cnn_verdicts", "read_outcomes", "tally"]

COMMAND = "python -m bearing evaluate --model order"
FILE = "evaluation_order.json"


@dataclass(frozen=True)
class RecordingVerdict:
    """One recording that no training of its fold had seen. `grade`: Smith & Randall's (2015), empty for healthy ones.

    recording : its CWRU number; of another machine, the name of its file.
    role : fault | normal | un-faulted end. verdict : a state or ``uncertain``.
    """

    recording: int | str
    end: str
    role: str
    truth: str
    verdict: str
    best_guess: str
    confidence: float
    grade: str

    @property
    def outcome(self) -> str:
        """right | uncertain | wrong."""
        return "uncertain" if self.verdict == "uncertain" else "right" if self.verdict == self.truth else "wrong"

    @property
    def row_name(self) -> str:
        """The bearing: part, clock position and fault diameter; of another machine, what its file name begins with."""
        if isinstance(self.recording, str):
            return self.recording.rpartition("_")[0]
        facts = entry(self.recording)
        clock = f" @{facts.clock_position}" if facts.clock_position else ""
        return f"{facts.label}{clock} {facts.fault_size}".strip()

    @property
    def condition(self) -> str:
        """What else differs between recordings of a bearing: the load, or the speed of another machine's."""
        if isinstance(self.recording, str):
            return f"{self.recording.rpartition('_')[2]} rpm"
        return f"{entry(self.recording).load_hp} hp"


@dataclass(frozen=True)
class Bin:
    """Verdicts of like confidence: how many, how sure on average, what share was right."""

    n: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Outcome:
    """One protocol of the order network: drive-end faults and normals in `judged`, everything in `verdicts`."""

    protocol: str
    verdicts: tuple[RecordingVerdict, ...]
    windows: Metrics | None  # None where only whole recordings were asked
    ece: float
    reliability: tuple[Bin, ...]
    coverage: tuple[tuple[float, float], ...]
    summary: dict[str, Any]

    @property
    def faults(self) -> tuple[RecordingVerdict, ...]:
        """The fault recordings of the drive end, those with an expert's grade."""
        return tuple(v for v in self.verdicts if v.role == "fault" and v.end == "DE")


def read_outcomes(folder: Path = WEIGHTS_DIR) -> dict[str, Outcome]:
    """The order network's outcomes by protocol, the hardest first; empty while there is no evaluation of it.

    Raises ModelError when the file is damaged.
    """
    if not (folder / FILE).exists():
        return {}
    content = read_json(folder / FILE, COMMAND)
    try:
        found = {name: _outcome(name, values) for name, values in content["protocols"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{FILE} lacks {error}: run `{COMMAND}`.") from None
    hardest_first = [*reversed(PROTOCOLS), *found]
    return {name: found[name] for name in dict.fromkeys(hardest_first) if name in found}


def _outcome(name: str, values: dict[str, Any]) -> Outcome:
    summary = values["summary"]
    return Outcome(
        protocol=name,
        verdicts=tuple(
            RecordingVerdict(
                row["recording"],
                row["end"],
                row["role"],
                row["truth"],
                row["verdict"],
                row["best_guess"],
                row["confidence"],
                row["expert_grade"],
            )
            for row in values["recordings"]
        ),
        windows=metrics_from(values["windows"]) if "windows" in values else None,
        ece=summary["ece"],
        reliability=tuple(Bin(b["n"], b["confidence"], b["right"]) for b in summary["reliability"]),
        coverage=tuple((point["coverage"], point["accuracy"]) for point in summary["coverage_curve"]),
        summary=summary,
    )


def cnn_verdicts(predictions: pd.DataFrame) -> dict[int, str]:
    """What the waveform CNN says of each held-out recording: the largest mean probability over its windows."""
    columns = [name for name in predictions.columns if name.startswith("p_")]
    mean = predictions.groupby("recording")[columns].mean()
    return {int(number): name.removeprefix("p_") for number, name in mean.idxmax(axis=1).items()}


def tally(verdicts: tuple[RecordingVerdict, ...]) -> dict[str, int]:
    """How many are right, uncertain, wrong."""
    return {name: sum(v.outcome == name for v in verdicts) for name in ("right", "uncertain", "wrong")}
