"""A Diagnosis, or a machine's history, as files to keep: CSV, JSON, and one HTML page that needs no network."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bearing.figures.looks import LOOKS, MACHINE_LOOKS
from bearing.readers.names import safe_cell
from bearing.states import MACHINE_STATES, state
from bearing.verdict.diagnosis import Diagnosis
from bearing.verdict.words import family_remark, family_sentence

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from bearing.machines.history import History

__all__ = ["history_html", "report_csv", "report_html", "report_json", "summary_rows"]


def summary_rows(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Name and value of everything one line can say, in the order a person asks."""
    d, i = diagnosis, diagnosis.indicators
    rows = [
        ("file", d.file),
        ("channel", d.channel),
        ("verdict", d.verdict),
        ("best_guess", d.best_guess or ""),
        ("confidence", f"{d.confidence:.4f}"),
        ("reason", d.reason),
        ("agreement", d.agreement),
        ("sampling_rate_hz", f"{d.sampling_rate_hz:.10g}"),
        ("sampling_rate_source", d.rate_source),
        ("shaft_rpm", "" if d.shaft_rpm is None else f"{d.shaft_rpm:.10g}"),
        ("shaft_rpm_source", d.rpm_source),
        ("bearing", "" if d.bearing is None else d.bearing.name),
        ("duration_s", f"{d.duration_s:.6g}"),
        ("rms", f"{i.rms:.6g}"),
        ("peak", f"{i.peak:.6g}"),
        ("crest_factor", f"{i.crest_factor:.6g}"),
        ("kurtosis", f"{i.kurtosis:.6g}"),
    ]
    for name, opinion in d.opinions.items():
        said = "no opinion" if opinion.verdict is None else f"{opinion.verdict} {opinion.confidence or 0.0:.4f}"
        rows.append((f"opinion_{name}", said))
    for name, family in d.evidence.items():
        rows.append((f"lines_{name}", f"{family_sentence(family)} {family_remark(family)}".strip()))
    rows += [("warning", warning) for warning in d.warnings]
    return rows + [(f"model_{name}", value) for name, value in d.model.items()]


def report_csv(diagnosis: Diagnosis) -> str:
    """One row per window; above it the summary in lines that begin with ``#`` (pandas: ``comment="#"``).

    Names that come from the file cannot become spreadsheet formulas (`bearing.readers.names.safe_cell`).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for name, value in summary_rows(diagnosis):
        writer.writerow([f"# {name}", " ".join(safe_cell(value).split())])
    windows = diagnosis.windows
    writer.writerow(["window", "start_s", "end_s", "verdict", *(f"p_{name}" for name in windows.classes)])
    for n, (start, verdict, row) in enumerate(
        zip(windows.start_s, windows.verdicts, windows.probabilities, strict=True)
    ):
        ends = (f"{start:.6f}", f"{start + windows.duration_s:.6f}")
        writer.writerow([n, *ends, verdict, *(f"{p:.6f}" for p in row)])
    return text.getvalue()


def report_json(diagnosis: Diagnosis) -> str:
    """`Diagnosis.to_dict()` as JSON text: the same object that the command line and the API give."""
    return diagnosis.to_json()


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;padding:0 1rem;color:#17212b}"
    "h2{margin:2rem 0 0;font-size:1.1rem}table{border-collapse:collapse}.note{color:#59616b}"
    "th{text-align:left;font-weight:600;padding:.15rem 1.2rem .15rem 0;vertical-align:top}td{padding-right:1.2rem}"
)


def _drawn(figures: Mapping[str, go.Figure]) -> str:
    """Live figures under their titles, plotly's script with the first of them."""
    parts = []
    for position, (title, figure) in enumerate(figures.items()):
        plot = figure.to_html(
            full_html=False,
            include_plotlyjs=position == 0,
            config={"responsive": True},
            div_id=f"figure-{position}",  # by default a random one: the same report twice is the same text
        )
        parts.append(f"<h2>{html.escape(title)}</h2>{plot}")
    return "".join(parts)


def _headline(diagnosis: Diagnosis) -> str:
    """Verdict and confidence, which of an uncertain verdict is that of the best guess."""
    title = state(diagnosis.verdict).title
    if diagnosis.verdict != "uncertain":
        return f"{title}, confidence {diagnosis.confidence:.0%}"
    if diagnosis.best_guess is None or not diagnosis.has_guess:
        return title
    return f"{title}: best guess {state(diagnosis.best_guess).title.lower()}, {diagnosis.confidence:.0%}"


def report_html(diagnosis: Diagnosis, figures: Mapping[str, go.Figure], note: str = "") -> str:
    """One self-contained page: the verdict, the summary and live figures (title -> figure). Everything is escaped."""
    colour = LOOKS[diagnosis.verdict].colour
    rows = "".join(
        f"<tr><th>{html.escape(name.replace('_', ' '))}</th><td>{html.escape(value)}</td></tr>"
        for name, value in summary_rows(diagnosis)
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bearing diagnosis: {html.escape(diagnosis.file)}</title>
<style>{_STYLE}h1{{border-left:8px solid {colour};padding-left:.6rem}}</style>
<h1>{html.escape(_headline(diagnosis))}</h1>
<p>{html.escape(diagnosis.reason)}</p><p class="note">{html.escape(note)}</p><table>{rows}</table>
{_drawn(figures)}</html>
"""


def history_html(history: History, figures: Mapping[str, go.Figure], title: str, note: str = "") -> str:
    """One self-contained page about a machine: state and reason of every point, then the figures. All is escaped."""
    worst = history.worst
    state_key = worst.state if worst else "no data"
    headline = f"{html.escape(title)}: {MACHINE_STATES[state_key].title}"
    rows = "".join(
        f"<tr><th>{html.escape(p.name)}</th><td>{html.escape(MACHINE_STATES[p.state].title)}</td>"
        f"<td>{html.escape(p.reason)}</td><td>{len(p.measurements)} measurements, "
        f"{html.escape(p.times[0] or p.measurements[0].file)} to {html.escape(p.times[-1] or p.measurements[-1].file)}"
        "</td></tr>"
        for p in history.points
    )
    skipped = "".join(f"<li>{html.escape(name)}: {html.escape(why)}</li>" for name, why in history.skipped[:50])
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{headline}</title>
<style>{_STYLE}h1{{border-left:8px solid {MACHINE_LOOKS[state_key].colour};padding-left:.6rem}}</style>
<h1>{headline}</h1><p class="note">{html.escape(note)}</p>
<table>{rows}</table>{_drawn(figures)}
{f"<h2>Files that are no measurement</h2><ul>{skipped}</ul>" if skipped else ""}</html>
"""
