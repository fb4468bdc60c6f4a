"""Test set: what each network said of what was kept from its training; a click shows the recording or the window.

The network that carries the verdict is explored recording by recording (`_recordings.py`), the waveform CNN window by
window: map, confusion matrix and table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from bearing import files
from bearing.cwru.dataset import available
from bearing.cwru.registry import entry
from bearing.errors import BearingError, ModelError
from bearing.figures import test_set as figures
from bearing.figures.words import confusion_words
from bearing.results.metrics import confusion_matrix
from bearing.results.verdict import Outcome
from bearing.results.waveform import (
    Result,
    WindowFacts,
    filter_windows,
    most_telling,
    read_predictions,
    read_results,
    resampled_recording,
    window_facts,
)
from bearing.signal.windows import NETWORK_RATE_HZ, WINDOW
from bearing.states import LABELS, STATES
from bearing.verdict.words.sentences import whole_percent
from pages._exhibit import outcomes
from pages._recordings import explore as explore_recordings
from pages._show import STATE_COLOUR, chart, percent

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

STATE_TITLES = {key: STATES[key].title for key in LABELS}
MAP_BUTTONS_OFF = ["toImage", "zoomIn2d", "zoomOut2d"]
NBSP = "\u00a0"
FILTERS = ("truths", "predictions", "recordings", "loads", "diameters", "wrong")
HARDEST = "fault-size"  # bearings the network has not seen: what counts for a visitor's own
WRITTEN = "test_set.address"


# Shared by all visitors and never changed: no copies.
@st.cache_resource(max_entries=4, show_spinner=False)
def results(folder: Path, changed: float) -> dict[str, Result]:
    return read_results(folder)


@st.cache_resource(max_entries=8, show_spinner=False)
def predictions(_result: Result, folder: Path, sha256: str) -> pd.DataFrame:
    return read_predictions(_result, folder)


@st.cache_resource(max_entries=32, show_spinner=False)
def map_figure(_rows: pd.DataFrame, _others: pd.DataFrame | None, marked: int, *_of: object) -> go.Figure:
    return figures.map_figure(_rows, _others, marked)


@st.cache_resource(max_entries=16, show_spinner=False)
def signal(number: int) -> np.ndarray:
    return resampled_recording(number).astype(np.float32)


def choose(row: int, on_map: bool = False) -> None:
    """Show a window. The map marks what was clicked on it by itself; only other choices draw it again."""
    st.session_state["window"] = st.session_state["top"] = row
    if not on_map:
        st.session_state["marked"] = row


def clicked(key: str) -> list[int]:
    """The customdata of the point clicked on a chart; empty when a selection was cleared."""
    points = st.session_state[key].selection.points
    values = points[0]["customdata"] if points else []
    return [int(v) for v in (values.values() if hasattr(values, "values") else values)]  # typed arrays come as mappings


def map_clicked(key: str) -> None:
    if point := clicked(key):
        choose(point[0], on_map=True)
        st.rerun("detail")


def cell_clicked(key: str, rows: pd.DataFrame) -> None:
    """A cell of the confusion matrix sets the filter to its windows and shows the most telling of them."""
    cell = clicked(key)
    if not cell:
        return
    truth, answer = (LABELS[i] for i in cell)
    row = most_telling(filter_windows(rows, truths=(truth,), predictions=(answer,)))
    st.session_state["truths"], st.session_state["predictions"] = [truth], [answer]
    if row is not None:
        choose(row)


def table_clicked(key: str, rows: list[int]) -> None:
    cells = st.session_state[key].selection.cells
    if cells:
        st.session_state["window"] = st.session_state["marked"] = rows[cells[0][0]]  # the table marks it by itself
        st.rerun("detail")


def show_all() -> None:
    for name in FILTERS:
        st.session_state.pop(name, None)
    st.session_state["clicks"] = st.session_state.get("clicks", 0) + 1  # new keys: old clicks on the charts are gone


def other_question() -> None:
    show_all()
    st.session_state.pop("window", None)


def step(row: int) -> None:
    """To a neighbour in the table; the whole page follows, for the map marks it."""
    choose(row)
    st.rerun()


@st.fragment(key="detail")
def show_window(table: pd.DataFrame, rows: pd.DataFrame) -> None:
    """The chosen window. A fragment: a click on the map or the table redraws this and nothing else."""
    write_address()
    facts = window_facts(table, st.session_state["window"])
    truth, said = STATES[facts.truth], STATES[facts.prediction]
    position = rows.index.get_loc(facts.row) if facts.row in rows.index else 0
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{facts.description}**", width="stretch")
        for by, icon, name in ((-1, "chevron_left", "Previous window"), (1, "chevron_right", "Next window")):
            st.button(
                f":material/{icon}:",
                key=f"step{by}",
                type="tertiary",
                help=f"{name} of the {len(rows):,} shown",
                on_click=step,
                args=(int(rows.index[(position + by) % len(rows)]),),
            )
    verdict = "right" if facts.right else ":material/close: wrong"
    sure = percent(facts.confidence).replace(" ", NBSP)
    st.markdown(
        f"was :{STATE_COLOUR[facts.truth]}-badge[{truth.title}]  the network said "
        f":{STATE_COLOUR[facts.prediction]}-badge[{said.title}] with {sure}: **{verdict}**"
    )
    with st.container(horizontal=True, gap="medium"):
        for name, value in (
            ("RMS", f"{facts.indicators.rms:.3g} g"),
            ("Peak", f"{facts.indicators.peak:.3g} g"),
            ("Crest factor", f"{facts.indicators.crest_factor:.1f}"),
            ("Kurtosis", f"{facts.indicators.kurtosis:.1f}"),
        ):
            st.metric(name, value, width="content")
    samples, complaint = samples_of(facts)
    where = f"{entry(facts.recording).file_name} from sample {facts.start_sample}"
    chart(
        figures.window_figure(facts, samples, NETWORK_RATE_HZ),
        key="window_chart",
        quiet=True,
        alt=f"{'Probabilities' if samples is None else 'Waveform, spectrum and probabilities'} of {where}",
    )
    if samples is not None:
        seconds = facts.start_sample / NETWORK_RATE_HZ
        st.caption(f"{where} at 12 kHz: {seconds:.2f} s to {seconds + WINDOW / NETWORK_RATE_HZ:.2f} s")
    elif complaint:
        st.warning(complaint, icon=":material/cloud_off:")
    else:
        offer_download(facts)


def samples_of(facts: WindowFacts) -> tuple[np.ndarray | None, str]:
    """The window's samples where its recording is on this machine, else None and what is wrong, if anything is."""
    if not available(facts.recording):
        return None, ""
    try:
        samples = signal(facts.recording)[facts.start_sample : facts.start_sample + WINDOW]
    except BearingError as error:
        return None, str(error)
    if len(samples) < WINDOW:
        return None, f"{entry(facts.recording).file_name} on this machine is too short: this window is not in it."
    return samples, ""


