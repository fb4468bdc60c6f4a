"""The panel at the left: what was read from the file, and the fields to correct it in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import streamlit as st

from bearing.errors import ParameterError
from bearing.figures.recording import preview_figure
from bearing.physics.catalogue import find, load_catalogue
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.recording import Recording
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.doctor import usable_stretch
from pages._show import chart, plain
from pages._source import Source

NO_BEARING = "Not known"
OWN_GEOMETRY = "Own geometry"
OWN_ORDERS = "Own fault orders"
PREVIEWS = 12


@dataclass(frozen=True)
class Choice:
    """What will be diagnosed: channel number `channel` as corrected; nothing while `problem` holds a sentence."""

    channel: int
    recording: Recording
    bearing: Bearing | None
    key: str  # names content, file, channel and settings
    problem: str = ""


@dataclass(frozen=True)
class Field:
    """One number to be filled in: its label, an example, what it is, and what it begins with."""

    label: str
    example: str
    about: str
    start: float | None = None


def channel_field(source: Source) -> int:
    """The channel's index; the likely vibration channel is preselected and the reason said."""
    recordings = source.intake.recordings
    names = [_channel_label(r) for r in recordings]
    return st.selectbox(
        "Channel",
        range(len(names)),
        index=source.intake.preferred,
        format_func=lambda i: names[i],
        key=f"channel-{source.digest[:12]}",
        persist_state="session",
        help=plain(f"Preselected: {source.intake.preferred_reason}."),
    )


def channel_previews(source: Source) -> None:
    """A picture of every channel to choose from, drawn when somebody asks for it."""
    recordings = source.intake.recordings
    if len(recordings) < 2:
        return
    popover = st.popover(
        f"Compare {len(recordings)} channels", icon=":material/stacked_line_chart:", type="tertiary",
        on_change="rerun", key=f"previews-{source.digest[:12]}",
    )  # fmt: skip
    if not popover.open:
        return
    with popover:
        for index, recording in enumerate(recordings[:PREVIEWS]):
            stretch = recording.samples[usable_stretch(recording.samples)][:20_000]
            st.button(
                plain(_channel_label(recording)),
                key=f"preview-{source.digest[:12]}-{index}",
                type="tertiary",
                on_click=_choose_channel,
                args=(source, index),
            )
            if len(stretch):
                chart(
                    preview_figure(stretch, height=48),
                    key=f"preview-picture-{source.digest[:12]}-{index}",
                    alt=f"Signal of channel {index + 1}",
                )
        if len(recordings) > PREVIEWS:
            st.caption(f"The first {PREVIEWS} of {len(recordings)}.")


def _choose_channel(source: Source, index: int) -> None:
    st.session_state[f"channel-{source.digest[:12]}"] = index


def _channel_label(recording: Recording) -> str:
    unit = f" ({recording.unit})" if recording.unit else ""
    return f"{recording.channel}{unit}"


def rate_known(source: Source, channel: int) -> bool:
    """Whether the file or the user has said the sampling rate."""
    given = st.session_state.get(
        f"rate-{source.digest[:12]}-{channel}", source.intake.recordings[channel].sampling_rate_hz
    )
    return given is not None


def rate_field(source: Source, channel: int) -> float | None:
    """The sampling rate in Hz; None while it is not known."""
    read = source.intake.recordings[channel]
    return st.number_input(
        "Rate (Hz)",
        value=read.sampling_rate_hz,
        format="%.7g",
        step=100.0,
        placeholder="not in file",
        key=f"rate-{source.digest[:12]}-{channel}",
        persist_state="session",
        help=plain(f"From: {read.rate_source}.") if read.rate_source else "The file does not say it.",
    )


def speed_field(source: Source, channel: int) -> float | None:
    """The shaft speed in rpm; None while it is not known."""
    read = source.intake.recordings[channel]
    return st.number_input(
        "Speed (rpm)",
        value=read.shaft_rpm,
        format="%.6g",
        step=1.0,
        placeholder="not in file",
        key=f"rpm-{source.digest[:12]}-{channel}",
        persist_state="session",
        help=plain(f"From: {read.rpm_source}.") if read.rpm_source else "The file does not say it.",
    )


