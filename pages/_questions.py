"""The verdict's evaluation on the Training page: asked rightly, asked wrongly, asked nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from bearing.errors import ModelError
from bearing.figures.questions import ways_figure, ways_words
from bearing.results.questions import COMMAND, WAYS, Tally, question_tables, read_questions, total
from bearing.results.verdict import Outcome
from pages._exhibit import outcomes
from pages._show import Draw, chart


@st.cache_resource(max_entries=4, show_spinner=False)
def tallies_of(folder: Path, changed: float) -> tuple[Tally, ...]:
    return read_questions(folder)


def headline(tallies: tuple[Tally, ...]) -> str:
    """How many damaged machines are told healthy to whom asks badly, in one sentence made of the numbers."""
    badly = [t for t in tallies if t.part == "questions" and t.damaged and t.question not in WAYS["asked rightly"]]
    answers = total(badly)
    return (
        f"**{answers['normal']}** of {answers.total():,} questions about damaged machines that were wrong or left "
        "something out are answered “healthy”: a speed 5 or 10 % off, another bearing, no speed, no bearing, neither."
    )


def one_axis(outcome: Outcome | None) -> str:
    """Why the second rig's faults pass for healthy more often here than in the verdict's own evaluation."""
    if outcome is None:
        return ""
    healthy = sum(v.verdict == "normal" for v in outcome.faults)
    return (
        "The second rig (adi_mfs) is asked here by one axis of its three. Asked by all, as Diagnose asks a file, the "
        f"worst axis counts: {healthy} of its {len(outcome.faults)} damaged bearings {'is' if healthy == 1 else 'are'} "
        "called healthy then."
    )


def show_questions(folder: Path, changed: float, draw: Draw) -> None:
    """A picture for damaged machines and one for sound ones, and every count in a table."""
    st.header("Asked rightly, asked wrongly, asked nothing", anchor="questions")
    try:
        tallies = tallies_of(folder, changed)
        outcome = outcomes(folder, changed).get("second-rig")
    except ModelError as error:
        st.warning(str(error))
        return
    if not tallies:
        st.info(f"Not measured yet: `{COMMAND}`.", icon=":material/hourglass_empty:")
        return
    st.markdown(headline(tallies))
    left, right = st.columns(2, gap="medium")
    for column, damaged, title in (
        (left, True, "Damaged machines are told"),
        (right, False, "Sound machines are told"),
    ):
        with column:
            st.markdown(f"**{title}**")
            chart(
                draw(f"ways {damaged}", partial(ways_figure, tallies, damaged)),
                key=f"ways {damaged}",
                quiet=True,
                alt=f"{title}. {ways_words(tallies, damaged)}",
            )
    st.caption(
        "By networks that never saw the bearing, with the waveform CNN silent. Numbers in the bars are answers. Asked "
        "wrongly: a speed 5 or 10 % off, another ball bearing, a roller bearing; with less: no speed, or no bearing. "
        f"{one_axis(outcome)}"
    )
    with st.expander("Every count, short pieces, other machine faults, and signals that are no vibration"):
        st.markdown(question_tables(tallies))
    st.caption(f"Reproduce with `{COMMAND}`")
