"""The order network's evaluation on the Training page: who names the fault of a bearing it has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from bearing.errors import ModelError
from bearing.figures import verdicts as figures
from bearing.figures.test_set import confusion_figure
from bearing.figures.words import confusion_words, counts_words, coverage_words, reliability_words
from bearing.results.verdict import (
    COMMAND,
    Honesty,
    Outcome,
    RecordingVerdict,
    cnn_honesty,
    cnn_verdicts,
    read_outcomes,
    tally,
)
from bearing.results.waveform import OTHER_MACHINE, PROTOCOLS, Result, read_predictions
from bearing.states import LABELS, STATES
from pages._show import Draw, chart


@st.cache_resource(max_entries=4, show_spinner=False)
def outcomes(folder: Path, changed: float) -> dict[str, Outcome]:
    return read_outcomes(folder)


@st.cache_resource(max_entries=8, show_spinner=False)
def verdicts_of_cnn(_result: Result, folder: Path, sha256: str) -> dict[int | str, str]:
    return cnn_verdicts(read_predictions(_result, folder))


@st.cache_resource(max_entries=12, show_spinner=False)
def honesty_of_cnn(_result: Result, folder: Path, sha256: str, by_recording: bool) -> Honesty:
    return cnn_honesty(read_predictions(_result, folder), by_recording)


def title_of(protocol: str) -> str:
    known = (PROTOCOLS | {OTHER_MACHINE.key: OTHER_MACHINE}).get(protocol)
    return known.title if known else protocol.replace("-", " ").capitalize()


def show_exhibit(evaluated: dict[str, Result], folder: Path, draw: Draw) -> None:
    """Who names the fault of a bearing it has never seen: experts, the order network, the waveform CNN."""
    file = folder / "evaluation_order.json"
    try:
        found = outcomes(folder, file.stat().st_mtime if file.exists() else 0.0)
    except ModelError as error:
        st.warning(str(error))
        return
    if not found:
        st.info(f"Not measured yet: `{COMMAND}`.", icon=":material/hourglass_empty:")
        return
    st.header("Asked where it counts: bearings never seen", anchor="unseen")
    hardest = next(iter(found.values()))
    right, given = tally(hardest.faults)["right"], hardest.summary["given"]
    wrong = hardest.summary["wrong_of_given"]
    st.markdown(
        f"The verdict of the Diagnose page rests on a network that sees the envelope spectrum in **orders** of the "
        f"shaft. Of {len(hardest.faults)} faults in bearings kept from its training it names **{right}**; experts with "
        f"envelope methods could diagnose {hardest.summary['experts_could']}. Where it gives a verdict ({given} "
        f"recordings), **{wrong}** {'is' if wrong == 1 else 'are'} wrong; of the others it says “uncertain”."
    )
    rows = compared(found, evaluated, folder)
    chart(
        draw("comparison", lambda: figures.comparison_figure(rows)),
        key="comparison",
        quiet=True,
        alt=f"Fault recordings. {counts_words(rows)}",
    )
    st.caption(
        "Experts: Smith & Randall, Mechanical Systems and Signal Processing 64-65 (2015) 100-131; their grades Y "
        f"(diagnosable), P (partly), N (not). Reproduce with `{COMMAND}`"
    )
    key = st.segmented_control(
        "Recording by recording",
        list(found),
        format_func=title_of,
        default=next(iter(found)),
        required=True,
        key="asked",
    )
    show_outcome(found[key], draw)


def compared(found: dict[str, Outcome], evaluated: dict[str, Result], folder: Path) -> list[tuple[str, dict[str, int]]]:
    """(name, tally) of each network under each way of asking, and of the experts under the first."""
    rows: list[tuple[str, dict[str, int]]] = []
    for protocol, outcome in found.items():
        title = f"<b>{title_of(protocol)}</b>: "
        rows.append((f"{title}order network and envelope", tally(outcome.faults)))
        if protocol in evaluated:
            result = evaluated[protocol]
            said = verdicts_of_cnn(result, folder, result.predictions_sha256)
            right = sum(said.get(v.recording) == v.truth for v in outcome.faults)
            rows.append((f"{title}waveform CNN", {"right": right, "wrong": len(outcome.faults) - right}))
        if protocol == "fault-size":
            grades = [v.grade[:1] for v in outcome.faults]
            counts = {"right": grades.count("Y"), "uncertain": len(grades) - grades.count("Y")}
            rows.append((f"{title}experts (could diagnose; partly or not)", counts))
    return rows


def show_outcome(outcome: Outcome, draw: Draw) -> None:
    left, right = st.columns([11, 9], gap="medium")
    with left:
        chart(
            draw(f"grades {outcome.protocol}", lambda: figures.grades_figure(outcome.faults)),
            key=f"grades {outcome.protocol}",
            quiet=True,
            alt=f"Every fault recording with the experts' grade. {counts_words([('Verdicts', tally(outcome.faults))])}",
        )
        st.caption("Letters: the experts' grade. A miss on an N1 recording is not a miss on a Y1.")
    with right:
        st.markdown("**Every verdict counted**")
        chart(
            draw(
                f"verdicts {outcome.protocol}",
                lambda: confusion_figure(outcome.confusion, LABELS, outcome.answers, height=330),
            ),
            key=f"verdicts {outcome.protocol}",
            quiet=True,
            alt=confusion_words(outcome.confusion, LABELS, outcome.answers),
        )
    show_honesty(outcome.honesty, "recordings", outcome.protocol, draw)
    with st.container(horizontal=True, gap="medium"):
        summary = outcome.summary
        for name, value in (
            ("Best guesses, macro-F1", f"{outcome.guesses.macro_f1:.3f}"),
            ("Single windows, macro-F1", f"{outcome.windows.macro_f1:.3f}" if outcome.windows else "not asked"),
            ("Healthy called faulty", f"{summary['normals_called_faulty']} of {summary['normals']}"),
            (
                "Un-faulted ends called faulty",
                f"{summary['unfaulted_ends_called_faulty']} of {summary['unfaulted_ends']}",
            ),
            ("Wrong although 90 % sure", f"{summary['wrong_with_confidence_0.9']}"),
        ):
            st.metric(name, value, width="content")
    with st.expander("All recordings as a table", icon=":material/table_rows:"):
        st.dataframe(
            table_of(outcome.verdicts),
            hide_index=True,
            column_config={"Confidence": st.column_config.NumberColumn(format="%.2f")},
            alt="Every recording with truth, verdict, confidence and the experts' grade",
        )


def show_honesty(honesty: Honesty, unit: str, key: str, draw: Draw) -> None:
    """Reliability diagram beside accuracy over coverage."""
    st.markdown(
        f"**Does it know when it does not know?** Expected calibration error (ECE) {honesty.ece:.3f}: the mean "
        "distance between how sure it was and how often it was right."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        chart(
            draw(f"reliability {key}", lambda: figures.reliability_figure(honesty, unit, height=270)),
            key=f"reliability {key}",
            quiet=True,
            alt=reliability_words(honesty),
        )
    with right:
        chart(
            draw(f"coverage {key}", lambda: figures.coverage_figure(honesty, unit, height=270)),
            key=f"coverage {key}",
            quiet=True,
            alt=coverage_words(honesty),
        )


def table_of(verdicts: Sequence[RecordingVerdict]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Recording": str(v.recording),
                "End": v.end,
                "Truth": STATES[v.truth].title,
                "Experts": v.grade,
                "Verdict": STATES[v.verdict].title,
                "Confidence": v.confidence,
                "Best guess": STATES[v.best_guess].title,
                "Outcome": v.outcome,
            }
            for v in verdicts
        ]
    )
