"""What the evaluations left in `weights/`, read back for people: results, curves, single windows, filters.

Nothing is computed here that a command has not written there; `Result.command` makes each of them again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bearing.cwru.registry import entry
from bearing.errors import ModelError, ParameterError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import parsed_as, read_checked, read_json
from bearing.results.metrics import Epoch, Metrics, metrics_from
from bearing.signal.indicators import Indicators
from bearing.states import LABELS

if TYPE_CHECKING:
    import pandas as pd

    from bearing.cwru.dataset import Progress
    from bearing.recording import FloatArray

__all__ = [
    "OTHER_MACHINE",
    "PROTOCOLS",
    "Protocol",
    "Result",
    "WindowFacts",
    "constant_answer",
    "filter_windows",
    "most_telling",
    "read_all_results",
    "read_history",
    "read_kernels",
    "read_predictions",
    "read_result",
    "read_results",
    "resampled_recording",
    "window_facts",
]


@dataclass(frozen=True)
class Protocol:
    """A way of asking: its name on the command line, a title, and what the network had not seen."""

    key: str
    title: str
    held_out: str

    @property
    def file_key(self) -> str:
        return self.key.replace("-", "_")


PROTOCOLS: dict[str, Protocol] = {
    p.key: p
    for p in (
        Protocol(
            "random", "Random windows", "nothing new: neighbouring windows of the same recordings were in training"
        ),
        Protocol("recording", "Unseen recordings", "whole recordings, but the same bearings were heard at other loads"),
        Protocol("load", "Unseen loads", "one load and speed, but the same bearings were heard at the others"),
        Protocol("fault-size", "Unseen bearings", "whole fault sizes: other physical bearings, as in a workshop"),
    )
}
OTHER_MACHINE = Protocol(
    "other-machine", "Other machine", "everything: another test rig with its own bearings, sensors and sampling rate"
)


@dataclass(frozen=True)
class Result:
    """What `python -m bearing evaluate --protocol ...` wrote: metrics per window, per recording, per fold."""

    protocol: Protocol
    command: str
    windows: Metrics
    recordings: Metrics
    folds: dict[str, Metrics]
    libraries: dict[str, str]
    data_sha256: dict[str, str]
    predictions_file: str
    predictions_sha256: str
    histories: dict[str, tuple[Epoch, ...]]  # the curves of each fold; none for `random`, which trains nothing


@dataclass(frozen=True)
class WindowFacts:
    """One held-out window. `start_sample` counts at 12 kHz; `row` is its place in the table of predictions."""

    row: int
    fold: str
    recording: int
    start_sample: int
    truth: str
    prediction: str
    confidence: float
    probabilities: dict[str, float]
    indicators: Indicators

    @property
    def right(self) -> bool:
        return self.truth == self.prediction

    @property
    def description(self) -> str:
        """The recording in words, from the registry."""
        return entry(self.recording).description


def read_result(protocol: str, folder: Path = WEIGHTS_DIR) -> Result:
    """The result of one protocol. ParameterError for an unknown one, ModelError when it is missing or damaged."""
    known = PROTOCOLS | {OTHER_MACHINE.key: OTHER_MACHINE}
    if protocol not in known:
        raise ParameterError(f"Unknown protocol {protocol!r}: expected one of {', '.join(known)}.")
    facts = known[protocol]
    content = read_json(
        folder / f"evaluation_{facts.file_key}.json", f"python -m bearing evaluate --protocol {protocol}"
    )
    try:
        return Result(
            protocol=facts,
            command=content["command"],
            windows=metrics_from(content["windows"]),
            recordings=metrics_from(content["recordings"]),
            folds={name: metrics_from(fold) for name, fold in content["folds"].items()},
            libraries=content["libraries"],
            data_sha256=content["data_sha256"],
            predictions_file=content["predictions"]["file"],
            predictions_sha256=content["predictions"]["sha256"],
            histories={
                name: tuple(Epoch(**epoch) for epoch in epochs) for name, epochs in content.get("histories", {}).items()
            },
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"evaluation_{facts.file_key}.json lacks {error}: run `python -m bearing evaluate --protocol {protocol}`."
        ) from None


def read_all_results(folder: Path = WEIGHTS_DIR) -> dict[str, Result]:
    """The same and, last, another machine, whose windows are not among the recordings that can be opened."""
    other = OTHER_MACHINE.key
    asked = (folder / f"evaluation_{OTHER_MACHINE.file_key}.json").exists()
    return read_results(folder) | ({other: read_result(other, folder)} if asked else {})


def read_results(folder: Path = WEIGHTS_DIR) -> dict[str, Result]:
    """All protocols of the CWRU recordings that have been evaluated, easiest first; empty when there is none."""
    return {
        key: read_result(key, folder)
        for key, protocol in PROTOCOLS.items()
        if (folder / f"evaluation_{protocol.file_key}.json").exists()
    }


def read_predictions(result: Result, folder: Path = WEIGHTS_DIR) -> pd.DataFrame:
    """One row per held-out window, in the columns that `lab.waveform.evaluation` writes; text as categories.

    Raises ModelError when the table is missing or not the one its result describes.
    """
    import pandas as pd

    path = folder / result.predictions_file
    try:
        data = path.read_bytes()
    except OSError:
        raise ModelError(f"{path.name} is missing from {folder.name}/: run `{result.command}`.") from None
    if hashlib.sha256(data).hexdigest() != result.predictions_sha256:
        raise ModelError(f"{path.name} is not the table its result describes (sha256 differs): run `{result.command}`.")
    table = pd.read_csv(BytesIO(data))
    for name in ("fold", "truth", "prediction"):
        table[name] = table[name].astype("category")
    short = table.select_dtypes("float64").columns
    table[short] = table[short].astype(np.float32)
    table["right"] = table["truth"].astype(str) == table["prediction"].astype(str)
    return table


def read_history(folder: Path = WEIGHTS_DIR) -> tuple[Epoch, ...]:
    """The curves of the committed training, first epoch first; ModelError when they are missing or damaged."""
    data = read_checked(folder / "cnn_history.json")
    return tuple(Epoch(**row) for row in parsed_as(list[dict[str, Any]], data, "cnn_history.json"))


def read_kernels(folder: Path = WEIGHTS_DIR) -> NDArray[np.float32]:
    """The filters the committed network learned, shape (5, 100) at 12 kHz; ModelError when missing or damaged."""
    data = read_checked(folder / "cnn_kernels.json")
    return np.array(parsed_as(list[list[float]], data, "cnn_kernels.json"), dtype=np.float32)


def constant_answer(metrics: Metrics) -> tuple[str, float]:
    """The class that is the truth most often, and how right one would be to say nothing else."""
    name = max(metrics.per_class, key=lambda c: metrics.per_class[c].support)
    return name, metrics.per_class[name].support / max(metrics.n, 1)


def filter_windows(
    table: pd.DataFrame,
    fold: str | None = None,
    truths: tuple[str, ...] = (),
    predictions: tuple[str, ...] = (),
    recordings: tuple[int, ...] = (),
    loads_hp: tuple[int, ...] = (),
    diameters_in: tuple[float, ...] = (),
    wrong_only: bool = False,
) -> pd.DataFrame:
    """The rows that meet every condition; an empty condition leaves all. The index stays that of `table`.

    diameters_in : fault diameters in inches, met within 0.0005; 0 stands for healthy bearings.
    """
    keep = np.ones(len(table), dtype=bool)
    if fold is not None:
        keep &= (table["fold"] == fold).to_numpy()
    for column, wanted in (
        ("truth", truths),
        ("prediction", predictions),
        ("recording", recordings),
        ("load_hp", loads_hp),
    ):
        if wanted:
            keep &= table[column].isin(wanted).to_numpy()
    if diameters_in:
        size = table["fault_diameter_in"].fillna(0.0).to_numpy()
        keep &= (np.abs(size[:, None] - np.asarray(diameters_in)) < 5e-4).any(axis=1)
    if wrong_only:
        keep &= ~table["right"].to_numpy()
    return table[keep]


def most_telling(rows: pd.DataFrame) -> int | None:
    """The row to show first: the surest mistake, or where all is right the least sure answer; None without rows."""
    if rows.empty:
        return None
    wrong = rows[~rows["right"]]
    return int(wrong["confidence"].idxmax()) if len(wrong) else int(rows["confidence"].idxmin())


def window_facts(table: pd.DataFrame, row: int) -> WindowFacts:
    """All that is known of a row of the table without its recording. ParameterError when there is no such row."""
    if row not in table.index:
        raise ParameterError(f"The predictions have no row {row}: expected 0 to {len(table) - 1}.")
    values = table.loc[row]
    return WindowFacts(
        row=row,
        fold=str(values["fold"]),
        recording=int(values["recording"]),
        start_sample=int(values["start_sample"]),
        truth=str(values["truth"]),
        prediction=str(values["prediction"]),
        confidence=float(values["confidence"]),
        probabilities={name: float(values[f"p_{name}"]) for name in LABELS},
        indicators=Indicators(
            **{name: float(values[name]) for name in ("rms", "peak", "crest_factor", "kurtosis")},
        ),
    )


def resampled_recording(number: int, progress: Progress | None = None) -> FloatArray:
    """The signal the windows of a recording were cut from: its tested bearing's channel at 12 kHz, shape (n,).

    Downloads the file when it is not at hand; raises what `bearing.cwru.dataset.load_recording` raises.
    """
    from bearing.cwru.dataset import load_recording
    from bearing.signal.windows import NETWORK_RATE_HZ, resample

    recording = load_recording(number, progress=progress)
    assert recording.sampling_rate_hz is not None
    return resample(recording.samples, recording.sampling_rate_hz, NETWORK_RATE_HZ)
