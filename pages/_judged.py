"""How it was judged: three opinions, every line that was looked for, and what the recording itself is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from bearing.figures.envelope import LINE_NAMES
from bearing.figures.recording import windows_figure
from bearing.physics.envelope_rule import FamilyEvidence
from bearing.verdict.diagnosis import Diagnosis, Opinion
from bearing.verdict.words.advice import cnn_counts, part_of
from bearing.verdict.words.sentences import family_remark, family_sentence
from pages._show import GLYPH, STATE_COLOUR, chart, hertz, percent, plain
from pages._verdict import SEVERITY_LOOK


def judged(diagnosis: Diagnosis, key: str, picture: str, headed: Sequence[str]) -> None:
    """Everything the verdict was made of. picture, headed : name of, and lines over, the saved picture of windows."""
    st.markdown(f"**Three opinions.** {plain(diagnosis.agreement)}")
    opinions(diagnosis)
    if diagnosis.evidence:
        st.markdown("**Every fault line**")
        families(diagnosis)
    st.markdown("**The recording**")
    facts(diagnosis)
    doctor(diagnosis)
    if cnn_counts(diagnosis):
        windows = diagnosis.windows
        st.markdown("**Waveform CNN, window by window**")
        chart(
            windows_figure(windows), key=f"windows-{key}", name=picture, title=headed,
            alt=f"Probability of each state in each of {len(windows.start_s)} windows",
        )  # fmt: skip
        st.caption(f"Windows of {windows.duration_s * 1000:.0f} ms, each judged by the waveform CNN alone.")


def opinions(diagnosis: Diagnosis) -> None:
    """What each way of looking says, side by side."""
    columns = st.columns(max(len(diagnosis.opinions), 1), gap="small")
    for column, opinion in zip(columns, diagnosis.opinions.values(), strict=False):
        with column.container(border=True, height="stretch", gap="xxsmall", key=f"opinion-{opinion.name}"):
            _opinion(opinion, diagnosis)


def _opinion(opinion: Opinion, diagnosis: Diagnosis) -> None:
    counts = opinion.verdict is not None and opinion.in_domain
    if opinion.verdict is None:
        said = ":gray-badge[no opinion]"
    else:
        tone = STATE_COLOUR[opinion.verdict] if counts else "gray"
        said = f"{GLYPH[opinion.verdict]} {part_of(diagnosis, opinion.verdict)} {percent(opinion.confidence)}"
        said = f":{tone}-badge[{said}]"
    st.markdown(f"**{plain(opinion.title)}** {said}")
    outside = "Outside its training: it counts for nothing here. " if opinion.verdict is not None and not counts else ""
    st.caption(plain(outside + _sentence(opinion.note)))


def _sentence(text: str) -> str:
    """Capital letter and full stop, unless it begins with the name of a file or a variable."""
    text = text.strip()
    first = text.partition(" ")[0]
    if "." in first or "_" in first:
        return text
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) or not text else ".")


def families(diagnosis: Diagnosis) -> None:
    """One plain sentence per fault family and, below, every line that was looked for."""
    evidence: Mapping[str, FamilyEvidence] = diagnosis.evidence
    columns = st.columns(3, gap="small")
    for column, (family, found) in zip(columns, evidence.items(), strict=False):
        with column.container(border=True, height="stretch", gap="xxsmall", key=f"family-{family}"):
            told = f"{family_sentence(found, diagnosis.element)} {family_remark(found)}".strip()
            st.markdown(f":{STATE_COLOUR[family]}[{GLYPH[family]}] {told}")
            low, high = found.band_hz
            sides = sum(line.found for line in found.sidebands)
            modulation = f"{sides} of {len(found.sidebands)} sidebands, " if found.sidebands else ""
            st.caption(
                f"Order {found.order:.3f}, slip {found.slip:+.1%}, {modulation}"
                f"best band {low / 1000:.2f} to {high / 1000:.2f} kHz."
            )
    rows = [
        {
            "Part": part_of(diagnosis, family),
            "Line": f"{LINE_NAMES[family]} {line.name}",
            "Expected (Hz)": line.expected_hz,
            "Found (Hz)": line.found_hz if line.found else None,
            "dB over the floor": line.level_db,
        }
        for family, found in evidence.items()
        for line in (*found.lines, *found.sidebands)
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=240,
        placeholder="not found",
        alt="Every expected fault line, where it was found and how far it stands over the floor",
        column_config={
            "Expected (Hz)": st.column_config.NumberColumn(format="%.1f"),
            "Found (Hz)": st.column_config.NumberColumn(format="%.1f"),
            "dB over the floor": st.column_config.NumberColumn(format="%.1f"),
        },
    )


def facts(diagnosis: Diagnosis) -> None:
    """What the file is, and where each number comes from."""
    d = diagnosis
    bearing = "not known" if d.bearing is None else d.bearing.name
    rate = f"{hertz(d.sampling_rate_hz)} ({d.rate_source or 'from the file'})"
    speed = "speed not known" if d.shaft_rpm is None else f"{d.shaft_rpm:.1f} rpm ({d.rpm_source or 'from the file'})"
    st.caption(plain(f"{d.duration_s:#.3g} s at {rate}; {speed}; bearing {bearing}."))


def doctor(diagnosis: Diagnosis) -> None:
    """Every finding about the recording itself, the worst first."""
    checks = sorted(diagnosis.doctor.checks, key=lambda check: list(SEVERITY_LOOK).index(check.severity))
    notes = [("note", note) for note in diagnosis.doctor.notes]
    for severity, sentence in [(check.severity, check.sentence) for check in checks] + notes:
        tone, icon = SEVERITY_LOOK[severity]
        st.markdown(f":{tone}[{icon}] {plain(sentence)}")
