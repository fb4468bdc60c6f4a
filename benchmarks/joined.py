"""What the average of recordings too short to judge tells: `python -m benchmarks.joined`.

Recordings of two rigs are cut into snapshots of a few turns, consecutive ones joined as a history joins them, and asked
by the envelope rule alone, without any past: where lines stand in two of three joined ones, does that mean damage?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bearing.cwru.dataset import load_recording
from bearing.cwru.registry import drive_end_entries
from bearing.machines.measure import joined_numbers, measure
from bearing.physics.catalogue import CatalogueEntry, find
from bearing.recording import Recording
from bearing.rigs.adi_mfs import adi_bearing, adi_registry, load_adi
from bearing.signal.windows import NETWORK_RATE_HZ, resample
from bearing.states import FAMILIES
from bearing.verdict.diagnosis import Bearing

TURNS = (3.0, 6.0, 12.0)
MOST = 30  # snapshots of a recording


def cwru() -> Iterator[tuple[str, Recording]]:
    """Drive-end recordings at 12 kHz, with what is true of each."""
    for entry in drive_end_entries():
        recording = load_recording(entry.number)
        assert recording.sampling_rate_hz is not None
        samples = resample(recording.samples, recording.sampling_rate_hz, NETWORK_RATE_HZ)
        rpm = recording.shaft_rpm or entry.nominal_rpm
        rate_hz = float(NETWORK_RATE_HZ)
        yield entry.label, replace(recording, samples=samples, sampling_rate_hz=rate_hz, shaft_rpm=rpm)


def adi() -> Iterator[tuple[str, Recording]]:
    """Recordings of the machine simulator, one axis."""
    for entry in adi_registry():
        recording = load_adi(entry)
        yield entry.label, replace(recording, shaft_rpm=recording.shaft_rpm or entry.nominal_rpm)


def stands(recording: Recording, entry: CatalogueEntry, turns: float) -> bool | None:
    """Whether any part's lines stand in two of three joined ones; None for a recording too short to cut."""
    assert recording.sampling_rate_hz is not None
    assert recording.shaft_rpm is not None
    size = int(turns / (recording.shaft_rpm / 60) * recording.sampling_rate_hz)
    bearing, count = Bearing(entry.name, entry.orders), min(MOST, len(recording.samples) // size)
    cut = [replace(recording, samples=np.array(recording.samples[i * size : (i + 1) * size])) for i in range(count)]
    groups: list[tuple[float, bool]] = []
    for one in joined_numbers([measure(piece, bearing) for piece in cut], bearing.orders):
        shows = one.values.get("line_outer_db", np.nan), bool(one.lines_stand & set(FAMILIES))
        if not groups or groups[-1] != shows:
            groups.append(shows)
    said = [stood for _, stood in groups[:3]]
    return None if len(said) < 3 else sum(said) >= 2


def main() -> None:
    for name, recordings, entry in (("CWRU", cwru, find("6205-2RS")), ("ADI", adi, adi_bearing())):
        for turns in TURNS:
            counts: Counter[tuple[bool, bool]] = Counter()
            for label, recording in recordings():
                found = stands(recording, entry, turns)
                if found is not None:
                    counts[label == "normal", found] += 1
            sound, ailing = counts[True, True] + counts[True, False], counts[False, True] + counts[False, False]
            print(f"{name}, {turns:.0f} turns a snapshot: lines stand in {counts[False, True]} of {ailing} damaged, "
                  f"{counts[True, True]} of {sound} sound ones")  # fmt: skip


if __name__ == "__main__":
    main()
