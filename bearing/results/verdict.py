"""What `python -m bearing evaluate` wrote, read back for people: verdicts, honesty, expert grades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bearing.cwru.registry import entry
from bearing.errors import ModelError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import read_json
from bearing.results.metrics import Metrics, classification_metrics, confusion_matrix, metrics_from
from bearing.results.waveform import PROTOCOLS
from bearing.states import LABELS, STATES, UNCERTAIN
from bearing.verdict.calibration import expected_calibration_error, reliability_bins

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PARTS",
    "Bin",
    "Honesty",
    "Outcome",
    "RecordingVerdict",
    "answers_of",
    "cnn_honesty",
    "cnn_verdicts",
    "confusion_of",
    "filter_verdicts",
    "read_outcomes",
    "surest_mistake",
    "tally",
]

COMMAND = "python -m bearing evaluate --model order"
FILE = "evaluation_order.json"
CURVE_POINTS = 200
PARTS = ("drive end", "fan end", "un-faulted ends")  # of the verdicts; another machine's are all the first


@dataclass(frozen=True)
class RecordingVerdict:
    """One recording that no training of its fold had seen. `grade`: Smith & Randall's (2015), empty for healthy ones.

    recording : its CWRU number; of another machine, the name of its file.
    role : fault | normal | un-faulted end. verdict : a state or ``uncertain``. probabilities : of each of LABELS.
    """

    recording: int | str
    end: str
    role: str
    truth: str
    verdict: str
    best_guess: str
    confidence: float
    grade: str
    probabilities: Mapping[str, float]

    @property
    def key(self) -> str:
        """``105 DE``: one recording has two ends."""
        return f"{self.recording} {self.end}"

    @property
    def part(self) -> str:
        """One of PARTS."""
        if self.role == "un-faulted end":
            return "un-faulted ends"
        return "fan end" if self.end == "FE" else "drive end"

    @property
    def outcome(self) -> str:
        """right | uncertain | wrong, as the evaluation counts statements.

        `damaged` of a damaged bearing, and `impacts`, which says that what strikes is not this bearing's, of a sound
        one are true and leave the part open.
        """
        if self.verdict == self.truth:
            return "right"
        leaves_open = {"damaged": self.truth != "normal", "impacts": self.truth == "normal", UNCERTAIN: True}
        return "uncertain" if leaves_open.get(self.verdict, False) else "wrong"

    @property
    def row_name(self) -> str:
        """The bearing: part, clock position and fault diameter; of another machine, what its file name begins with."""
        if isinstance(self.recording, str):
            return self.recording.rpartition("_")[0]
        facts = entry(self.recording)
        clock = f" @{facts.clock_position}" if facts.clock_position else ""
        sound = f" ({self.end})" if self.role == "un-faulted end" else ""
        return f"{facts.label}{clock} {facts.fault_size}{sound}".strip()

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
class Honesty:
    """How sure answers were against how often they were right.

    ece : expected calibration error. coverage : (share answered, share right of those), the surest first.
    """

    ece: float
    reliability: tuple[Bin, ...]
    coverage: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Outcome:
    """One protocol of the order network: drive-end faults and normals in `judged`, everything in `verdicts`."""

    protocol: str
    verdicts: tuple[RecordingVerdict, ...]
    windows: Metrics | None  # None where only whole recordings were asked
    honesty: Honesty
    summary: dict[str, Any]

    @property
    def faults(self) -> tuple[RecordingVerdict, ...]:
        """The fault recordings of the drive end, those with an expert's grade."""
        return tuple(v for v in self.verdicts if v.role == "fault" and v.end != "FE")

    @property
    def judged(self) -> tuple[RecordingVerdict, ...]:
        """Faults and healthy recordings of the drive end: what the measures are over."""
        return tuple(v for v in self.verdicts if v.part == PARTS[0])

    @property
    def guesses(self) -> Metrics:
        """How right the best guesses are, where even an uncertain verdict must name a state."""
        judged = self.judged
        return classification_metrics([v.truth for v in judged], [v.best_guess for v in judged], LABELS)

    @property
    def answers(self) -> tuple[str, ...]:
        """What verdicts say: LABELS, what else was said of a recording judged, and ``uncertain``."""
        return answers_of(self.judged)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Verdicts counted, shape (4, n): rows truth in the order of LABELS, columns those of `answers`."""
        return confusion_of(self.judged)


def answers_of(verdicts: Iterable[RecordingVerdict]) -> tuple[str, ...]:
    """What verdicts say: LABELS, what else was said, and ``uncertain``."""
    said = {v.verdict for v in verdicts}
    return (*LABELS, *(name for name in STATES if name in said and name not in (*LABELS, UNCERTAIN)), UNCERTAIN)


def confusion_of(verdicts: Sequence[RecordingVerdict]) -> NDArray[np.int64]:
    """Verdicts counted, shape (4, n): rows truth in the order of LABELS, columns those of `answers_of`."""
    said = [v.verdict for v in verdicts]
    return confusion_matrix([v.truth for v in verdicts], said, answers_of(verdicts))[: len(LABELS)]


def filter_verdicts(
    verdicts: Iterable[RecordingVerdict],
    truths: Sequence[str] = (),
    answers: Sequence[str] = (),
    outcomes: Sequence[str] = (),
) -> tuple[RecordingVerdict, ...]:
    """Those that meet every filter; an empty filter lets all through."""
    return tuple(
        v
        for v in verdicts
        if (not truths or v.truth in truths)
        and (not answers or v.verdict in answers)
        and (not outcomes or v.outcome in outcomes)
    )


def surest_mistake(verdicts: Sequence[RecordingVerdict]) -> RecordingVerdict | None:
    """The one to show first: the surest mistake, then the surest that was left uncertain; None of none."""
    worst = {"wrong": 2, "uncertain": 1, "right": 0}
    return max(verdicts, key=lambda v: (worst[v.outcome], v.confidence), default=None)


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
                row["probabilities"],
            )
            for row in values["recordings"]
        ),
        windows=metrics_from(values["windows"]) if "windows" in values else None,
        honesty=Honesty(
            ece=summary["ece"],
            reliability=_bins(summary["reliability"]),
            coverage=tuple((point["coverage"], point["accuracy"]) for point in summary["coverage_curve"]),
        ),
        summary=summary,
    )


def _bins(rows: list[dict[str, Any]]) -> tuple[Bin, ...]:
    return tuple(Bin(int(row["n"]), row["confidence"], row["right"]) for row in rows)


def _of_recordings(predictions: pd.DataFrame) -> pd.DataFrame:
    """The waveform CNN's mean probability of each state over each recording's windows."""
    columns = [name for name in predictions.columns if name.startswith("p_")]
    mean = predictions.groupby("recording")[columns].mean()
    return mean.rename(columns=lambda name: name.removeprefix("p_"))


def cnn_verdicts(predictions: pd.DataFrame) -> dict[int | str, str]:
    """What the waveform CNN says of each held-out recording: the largest mean probability over its windows."""
    return dict(_of_recordings(predictions).idxmax(axis=1).items())


def cnn_honesty(predictions: pd.DataFrame, by_recording: bool = False) -> Honesty:
    """How sure the waveform CNN was of its held-out windows (or whole recordings), against how right."""
    if by_recording:
        mean = _of_recordings(predictions)
        truth = predictions.groupby("recording")["truth"].first().astype(str)
        confidence, right = mean.max(axis=1).to_numpy(dtype=float), (mean.idxmax(axis=1) == truth).to_numpy()
    else:
        confidence, right = predictions["confidence"].to_numpy(dtype=float), predictions["right"].to_numpy()
    ece = expected_calibration_error(confidence, right)
    return Honesty(ece, _bins(reliability_bins(confidence, right)), _coverage(confidence, right))


def _coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Share right among the surest answers, from few of them to all, in at most CURVE_POINTS points."""
    hits = np.cumsum(right[np.argsort(-confidence, kind="stable")])
    counts = np.unique(np.linspace(1, len(right), min(CURVE_POINTS, len(right))).astype(int))
    return tuple((count / len(right), float(hits[count - 1]) / count) for count in counts.tolist())


def tally(verdicts: tuple[RecordingVerdict, ...]) -> dict[str, int]:
    """How many are right, uncertain, wrong."""
    return {name: sum(v.outcome == name for v in verdicts) for name in ("right", "uncertain", "wrong")}
