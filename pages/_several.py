"""Several files on the table: a row each, the worst on top; a row opens the file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from bearing.recording import usable_stretch
from bearing.signal.spectrum import downsample
from bearing.verdict.asked.file import FileDiagnosis
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words.advice import finding, strongest_family, sureness_words, worst_first
from bearing.verdict.words.sentences import fault_title
from pages._show import GLYPH, plain
from pages._source import Source, show

SPARK_POINTS = 120
# The finding stands beside the file, where a phone shows it.
COLUMNS = ("File", "Finding", "How sure", "Channel", "Date", "Line level (dB)", "RMS", "Unit", "Signal")
Row = tuple[Source, FileDiagnosis | str | None]


def files_table(rows: Sequence[Row]) -> None:
    """The table, and a list of the same to choose from by keyboard."""
    judged = {source.digest: found.answer for source, found in rows if isinstance(found, FileDiagnosis)}
    worst = {id(one): rank for rank, one in enumerate(worst_first(judged.values()))}
    ordered = sorted(rows, key=lambda row: worst.get(id(judged.get(row[0].digest)), len(rows)))
    damaged = sum(one.verdict not in ("normal", "uncertain") for one in judged.values())
    st.markdown(f"**{damaged} of {len(rows)}** show damage or something that strikes. The worst is on top.")
    shown = [_row(source, judged.get(source.digest), found) for source, found in ordered]
    table = st.dataframe(
        shown,
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="single-cell",
        key=f"files-{len(rows)}",
        alt="Every file with date, worst channel, finding, how sure, line level and level",
        column_order=[name for name in COLUMNS if name != "Date" or any(row["Date"] for row in shown)],
        column_config={
            "Line level (dB)": st.column_config.NumberColumn(format="%.0f"),
            "RMS": st.column_config.NumberColumn(format="%.3g"),
            "Signal": st.column_config.LineChartColumn(width="small"),
        },
    )
    picked = table["selection"]["cells"] if table else []
    if picked:
        show(ordered[picked[0][0]][0].digest)
        st.rerun()
    st.caption("Click a row to open the file, or choose it here:")
    with st.container(horizontal=True, gap="small"):
        for source, _ in ordered[:12]:
            one = judged.get(source.digest)
            glyph = f"{GLYPH[one.verdict]} " if one else ""
            st.button(f"{glyph}{plain(source.name)}", key=f"open-{source.tag}", on_click=show, args=(source.digest,))


def _title(found: Diagnosis) -> str:
    """The state, or that there is none."""
    return finding(found) if found.verdict == "uncertain" else fault_title(found.verdict, found.element)


def _row(source: Source, worst: Diagnosis | None, found: FileDiagnosis | str | None) -> dict[str, object]:
    """One file; where it cannot be judged, why."""
    intake = source.intake
    recording = intake.recordings[intake.preferred if worst is None else intake.channel(worst.channel)]
    stretch = recording.samples[usable_stretch(recording.samples)]
    _, spark = downsample(np.arange(len(stretch), dtype=np.float64), stretch, SPARK_POINTS)
    name = f"{source.name} (simulated)" if source.simulated else source.name
    row: dict[str, object] = {
        "File": name, "Date": recording.started, "Channel": recording.channel, "Signal": spark.tolist(),
    }  # fmt: skip
    if worst is None:
        why = "Sampling rate not known" if found is None else str(found)
        return row | {
            "Finding": why,
            "How sure": "",
            "Line level (dB)": None,
            "RMS": None,
            "Unit": "",
            "Signal": spark.tolist(),
        }
    family = strongest_family(worst)
    levels = [line.level_db for line in family.lines if line.found] if family else []
    return row | {
        "Finding": f"{GLYPH[worst.verdict]} {_title(worst)}",
        "How sure": sureness_words(worst),
        "Line level (dB)": max(levels, default=None),
        "RMS": worst.indicators.rms,
        "Unit": worst.doctor.unit,
    }
