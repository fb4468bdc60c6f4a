"""Five ways of asking how good the CNN is: the same recipe, with more and more kept from training.

    random       windows at random, 70:30: neighbours of every hold-out window were seen in training
    recording    whole recordings, dealt into 4 folds of like make-up
    load         whole loads (0-3 hp): other speeds, the same bearings
    fault-size   whole fault diameters: other physical bearings, as in a workshop
    other-machine  another test rig, in the folder BEARING_OTHER_DIR names; only measured, nothing is trained on it

Each writes `weights/evaluation_<protocol>.json` and `weights/predictions_<protocol>.csv`; pages only read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bearing.cwru.dataset import WindowSet
from bearing.errors import ParameterError
from bearing.files import WEIGHTS_DIR, local_data_dir
from bearing.lab.folds import IndexArray, random_split
from bearing.lab.settings import Report, step
from bearing.results.metrics import Metrics, classification_metrics
from bearing.signal.indicators import indicators_per_window
from bearing.states import LABELS

if TYPE_CHECKING:
    import pandas as pd

    from bearing.lab.settings import Settings
    from bearing.results.metrics import Epoch

__all__ = ["PROTOCOLS", "Evaluation", "Fold", "evaluate", "evaluate_other_machine", "folds", "save_evaluation"]

PROTOCOLS = ("random", "recording", "load", "fault-size")
OTHER_MACHINE = "other-machine"
OTHER_TRUTHS = {"IR": "inner", "OR": "outer", "Normal": "normal"}  # what the names of its files begin with: IR2_1200
OTHER_RATE_HZ = 51_200.0
SIZES = ("0.007", "0.014", "0.021", "0.028")


@dataclass(frozen=True)
class Fold:
    """What is held out (`name`), and the indices of the windows on either side."""

    name: str
    train: IndexArray
    hold_out: IndexArray


@dataclass(frozen=True)
class Evaluation:
    """Out-of-fold predictions of a protocol (one row per held-out window) and what they amount to."""

    protocol: str
    predictions: pd.DataFrame
    metrics: Metrics
    per_fold: dict[str, Metrics]
    recordings: Metrics  # the mean probability over a recording's held-out windows decides
    histories: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)  # curves of each fold trained here
    data_sha256: dict[str, str] = field(default_factory=dict)  # of every file that was read


def folds(data: WindowSet, protocol: str, seed: int = 42) -> list[Fold]:
    """The folds of a protocol. Normals have no fault size: the normal of load i is held out with the i-th size.

    Raises ParameterError for an unknown protocol.
    """
    if protocol == "random":
        train, hold_out = random_split(len(data), 0.7, seed)
        return [Fold("30 % of the windows", train, hold_out)]
    load = data.of_recording("load_hp").astype(int)
    if protocol == "load":
        named = [(f"load {value} hp", load == value) for value in range(4)]
    elif protocol == "fault-size":
        size = data.of_recording("fault_size")
        named = [
            (f"fault size {value} in", (size == value) | ((data.label == "normal") & (load == i)))
            for i, value in enumerate(SIZES)
        ]
    elif protocol == "recording":
        fold_of = _deal_recordings(data, 4, seed)
        named = [(f"recordings, part {i + 1} of 4", fold_of == i) for i in range(4)]
    else:
        raise ParameterError(f"Unknown protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}.")
    return [Fold(name, np.flatnonzero(~mask), np.flatnonzero(mask)) for name, mask in named]


def _deal_recordings(data: WindowSet, n_folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each window: recordings of each label are shuffled and dealt round-robin, so folds are alike."""
    rng = np.random.default_rng(seed)
    fold_of: dict[int, int] = {}
    for label in LABELS:
        for position, number in enumerate(rng.permutation(np.unique(data.number[data.label == label]))):
            fold_of[int(number)] = position % n_folds
    return np.array([fold_of[n] for n in data.number.tolist()])


def evaluate(
    data: WindowSet,
    protocol: str,
    settings: Settings | None = None,
    weights: Path | None = None,
    report: Report | None = None,
) -> Evaluation:
    """Predictions on every held-out window of a protocol.

    random : asks the committed network in `weights` (ONNX Runtime), no training.
    others : trains one network per fold with `settings`, in PyTorch.
    report : told the epochs of all folds under the protocol's name.
    """
    import pandas as pd

    histories: dict[str, tuple[Epoch, ...]] = {}
    if protocol == "random":
        from bearing.models.waveform import load_predictor

        predictor = load_predictor(weights or WEIGHTS_DIR)
        parts, classes = folds(data, protocol, int(predictor.card["split"]["seed"])), predictor.classes
        asked = data.windows[parts[0].hold_out]
        answers = [(predictor.probabilities(asked), predictor.features(asked))]
    else:
        from bearing.lab.waveform.network import CLASSES
        from bearing.lab.waveform.training import Settings as Defaults
        from bearing.lab.waveform.training import counted, fit, predict

        settings = settings or Defaults()
        parts, classes, answers = folds(data, protocol, settings.seed), CLASSES, []
        for i, fold in enumerate(parts):
            told = counted(step(report, protocol), i, len(parts))
            fitted = fit(data.windows[fold.train], data.label[fold.train], settings, told)
            answers.append(predict(fitted.network, data.windows[fold.hold_out]))
            histories[fold.name] = fitted.history

    table = pd.concat(
        [
            _rows(data, fold, probabilities, features, classes)
            for fold, (probabilities, features) in zip(parts, answers, strict=True)
        ],
        ignore_index=True,
    )
    hashes = _hashes(source.path for source in data.sources)
    return replace(_summed_up(protocol, table, classes), histories=histories, data_sha256=hashes)