def offer_download(facts: WindowFacts) -> None:
    file = entry(facts.recording)
    size = f", {file.bytes / 1e6:.1f} MB" if file.bytes else ""
    with st.container(border=True):
        st.markdown(f"The waveform is in **{file.file_name}**{size}, which is not on this machine.")
        if st.button(f"Fetch {file.file_name} from the publisher", icon=":material/download:", key="fetch"):
            bar = st.progress(0.0, "Asking Case Western Reserve University ...")

            def report(done: int, total: int) -> None:
                bar.progress(min(done / total, 1.0) if total else 0.0, f"{done / 1e6:.1f} MB")

            try:
                resampled_recording(facts.recording, report)
            except BearingError as error:
                bar.empty()
                st.warning(str(error), icon=":material/cloud_off:")
            else:
                st.rerun()
        st.caption(f"Or `python -m bearing fetch {facts.recording}`")


def filter_bar(rows: pd.DataFrame, asked: pd.DataFrame, everything: pd.DataFrame) -> None:
    """How many windows are shown, and the filter widgets; the session holds what they say."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{len(rows):,}** of {len(asked):,} windows" if len(rows) < len(asked) else "", width="stretch")
        if any(st.session_state.get(name) for name in FILTERS):
            st.button("Show all", icon=":material/filter_alt_off:", type="tertiary", on_click=show_all)
        st.toggle("Only wrong", key="wrong")
        filter_popover(everything)


def filter_popover(rows: pd.DataFrame) -> None:
    with st.popover("Filter", icon=":material/filter_alt:"):
        for title, name in (("Truth", "truths"), ("Prediction", "predictions")):
            st.pills(title, LABELS, selection_mode="multi", format_func=lambda label: STATE_TITLES[label], key=name)
        loads = sorted(rows["load_hp"].unique().tolist())
        st.pills("Load", loads, selection_mode="multi", format_func=lambda hp: f"{hp} hp", key="loads")
        sizes = sorted({round(float(d), 3) for d in rows["fault_diameter_in"].dropna().unique()})
        st.pills(
            "Fault diameter",
            [0.0, *sizes],
            selection_mode="multi",
            format_func=lambda d: f"{d:.3f} in" if d else "healthy",
            key="diameters",
        )
        numbers = sorted(rows["recording"].unique().tolist())
        st.multiselect("Recording", numbers, format_func=lambda n: entry(n).description, key="recordings")


def chosen(name: str) -> tuple:
    return tuple(st.session_state.get(name) or ())


def follow(everything: pd.DataFrame) -> None:
    """Take filters and window from an address that was not written here; what is not in the data is passed over."""
    said = dict(st.query_params)
    if said == st.session_state.get(WRITTEN) or not said.keys() & {*FILTERS, "window"}:
        return
    known: dict[str, list[object]] = {
        "truths": list(LABELS),
        "predictions": list(LABELS),
        "recordings": everything["recording"].unique().tolist(),
        "loads": everything["load_hp"].unique().tolist(),
        "diameters": [0.0, *sorted({round(float(d), 3) for d in everything["fault_diameter_in"].dropna()})],
    }
    for name, values in known.items():
        by_text = {f"{value}": value for value in values}
        if name in said:
            st.session_state[name] = [by_text[text] for text in said[name].split(",") if text in by_text]
    st.session_state["wrong"] = said.get("wrong") == "1"
    row = said.get("window", "")
    if re.fullmatch(r"[0-9]{1,9}", row) and int(row) in everything.index:
        choose(int(row))


def write_address() -> None:
    """Protocol, filters and window into the address: a link shows the same again."""
    values = {
        "network": "windows",
        "protocol": st.session_state["protocol"],
        "wrong": "1" if st.session_state.get("wrong") else "",
    }
    values |= {name: ",".join(f"{value}" for value in chosen(name)) for name in FILTERS if name != "wrong"}
    values["window"] = f"{st.session_state.get('window', '')}"
    after = {name: value for name, value in values.items() if value}
    st.session_state[WRITTEN] = after
    if after != dict(st.query_params):
        st.query_params.from_dict(after)


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns people read, in their order."""
    return rows.assign(
        result=np.where(rows["right"], "right", "wrong"),
        truth=rows["truth"].astype(str).map(STATE_TITLES),
        prediction=rows["prediction"].astype(str).map(STATE_TITLES),
        start_s=rows["start_sample"] / NETWORK_RATE_HZ,
    )[["recording", "load_hp", "fault_diameter_in", "truth", "prediction", "confidence", "start_s", "result"]]


