"""The answers of the three POST routes as schemas, for OpenAPI and the clients generated from it.

What a diagnosis is made of is described by the core's own dataclasses; only what `Diagnosis.to_dict` puts together is
said here. Imported when the documentation is first asked for, because the core is heavy.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel
from pydantic.json_schema import models_json_schema

from bearing.physics.envelope_rule import FamilyEvidence
from bearing.signal.indicators import Indicators
from bearing.states import Label, MachineState, State
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.doctor.finding import Finding
from bearing.verdict.opinions import Opinion

__all__ = ["ANSWERS", "MACHINE_ANSWERS", "components"]

REFERENCE = "#/components/schemas/{model}"
OriginalName = Literal["Ball", "InnerRace", "Normal", "OuterRace"]


class WindowShares(BaseModel):
    """How many windows the waveform CNN judged, and which share looks like each state."""

    count: int
    share: dict[str, float]


class Counted(BaseModel):
    """How statements of one kind fared on bearings never seen."""

    told: int
    wrong: int
    bearings: int


class Fit(BaseModel):
    """A catalogue bearing one of whose parts would strike at the rate that was heard."""

    bearing: str
    part: str
    error_percent: float
    shaft_hz: float


class Impacts(BaseModel):
    """What strikes: how often, how many harmonics stand, how deep, and whose line it could be."""

    rate_hz: float
    order: float | None
    harmonics: int
    depth: float
    kurtosis: float
    band_hz: tuple[float, float] = Field(description="Where it stands deepest.")
    fits: list[Fit]


class ChannelVerdict(BaseModel):
    """One channel of the file in a row."""

    channel: str
    verdict: State | Literal["error"] = Field(description="`error` where the channel could not be judged.")
    confidence: float
    best_guess: Label | None
    reason: str
    sampling_rate_hz: float | None = Field(description="Of this channel; null where it could not be judged.")
    shaft_rpm: float | None


class Detectable(BaseModel):
    """Levels in dB of a fault's power over the whole signal's from which on it is seen; null where not even at 9."""

    outer_db: float | None
    inner_db: float | None
    ball_db: float | None


class MachineLine(BaseModel):
    """A line of the machine that stands: whose, its number there, its amplitude, decibels over the floor."""

    kind: str
    number: float
    frequency_hz: float
    order: float
    level: float
    db: float


class MachineReading(BaseModel):
    """What the textbook says of such lines; no verdict."""

    code: str
    strength: float
    sentence: str


class Machine(BaseModel):
    """The machine's own lines beside the bearing's."""

    lines: list[MachineLine]
    readings: list[MachineReading]


class SpeedOverTime(BaseModel):
    """A shaft that did not hold its speed, and who says so."""

    source: str = Field(description="tacho, speed column or signal.")
    lowest_rpm: float
    highest_rpm: float
    spread: float = Field(description="5th to 95th percentile over the mean.")
    confidence: float = Field(description="That the speed over time is right within 1 %, 0 to 1.")


class DiagnosisAnswer(BaseModel):
    """One diagnosis: the same object on the page, the command line and in the library."""

    file: str
    channel: str = Field(description="The channel that decides.")
    channels: list[ChannelVerdict] = Field(description="A row per judged channel; healthy only if each is.")
    sampling_rate_hz: float
    rate_source: str
    duration_s: float
    shaft_rpm: float | None = Field(description="The speed used, as the signal corrects it; null when unknown.")
    stated_rpm: float | None = Field(description="The speed given by file or user, null where none was.")
    rpm_source: str
    rpm_confidence: float = Field(description="1 for a stated speed, less for one estimated from the signal.")
    moved: SpeedOverTime | None = Field(description="Where the speed moved and was followed; null where it held.")
    bearing: Bearing | None
    verdict: State
    best_guess: Label | None = Field(description="The likeliest state, null where no fault line could be asked for.")
    confidence: float = Field(description="Of the statement made, 0 to 1: what was counted on held-out bearings.")
    counted: Counted = Field(description="How statements of this kind fared on held-out bearings.")
    impacts: Impacts | None = Field(description="What strikes, whatever the bearing; null where nothing does.")
    beats: Impacts | None = Field(description="What only forbids `normal`, as `reason` says; null elsewhere.")
    detectable_db: Detectable | None = Field(description="Beside `normal` where it was asked for.")
    machine: Machine | None = Field(description="Where it was asked for and the speed is known.")
    besides: list[str] = Field(description="Sentences on what was asked for besides the verdict.")
    reason: str
    agreement: str
    opinions: dict[str, Opinion]
    warnings: list[str]
    checks: list[Finding]
    evidence: dict[str, FamilyEvidence] = Field(description="By fault family; empty without bearing or speed.")
    indicators: Indicators
    windows: WindowShares
    model: dict[str, str] = Field(description="Name, version and hash of the network.")


class WindowsAnswer(BaseModel):
    """What the waveform CNN makes of each window."""

    classes: list[Label]
    probabilities: list[list[float]] = Field(description="A row per window, in the order of `classes`.")
    verdicts: list[Label]
    execution_ms: float
    model: dict[str, str]


class Prediction(BaseModel):
    """One window, in the words of the original service."""

    Prediction: OriginalName
    Probabilities: dict[OriginalName, float]


class BatchAnswer(BaseModel):
    """The original service's answer."""

    Analysis: list[Prediction]
    execution_time: float = Field(alias="Execution Time", description="Milliseconds.")


