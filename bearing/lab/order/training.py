"""Fits the order network: examples -> `OrderNetwork`, with the bearing, not the recording, as the unit drawn."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray

from bearing.cwru.dataset import locate
from bearing.cwru.registry import registry
from bearing.files import RUNS_DIR, WEIGHTS_DIR
from bearing.lab.order.examples import (
    BEARINGS,
    ROLES,
    SECOND_RIG,
    Examples,
    Heard,
    far_examples,
    heard_examples,
    implanted_examples,
    other_make_examples,
    real_examples,
    second_rig_examples,
    simulated_examples,
)
from bearing.lab.order.network import OrderNetwork, weights_of
from bearing.lab.settings import Report, step
from bearing.models.cards import save_model
from bearing.models.order import CLASSES, FEATURE_VERSION, ensemble_probabilities
from bearing.models.strangers import MOST, without_shaft
from bearing.rigs.adi_mfs import adi_registry
from bearing.verdict.calibration import Answers, fit_calibration
from bearing.verdict.fusion import Calibration

__all__ = [
    "FAULT_SIZES",
    "OrderSettings",
    "fit_order",
    "fit_ensemble",
    "fitted",
    "predict_order",
    "train_order",
]

FOLD_MEMBERS = 4  # as what is shipped, beside those of simulated machines
HEARD_VERSION = 2  # of what the guard hears and which strangers are asked for, kept in runs/
VIEWS = (0, 1)  # the signal as it is, and prewhitened
FAULT_SIZES = ("0.007", "0.014", "0.021", "0.028")

SHARES = {
    "fault": 2.0,
    "other make": 1.0,
    "far sensor": 0.5,
    "implanted fault": 4.0,
    "simulated fault": 4.0,
    "second rig fault": 1.0,
    "second rig normal": 1.5,
    "unfaulted": 1.0,
    "other make unfaulted": 0.4,
    "made up": 1.0,
    "simulated healthy": 2.0,
    "simulated made up": 0.7,
}


@dataclass(frozen=True)
class OrderSettings:
    """How the networks are trained. A third of the `members` of each view see simulated machines only, the others
    everything.

    The first know no rig at all; what only the others claim may be the rig's doing, and gets less weight.

    `shares` : how often each role is drawn, relative to the others. `features_seed` : of the pieces cut from
    recordings; `simulated` : batches (machines, seed). Features are computed once for all seeds.
    """

    seed: int = 42
    members: int = 6
    steps: int = 700
    steps_simulated: int = 350
    batch_size: int = 160
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.02
    features_seed: int = 11
    implanted: int = 1500
    simulated: tuple[tuple[int, int], ...] = ((3500, 201), (2000, 202))
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))


def fit_order(examples: Examples, settings: OrderSettings, view: int, member: int = 0, steps: int = 0) -> OrderNetwork:
    """One network of one view in `steps` (default: the settings').

    Roles are drawn by their shares, then bearings evenly, then the examples of a bearing evenly.
    """
    torch.set_num_threads(1)  # so small a network only loses by sharing
    torch.manual_seed(settings.seed * 1000 + member + 500 * view)
    rng = np.random.default_rng([settings.seed, member, view])
    steps = steps or settings.steps
    patches, scalars, globals_ = _tensors(examples, view)
    labels = torch.from_numpy(examples.label)
    chance = _sampling(examples, settings.shares)
    network = OrderNetwork()
    drawn = rng.choice(len(examples), size=min(len(examples), 20_000), p=chance)
    network.fit_scaler(scalars[drawn], globals_[drawn])
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps)
    network.train()
    for _ in range(steps):
        batch = torch.from_numpy(rng.choice(len(examples), size=settings.batch_size, p=chance))
        logits = network(patches[batch].float(), scalars[batch], globals_[batch])
        loss = functional.cross_entropy(logits, labels[batch], label_smoothing=settings.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def fitted(
    name: str, examples: Examples, settings: OrderSettings, view: int, member: int = 0, steps: int = 0
) -> OrderNetwork:
    """A network from ``runs/``, or fitted and kept there: training and evaluation ask for the same folds.

    `name` says what was left out; the file's name also holds a digest of the settings.
    """
    key = hashlib.sha256(repr((settings, steps, len(examples), FEATURE_VERSION)).encode()).hexdigest()[:10]
    path = RUNS_DIR / f"order_network_{name}_{view}_{member}_{key}.pt"
    if path.exists():
        network = OrderNetwork()
        network.load_state_dict(torch.load(path, weights_only=True))
        return network.eval()
    network = fit_order(examples, settings, view, member, steps)
    RUNS_DIR.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), path)
    return network


@dataclass(frozen=True)
class Ensemble:
    """Networks per view: `simulated` have seen simulated machines only, `all` everything that was not held out."""

    simulated: tuple[tuple[OrderNetwork, ...], ...]
    all: tuple[tuple[OrderNetwork, ...], ...]

    @property
    def members(self) -> list[tuple[OrderNetwork, int, float]]:
        """Every network with the view it sees and its share in that view's answer."""
        return [
            (network, view, share / len(part))
            for part_of, share in ((self.simulated, 1 / 3), (self.all, 2 / 3))
            for view, part in zip(VIEWS, part_of, strict=True)
            for network in part
        ]

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """The arrays of the weights file: parameters stacked over members, the `view` and `share` of each member."""
        return {
            **weights_of([network for network, _, _ in self.members]),
            "view": np.array([view for _, view, _ in self.members]),
            "share": np.array([share for _, _, share in self.members], np.float32),
        }


def fit_ensemble(
    name: str, examples: Examples, simulated: Examples, settings: OrderSettings, members: int = FOLD_MEMBERS
) -> Ensemble:
    """`members` networks of each view on `examples` and `simulated`, beside those of simulated machines alone.

    The latter serve every fold alike.
    """
    first = range(100, 100 + settings.members // 3)
    of_simulated = tuple(
        tuple(fitted("simulated", simulated, settings, view, m, settings.steps_simulated) for m in first)
        for view in VIEWS
    )
    material = Examples.join([examples, simulated])
    of_all = tuple(tuple(fitted(name, material, settings, view, member) for member in range(members)) for view in VIEWS)
    return Ensemble(of_simulated, of_all)


def predict_order(ensemble: Ensemble, examples: Examples) -> NDArray[np.float64]:
    """Probabilities of the ensemble, shape (n, 4), as `models.order` forms them."""
    logits = np.stack([_logits(network, examples, view) for network, view, _ in ensemble.members])
    views = np.array([view for _, view, _ in ensemble.members])
    shares = np.array([share for _, _, share in ensemble.members])
    return ensemble_probabilities(logits, examples.patches, views, shares)


def _logits(network: OrderNetwork, examples: Examples, view: int) -> NDArray[np.float32]:
    out = np.zeros((len(examples), 4), np.float32)
    with torch.no_grad():
        for start in range(0, len(examples), 512):
            part = examples.take(np.arange(start, min(start + 512, len(examples))))
            patches, scalars, globals_ = _tensors(part, view)
            out[start : start + len(part)] = network(patches.float(), scalars, globals_).numpy()
    return out


def _tensors(examples: Examples, view: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        torch.from_numpy(np.ascontiguousarray(examples.patches[:, view])),
        torch.from_numpy(np.ascontiguousarray(examples.scalars[:, view])),
        torch.from_numpy(np.ascontiguousarray(examples.globals[:, view])),
    )


def _sampling(examples: Examples, shares: dict[str, float]) -> NDArray[np.float64]:
    """Probability of drawing each example. The unit is the bearing: one fault size at one end, or one made-up class."""
    units = np.array(
        [
            f"{r}|{y}|{e}|{s}"
            for r, y, e, s in zip(examples.role, examples.label, examples.end, examples.size, strict=True)
        ]
    )
    _, unit, size = np.unique(units, return_inverse=True, return_counts=True)
    units_of_role = {role: len(np.unique(unit[examples.role == role])) for role in np.unique(examples.role)}
    share = np.array([shares.get(ROLES[role], 0.0) / units_of_role[role] for role in examples.role])
    chance = share / size[unit]
    return chance / chance.sum()


def cached(name: str, make: Callable[[], Examples], folder: Path = RUNS_DIR) -> Examples:
    """Examples from ``runs/``, or made and kept there: features take longer than training. Delete the file to renew."""
    path = folder / f"order_{name}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as archive:
            return Examples(**{part.name: archive[part.name] for part in fields(Examples)})
    examples = make()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{part.name: getattr(examples, part.name) for part in fields(Examples)})
    return examples


def training_material(settings: OrderSettings, report: Report | None = None) -> tuple[Examples, Examples]:
    """Real and simulated examples, from ``runs/`` when they were made before."""
    seed = settings.features_seed
    parts = {
        "real": partial(real_examples, seed, step(report, "recordings")),
        "far": partial(far_examples, seed + 10, step(report, "far sensors")),
        "other_make": partial(other_make_examples, seed + 30, step(report, "other makes")),
        "implanted": partial(implanted_examples, settings.implanted, seed + 20, step(report, "implanted faults")),
        "second_rig": partial(second_rig_examples, seed + 40, step(report, "second rig")),
    }
    real = Examples.join([cached(f"{name}_v{FEATURE_VERSION}_{seed}", make) for name, make in parts.items()])
    batches = []
    for count, batch_seed in settings.simulated:
        make = partial(simulated_examples, count, batch_seed, step(report, "simulated machines"))
        batches.append(cached(f"simulated_v{FEATURE_VERSION}_{batch_seed}_{count}", make))
    return real, Examples.join(batches)


def without(real: Examples, *sizes: str) -> Examples:
    """What may be trained on when bearings of these sizes are held out; CWRU's normal recordings never are."""
    return real.take(~np.isin(real.size, sizes) & ~real.has_role("normal"))


def held_out(real: Examples, size: str) -> Examples:
    """The whole recordings of a held-out size, both ends, once each (normals at their own 48 kHz).

    The normals belong to no size and go with the first.
    """
    mine = (real.size == size) | (real.has_role("normal") & (size == FAULT_SIZES[0]))
    asked = real.take(real.whole & mine & real.has_role("fault", "unfaulted", "normal"))
    _, first = np.unique([f"{n} {end}" for n, end in zip(asked.number, asked.end, strict=True)], return_index=True)
    return asked.take(np.sort(first))


def second_rig(real: Examples) -> Examples:
    """The whole recordings of the motor simulator, every axis."""
    return real.take(real.whole & real.has_role("second rig fault", "second rig normal"))


def calibrating(real: Examples, size: str) -> Examples:
    """What calibrates on a held-out size: its whole recordings, and its sound ends asked with orders slightly off.

    A user's orders are never quite right, and a false alarm is what nobody forgives. CWRU's normals take no part.
    """
    asked_wrongly = real.take((real.size == size) & real.has_role("other make unfaulted"))
    whole = held_out(real, size)
    return Examples.join([whole.take(~whole.has_role("normal")), asked_wrongly])


def units_of(examples: Examples) -> NDArray[np.str_]:
    """The bearing each row belongs to: end, state and fault size; a sound one is told by the fault at the other end."""
    rows = zip(examples.end, examples.label, examples.size, strict=True)
    return np.array([f"{end if end in BEARINGS else ''} {CLASSES[label]} {size}" for end, label, size in rows])


def answers_of(examples: Examples, ensemble: Ensemble, heard: Heard, p: NDArray[np.float64] | None = None) -> Answers:
    """What the verdict's rule is fitted to, or judged by; `p` is the ensemble's answer where it is at hand."""
    row_of = {key: row for row, key in enumerate(heard.key)}
    rows = [
        row_of[f"{'adi_mfs' if size in SECOND_RIG else 'cwru'}|{number}|{end}"]
        for size, number, end in zip(examples.size, examples.number, examples.end, strict=True)
    ]
    p = predict_order(ensemble, examples) if p is None else p
    return Answers(p, heard.excess[rows], elsewhere_of(ensemble, heard)[rows], examples.label, units_of(examples))


def elsewhere_of(ensemble: Ensemble, heard: Heard) -> NDArray[np.float64]:
    """The ensemble's answer, shape (n, 4), for the bearing nobody named that looks least sound, of every recording."""
    p = without_shaft(predict_order(ensemble, heard.strangers), heard.of_shaft).reshape(len(heard.key), MOST, 4)
    return p[np.arange(len(p)), p[:, :, 0].argmin(axis=1)]


def heard(settings: OrderSettings, report: Report | None = None) -> Heard:
    """What every whole recording says beside the question it is asked; from ``runs/`` when it was made before."""
    path = RUNS_DIR / f"heard_v{FEATURE_VERSION}_{HEARD_VERSION}.npz"
    names = [part.name for part in fields(Examples)]
    if not path.exists():
        made = heard_examples(step(report, "heard"))
        RUNS_DIR.mkdir(parents=True, exist_ok=True)
        asked = {name: getattr(made.strangers, name) for name in names}
        np.savez(path, key=made.key, excess=made.excess, of_shaft=made.of_shaft, **asked)
    with np.load(path, allow_pickle=False) as archive:
        strangers = Examples(**{name: archive[name] for name in names})
        return Heard(archive["key"], archive["excess"], strangers, archive["of_shaft"])


def train_order(
    seed: int = 42,
    out_dir: Path = WEIGHTS_DIR,
    report: Report | None = None,
    settings: OrderSettings | None = None,
) -> dict[str, Any]:
    """Train the ensemble on everything, calibrate it on held-out bearings, write weights and card; returns the card."""
    settings = settings or OrderSettings(seed=seed)
    real, simulated = training_material(settings, report)
    beside = heard(settings, report)
    outside, told = [], step(report, "held-out bearings")
    for fold, size in enumerate(FAULT_SIZES):
        ensemble = fit_ensemble(f"without_{size}", without(real, size), simulated, settings)
        asked = calibrating(real, size)
        outside.append(answers_of(asked, ensemble, beside))
        told(fold + 1, len(FAULT_SIZES) + 1)
    ensemble = fit_ensemble("without_second_rig", without(real, *SECOND_RIG), simulated, settings)
    asked = second_rig(real)
    outside.append(answers_of(asked, ensemble, beside))
    calibration = fit_calibration(Answers.join(outside))
    count = settings.members - settings.members // 3
    ensemble = fit_ensemble("all", without(real), simulated, settings, count)
    told(len(FAULT_SIZES) + 1, len(FAULT_SIZES) + 1)
    return write_order(ensemble, calibration, Examples.join([without(real), simulated]), settings, out_dir)


def write_order(
    ensemble: Ensemble,
    calibration: Calibration,
    material: Examples,
    settings: OrderSettings,
    out_dir: Path,
) -> dict[str, Any]:
    """Weights and card of an ensemble, as `models.order` loads them; returns the card."""
    arrays = ensemble.weights()
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    weights = buffer.getvalue()
    card = _card(settings, weights, material, calibration, ensemble)
    save_model(out_dir, {"order_cnn.npz": weights, "order_cnn.json": (json.dumps(card, indent=1) + "\n").encode()})
    return card


def _card(
    settings: OrderSettings,
    weights: bytes,
    material: Examples,
    calibration: Calibration,
    ensemble: Ensemble,
) -> dict[str, Any]:
    digest = hashlib.sha256(weights).hexdigest()
    return {
        "name": "order network",
        "version": digest[:12],
        "feature_version": FEATURE_VERSION,
        "classes": list(CLASSES),
        "input": "envelope spectra in orders, of the signal as it is and prewhitened, gathered around the harmonics of "
        "each family (models/order_features.py)",
        "parameters": sum(p.numel() for p in ensemble.all[0][0].parameters()),
        "members": len(ensemble.members),
        "domain": {"lowest_rate_hz": 4000.0, "fewest_revolutions": 4.0, "shortest_samples": 2048},
        "calibration": calibration.as_dict(),
        "calibrated_on": "held-out fault sizes, both ends, and a held-out rig; the unit is the bearing",
        "training": asdict(settings),
        "examples": {
            role: int((material.role == i).sum()) for i, role in enumerate(ROLES) if (material.role == i).any()
        },
        "recordings": recording_hashes(),
        "second_rig": {"name": "adi_mfs", "recordings": {e.file_name: e.sha256 for e in adi_registry()}},
        "never_trained_on": [facts.number for facts in registry() if facts.label == "normal"],
        "libraries": {name: version(name) for name in ("torch", "numpy", "scipy")},
        "files": {"order_cnn.npz": digest},
    }


def recording_hashes() -> dict[str, str]:
    """sha256 of every file of CWRU read, by number."""
    return {str(f.number): hashlib.sha256(locate(f.number).path.read_bytes()).hexdigest() for f in registry()}
