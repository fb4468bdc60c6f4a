"""Test set, recording by recording: what the network that carries the verdict said of bearings kept from its training.

A click on a cell of the grid or the matrix, or on a row of the table, shows the recording: what was said, what else was
thought possible, and, where the recording is at hand, its envelope spectrum with what the lines say.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from bearing.cwru.dataset import available, locate
from bearing.cwru.registry import entry
from bearing.errors import BearingError
from bearing.figures.diagnosis import DiagnosisFigures
from bearing.figures.envelope import LINE_NAMES
from bearing.figures.test_set import confusion_figure, probabilities_figure
from bearing.figures.verdicts import grades_figure
from bearing.figures.words import confusion_words, counts_words
from bearing.recording import Recording
from bearing.results.verdict import (
    COMMAND,
    PARTS,
    Outcome,
    RecordingVerdict,
    answers_of,
    confusion_of,
    filter_verdicts,
    surest_mistake,
    tally,
)
from bearing.states import FAMILIES, LABELS, STATES
from bearing.verdict.asked.file import diagnose_file
from bearing.verdict.asked.intake import open_upload
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.sentences import family_sentence
from pages import _address
from pages._exhibit import table_of, title_of
from pages._show import GLYPH, STATE_COLOUR, chart, percent, plain

HARDEST = "fault-size"
FILTERS = ("said", "was", "outcome")
CHOSEN, TOP, CLICKS = "recording.chosen", "recording.top", "recording.clicks"


@st.cache_data(max_entries=6, show_spinner="Reading the recording")
def looked_into(number: int, end: str) -> tuple[Recording, Diagnosis]:
    """A CWRU recording at one end, and what its lines say."""
    path = locate(number, fetch=False).path
    intake = open_upload(path.read_bytes(), path.name)
    request = Request(channel=end)
    return request.apply(intake, end)[0], diagnose_file(intake, request).worst


def follow(found: dict[str, Outcome]) -> None:
    """Take protocol, filters and recording from an address that was not written here."""
    said, state = dict(st.query_params), st.session_state
    if said == state.get(_address.WRITTEN):
        return
    if said.get("protocol") in found:
        state["recording.protocol"] = said["protocol"]
    if said.get("part") in PARTS:
        state["recording.part"] = said["part"]
    known = {"said": STATES, "was": LABELS, "outcome": ("right", "uncertain", "wrong")}
    for name, values in known.items():
        if name in said:
            state[f"recording.{name}"] = [one for one in said[name].split(",") if one in values]
    if "recording" in said:
        state[CHOSEN] = said["recording"]


def show_all() -> None:
    """Callback: no filter."""
    for name in FILTERS:
        st.session_state.pop(f"recording.{name}", None)
    st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1


def other_question() -> None:
    """Callback: another protocol begins with its own first recording."""
    show_all()
    st.session_state.pop(CHOSEN, None)


def choose(key: str) -> None:
    """Callback: show this recording, on top of the table."""
    st.session_state[CHOSEN] = st.session_state[TOP] = key
    st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1


def explore(found: dict[str, Outcome]) -> None:
    """The page below its heading."""
    follow(found)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.session_state.setdefault("recording.protocol", HARDEST if HARDEST in found else next(iter(found)))
        key = str(
            st.segmented_control(
                "What the network had not seen", list(found), required=True, key="recording.protocol",
                persist_state="session", on_change=other_question,
                format_func=lambda k: f"{title_of(k)} · {tally(found[k].judged)['right']} of {len(found[k].judged)}",
            )
        )  # fmt: skip
    outcome = found[key]
    parts = [part for part in PARTS if any(v.part == part for v in outcome.verdicts)]
    part = st.session_state.get("recording.part")
    part = part if part in parts else parts[0]
    st.set_page_config(page_title=f"Test set: {title_of(key)} · Bearing Diagnostics")
    asked = [v for v in outcome.verdicts if v.part == part]
    counts = tally(tuple(asked))
    st.caption(
        f"{len(asked)} recordings: {counts['right']} right, {counts['uncertain']} left open, {counts['wrong']} wrong. "
        f"Reproduce with `{COMMAND}`"
    )
    was, answered, outcomes = (st.session_state.get(f"recording.{name}") or () for name in ("was", "said", "outcome"))
    rows = filter_verdicts(asked, was, answered, outcomes)
    by_key = {v.key: v for v in rows}
    chosen = by_key.get(st.session_state.get(CHOSEN, "")) or surest_mistake(rows)
    picture, detail = st.columns([11, 9], gap="medium")
    with picture:
        _filters(asked, rows, parts)
        if chosen is None:
            st.info("No recording meets every filter.", icon=":material/filter_alt_off:")
        else:
            _pictures(asked, rows, chosen)
    with detail:
        if chosen is not None:
            _detail(rows, chosen)
    said = {name: ",".join(st.session_state.get(f"recording.{name}") or ()) for name in FILTERS}
    _address.put(
        network="", protocol=key, part=part if part != PARTS[0] else "", window="",
        recording=chosen.key if chosen else "", **said,
    )  # fmt: skip


def _filters(asked: list[RecordingVerdict], rows: tuple[RecordingVerdict, ...], parts: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(parts) > 1:
            st.selectbox("Bearings", parts, key="recording.part", persist_state="session", on_change=other_question,
                         width=180, format_func=str.capitalize, label_visibility="collapsed")  # fmt: skip
        st.markdown(f"**{len(rows)}** of {len(asked)} recordings" if len(rows) < len(asked) else "", width="stretch")
        if len(rows) < len(asked):
            st.button("Show all", icon=":material/filter_alt_off:", type="tertiary", on_click=show_all)
        with st.popover("Filter", icon=":material/filter_alt:"):
            for title, names, key in (("Truth", LABELS, "was"), ("Verdict", answers_of(asked), "said")):
                st.pills(title, names, key=f"recording.{key}", selection_mode="multi", persist_state="session",
                         format_func=lambda name: STATES[name].title)  # fmt: skip
            outcomes = ("right", "uncertain", "wrong")
            st.pills("Outcome", outcomes, key="recording.outcome", selection_mode="multi", persist_state="session")


def _pictures(asked: list[RecordingVerdict], rows: tuple[RecordingVerdict, ...], chosen: RecordingVerdict) -> None:
    grid, matrix, table = st.tabs(["Grid", "Confusion matrix", "Table"], on_change="rerun", key="recording.view")
    turn = st.session_state.get(CLICKS, 0)
    if grid.open:
        with grid:
            chart(
                grades_figure(rows, chosen.key), key=f"grid {turn}", selection_mode="points", quiet=True,
                on_select=lambda: _grid_clicked(f"grid {turn}"),
                alt=f"{counts_words([('Every recording', tally(rows))])}; shown: {chosen.key}",
            )  # fmt: skip
            st.caption("Square: right; circle: left open; diamond, red: wrong. Letters: what experts could diagnose.")
    if matrix.open:
        with matrix:
            counts, answers = confusion_of(asked), answers_of(asked)
            chart(
                confusion_figure(counts, LABELS, answers), key=f"cells {turn}", selection_mode="points", quiet=True,
                on_select=lambda: _cell_clicked(f"cells {turn}", asked), alt=confusion_words(counts, LABELS, answers),
            )  # fmt: skip
            st.caption("A click on a cell shows its recordings, the surest mistake first.")
    if table.open:
        rows = tuple(sorted(rows, key=lambda v: v.key != st.session_state.setdefault(TOP, chosen.key)))
        with table:
            st.dataframe(
                table_of(rows), hide_index=True, height=430, key=f"rows {turn}",
                selection_mode="single-cell",
                selection_default={"selection": {"cells": [(rows.index(chosen), "Recording")]}},
                on_select=lambda: _row_clicked(f"rows {turn}", rows),
                column_config={"Confidence": st.column_config.NumberColumn(format="%.2f")},
                alt="Every recording with truth, verdict, confidence and the experts' grade",
            )  # fmt: skip


def _grid_clicked(key: str) -> None:
    points = st.session_state[key].selection.points
    if points and points[0].get("customdata"):
        choose(str(points[0]["customdata"][0]))


def _cell_clicked(key: str, asked: list[RecordingVerdict]) -> None:
    points = st.session_state[key].selection.points
    if not points:
        return
    values = points[0]["customdata"]
    row, column = (int(v) for v in (values.values() if hasattr(values, "values") else values))
    truth, answer = LABELS[row], answers_of(asked)[column]
    first = surest_mistake(filter_verdicts(asked, (truth,), (answer,)))
    if first is not None:
        st.session_state["recording.was"], st.session_state["recording.said"] = [truth], [answer]
        choose(first.key)


def _row_clicked(key: str, rows: tuple[RecordingVerdict, ...]) -> None:
    cells = st.session_state[key].selection.cells
    if cells:
        st.session_state[CHOSEN] = rows[cells[0][0]].key  # the table marks what was clicked by itself


def _detail(rows: tuple[RecordingVerdict, ...], chosen: RecordingVerdict) -> None:
    """The chosen recording: truth, verdict, probabilities, and its envelope spectrum."""
    at = rows.index(chosen)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(plain(_description(chosen)), anchor=False, width="stretch")
        for by, icon, name in ((-1, "chevron_left", "Previous"), (1, "chevron_right", "Next")):
            st.button(
                f":material/{icon}:", key=f"recording.step{by}", type="tertiary", on_click=choose,
                args=(rows[(at + by) % len(rows)].key,), help=f"{name} of the {len(rows)} shown",
            )  # fmt: skip
    told = {"right": "right", "uncertain": ":material/help: left open", "wrong": ":material/close: wrong"}
    experts = f" Experts: {chosen.grade}." if chosen.grade else ""
    st.markdown(
        f"was {_badge(chosen.truth)} verdict {_badge(chosen.verdict)} {percent(chosen.confidence)} sure: "
        f"**{told[chosen.outcome]}**.{experts}"
    )
    if chosen.verdict != chosen.best_guess:
        st.caption(f"Best guess: {STATES[chosen.best_guess].title.lower()}.")
    chart(
        probabilities_figure(chosen.probabilities, chosen.truth), key="recording.probabilities", quiet=True,
        alt="The network gave " + ", ".join(f"{STATES[n].title} {percent(chosen.probabilities[n])}" for n in LABELS),
    )  # fmt: skip
    if isinstance(chosen.recording, int):
        _evidence(chosen, chosen.recording)
    else:
        st.caption("Its spectrum is not shown: recordings of this machine are not opened here.")


def _badge(state: str) -> str:
    return f":{STATE_COLOUR[state]}-badge[{GLYPH[state]} {STATES[state].title}]"


def _description(v: RecordingVerdict) -> str:
    if not isinstance(v.recording, int):
        return f"{v.recording.replace('_', ', ')} rpm, {v.end}"
    end = "drive end" if v.end == "DE" else "fan end"
    return f"{entry(v.recording).description}" + (f"; heard at the sound {end}" if v.part == PARTS[2] else "")


def _evidence(v: RecordingVerdict, number: int) -> None:
    """Envelope spectrum and what its lines say: measured, by no network."""
    if not available(number):
        st.caption(f"Its spectrum needs {entry(number).file_name}: `python -m bearing fetch {number}`.")
    else:
        try:
            recording, diagnosis = looked_into(number, v.end)
        except BearingError as error:
            st.warning(plain(str(error)), icon=":material/cloud_off:")
            return
        at_truth = replace(diagnosis, verdict=v.truth) if v.truth in FAMILIES else diagnosis
        figures = DiagnosisFigures(at_truth, recording)
        chart(
            figures["envelope"].update_layout(height=270, showlegend=False, margin_t=18),
            key="recording.envelope", quiet=True,
            alt=f"Envelope spectrum of {entry(number).file_name}. {' '.join(_sentences(diagnosis))}",
        )  # fmt: skip
        st.caption(
            "Envelope spectrum of "
            + (
                f"the band where the {LINE_NAMES[v.truth]} lines stand highest. "
                if v.truth in FAMILIES
                else "its lines. "
            )
            + " ".join(_sentences(diagnosis))
        )
    st.link_button(
        "Open in Diagnose", f"/?cwru={number}&channel={v.end}", icon=":material/troubleshoot:", type="tertiary",
        help="There the shipped network answers, which has learned this bearing.",
    )  # fmt: skip


def _sentences(diagnosis: Diagnosis) -> list[str]:
    return [
        f"{GLYPH[name]} {family_sentence(diagnosis.evidence[name], diagnosis.element)}"
        for name in FAMILIES
        if name in diagnosis.evidence
    ]