class FirstSeen(BaseModel):
    """The measurement from which a point was in a state or a worse one."""

    index: int = Field(description="Counted from 0.")
    file: str
    time: str | None


class Firsts(BaseModel):
    """When each state was first reached, null where never."""

    watch: FirstSeen | None
    alert: FirstSeen | None
    alarm: FirstSeen | None


class BaselineUsed(BaseModel):
    """The sound measurements compared with: from `first` to `last`, counted from 0, both included."""

    first: int
    last: int
    measurements: int
    chosen: str
    striking: int


class LimitInForce(BaseModel):
    """One indicator's baseline and limits in its own unit; `onset`: since when it rises, null where it does not."""

    baseline: float
    alert: float
    alarm: float | None
    sigma_db: float
    state: MachineState
    onset: int | None


class LimitByHand(BaseModel):
    """What was set for one indicator, in its own unit."""

    alert: float | None
    alarm: float | None


class PointHistory(BaseModel):
    """The history of one measuring point."""

    point: str
    measurements: int
    state: MachineState
    reason: str
    verdict: State
    verdict_confidence: float | None
    verdict_reason: str
    verdict_recordings: int = Field(description="How many recordings the verdict rests on.")
    warnings: list[str]
    bearing: str | None
    unit: str | None
    first: Firsts
    cause: str | None = Field(description="The indicator that the state rests on.")
    baseline: BaselineUsed | None
    limits: dict[str, LimitInForce]
    limits_by_hand: dict[str, LimitByHand]
    time_source: str
    series: dict[str, list[str | float | None]] = Field(description="By indicator, a value per measurement.")


class SkippedFile(BaseModel):
    """A file that is no measurement, and why."""

    file: str
    reason: str


class HistoryAnswer(BaseModel):
    """What changed in one machine: the same object as `bearing trend FOLDER --json`."""

    points: list[PointHistory]
    skipped: list[SkippedFile]


class AddedAnswer(BaseModel):
    """What became of files sent to a machine."""

    machine: str
    measurements: int = Field(description="New ones.")
    known: list[str] = Field(description="Files whose content the machine had already.")
    skipped: list[SkippedFile]


class FleetRow(BaseModel):
    """One measuring point of one machine."""

    machine: str
    point: str
    state: MachineState
    since: str
    verdict: State
    reason: str
    change_db: float | None
    measurements: int
    last: str
    acknowledged: str = Field(description="What a person said of this state; empty where nobody did.")


class FleetAnswer(RootModel[list[FleetRow]]):
    """All points of all machines, worst first."""


MACHINE_ANSWERS: dict[tuple[str, str], type[BaseModel]] = {
    ("/trend", "post"): HistoryAnswer,
    ("/machines", "get"): FleetAnswer,
    ("/machines/{machine}", "get"): HistoryAnswer,
    ("/machines/{machine}", "post"): AddedAnswer,
}
ANSWERS: dict[str, type[BaseModel]] = {
    "/diagnose": DiagnosisAnswer,
    "/windows": WindowsAnswer,
    "/batch_predict/": BatchAnswer,
}


def components() -> dict[str, Any]:
    """The schemas of all answers by name, as OpenAPI keeps them.

    Numbers of the core's dataclasses may be null: what is not finite (a line beyond the spectrum) is no JSON number.
    """
    answers = [*ANSWERS.values(), *dict.fromkeys(MACHINE_ANSWERS.values())]
    _, schemas = models_json_schema([(answer, "serialization") for answer in answers], ref_template=REFERENCE)
    found: dict[str, Any] = schemas["$defs"]
    for name in found.keys() - {name for name, kind in globals().items() if _is_answer(kind)}:
        found[name] = _nullable(found[name])
    return found


def _is_answer(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _nullable(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "number":
        return {**schema, "type": ["number", "null"]}
    return {key: _nullable(value) for key, value in schema.items()}