def evaluate_other_machine(folder: Path | None = None, weights: Path | None = None) -> Evaluation:
    """The committed network on every window of another test rig (HIT-SM, SpectraQuest MFS: 6205 bearings, 51.2 kHz).

    folder : holds ``IR2_1200.mat``, ``OR5_600.mat``, ``Normal_900.mat``, ...; None takes BEARING_OTHER_DIR.
    Raises ParameterError when the folder is not given or holds no such file.
    """
    import pandas as pd

    from bearing.models.waveform import load_predictor
    from bearing.verdict.asked.intake import open_path
    from bearing.verdict.opinions import window_verdicts

    named = folder or local_data_dir("BEARING_OTHER_DIR")
    paths = sorted(p for p in named.glob("*_*.mat") if _truth_of(p)) if named else []
    if not paths:
        raise ParameterError(
            f"No recordings of another machine in {str(named or '')!r}: let BEARING_OTHER_DIR name a folder with files "
            "such as IR2_1200.mat, OR5_600.mat and Normal_900.mat."
        )
    predictor = load_predictor(weights or WEIGHTS_DIR)
    parts = []
    for path in paths:
        intake = open_path(path)
        windows = window_verdicts(intake.recordings[intake.preferred].samples, OTHER_RATE_HZ, predictor)
        part = pd.DataFrame(
            {"fold": "another machine", "recording": path.stem, "truth": _truth_of(path)}, range(len(windows.start_s))
        )
        part["start_sample"] = np.round(windows.start_s * predictor.sampling_rate_hz).astype(int)
        part["prediction"] = windows.verdicts
        part["confidence"] = windows.probabilities.max(axis=1).astype(float).round(6)
        for i, name in enumerate(predictor.classes):
            part[f"p_{name}"] = windows.probabilities[:, i].astype(float).round(6)
        parts.append(part)
    evaluation = _summed_up(OTHER_MACHINE, pd.concat(parts, ignore_index=True), predictor.classes)
    return replace(evaluation, data_sha256=_hashes(paths))


def _truth_of(path: Path) -> str:
    """The label a file of the other machine carries in its name, "" for any other file."""
    return next((label for begin, label in OTHER_TRUTHS.items() if path.stem.startswith(begin)), "")


def _hashes(paths: Iterable[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _rows(
    data: WindowSet,
    fold: Fold,
    probabilities: NDArray[np.floating],
    features: NDArray[np.floating],
    classes: tuple[str, ...],
) -> pd.DataFrame:
    """One row per held-out window of a fold: what it is, what was said, its indicators, its place on the map."""
    table = data.metadata().iloc[fold.hold_out].reset_index(drop=True).rename(columns={"label": "truth"})
    table.insert(0, "fold", fold.name)
    table["prediction"] = [classes[i] for i in probabilities.argmax(1)]
    table["confidence"] = probabilities.max(1).astype(float).round(6)
    for i, name in enumerate(classes):
        table[f"p_{name}"] = probabilities[:, i].astype(float).round(6)
    for name, values in indicators_per_window(data.windows[fold.hold_out]).items():
        table[name] = _significant(values)
    table["map_x"], table["map_y"] = (np.round(axis, 4) for axis in principal_plane(features).T)
    return table


def principal_plane(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Features of shape (n, m) on the plane of their two largest principal components, shape (n, 2).

    Signs are fixed (the largest loading is positive) so that the picture is the same on every machine.
    """
    centred = np.asarray(features, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    plane = axes[:, [-1, -2]]
    signs = np.sign(plane[np.abs(plane).argmax(axis=0), [0, 1]])
    return centred @ (plane * signs)


def _significant(values: NDArray[np.floating], digits: int = 5) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values]


def _summed_up(protocol: str, table: pd.DataFrame, classes: tuple[str, ...]) -> Evaluation:
    columns = [f"p_{name}" for name in classes]
    mean = table.groupby(["recording", "truth"], sort=True)[columns].mean()
    said = [classes[i] for i in mean.to_numpy().argmax(1)]
    return Evaluation(
        protocol,
        table,
        classification_metrics(table["truth"].tolist(), table["prediction"].tolist(), LABELS),
        {
            str(name): classification_metrics(part["truth"].tolist(), part["prediction"].tolist(), LABELS)
            for name, part in table.groupby("fold", sort=False)
        },
        classification_metrics([str(t) for _, t in mean.index], said, LABELS),
    )


def save_evaluation(evaluation: Evaluation, folder: Path, settings: Settings | None = None) -> Path:
    """Write the JSON and the table of an evaluation into `folder`; returns the JSON's path."""
    name = evaluation.protocol.replace("-", "_")
    table = evaluation.predictions.to_csv(index=False, lineterminator="\n").encode()
    content = {
        "protocol": evaluation.protocol,
        "command": f"python -m bearing evaluate --protocol {evaluation.protocol}",
        "settings": None if settings is None else asdict(settings),
        "windows": evaluation.metrics.as_dict(),
        "recordings": evaluation.recordings.as_dict(),
        "folds": {fold: metrics.as_dict() for fold, metrics in evaluation.per_fold.items()},
        "histories": {
            fold: [{name: round(value, 6) for name, value in asdict(epoch).items()} for epoch in epochs]
            for fold, epochs in evaluation.histories.items()
        },
        "data_sha256": evaluation.data_sha256,
        "libraries": {package: version(package) for package in ("numpy", "scipy", "torch", "onnxruntime")},
        "predictions": {"file": f"predictions_{name}.csv", "sha256": hashlib.sha256(table).hexdigest()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"predictions_{name}.csv").write_bytes(table)
    path = folder / f"evaluation_{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path
