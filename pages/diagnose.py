"""Diagnose: drop vibration files, read what was found, what to do and how sure that is, and see what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bearing.errors import BearingError, MissingRate
from bearing.figures.looks import LOOKS
from bearing.figures.recording import preview_figure
from bearing.readers import set_aside
from bearing.readers.names import clean_file_name
from bearing.recording import Recording
from bearing.report import About, report_csv, report_html, report_json
from bearing.verdict.asked.file import FileDiagnosis
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.advice import finding
from pages import _address, _compute
from pages._asked import Asked, asked_of, bearing_slot, rate_of, rpm_of
from pages._evidence import Shown, choose_band, envelope_section, picture_name, tabs_section, view_of, waveform
from pages._panel import (
    bearing_of_file,
    channel_field,
    choose_bearing,
    file_field,
    numbers,
    rate_field,
    touched,
)
from pages._several import files_table
from pages._show import chart, plain, unseen_heading
from pages._source import (
    SAMPLES,
    Source,
    current,
    cwru_picker,
    open_sample,
    opened,
    sample_pictures,
    show_complaints,
    uploader,
)
from pages._style import STYLE
from pages._verdict import banner, four, machine_fields

COLOUR_OF_SAMPLE = {name: LOOKS["normal" if name == "healthy" else name].colour for name in SAMPLES}
STEPS = (
    (":material/upload_file:", "Drop files", "MATLAB, CSV or text, Excel, WAV, NumPy, HDF5, TDMS, universal file."),
    (":material/tune:", "Check what was read", "Sampling rate, speed, unit and bearing; correct what is wrong."),
    (":material/fact_check:", "Read what was found", "What it is, what to do, how sure; the spectrum that shows it."),
)


def empty() -> None:
    """Nothing opened yet: what this is, what to do, and four recordings to try it on."""
    st.set_page_config(page_title="Diagnose · Bearing Diagnostics")
    st.title("Is this bearing healthy?", anchor=False)
    st.markdown(
        "Drop vibration recordings: you read whether the bearing is damaged, which part, what to do and how sure that "
        "is, with the spectrum that shows it."
    )
    show_complaints()
    if name := _address.lost():
        st.info(
            f"{plain(name)} left with the page that held it. Drop it again: the fields are still in the address.",
            icon=":material/upload_file:",
        )
    left, right = st.columns([3, 2], gap="large")
    with left.container(key="hero", gap="xsmall"):
        uploader(compact=False)
        st.caption("Files stay in this session and are gone when the page is closed.")
    with right.container(gap="xsmall"):
        for icon, title, about in STEPS:
            st.markdown(f"{icon} **{title}**  \n{about}")
    st.header("No recording at hand? Try a simulated one", anchor=False)
    sample_cards()
    with st.expander("Open a measured recording of the CWRU collection", icon=":material/dataset:"):
        cwru_picker()


def sample_cards() -> None:
    """The four shipped samples, each with its picture; never without the word simulated."""
    pictures = sample_pictures()
    for column, (name, title) in zip(st.columns(4, gap="small"), SAMPLES.items(), strict=True):
        with column.container(border=True, gap="xsmall", key=f"sample-card-{name}"):
            chart(
                preview_figure(pictures[name], colour=COLOUR_OF_SAMPLE[name]),
                key=f"sample-picture-{name}",
                alt=f"Simulated signal: {title}",
                name=name,
            )
            st.button(f"{title} (simulated)", key=f"sample-{name}", on_click=open_sample, args=(name,), width="stretch")


def another() -> None:
    """The ways to open another file."""
    uploader(compact=True)
    with st.popover("Samples and CWRU", icon=":material/dataset:", width="stretch"):
        for name, title in SAMPLES.items():
            st.button(f"{title} (simulated)", key=f"sample-{name}", on_click=open_sample, args=(name,), type="tertiary")
        cwru_picker()


def ask_rate(source: Source, asked: Asked, recording: Recording) -> None:
    """The one thing that cannot be done without: the sampling rate, asked for and never guessed."""
    with st.container(border=True, key="ask-rate"):
        st.header("How fast was this sampled?", anchor=False)
        hints = [note for note in recording.notes if "Hz" in note]
        st.markdown(
            f"{plain(source.name)} does not say its sampling rate, and without it no frequency means anything. "
            f"It is not guessed: look it up in the settings of the data logger. {plain(' '.join(hints))}"
        )
        with st.container(width=220):
            rate_field(source, asked)
    name = picture_name("waveform", source.name, recording.channel)
    headed = (f"Waveform: {source.name}, {recording.channel}", "sampling rate not known")
    waveform(f"{source.tag}-{recording.channel}", recording, name, headed)


def judged(asked: Asked, channel: str | None = None) -> FileDiagnosis | str | None:
    """Every channel of a file, or the one; a sentence where none can be judged, None where the rate is missing."""
    try:
        return _compute.judged(f"{asked.key}-{channel}", asked.intake, replace(asked.request, channel=channel))
    except MissingRate:
        return None
    except BearingError as error:
        return str(error)


def elsewhere(asked: Asked, found: FileDiagnosis) -> dict[str, Diagnosis]:
    """What the channels say that sit at other bearings the file names, each of its own: the verdict is not theirs."""
    if asked.request.named is not None:
        return {}
    seen = {row.channel for row in found.rows}
    there = [one for one, name in zip(asked.intake.recordings, asked.intake.bearings, strict=True) if name]
    there = [one for one in there if one.channel not in seen and set_aside(one) == "elsewhere"]
    alone = {one.channel: judged(asked, one.channel) for one in there}
    return {name: one.worst for name, one in alone.items() if isinstance(one, FileDiagnosis)}


def recording_of(asked: Asked, channel: str) -> Recording:
    """The channel as it was asked about."""
    return asked.request.apply(asked.intake, channel)[0]


def one_file(source: Source) -> None:
    """The screen of one file: verdict and evidence, with the fields in view beside them."""
    with st.container(key="bench", gap="small"):
        answer, panel = st.container(key="answer"), st.container(key="panel")
        evidence = st.container(key="evidence", gap="xsmall")
    with panel:
        file_field(source)
        channels = st.container()
        numbers(source, asked_of(source), rate_known=rate_of(source).settled()[0] is not None)
        bearing_of_file(source)
        zone = st.container()
        another()
    asked = asked_of(source)
    with answer:
        unseen_heading(source.name)
    found = judged(asked)
    with channels:
        whole = found if isinstance(found, FileDiagnosis) else None
        channel = channel_field(source, whole, {} if whole is None else elsewhere(asked, whole))
    recording = recording_of(asked, channel)
    refused = found.refused if isinstance(found, FileDiagnosis) else {}
    diagnosis, trouble = _of_channel(asked, found, channel)
    with answer:
        show_complaints()
        if trouble:
            st.error(plain(trouble), icon=":material/error:")
        elif diagnosis is None:
            ask_rate(source, asked, recording)
    if diagnosis is None:
        st.set_page_config(page_title=f"{source.name} · Bearing Diagnostics")
    else:
        show_diagnosis(source, asked, recording, diagnosis, refused, Places(answer, zone, evidence))
    _address.put(**_address.words_of(source, channel, len(source.intake.recordings) > 1))


def _of_channel(asked: Asked, found: FileDiagnosis | str | None, channel: str) -> tuple[Diagnosis | None, str]:
    """The channel's diagnosis, or why there is none; neither where its rate is not known."""
    if isinstance(found, FileDiagnosis):
        for one in found.channels:
            if one.channel == channel:
                return replace(one, channels=found.rows), ""
        if channel in found.refused:
            return None, found.refused[channel]
    alone = judged(asked, channel)  # a channel that is no vibration is judged when somebody asks
    if isinstance(alone, FileDiagnosis):
        return alone.worst, ""
    return None, alone or ""


