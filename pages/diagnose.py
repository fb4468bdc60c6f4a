"""Diagnose: drop a vibration file, read the verdict and how sure it is, and see what it rests on."""

from __future__ import annotations

import streamlit as st

from bearing.errors import BearingError
from bearing.figures.diagnosis import DiagnosisFigures
from bearing.figures.looks import LOOKS
from bearing.figures.recording import preview_figure, waveform_figure
from bearing.readers.names import clean_file_name
from bearing.report import report_csv, report_html, report_json
from bearing.verdict.diagnosis import Diagnosis
from pages import _compute
from pages._evidence import envelope_section, spectrogram_section, spectrum_section, windows_section
from pages._panel import (
    Choice,
    bearing_field,
    channel_field,
    channel_previews,
    rate_field,
    rate_known,
    settle,
    speed_field,
)
from pages._show import chart, plain
from pages._source import (
    SAMPLES,
    Source,
    current,
    cwru_picker,
    open_sample,
    sample_pictures,
    show_complaint,
    uploader,
)
from pages._verdict import banner, key_numbers, opinions, strip

COLOUR_OF_SAMPLE = {name: LOOKS["normal" if name == "healthy" else name].colour for name in SAMPLES}
STYLE = """<style>
.st-key-panel [data-testid="stFileUploaderDropzone"] {padding: .5rem .75rem; min-height: 0}
.st-key-hero [data-testid="stFileUploaderDropzone"] {min-height: 9.5rem; border: 2px dashed rgba(128,138,148,.55);
  align-items: center; justify-content: center}
[class*="st-key-verdict-"] h2 {font-size: 2rem; line-height: 1.15}
[class*="st-key-verdict-"] h2 small {font-size: .9rem; font-weight: 400; opacity: .8}
.st-key-numbers [data-testid="stMetricLabel"] {opacity: .75}
.st-key-numbers [data-testid="stMetricValue"] {font-variant-numeric: tabular-nums}
@media (max-width: 640px) {
  .st-key-bench > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:first-child,
  .st-key-bench > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:first-child {order: 2}
}
""" + "".join(
    f".st-key-verdict-{key} {{border-left: 6px solid {look.colour} !important}}\n" for key, look in LOOKS.items()
)

STEPS = (
    (":material/upload_file:", "Drop a file", "MATLAB, CSV or text, WAV, NumPy, HDF5, LabVIEW, universal file."),
    (":material/tune:", "Check what was read", "Channel, sampling rate, speed and bearing; correct what is wrong."),
    (":material/fact_check:", "Read the verdict", "State, confidence, reason; below it the spectra to check it with."),
)


def empty() -> None:
    """Nothing opened yet: what this is, what to do, and four recordings to try it on."""
    st.title("Is this bearing healthy?", anchor=False)
    st.markdown(
        "Drop one vibration recording: you get the bearing's state, the part that fails, how sure that is, and the "
        "evidence to check it with."
    )
    show_complaint()
    left, right = st.columns([3, 2], gap="large")
    with left.container(key="hero", gap="xsmall"):
        uploader(compact=False)
        st.caption("The file stays in this session and is gone when the page is closed.")
    with right.container(gap="xsmall"):
        for icon, title, about in STEPS:
            st.markdown(f"{icon} **{title}**  \n{about}")
    st.subheader("No recording at hand? Try a simulated one", anchor=False)
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


def panel(source: Source) -> Choice:
    """What was read from the file, each field correctable, and the ways to open another."""
    with st.container(border=True, key="panel", gap="small"):
        st.markdown(f"**{plain(source.name)}**")
        origin = "Simulated signal, not a measurement." if source.simulated else source.intake.recognised
        for line in (origin, source.note):
            if line:
                st.caption(plain(line))
        channel = channel_field(source)
        channel_previews(source)
        rate_hz, rpm = None, None
        if rate_known(source, channel):
            left, right = st.columns(2, gap="small")
            with left:
                rate_hz = rate_field(source, channel)
            with right:
                rpm = speed_field(source, channel)
        else:  # asked for beside the panel, where nobody can miss it
            rpm = speed_field(source, channel)
        bearing, problem = bearing_field(source, channel)
        choice = settle(source, channel, rate_hz, rpm, bearing, problem)
        st.caption(plain(where_from(choice)))
    uploader(compact=True)
    with st.popover("Samples and CWRU", icon=":material/dataset:", width="stretch"):
        for name, title in SAMPLES.items():
            st.button(f"{title} (simulated)", key=f"sample-{name}", on_click=open_sample, args=(name,), type="tertiary")
        cwru_picker()
    return choice


