"""The answer: what was found, what to do, how sure that is, and the four numbers a person asks for next."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from bearing.signal.severity import BAND_HZ, EDITION, GROUPS, SLOWEST_RPM, SUPPORTS, severity
from bearing.states import state
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.advice import (
    advice,
    counted_sentence,
    finding,
    part_of,
    strongest_family,
    sureness_words,
    why,
)
from bearing.verdict.words.sentences import fit_part, unsaid
from pages._show import STATE_COLOUR, Tone, announce, percent, plain

SEVERITY_LOOK: dict[str, tuple[Tone, str]] = {
    "severe": ("red", ":material/error:"),
    "warning": ("orange", ":material/warning:"),
    "note": ("gray", ":material/info:"),
    "ok": ("green", ":material/check:"),
}
MOST_CANDIDATES = 4


def banner(
    diagnosis: Diagnosis,
    simulated: bool,
    refused: Mapping[str, str],
    report: Callable[[], None],
    ask: Callable[[str], None],
) -> None:
    """One sentence with what to do, how sure it is with the count behind the number, why, and the report.

    ask : called with the name of a bearing that would fit what strikes.
    """
    d = diagnosis
    key = state(d.verdict).key
    with st.container(border=True, key=f"verdict-{key}", gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False, key="headline"):
            st.header(f":{STATE_COLOUR[key]}[{finding(d)}] :small[{advice(d)}]", anchor=False)
            report()
        said = sureness_words(d)
        badge = f":{STATE_COLOUR[key]}-badge[{said}]" + (" :gray-badge[simulated signal]" if simulated else "")
        st.markdown(f"{badge} {plain(' '.join(filter(None, (why(d), d.speed_note))))}")
        _warning(d)
        for name, reason in list(refused.items())[:1]:
            st.markdown(f":orange[:material/warning:] {plain(f'Channel {name} could not be judged: {reason}')}")
        if (count := counted_sentence(d.counted)) and (d.verdict != "uncertain" or d.has_guess):
            st.caption(count)
        candidates(d, ask)
    announce(f"{finding(d)} {said}. {advice(d)}")


def _warning(d: Diagnosis) -> None:
    """The first warning about the recording that the reason does not tell; all are in "How it was judged"."""
    for check in d.doctor.checks:
        if check.severity == d.doctor.severity == "warning" and unsaid(d.reason, [check.sentence]):
            tone, icon = SEVERITY_LOOK[check.severity]
            st.markdown(f":{tone}[{icon}] {plain(check.sentence)}")
            return


def candidates(diagnosis: Diagnosis, ask: Callable[[str], None]) -> None:
    """Bearings whose lines what strikes would fit, each a button that asks again with it."""
    impacts = diagnosis.impacts or diagnosis.beats
    if diagnosis.verdict not in ("impacts", "uncertain") or impacts is None or not impacts.fits:
        return
    fits = {fit.bearing: fit for fit in reversed(impacts.fits)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="candidates"):
        st.markdown("Would fit:", width="content")
        for name, fit in list(reversed(fits.items()))[:MOST_CANDIDATES]:
            off = f"{abs(fit.error_percent):.1f} % {'below' if fit.error_percent > 0 else 'above'}"
            st.button(
                f"{name}: {fit_part(fit)}", key=f"candidate-{name}", on_click=ask, args=(name,),
                help=f"Ask again with it. Its line lies {off}.",
            )  # fmt: skip


def four(diagnosis: Diagnosis, unit: str, velocity_mm_s: float | None) -> None:
    """Level (with the machine's zone where the unit is known), impulsiveness, lines, and the speed that was used."""
    with st.container(key="four"):
        one, two, three, last = st.columns(4, gap="small")
        with one:
            _level(diagnosis, unit, velocity_mm_s)
        values, dead = diagnosis.indicators, bool(diagnosis.doctor.of("dead"))
        two.metric(
            "Impulsiveness", "none" if dead else f"kurtosis {values.kurtosis:.2f}",
            delta="the signal does not move" if dead else f"crest factor {values.crest_factor:.1f}",
            delta_color="off", delta_arrow="off", border=True,
            help="Kurtosis is 3 for noise, impacts raise it. Crest factor is peak / RMS, 3 to 5 in a sound bearing.",
        )  # fmt: skip
        family = strongest_family(diagnosis)
        with three:
            if family is None or dead:
                why_not = "the signal does not move" if dead else "needs bearing and speed"
                st.metric("Fault lines", "not asked", delta=why_not, delta_color="off", delta_arrow="off", border=True)
            else:
                found = [line.level_db for line in family.lines if line.found]
                st.metric(
                    "Fault lines",
                    f"{max(found):.0f} dB" if found else "none",
                    delta=f"{part_of(diagnosis, family.family).lower()}, {len(found)} of {len(family.lines)}",
                    delta_color="off", delta_arrow="off", border=True,
                    help="The highest line of the family that stands out most, over the noise floor of its band.",
                )  # fmt: skip
        last.metric(
            "Speed", speed_words(diagnosis), delta=plain(_speed_source(diagnosis)), delta_color="off",
            delta_arrow="off", border=True, help=plain(f"From: {diagnosis.rpm_source or 'nobody'}."),
        )  # fmt: skip


def _level(diagnosis: Diagnosis, unit: str, velocity_mm_s: float | None) -> None:
    values = diagnosis.indicators
    rms = f"{values.rms:.3g} {unit} RMS".replace("  ", " ")
    group, support = st.session_state.get("iso-group"), st.session_state.get("iso-support")
    if diagnosis.doctor.of("dead"):
        below = "the signal does not move"
    elif not unit:
        below = "unit not known: no ISO zone"
    elif velocity_mm_s is None:
        below = "no velocity: slow or short"
    elif group and support:
        found = severity(velocity_mm_s, group, support)
        below = f"{velocity_mm_s:.2f} mm/s, zone {found.zone}"
    else:
        below = f"{velocity_mm_s:.2f} mm/s, zone not asked"
    st.metric(
        "Level", rms, delta=below, delta_color="off", delta_arrow="off", border=True,
        help=f"Root mean square; peak {values.peak:.3g} {unit}. mm/s: velocity RMS, "
        f"{BAND_HZ[0]:g} to {BAND_HZ[1]:g} Hz, which early bearing damage hardly moves.",
    )  # fmt: skip


def machine_fields(velocity_mm_s: float | None, rpm: float | None, touched: Callable[[], None]) -> None:
    """What the report says of the machine, and its group and support for the zone of the whole machine."""
    group, support = st.session_state.get("iso-group"), st.session_state.get("iso-support")
    with st.popover("Machine, point, ISO zone", icon=":material/precision_manufacturing:", key="iso"):
        for name, label in (("machine", "Machine"), ("point", "Measuring point")):
            st.text_input(label, key=f"about-{name}", persist_state="session", max_chars=80, help="For the report.")
        if velocity_mm_s is None:
            st.caption("No ISO zone: it needs a unit, 0.5 s of signal and a rate above 2.2 kHz.")
            return
        st.selectbox("Group", [None, *GROUPS], key="iso-group", persist_state="session", on_change=touched,
                     format_func=lambda key: GROUPS[key] if key else "Choose a group")  # fmt: skip
        st.selectbox("Support", [None, *SUPPORTS], key="iso-support", persist_state="session", on_change=touched,
                     format_func=lambda key: SUPPORTS[key] if key else "Choose a support")  # fmt: skip
        if group and support:
            c, d = severity(velocity_mm_s, group, support).limits_mm_s
            st.caption(f"{EDITION}: zone C above {c:g} mm/s, zone D above {d:g} mm/s.")
        st.caption(f"{EDITION} judges the machine: early bearing damage hardly shows there.")
        if rpm is not None and rpm < SLOWEST_RPM:
            st.caption(f"Below {SLOWEST_RPM:g} rpm the standard asks for a band from 2 Hz: this one begins at 10 Hz.")


def speed_words(diagnosis: Diagnosis) -> str:
    """``1797 rpm``; an estimated speed says how sure it is."""
    if diagnosis.shaft_rpm is None:
        return "not known"
    speed = f"{diagnosis.shaft_rpm:.0f} rpm"
    return speed if diagnosis.rpm_confidence >= 1.0 else f"≈ {speed}"


def _speed_source(diagnosis: Diagnosis) -> str:
    if diagnosis.shaft_rpm is None:
        return "give it for a surer answer"
    if diagnosis.stated_rpm is None:
        return f"estimated, {percent(diagnosis.rpm_confidence)} sure"
    if round(diagnosis.stated_rpm) != round(diagnosis.shaft_rpm):
        return f"stated {diagnosis.stated_rpm:.0f} rpm"
    return "as stated"
