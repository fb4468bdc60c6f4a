"""What a baseline of the same rig buys for CWRU's 60 drive-end faults: `python -m benchmarks.own_baseline`.

The normals 97-100 (loads 0 to 3, resampled to 12 kHz), cut into pieces of 0.7 s, are the sound past of a machine; the
pieces of one faulty recording follow them. The verdict alone is the committed evaluation's, of networks that never saw
that fault size. Be honest about what it is: the rig, the sensor and the shaft are the same, the bearing is not. It was
exchanged between the recordings, so part of what rose may be the mounting; and there is one sound bearing only. Fifteen
bearings are damaged here, four recordings (loads) of most, so 60 is no count of independent cases.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np

from bearing.cwru.dataset import load_recording
from bearing.cwru.registry import drive_end_entries
from bearing.files import WEIGHTS_DIR
from bearing.machines.history import judged
from bearing.machines.measure import Measurement, Verdict, measure
from bearing.machines.verdicts import NOT_ASKED, over_baseline
from bearing.physics.catalogue import find
from bearing.signal.windows import NETWORK_RATE_HZ, resample
from bearing.states import FAMILIES
from bearing.verdict.diagnosis import Bearing

PIECE_S, HOP_S = 0.7, 0.3
NORMALS = (97, 98, 99, 100)


def pieces(number: int, nominal_rpm: float, bearing: Bearing) -> list[Measurement]:
    """One recording cut into overlapping pieces, each measured as one recording of a history."""
    recording = load_recording(number)
    assert recording.sampling_rate_hz is not None
    samples = resample(recording.samples, recording.sampling_rate_hz, NETWORK_RATE_HZ)
    size, hop = int(PIECE_S * NETWORK_RATE_HZ), int(HOP_S * NETWORK_RATE_HZ)
    rpm = recording.shaft_rpm or nominal_rpm
    found = []
    for start in range(0, len(samples) - size + 1, hop):
        piece = replace(
            recording,
            samples=np.array(samples[start : start + size]),
            sampling_rate_hz=float(NETWORK_RATE_HZ),
            shaft_rpm=rpm,
        )
        found.append(measure(piece, bearing))
    return found


def alone() -> dict[int, str]:
    """The committed verdict on each drive-end recording by networks that never saw its fault size."""
    content = json.loads((WEIGHTS_DIR / "evaluation_order.json").read_text())
    rows = content["protocols"]["fault-size"]["recordings"]
    return {row["recording"]: row["verdict"] for row in rows if row["end"] == "DE"}


def main() -> None:
    entry = find("6205-2RS")
    bearing = Bearing(entry.name, entry.orders)
    facts = {e.number: e for e in drive_end_entries()}
    sound = [m for number in NORMALS for m in pieces(number, facts[number].nominal_rpm, bearing)]
    said_alone = alone()
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    changed = []
    for number, fact in facts.items():
        if number in NORMALS:
            continue
        said = Verdict(said_alone[number], 0.0, "")
        life = [*sound, *pieces(number, fact.nominal_rpm, bearing)]
        found = judged(life, baseline=(0, len(sound) - 1))
        life = [
            replace(m, values=m.values | {k: v[i] for k, v in found.rises.items() if np.isfinite(v[i])})
            for i, m in enumerate(life)
        ]
        now = over_baseline(said, life, found).verdict
        before[kind(said.verdict, fact.label)] += 1
        after[kind(now, fact.label)] += 1
        lines[kind(over_baseline(NOT_ASKED, life, found).verdict, fact.label)] += 1
        if now != said.verdict:
            changed.append(f"{number} {fact.label} {fact.fault_diameter_in} in: {said.verdict} -> {now}")
    own = judged(sound)
    print(f"{len(sound)} sound pieces by themselves: {own.state}, first {own.first}\n")
    print("| of 60 faults | part right | damaged, part not told | uncertain | called sound | part wrong |")
    print("|---|---|---|---|---|---|")
    for name, counts in (
        ("the recording alone", before),
        ("what rose over the rig's sound past", lines),
        ("both", after),
    ):
        row = [counts[k] for k in ("right", "damaged", "uncertain", "sound", "wrong")]
        print(f"| {name} | {' | '.join(map(str, row))} |")
    print("\n" + "\n".join(changed))


def kind(verdict: str, truth: str) -> str:
    """How a verdict on a damaged bearing counts."""
    if verdict in FAMILIES:
        return "right" if verdict == truth else "wrong"
    return {"normal": "sound", "damaged": "damaged", "impacts": "damaged"}.get(verdict, "uncertain")


if __name__ == "__main__":
    main()
