"""The panel at the left: the channels with what was found on each, and the fields to correct what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from bearing.errors import ParameterError
from bearing.figures.recording import sparkline
from bearing.physics.catalogue import find, load_catalogue, load_estimated
from bearing.readers import set_aside
from bearing.recording import Recording, usable_stretch
from bearing.settings import READ_IN_PART
from bearing.signal.units import UNITS
from bearing.verdict.asked.file import FileDiagnosis
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.advice import finding_short, worst_first
from bearing.verdict.words.sentences import set_aside_words
from pages._asked import (
    UNIT_UNKNOWN,
    Asked,
    bearing_slot,
    outer_ring_key,
    rate_of,
    rpm_of,
    shown_channel,
    unit_key,
    unit_read,
)
from pages._own import own_bearings, own_box, recall
from pages._show import GLYPH, STATE_COLOUR, plain
from pages._source import Source, opened, show

NOT_KNOWN, FROM_FILE = "Not known", "As the file says"
OWN_GEOMETRY, OWN_ORDERS, OWN_HZ = "Own geometry", "Own fault orders", "Own fault frequencies (Hz)"
OWN = (OWN_GEOMETRY, OWN_ORDERS, OWN_HZ)
RADIO_MOST = 8  # more channels than that are chosen from a list


def file_field(source: Source) -> None:
    """Which file, where several are on the table."""
    files = opened()
    if len(files) > 1:
        st.button(f"All {len(files)} files", icon=":material/table_rows:", type="tertiary", key="all-files",
                  on_click=show, args=("",))  # fmt: skip
    st.markdown(f"**{plain(source.name)}**")
    origin = "Simulated signal, not a measurement." if source.simulated else source.intake.recognised
    shown = shown_channel(source)
    started = f"Recorded {shown.started}" if shown.started else ""
    in_part = READ_IN_PART if READ_IN_PART in shown.notes else ""
    for line in (origin, source.note, started, in_part):
        if line:
            st.caption(plain(line))


def channel_field(source: Source, found: FileDiagnosis | None, besides: Mapping[str, Diagnosis]) -> str:
    """The name of the channel to show: those judged first, the worst on top, each with its trace and verdict.

    besides : what was found at other bearings of the file.
    """
    intake = source.intake
    judged = {} if found is None else {one.channel: one for one in worst_first(found.channels)}
    names = [*judged, *(r.channel for r in intake.recordings if r.channel not in judged)]
    key = f"channel-{source.tag}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0] if judged else intake.recordings[intake.preferred].channel
    if len(names) == 1:
        return names[0]
    channels = {r.channel: r for r in intake.recordings}
    refused = {} if found is None else found.refused

    def label(name: str) -> str:
        said = _channel_words(judged.get(name), besides.get(name), refused.get(name), channels[name])
        if len(names) > RADIO_MOST:
            return plain(f"{name}: {said}") if said else plain(name)
        samples = channels[name].samples
        stretch = samples[usable_stretch(samples)][:20_000]
        one = judged.get(name) or besides.get(name)
        glyph = f":{STATE_COLOUR[one.verdict]}[{GLYPH[one.verdict]}] " if one else ""
        return f"![]({sparkline(stretch)}) {glyph}**{plain(name)}** {plain(said)}"

    with st.container(key="channels"):
        if len(names) > RADIO_MOST:
            return str(st.selectbox("Channel", names, format_func=label, key=key, persist_state="session"))
        chosen = str(st.radio("Channel", names, format_func=label, key=key, persist_state="session"))
        if found is not None and any(name not in judged and name not in refused for name in names):
            st.caption("The verdict is that of the channels at the bearing. Choose another to judge it alone.")
        return chosen


def _channel_words(found: Diagnosis | None, beside: Diagnosis | None, refused: str | None, channel: Recording) -> str:
    if found is not None:
        return finding_short(found)
    if beside is not None and beside.bearing is not None:
        return f"{finding_short(beside)}; another bearing, {beside.bearing.name}"
    return "cannot be judged" if refused else f"not judged: {set_aside_words(set_aside(channel))}"


def numbers(source: Source, asked: Asked, rate_known: bool) -> None:
    """Rate, speed and unit."""
    left, right = st.columns(2, gap="small")
    if rate_known:
        with left:
            rate_field(source, asked)
    with right if rate_known else st.container():
        speed_field(source, asked)
    unit_field(source)


def rate_field(source: Source, asked: Asked) -> None:
    """The sampling rate in Hz."""
    _number_field("Rate (Hz)", rate_of(source).key, rate_of(source).read, shown_channel(source).rate_source, 100.0)
    _hint(asked.hints["rate"])


def speed_field(source: Source, asked: Asked) -> None:
    """The shaft speed in rpm."""
    _number_field("Speed (rpm)", rpm_of(source).key, rpm_of(source).read, shown_channel(source).rpm_source, 1.0)
    _hint(asked.hints["rpm"])


def _number_field(label: str, key: str, read: float | None, source: str, step: float) -> None:
    st.session_state.setdefault(key, read)
    st.number_input(
        label, value=None, format="%.7g", step=step, placeholder="not in file", key=key, persist_state="session",
        help=plain(f"From: {source}.") if source else "The file does not say it.", on_change=touched,
    )  # fmt: skip


def touched() -> None:
    """Callback: a field was changed here, so the address follows the field and not the field the address."""
    st.session_state["diagnose.touched"] = True


def _hint(sentence: str) -> None:
    if sentence:
        st.caption(f":orange[:material/edit:] {plain(sentence)} The last number that makes sense is used.")


def unit_field(source: Source) -> None:
    """The unit of the numbers; of volts, the sensor's sensitivity."""
    read, key = unit_read(source), unit_key(source)
    options = [read, *(name for name in (UNIT_UNKNOWN, *UNITS) if name != read)]
    stated = shown_channel(source).unit
    unit = st.selectbox(
        "Unit", options, key=key, persist_state="session", on_change=touched,
        format_func=lambda name: f"{name} (from the file)" if name == read != UNIT_UNKNOWN else name,
        help=plain(f"The file says {stated!r}.") if stated and read == UNIT_UNKNOWN else
        "Levels and the ISO zone need it; the bearing's verdict does not.",
    )  # fmt: skip
    if unit in UNITS and UNITS[unit].quantity == "voltage":
        st.number_input(
            "Sensitivity (mV/g)", value=None, min_value=0.001, placeholder="such as 100", key=f"sensitivity-{key}",
            persist_state="session", on_change=touched, help="From the sensor's data sheet: then the signal is in g.",
        )  # fmt: skip
    elif unit in UNITS and UNITS[unit].quantity == "velocity":
        st.caption("Velocity: the high bands, where a bearing rings first, are weak in it. Acceleration shows more.")


