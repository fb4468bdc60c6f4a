"""A whole file: every channel that measures the bearing's vibration is judged, and the worst is the file's answer.

Library, REST, command line, assistants and page all ask here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bearing.errors import InputError, MissingRate
from bearing.recording import Recording
from bearing.states import FAMILIES, URGENCY
from bearing.verdict.asked.intake import Intake
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing, ChannelVerdict, Diagnosis
from bearing.verdict.judging import diagnose
from bearing.verdict.prepared import Prepared
from bearing.verdict.words.sentences import state_word

__all__ = ["FileDiagnosis", "diagnose_file"]


@dataclass(frozen=True)
class FileDiagnosis:
    """What was found on each channel.

    Attributes
    ----------
    channels : tuple of Diagnosis
        One per judged channel, in the file's order.
    refused : dict of str to str
        Channels that could not be judged, and why.
    """

    channels: tuple[Diagnosis, ...]
    refused: dict[str, str]

    @property
    def worst(self) -> Diagnosis:
        """The channel that decides: a fault before an uncertain one before a healthy one, the surer fault first.

        Where channels name different parts, the part that most of them hear, at the channel that hears it best.
        """
        named: dict[str, list[Diagnosis]] = {}
        for one in self.channels:
            if one.verdict in FAMILIES:
                named.setdefault(one.verdict, []).append(one)
        agreed = max(named, key=lambda part: sum(map(_heard, named[part])), default="")
        among = named.get(agreed, self.channels)
        return min(among, key=lambda one: (URGENCY[one.verdict], -one.confidence, -_heard(one)))

    @property
    def answer(self) -> Diagnosis:
        """The file's answer: the worst channel's, with a row per channel. Healthy only if each channel is."""
        worst, reason = self.worst, " ".join(filter(None, (self.sentence, self.worst.reason)))
        if worst.verdict == "normal" and self.refused:
            name, why = next(iter(self.refused.items()))
            worst = replace(worst, verdict="uncertain")
            reason = f"No verdict: channel '{name}' could not be judged ({why.rstrip('.')}). {reason}"
        return replace(worst, reason=reason, channels=self.rows)

    @property
    def rows(self) -> tuple[ChannelVerdict, ...]:
        """A row per channel: the judged in the file's order, then those that could not be."""
        judged = (
            ChannelVerdict(d.channel, d.verdict, d.confidence, d.best_guess, d.reason, d.sampling_rate_hz, d.shaft_rpm)
            for d in self.channels
        )
        refused = (ChannelVerdict(name, "error", 0.0, None, why) for name, why in self.refused.items())
        return (*judged, *refused)

    @property
    def sentence(self) -> str:
        """How the channels differ, in one sentence; "" for a single one."""
        if len(self.channels) + len(self.refused) < 2:
            return ""
        told = ", ".join(f"{one.channel} {state_word(one.verdict, one.element)}" for one in self.channels[:8])
        more = f" and {len(self.channels) - 8} more" if len(self.channels) > 8 else ""
        return f"Channel '{self.worst.channel}' decides ({told}{more})."

    def as_dict(self) -> dict[str, Any]:
        """The file's answer as `Diagnosis.as_dict`."""
        return self.answer.as_dict()


def diagnose_file(
    intake: Intake,
    request: Request = Request(),  # noqa: B008 (frozen)
    prepare: Callable[[Recording], Prepared | None] | None = None,
) -> FileDiagnosis:
    """Diagnose every channel of vibration of a file and those at the bearing named, or only the one that is asked for.

    prepare : what is at hand of a channel that was asked about before.

    Raises ParameterError for a channel the file does not hold, and the errors of
    :func:`bearing.verdict.judging.diagnose` when no channel can be judged.
    """
    indices = [intake.channel(request.channel)] if request.channel else request.measured(intake)
    judged: list[Diagnosis] = []
    refused: dict[str, InputError] = {}
    for name in [intake.recordings[index].channel for index in indices]:
        recording, named = request.apply(intake, name)
        try:
            judged.append(_judged(recording, named, prepare))
        except InputError as error:
            refused[name] = error
    if not judged:
        raise next(iter(refused.values()))
    found = FileDiagnosis(tuple(judged), {name: str(error) for name, error in refused.items()})
    if request.detectable or request.parts is not None:  # of the channel that decides alone: these take their time
        at = next(i for i, one in enumerate(judged) if one is found.worst)
        recording, named = request.apply(intake, judged[at].channel)
        judged[at] = diagnose(recording, named, how_weak=request.detectable, parts=request.parts)
        found = replace(found, channels=tuple(judged))
    return found


def _heard(diagnosis: Diagnosis) -> float:
    """How likely the order network holds the state that was told; 0 where it was not asked."""
    opinion = diagnosis.opinions.get("order_cnn")
    return opinion.probabilities.get(diagnosis.verdict, 0.0) if opinion is not None and opinion.probabilities else 0.0


def _judged(
    recording: Recording, bearing: Bearing | None, prepare: Callable[[Recording], Prepared | None] | None
) -> Diagnosis:
    """The diagnosis of one channel; a missing rate is told with what the reader found instead of one."""
    try:
        at_hand = prepare(recording) if prepare is not None and recording.sampling_rate_hz is not None else None
        return diagnose(recording, bearing, prepared=at_hand)
    except MissingRate as error:
        hints = [
            note for note in recording.notes if ("Hz" in note and "sampling rate" in note.lower()) or "kHz" in note
        ]
        raise MissingRate(" ".join((str(error), *hints))) from error