class Places(NamedTuple):
    """Where the parts of the screen go: they are filled in another order than they stand in."""

    answer: DeltaGenerator
    zone: DeltaGenerator
    evidence: DeltaGenerator


def show_diagnosis(
    source: Source,
    asked: Asked,
    recording: Recording,
    diagnosis: Diagnosis,
    refused: Mapping[str, str],
    places: Places,
) -> None:
    """Verdict band, envelope spectrum, four facts, tabs."""
    shown = Shown(
        f"{asked.key}-{diagnosis.channel}", f"{source.tag}-{diagnosis.channel}", source.tag, recording, diagnosis
    )
    if band := st.session_state.pop("diagnose.band", None):
        choose_band(shown.tag, (band[0] / 1000, band[1] / 1000), shown)
    if tab := st.session_state.pop("diagnose.tab", None):
        st.session_state["tab"] = tab
    st.set_page_config(page_title=f"{source.name}: {finding(diagnosis)} · Bearing Diagnostics")
    answer, zone, evidence = places
    velocity_mm_s = _compute.velocity_mm_s(shown.key, recording)
    with zone:
        machine_fields(velocity_mm_s, diagnosis.shaft_rpm, touched)
    with answer:
        banner(
            diagnosis,
            source.simulated,
            refused,
            lambda: report_button(source, shown),
            lambda name: choose_bearing(f"bearing-{bearing_slot(source)}", name),
        )
    with evidence:
        envelope_section(shown)
        four(diagnosis, recording.unit, velocity_mm_s)
        tabs_section(shown)
        downloads(source, diagnosis)