def show_map(rows: pd.DataFrame, asked: pd.DataFrame) -> None:
    key = f"map {st.session_state['clicks']}"
    others = asked.drop(rows.index) if len(rows) < len(asked) else None
    shown = (st.session_state["protocol"], len(asked), hash(tuple(rows.index)))
    chart(
        map_figure(rows, others, st.session_state["marked"], *shown),
        key=key,
        on_select=lambda: map_clicked(key),
        selection_mode="points",
        buttons_off=MAP_BUTTONS_OFF,
        alt=f"Held-out windows on the plane of the network's features: {len(rows):,}, of them "
        f"{int((~rows['right']).sum()):,} wrong and outlined",
    )
    st.caption(
        "Each point is a window, placed by the network's 190 features on their two main directions; colour: "
        "what it was; outlined with a dot: wrong, in the colour of what the network said instead."
    )


def show_matrix(_rows: pd.DataFrame, asked: pd.DataFrame) -> None:
    key = f"matrix {st.session_state['clicks']}"
    matrix = confusion_matrix(asked["truth"].tolist(), asked["prediction"].tolist(), LABELS)
    chart(
        figures.confusion_figure(matrix, LABELS),
        key=key,
        on_select=lambda: cell_clicked(key, asked),
        selection_mode="points",
        quiet=True,
        alt=confusion_words(matrix, LABELS),
    )
    st.caption("A click on a cell shows its windows, the surest mistake first.")


def show_table(rows: pd.DataFrame, _asked: pd.DataFrame) -> None:
    """The rows, the chosen window on top and marked: a table cannot be scrolled to it."""
    top = st.session_state.get("top", st.session_state["window"])
    rows = rows.loc[sorted(rows.index, key=lambda row: row != top)]
    key = f"table {st.session_state['clicks']} {hash(tuple(rows.index))}"
    st.dataframe(
        table_of(rows),
        key=key,
        on_select=lambda: table_clicked(key, rows.index.tolist()),
        selection_mode="single-cell",
        selection_default={"selection": {"cells": [(rows.index.get_loc(st.session_state["window"]), "recording")]}},
        hide_index=True,
        height=430,
        placeholder="healthy",
        column_config={
            "recording": st.column_config.NumberColumn("Recording", format="%d"),
            "load_hp": st.column_config.NumberColumn("Load", format="%d hp"),
            "fault_diameter_in": st.column_config.NumberColumn("Diameter", format="%.3f in"),
            "truth": "Truth",
            "prediction": "Prediction",
            "confidence": st.column_config.NumberColumn("Confidence", format="%.3f"),
            "result": "Result",
            "start_s": st.column_config.NumberColumn("Start", format="%.2f s"),
        },
        alt="Held-out windows with truth, prediction and confidence",
    )