def where_from(choice: Choice) -> str:
    """Where rate and speed were read, in one line."""
    read = choice.recording
    rate = f"rate: {read.rate_source}" if read.rate_source else "rate: not known"
    speed = f"speed: {read.rpm_source}" if read.rpm_source else "speed: not known"
    return f"Read from the file, or corrected here. {rate[:1].upper()}{rate[1:]}; {speed}."


def waveform(choice: Choice, diagnosis: Diagnosis | None) -> None:
    recording = choice.recording
    figure = waveform_figure(
        *_compute.waveform(choice.key, recording),
        recording.unit,
        diagnosis.windows if diagnosis else None,
        height=240,
    )
    if recording.sampling_rate_hz is None:
        figure.update_xaxes(title_text="sample number")
    chart(figure, key=f"waveform-{choice.key}", alt="Vibration signal over time", name="waveform")


def ask_rate(source: Source, choice: Choice) -> None:
    """The one thing that cannot be done without: the sampling rate, asked for and never guessed."""
    with st.container(border=True, key="ask-rate"):
        st.header(":material/timer: How fast was this sampled?", anchor=False)
        st.markdown(
            f"{plain(source.name)} does not say its sampling rate, and without it no frequency means anything. "
            "It is not guessed: look it up in the settings of the data logger and enter it here."
        )
        with st.container(width=220):
            rate_field(source, choice.channel)
    waveform(choice, None)


def results(source: Source, choice: Choice) -> None:
    """Everything there is to say about a recording that can be diagnosed."""
    diagnosis = _compute.diagnosis(choice.key, choice.recording, choice.bearing)
    banner(diagnosis, source.simulated)
    strip(diagnosis.doctor)
    opinions(diagnosis)
    key_numbers(diagnosis, choice.recording.unit)
    waveform(choice, diagnosis)
    st.session_state["diagnose.shown"] = diagnosis


def downloads(source: Source, choice: Choice, diagnosis: Diagnosis) -> None:
    stem = clean_file_name(source.name).rsplit(".", 1)[0] or "recording"
    note = "Simulated signal, not a measurement." if source.simulated else source.intake.recognised
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="downloads"):
        st.download_button(
            "CSV", lambda: report_csv(diagnosis), f"{stem}_diagnosis.csv", "text/csv", icon=":material/table_view:",
            on_click="ignore", help="One row per window, the summary in lines that begin with #.",
        )  # fmt: skip
        st.download_button(
            "JSON", lambda: report_json(diagnosis), f"{stem}_diagnosis.json", "application/json",
            icon=":material/data_object:", on_click="ignore",
            help="The diagnosis as the command line and the API give it.",
        )  # fmt: skip
        st.download_button(
            "Report with figures",
            lambda: report_html(diagnosis, DiagnosisFigures(diagnosis, choice.recording).titled(), note),
            f"{stem}_diagnosis.html", "text/html", icon=":material/lab_profile:", on_click="ignore",
            help="One HTML page with all figures, readable without a network.",
        )  # fmt: skip
        st.caption("A single figure as PNG: the camera :material/photo_camera: in its upper right corner.")


def main() -> None:
    st.html(STYLE + "</style>")
    source = current()
    if source is None:
        empty()
        return
    left, right = st.container(key="bench").columns([1, 3.3], gap="medium")
    with left:
        choice = panel(source)
    diagnosis: Diagnosis | None = None
    with right:
        show_complaint()
        if choice.problem:
            st.error(plain(choice.problem), icon=":material/edit:")
        elif choice.recording.sampling_rate_hz is None:
            ask_rate(source, choice)
        else:
            try:
                results(source, choice)
                diagnosis = st.session_state["diagnose.shown"]
            except BearingError as error:
                st.error(plain(error), icon=":material/error:")
    if diagnosis is None:
        return
    envelope_section(choice, diagnosis)
    one, two = st.columns(2, gap="medium")
    with one:
        spectrum_section(choice, diagnosis)
    with two:
        spectrogram_section(choice)
    windows_section(choice, diagnosis)
    downloads(source, choice, diagnosis)


main()
