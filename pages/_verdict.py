"""The answer: verdict and confidence, why, who agrees, what to beware of, and the key numbers."""

from __future__ import annotations

import streamlit as st

from bearing.states import state
from bearing.verdict.diagnosis import Diagnosis, Opinion
from bearing.verdict.doctor import DoctorReport
from pages._show import STATE_COLOUR, STATE_ICON, Tone, percent, plain

SEVERITY_LOOK = {
    "severe": ("red", ":material/error:"),
    "warning": ("orange", ":material/warning:"),
    "note": ("gray", ":material/info:"),
    "ok": ("green", ":material/check:"),
}


def banner(diagnosis: Diagnosis, simulated: bool) -> None:
    """Verdict and confidence, large, in the state's colour with its icon and its words; under them the reason."""
    look = state(diagnosis.verdict)
    colour = STATE_COLOUR[look.key]
    with st.container(border=True, key=f"verdict-{look.key}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header(f"{STATE_ICON[look.key]} :{colour}[{look.title}]", anchor=False, width="content")
            if diagnosis.has_guess:
                st.header(confidence(diagnosis), anchor=False, width="content")
        why = " ".join(filter(None, (_sentence(diagnosis.reason), diagnosis.speed_note)))
        st.markdown(f"**{look.sentence}.** {plain(why)}")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            if simulated:
                st.badge("Simulated signal", icon=":material/science:", color="gray")
            words, tone, icon = agreement(diagnosis)
            st.badge(words, icon=icon, color=tone, help=plain(diagnosis.agreement))
            if share := window_share(diagnosis):
                st.badge(share, icon=":material/view_week:", color="gray")


def confidence(diagnosis: Diagnosis) -> str:
    """How sure the verdict is; where it is `uncertain`, how sure the best guess would be."""
    number = f":{STATE_COLOUR[state(diagnosis.verdict).key]}[{percent(diagnosis.confidence)}]"
    if diagnosis.verdict != "uncertain" or diagnosis.best_guess is None:
        return f"{number} :small[confidence]"
    return f":small[best guess {state(diagnosis.best_guess).title.lower()}:] {number}"


def agreement(diagnosis: Diagnosis) -> tuple[str, Tone, str]:
    """Whether the opinions agree: the diagnosis' own words as far as a colon, a colour, an icon.

    Dissent from outside its training domain is named, but does not count as a difference.
    """
    words = plain(diagnosis.agreement.partition(":")[0].rstrip("."))
    said = [o for o in diagnosis.opinions.values() if o.verdict is not None]
    inside = [o.verdict for o in said if o.in_domain]
    if len({o.verdict for o in said}) > 1:
        if len(inside) > 1 and len(set(inside)) == 1:
            return f"{len(inside)} opinions agree, one outside its training differs", "green", ":material/done_all:"
        return words, "orange", ":material/call_split:"
    return (words, "green", ":material/done_all:") if len(said) > 1 else (words, "gray", ":material/person:")


def window_share(diagnosis: Diagnosis) -> str:
    """How many of the waveform CNN's windows stand behind the verdict; "" where there is no verdict."""
    windows = diagnosis.windows
    count = len(windows.start_s)
    if not count:
        return "Too short or too slow for the waveform CNN"
    if diagnosis.verdict not in windows.classes:
        return ""
    share = windows.share_of(diagnosis.verdict)
    return f"{round(share * count)} of {count} windows ({share:.0%}) look so to the CNN"


def opinions(diagnosis: Diagnosis) -> None:
    """What each way of looking says, side by side."""
    columns = st.columns(max(len(diagnosis.opinions), 1), gap="small")
    for column, opinion in zip(columns, diagnosis.opinions.values(), strict=False):
        with column.container(border=True, height="stretch", gap="xxsmall", key=f"opinion-{opinion.name}"):
            _opinion(opinion)


def _opinion(opinion: Opinion) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xsmall"):
        st.markdown(f"**{plain(opinion.title)}**", width="content")
        if opinion.verdict is None:
            st.badge("no opinion", icon=":material/remove:", color="gray")
        else:
            look = state(opinion.verdict)
            sure = f" {percent(opinion.confidence)}" if opinion.confidence is not None else ""
            st.badge(look.part + sure, icon=STATE_ICON[look.key], color=STATE_COLOUR[look.key])
    outside = opinion.verdict is not None and not opinion.in_domain
    badge = ":orange-badge[:material/warning: outside its training] " if outside else ""
    st.markdown(f"{badge}:small[{plain(_sentence(opinion.note))}]")


def _sentence(text: str) -> str:
    """Capital letter and full stop, unless it begins with the name of a file or a variable."""
    text = text.strip()
    first = text.partition(" ")[0]
    if "." in first or "_" in first:
        return text
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) or not text else ".")


def strip(report: DoctorReport) -> None:
    """The doctor's report in one line: the worst finding in words, all of them behind a button."""
    checks = sorted(report.checks, key=lambda check: list(SEVERITY_LOOK).index(check.severity))
    lines = [(check.severity, check.sentence) for check in checks] + [("note", note) for note in report.notes]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="doctor"):
        _finding(*lines[0])
        if len(lines) > 1:
            more = len(lines) - 1
            with st.popover(f"{more} more", type="tertiary", icon=":material/stethoscope:", key="doctor-more"):
                for severity, sentence in lines:
                    _finding(severity, sentence)


def _finding(severity: str, sentence: str) -> None:
    tone, icon = SEVERITY_LOOK[severity]
    st.markdown(f":{tone}[{icon}] {plain(sentence)}", width="stretch")


def key_numbers(diagnosis: Diagnosis, unit: str) -> None:
    """Level, impulsiveness and what the file is, in one row."""
    values = diagnosis.indicators
    suffix = f" {unit}" if unit else ""
    numbers = {
        "RMS": (f"{values.rms:.3g}{suffix}", "Root mean square: the level of the vibration."),
        "Peak": (f"{values.peak:.3g}{suffix}", "Largest deviation from the mean."),
        "Crest factor": (f"{values.crest_factor:.2f}", "Peak / RMS: a healthy bearing has about 3 to 5."),
        "Kurtosis": (f"{values.kurtosis:.2f}", "3 for noise; impacts raise it."),
        "Duration": (f"{diagnosis.duration_s:#.3g} s", "Length of the recording."),
        "Rate": (hertz(diagnosis.sampling_rate_hz), plain(f"From: {diagnosis.rate_source or 'the file'}.")),
        "Speed" if diagnosis.rpm_confidence in (0.0, 1.0) else "Speed, estimated": (
            speed_words(diagnosis),
            plain(f"From: {diagnosis.rpm_source or 'nobody'}."),
        ),
    }
    with st.container(horizontal=True, gap="medium", key="numbers"):
        for label, (value, about) in numbers.items():
            st.metric(label, value, help=about, width="content")


def speed_words(diagnosis: Diagnosis) -> str:
    """``1797 rpm``; an estimated speed says how sure it is."""
    if diagnosis.shaft_rpm is None:
        return "unknown"
    speed = f"{diagnosis.shaft_rpm:.0f} rpm"
    return speed if diagnosis.rpm_confidence >= 1.0 else f"≈ {speed}, {percent(diagnosis.rpm_confidence)} sure"


def hertz(rate_hz: float) -> str:
    """``12 kHz``, ``51.2 kHz``, ``800 Hz``."""
    return f"{rate_hz / 1000:.6g} kHz" if rate_hz >= 1000 else f"{rate_hz:.4g} Hz"