def bearing_field(source: Source, channel: int) -> tuple[Bearing | None, str]:
    """The bearing with its fault orders, and a sentence when its numbers make no sense."""
    names = [entry.name for entry in load_catalogue()]
    options = [NO_BEARING, OWN_GEOMETRY, OWN_ORDERS, *names]
    known = source.intake.bearings[channel]
    suggested = find(known).name if known else NO_BEARING
    tag = f"{source.digest[:12]}-{channel}"
    chosen = st.selectbox(
        "Bearing",
        options,
        index=options.index(suggested),
        key=f"bearing-{tag}",
        persist_state="session",
        help="Type to search. With a bearing and a speed the fault frequencies are known and can be looked for.",
    )
    try:
        if chosen == OWN_GEOMETRY:
            return _own_geometry(tag), ""
        if chosen == OWN_ORDERS:
            return _own_orders(tag), ""
    except ParameterError as error:
        return None, str(error)
    if chosen == NO_BEARING:
        return None, ""
    entry = find(chosen)
    st.caption(plain(f"{entry.type[:1].upper()}{entry.type[1:]} bearing; numbers from {entry.source}."))
    return Bearing(chosen, entry.orders), ""


def _numbers(tag: str, fields: dict[str, Field]) -> dict[str, float]:
    """Four numbers in two rows, empty at first: with another bearing's numbers the lines would lie wrong, silently."""
    values: dict[str, float | None] = {}
    for pair in (list(fields.items())[:2], list(fields.items())[2:]):
        for column, (name, field) in zip(st.columns(2), pair, strict=True):
            values[name] = column.number_input(
                field.label, value=field.start, placeholder=f"such as {field.example}", help=field.about,
                format="%.6g", step=None, key=f"{name}-{tag}", persist_state="session",
            )  # fmt: skip
    if empty := [fields[name].label for name, value in values.items() if value is None]:
        raise ParameterError(f"Fill in {', '.join(empty)} of the bearing, at the left.")
    return {name: float(value) for name, value in values.items() if value is not None}


def _own_geometry(tag: str) -> Bearing:
    """Number of elements and diameters in any one unit; the examples are those of a 6205."""
    fields = {
        "n": Field("Elements n", "9", "Number of balls or rollers in one row."),
        "d": Field("Ball d (mm)", "7.94", "Diameter of a ball or roller."),
        "D": Field("Pitch D (mm)", "39.04", "Diameter of the circle through the centres of the balls."),
        "phi": Field("Angle (°)", "0", "Contact angle: 0 for deep-groove and cylindrical roller bearings.", 0.0),
    }
    v = _numbers(f"geometry-{tag}", fields)
    if v["n"] != int(v["n"]):
        raise ParameterError(f"The number of rolling elements n must be whole, got {v['n']:g}.")
    return Bearing("own geometry", fault_orders(Geometry(int(v["n"]), v["d"], v["D"], v["phi"])))


def _own_orders(tag: str) -> Bearing:
    """Fault orders from a data sheet; BSF is the spin itself. The examples are those of a 6205."""
    per_turn = "per turn of the shaft (frequency in Hz / shaft speed in Hz)."
    fields = {
        "bpfo": Field("BPFO", "3.585", f"Impacts of an outer race fault {per_turn}"),
        "bpfi": Field("BPFI", "5.415", f"Impacts of an inner race fault {per_turn}"),
        "bsf": Field("BSF", "2.357", f"Turns of a ball about itself {per_turn} Some tables print twice this number."),
        "ftf": Field("FTF", "0.398", f"Turns of the cage {per_turn}"),
    }
    return Bearing("own fault orders", FaultOrders(**_numbers(f"orders-{tag}", fields)))


def settle(
    source: Source, channel: int, rate_hz: float | None, rpm: float | None, bearing: Bearing | None, problem: str
) -> Choice:
    """The recording as corrected; what equals the file keeps the file's word for where it came from."""
    read = source.intake.recordings[channel]
    recording = read
    if rate_hz is None and read.sampling_rate_hz is not None:
        recording = replace(recording, sampling_rate_hz=None, rate_source="")
    if rpm is None and read.shaft_rpm is not None:
        recording = replace(recording, shaft_rpm=None, rpm_source="")
    try:
        recording = recording.corrected(
            rate_hz if rate_hz != read.sampling_rate_hz else None, rpm if rpm != read.shaft_rpm else None
        )
    except ParameterError as error:
        problem = problem or str(error)
    settings = (source.digest, source.name, channel, recording.sampling_rate_hz, recording.shaft_rpm, bearing)
    key = hashlib.sha256(repr(settings).encode()).hexdigest()[:16]
    return Choice(channel, recording, bearing, key, problem)