# ---------------------------------------------------------------------------------------------------- the bearing


def bearing_of_file(source: Source) -> None:
    """The bearing of a file, which may name its own."""
    named = ", ".join(dict.fromkeys(name for name in source.intake.bearings if name))
    bearing_field(bearing_slot(source), named)
    if st.session_state.get(f"diagnose.bearing.{bearing_slot(source)}") != {}:  # known, or as the file says
        st.checkbox(
            "Outer ring turns", key=outer_ring_key(source), persist_state="session", on_change=touched,
            help="The inner ring stands still, as in rollers, wheel hubs and sheaves: the fault lines lie elsewhere.",
        )  # fmt: skip


def bearing_field(slot: str, own: str = "") -> dict[str, Any]:
    """The bearing as the core takes it: what is valid is kept under `slot`; what is not leaves a hint and the last.

    own : what the file itself names, "" where it names none.
    """
    recall()
    key = f"bearing-{slot}"
    recent: list[str] = st.session_state.setdefault("diagnose.recent", [])
    mine = own_bearings()
    names = [*mine, *(entry.name for entry in (*load_catalogue(), *load_estimated()))]
    first = [FROM_FILE, NOT_KNOWN] if own else [NOT_KNOWN]
    options = list(dict.fromkeys([*first, *recent, *OWN, *names]))
    if st.session_state.get(key, first[0]) not in options:  # typed as it is printed on the ring
        options.insert(1, st.session_state[key])
    chosen = str(
        st.selectbox(
            "Bearing", options, key=key, persist_state="session", accept_new_options=True, on_change=touched,
            format_func=lambda name: own if name == FROM_FILE else name,
            help="Type what is printed on it, such as 6205-2Z/C3. It stays for every channel and file.",
        )
    )  # fmt: skip
    kept = f"diagnose.bearing.{slot}"
    try:
        given = _given(chosen, slot)
        if given is not None:
            Request(**given)
    except ParameterError as error:
        st.caption(f":orange[:material/edit:] {plain(error)}")
        if chosen not in OWN:
            next_steps(key)
        own_box(key, None)
        return st.session_state.get(kept) or {}
    if chosen in names:
        st.session_state["diagnose.recent"] = [chosen, *(name for name in recent if name != chosen)][:5]
    st.session_state[kept] = given
    _about(own if chosen == FROM_FILE else chosen, given)
    own_box(key, given if chosen in OWN else None)
    return given or {}


def next_steps(key: str) -> None:
    """What can be done where a bearing is not in the catalogue."""
    with st.container(horizontal=True, gap="small"):
        for name in (*OWN, NOT_KNOWN):
            st.button(name, key=f"next-{name}", type="tertiary", on_click=choose_bearing, args=(key, name))


def choose_bearing(key: str, name: str) -> None:
    """Callback: the bearing field shows this."""
    st.session_state[key] = name
    touched()


