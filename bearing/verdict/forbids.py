"""What forbids a statement: about any part, where the recording or the question is unfit; of `normal` alone."""

from __future__ import annotations

from bearing.physics.kinematics import rpm_to_hz
from bearing.physics.shaft.order_tracking import SpeedSource
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.doctor.finding import DoctorReport
from bearing.verdict.hearing import HIDDEN_WIDTH, Hearing, SpeedAsked, lines_of_shaft
from bearing.verdict.turning import Turning
from bearing.verdict.words.sentences import Held, held_sentence, percent

__all__ = ["forbids_all", "forbids_normal"]

SURE_SPEED = 0.8  # an estimated shaft speed less likely right than this carries no verdict
MOST_ELEMENTS = 24  # the network was trained with; faults of bearings of 30 and 60, asked rightly, passed for sound
KNOCKS_FROM = 1.1  # of the guard's limits, at the shaft's own pace; of sound machines told so the loudest is 1.04
SMEARS_FROM = 0.1  # spread of a speed that only the signal tells, from where what is left hid faint lines; half did not
SOUND_THOUGH_FOLLOWED = 0.7  # of the network, where the signal alone told its moving speed: CWRU's faults, their time
# warped, reach 0.69, its sound bearings fall to 0.73


def forbids_all(doctor: DoctorReport, bearing: Bearing | None, heard: Hearing, sure_from: float) -> list[str]:
    """What forbids any statement about a part, each in words; a part is named surely from a probability on."""
    if unfit := [held_sentence(Held.UNFIT, c.sentence.rstrip(".")) for c in doctor.checks if c.severity == "severe"]:
        return unfit  # what else is missing would not help
    reasons: list[str] = []
    speed, found = heard.speed, heard.found
    if bearing is None:
        reasons.append(held_sentence(Held.BEARING_UNKNOWN))
    elif speed.rpm is None:
        reasons.append(held_sentence(Held.SPEED_UNKNOWN))
    elif speed.confidence < SURE_SPEED:
        reasons.append(held_sentence(Held.SPEED_UNSURE, percent(speed.confidence)))
    if found is not None and not found.in_domain:
        reasons.append(held_sentence(Held.OUT_OF_DOMAIN, found.reason))
    if found is not None and speed.own_rpm is not None and lines_of_shaft(found, rpm_to_hz(speed.own_rpm)):
        reasons.append(held_sentence(Held.LINES_OF_SHAFT, f"{speed.own_rpm:.0f}", f"{speed.rpm:.0f}"))
    elif found is not None and speed.spoken_rpm is not None and found.likeliest_part < sure_from:
        reasons.append(_speed_unseen(doctor, speed))
    return reasons


def _speed_unseen(doctor: DoctorReport, speed: SpeedAsked) -> str:
    """That no shaft shows at the speed asked, in the doctor's words where it found the same."""
    if (told := doctor.of("speed")) is not None:
        return held_sentence(Held.UNFIT, told.sentence.rstrip("."))
    return held_sentence(Held.SPEED_UNSEEN, f"{speed.rpm or 0:.0f}", f"{speed.spoken_rpm or 0:.0f}")


def forbids_normal(doctor: DoctorReport, bearing: Bearing | None, turning: Turning, heard: Hearing) -> list[str]:
    """What forbids `normal` alone, each in words."""
    reasons = [held_sentence(Held.UNFIT, sentence.rstrip(".")) for sentence in doctor.normal_vetoes]
    moved, speed, found = turning.moved, heard.speed, heard.found
    if moved is not None and moved.source == SpeedSource.SIGNAL.value:
        faint = found is not None and found.probabilities["normal"] < SOUND_THOUGH_FOLLOWED
        if moved.spread >= SMEARS_FROM and (faint or not turning.shown):
            reasons.append(held_sentence(Held.SPEED_FOLLOWED))
    elif not turning.shown:
        reasons.append(held_sentence(Held.SPEED_TOLD))
    if speed.own_rpm is not None and speed.rpm is not None and not doctor.of("speed"):  # which says the same
        reasons.append(held_sentence(Held.OTHER_SPEED, f"{speed.own_rpm:.0f}", f"{speed.rpm:.0f}"))
    elif speed.spoken_rpm is not None and not doctor.of("speed"):
        reasons.append(_speed_unseen(doctor, speed))
    if heard.guard is not None and heard.guard.knock >= KNOCKS_FROM:  # a fault's own, at a gross slip
        reasons.append(held_sentence(Held.KNOCKS))
    if bearing is None:
        return reasons
    if bearing.estimated:
        reasons.append(held_sentence(Held.ESTIMATED_GEOMETRY, bearing.name))
    orders = bearing.orders
    if bearing.elements > MOST_ELEMENTS:
        reasons.append(held_sentence(Held.MANY_ELEMENTS, bearing.elements, MOST_ELEMENTS))
    hidden = [
        f"{name} ({order:.3f})"
        for name, order in (("BPFO", orders.bpfo), ("BPFI", orders.bpfi))
        if abs(order - round(order)) <= HIDDEN_WIDTH
    ]
    if hidden:
        reasons.append(held_sentence(Held.HIDDEN_LINES, " and ".join(hidden)))
    return reasons
