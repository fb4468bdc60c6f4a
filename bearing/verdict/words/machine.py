"""The textbook's readings of a machine's lines, in English: the one table of them."""

from __future__ import annotations

from typing import Any

from bearing.physics.machine_lines import LineKind, MachineLine, MachineReading, MachineView, Reading

__all__ = ["READING_WORDS", "line_name", "machine_as_dict", "machine_sentences", "reading_sentence"]

READING_WORDS: dict[Reading, str] = {
    Reading.UNBALANCE: "1x dominates: unbalance, if the phase is steady and turns with the sensor.",
    Reading.BENT_SHAFT: "1x with some 2x: a bent shaft or the beginning of misalignment; compare axial and radial.",
    Reading.MISALIGNMENT: "{number:.0f}x stands high beside 1x: misalignment at the coupling, or a cracked shaft.",
    Reading.LOOSENESS: "Many multiples of the shaft, or halves of it: looseness, or a rub.",
    Reading.ELECTRICAL: "{number:.0f} Hz, twice the mains, stands high: air gap, soft foot or winding of a motor.",
    Reading.ROTOR_BARS: "1x has sidebands {number:.2f} Hz away, the pole pass: broken rotor bars, if the load is high.",
    Reading.GEAR_MESH: "A gear meshes at {number:.0f} times the shaft: its load, or wear where it grows.",
    Reading.GEAR_SIDEBANDS: "The mesh at {number:.0f}x has sidebands at shaft speed: an eccentric or worn gear.",
    Reading.BLOW_PER_TURN: "One blow a turn, {number:.0f} of ten multiples in the envelope: a broken tooth, or a part "
    "that is struck once a turn.",
    Reading.VANE_PASSING: "Vanes or blades pass at {number:.0f} times the shaft: the flow or the gap at the cutwater.",
    Reading.BURSTS: "Bursts without a rhythm (kurtosis {number:.0f}): cavitation, dirt in the grease, or sparks.",
    Reading.BROAD_NOISE: "A broad noise around {number:.0f} Hz outweighs all lines: flow or cavitation, rubbing, or "
    "poor lubrication.",
    Reading.BELT: "Lines at {number:.3f} of the shaft speed and its multiples: a belt, worn or badly tensioned.",
}


def line_name(line: MachineLine) -> str:
    """``1x``, ``1.5x``, ``2 x mains``, ``gear mesh 1``."""
    if line.kind in (LineKind.SHAFT, LineKind.HALF):
        return f"{line.number:g}x"
    return f"{line.number:g} x mains" if line.kind is LineKind.MAINS else f"{line.kind.value} {line.number:g}"


def reading_sentence(reading: MachineReading) -> str:
    """The reading in one sentence; what it is worth, an analyst must say."""
    return READING_WORDS[reading.code].format(number=reading.number)


def machine_sentences(view: MachineView) -> tuple[str, ...]:
    """What the machine's own lines read like, the strongest first."""
    if not view.readings:
        return ("The machine's own lines: nothing in them stands for a fault of the textbook.",)
    return tuple(reading_sentence(reading) for reading in view.readings)


def machine_as_dict(view: MachineView) -> dict[str, Any]:
    """For JSON: the lines that stand, and the readings they allow, the strongest first."""
    return {
        "lines": [
            {
                "kind": line.kind.value,
                "number": line.number,
                "frequency_hz": line.frequency_hz,
                "order": line.order,
                "level": line.level,
                "db": line.db,
            }
            for line in view.lines
            if line.found
        ],
        "readings": [
            {"code": reading.code.value, "strength": reading.strength, "sentence": reading_sentence(reading)}
            for reading in view.readings
        ],
    }