def _given(chosen: str, slot: str) -> dict[str, Any] | None:
    """The bearing as the core takes it: None for "as the file says", empty for "not known"."""
    if chosen == FROM_FILE:
        return None
    if chosen == NOT_KNOWN:
        return {}
    if chosen == OWN_GEOMETRY:
        return {"geometry": _text(_numbers(f"geometry-{slot}", _GEOMETRY))}
    if chosen == OWN_ORDERS:
        values = _numbers(f"orders-{slot}", _ORDERS)
        if values["ftf"] >= 1:
            raise ParameterError(f"A cage turns slower than the shaft. Are these Hz? Then choose “{OWN_HZ}”.")
        return {"orders": _text(values)}
    if chosen == OWN_HZ:
        values = _numbers(f"hz-{slot}", _HERTZ)
        shaft_hz = values.pop("rpm") / 60
        if shaft_hz <= 0:
            raise ParameterError("The speed these frequencies belong to is a number of rpm above 0.")
        return {"orders": _text({name: hz / shaft_hz for name, hz in values.items()})}
    return {"bearing": own_bearings().get(chosen) or find(chosen).name}


def _text(values: Mapping[str, float]) -> str:
    return ",".join(f"{name}={value:.6g}" for name, value in values.items())


def _about(chosen: str, given: Mapping[str, Any] | None) -> None:
    """Where the numbers come from, and how the file names its bearing."""
    if chosen in (NOT_KNOWN, *OWN) or (given is not None and "bearing" not in given):
        return
    shown = chosen.split(", ") if given is None else [given["bearing"]]
    if len(shown) > 1:
        st.caption(plain(f"Each channel its own: {chosen}."))
        return
    for name in shown:
        entry = find(name) if isinstance(name, str) else name
        understood = f"{entry.name}: " if entry.name != chosen else ""
        kind = entry.type[:1].upper() + entry.type[1:]
        st.caption(plain(f"{understood}{kind} bearing, {entry.elements} elements. {entry.source.partition(';')[0]}."))


_PER_TURN = "per turn of the shaft (frequency in Hz / shaft speed in Hz)."
_Fields = Mapping[str, tuple[str, str, str, float | None]]  # label, an example (of a 6205), what it is, at first
_GEOMETRY: _Fields = {
    "n": ("Elements n", "9", "Number of balls or rollers in one row.", None),
    "d": ("Element d (mm)", "7.94", "Diameter of a ball or roller.", None),
    "D": ("Pitch D (mm)", "39.04", "Diameter of the circle through the centres of the balls.", None),
    "phi": ("Angle (°)", "0", "Contact angle: 0 for deep-groove and cylindrical roller bearings.", 0.0),
}
_ORDERS: _Fields = {
    "bpfo": ("BPFO", "3.585", f"Impacts of an outer race fault {_PER_TURN}", None),
    "bpfi": ("BPFI", "5.415", f"Impacts of an inner race fault {_PER_TURN}", None),
    "bsf": ("BSF", "2.357", f"Turns of a ball about itself {_PER_TURN} Some tables print twice this number.", None),
    "ftf": ("FTF", "0.398", f"Turns of the cage {_PER_TURN}", None),
}
_HERTZ: _Fields = {
    "bpfo": ("BPFO (Hz)", "88.4", "Impacts of an outer race fault a second.", None),
    "bpfi": ("BPFI (Hz)", "133.6", "Impacts of an inner race fault a second.", None),
    "bsf": ("BSF (Hz)", "58.1", "Turns of a ball a second. Some tables print twice this number.", None),
    "ftf": ("FTF (Hz)", "9.8", "Turns of the cage a second.", None),
    "rpm": ("At speed (rpm)", "1480", "The speed these frequencies were given for.", None),
}


def _numbers(tag: str, fields: _Fields) -> dict[str, float]:
    """Numbers in pairs, empty at first: with another bearing's numbers the lines would lie wrong, silently."""
    values: dict[str, float | None] = {}
    columns = [*st.columns(2), *st.columns(2), *st.columns(2)] if len(fields) > 4 else [*st.columns(2), *st.columns(2)]
    for column, (name, (label, example, about, start)) in zip(columns, fields.items(), strict=False):
        values[name] = column.number_input(
            label, value=start, placeholder=f"such as {example}", help=about, format="%.6g", step=None,
            key=f"{tag}-{name}", persist_state="session", on_change=touched,
        )  # fmt: skip
    if empty := [fields[name][0] for name, value in values.items() if value is None]:
        raise ParameterError(f"Still to fill in: {', '.join(empty)}. Until then the last bearing is used.")
    return {name: float(value) for name, value in values.items() if value is not None}


def open_own(slot: str, way: str, text: str) -> None:
    """Fill the fields from an address: a designation, or ``name=number`` pairs of a geometry or of orders."""
    state = st.session_state
    if way == "bearing":
        state[f"bearing-{slot}"] = find(text).name
        return
    state[f"bearing-{slot}"] = OWN_GEOMETRY if way == "geometry" else OWN_ORDERS
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        state[f"{way}-{slot}-{name.strip()}"] = float(value)