def explore_windows(evaluated: dict[str, Result], folder: Path) -> None:
    """The page below its heading, for the waveform CNN."""
    linked = st.query_params.get("protocol")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        key = st.segmented_control(
            "What the network had not seen",
            list(evaluated),
            format_func=lambda k: f"{evaluated[k].protocol.title} · {whole_percent(evaluated[k].windows.accuracy)}",
            default=next(one for one in (linked, HARDEST, next(iter(evaluated))) if one in evaluated),
            required=True,
            key="protocol",
            persist_state="session",
            on_change=other_question,
        )
        result = evaluated[key]
        st.set_page_config(page_title=f"Test set: {result.protocol.title} · Bearing Diagnostics")
        fold = None
        if len(result.folds) > 1:
            fold = (
                st.selectbox(
                    "Held out",
                    ["", *result.folds],
                    format_func=lambda f: (
                        f"{f} · {whole_percent(result.folds[f].accuracy)}" if f else "each part in turn"
                    ),
                    key=f"fold {key}",
                    on_change=other_question,
                    width=300,
                )
                or None
            )

    try:
        everything = predictions(result, folder, result.predictions_sha256)
    except ModelError as error:
        st.error(str(error))
        return

    follow(everything)
    asked = filter_windows(
        everything, fold, recordings=chosen("recordings"), loads_hp=chosen("loads"), diameters_in=chosen("diameters")
    )
    rows = filter_windows(
        asked,
        truths=chosen("truths"),
        predictions=chosen("predictions"),
        wrong_only=bool(st.session_state.get("wrong")),
    )
    st.session_state.setdefault("clicks", 0)
    st.caption(
        f"Held out: {result.protocol.held_out}. {len(asked):,} windows of {asked['recording'].nunique()} recordings, "
        f"{int((~asked['right']).sum()):,} wrong. Reproduce with `{result.command}`"
    )

    if st.session_state.get("window") not in rows.index and (first := most_telling(rows)) is not None:
        choose(first)

    write_address()
    picture, detail = st.columns([11, 9], gap="medium")
    with picture:
        filter_bar(rows, asked, everything)
        if rows.empty:
            st.info("No window meets every filter.", icon=":material/filter_alt_off:")
            return
        map_tab, matrix_tab, table_tab = st.tabs(["Map", "Confusion matrix", "Table"], on_change="rerun", key="view")
        for tab, show in ((map_tab, show_map), (matrix_tab, show_matrix), (table_tab, show_table)):
            if tab.open:
                with tab:
                    show(rows, asked)
    with detail:
        show_window(everything, rows)


# ---------------------------------------------------------------------------------------------------------------------

NETWORKS = {"verdict": "The verdict, recording by recording", "windows": "The waveform CNN, window by window"}


def network_of(known: list[str]) -> str:
    """Which network is explored: as the address says, and where the choice was."""
    said = st.query_params
    asked = said.get("network", "windows" if "window" in said else "")
    if asked in known and dict(said) != st.session_state.get(WRITTEN):
        st.session_state["network"] = asked
    if st.session_state.get("network") not in known:
        st.session_state["network"] = known[0]
    return str(
        st.segmented_control(
            "Network", known, format_func=NETWORKS.__getitem__, required=True, key="network", persist_state="session",
            on_change=st.query_params.clear, label_visibility="collapsed",
        )
    )  # fmt: skip


def main() -> None:
    st.set_page_config(page_title="Test set · Bearing Diagnostics")
    st.title("Test set", anchor=False)
    folder = files.WEIGHTS_DIR
    changed = max((f.stat().st_mtime for f in folder.glob("evaluation_*.json")), default=0.0)
    evaluated: dict[str, Result] = {}
    found: dict[str, Outcome] = {}
    try:
        evaluated = results(folder, changed)
        found = outcomes(folder, changed)
    except ModelError as error:
        st.error(str(error))
        if not evaluated:
            return
    known = [name for name, there in (("verdict", found), ("windows", evaluated)) if there]
    if not known:
        st.info(
            "No evaluation has been written yet. These two commands train the network and ask it about windows it has "
            "not seen:\n\n```\npython -m bearing train\npython -m bearing evaluate\n```",
            title="Nothing to explore yet",
            icon=":material/hourglass_empty:",
        )
        return
    if network_of(known) == "verdict":
        explore_recordings(found)
    else:
        explore_windows(evaluated, folder)


main()