def report_button(source: Source, shown: Shown) -> None:
    note = "Simulated signal, not a measurement." if source.simulated else source.intake.recognised
    with st.container(key="report", width="content"):
        st.download_button(
            "Report",
            lambda: report_html(shown.diagnosis, shown.recording, about_of(shown, note)),
            f"{stem(source)}_diagnosis.html", "text/html", icon=":material/lab_profile:", on_click="ignore",
            help="One page to print or send, readable without a network.", type="primary",
        )  # fmt: skip


def about_of(shown: Shown, note: str) -> About:
    """What the reader added, and the envelope spectrum as it stands on his screen."""
    said = {name: st.session_state.get(f"about-{name}") or "" for name in ("machine", "point")}
    iso = {name: st.session_state.get(f"iso-{name}") or "" for name in ("group", "support")}
    return About(**said, note=note, **iso, view=view_of(shown))


def downloads(source: Source, diagnosis: Diagnosis) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="downloads"):
        st.download_button(
            "CSV", lambda: report_csv(diagnosis), f"{stem(source)}_diagnosis.csv", "text/csv",
            icon=":material/table_view:", on_click="ignore", help="Names and values, for a spreadsheet.",
        )  # fmt: skip
        st.download_button(
            "JSON", lambda: report_json(diagnosis), f"{stem(source)}_diagnosis.json", "application/json",
            icon=":material/data_object:", on_click="ignore",
            help="The diagnosis as the command line and the API give it.",
        )  # fmt: skip
        st.caption("A single figure as PNG: the camera in its upper right corner.")


def stem(source: Source) -> str:
    return clean_file_name(source.name).rsplit(".", 1)[0] or "recording"


def several() -> None:
    """More than one file on the table: what was found in each, the worst on top."""
    st.title(f"{len(opened())} recordings", anchor=False)
    show_complaints()
    with st.container(key="bench", gap="small"):
        answer, panel = st.container(key="answer"), st.container(key="panel")
    files = list(opened().values())
    silent = [one for one in files if None in (rate_of(one).read, rpm_of(one).read)]
    nameless = [one for one in files if bearing_slot(one) == "all"]
    with panel:
        if silent:
            st.caption("For files dropped together that do not say it:")
            numbers(silent[0], asked_of(silent[0]), rate_known=True)
        if nameless:
            bearing_of_file(nameless[0])
        another()
    with answer:
        files_table([(one, judged(asked_of(one))) for one in opened().values()])
    st.set_page_config(page_title=f"{len(opened())} recordings · Bearing Diagnostics")
    _address.put(sample="", cwru="", file="", channel="", rate="", rpm="", unit="", band="", tab="")


def main() -> None:
    _address.follow()
    st.html(STYLE)
    source = current()
    if source is not None:
        _address.found_again(source)
        one_file(source)
    elif opened():
        several()
    else:
        empty()


main()
