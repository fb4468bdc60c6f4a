"""A Diagnosis, or a machine's history, as files to keep: CSV, JSON, and one HTML page that needs no network."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bearing import __version__
from bearing.errors import BearingError
from bearing.figures.diagnosis import DiagnosisFigures, EnvelopeView
from bearing.figures.looks import LOOKS, MACHINE_LOOKS
from bearing.machines.words import verdict_words
from bearing.physics.catalogue import find
from bearing.readers.names import safe_cell
from bearing.recording import Recording, usable_stretch
from bearing.signal.severity import EDITION, GROUPS, SUPPORTS, severity, velocity_mm_s
from bearing.signal.units import unit_of
from bearing.states import MACHINE_STATES
from bearing.verdict.diagnosis import Bearing, Diagnosis
from bearing.verdict.words.advice import (
    advice,
    cnn_counts,
    counted_sentence,
    finding,
    part_of,
    strongest_family,
    sureness_words,
    why,
)
from bearing.verdict.words.sentences import family_remark, family_sentence, fault_title, state_word, unsaid

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from bearing.machines.history import History
    from bearing.machines.kept.fleet import FleetRow

__all__ = ["About", "fleet_html", "history_html", "report_csv", "report_html", "report_json", "summary_rows"]


@dataclass(frozen=True)
class About:
    """What a reader adds to a report.

    machine, point : which machine, and where on it. note : where the file came from. group, support : for the
    machine's zone (`bearing.signal.severity`), both or none. view : the envelope spectrum as he looked at it.
    """

    machine: str = ""
    point: str = ""
    note: str = ""
    group: str = ""
    support: str = ""
    view: EnvelopeView | None = None


def summary_rows(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Name and value of everything one line can say, in the order a person asks."""
    d, i = diagnosis, diagnosis.indicators
    unit = f" ({d.doctor.unit})" if d.doctor.unit else ""
    rows = [
        ("File", d.file),
        ("Channel", d.channel),
        ("Verdict", d.verdict),
        ("Finding", finding(d)),
        ("What to do", advice(d)),
        ("How sure", sureness_words(d)),
        ("Confidence", f"{d.confidence:.4f}"),
        ("Best guess", d.best_guess or ""),
        ("Reason", d.reason),
        ("Agreement", d.agreement),
        ("Sampling rate (Hz)", f"{d.sampling_rate_hz:.10g}"),
        ("Sampling rate from", d.rate_source),
        ("Shaft speed (rpm)", "" if d.shaft_rpm is None else f"{d.shaft_rpm:.10g}"),
        ("Shaft speed from", d.rpm_source),
        ("Bearing", "" if d.bearing is None else d.bearing.name),
        ("Duration (s)", f"{d.duration_s:.6g}"),
        (f"RMS{unit}", f"{i.rms:.6g}"),
        (f"Peak{unit}", f"{i.peak:.6g}"),
        ("Crest factor", f"{i.crest_factor:.6g}"),
        ("Kurtosis", f"{i.kurtosis:.6g}"),
    ]
    return rows + _evidence_rows(d)


def _evidence_rows(d: Diagnosis) -> list[tuple[str, str]]:
    """What the verdict was made of: opinions, lines, warnings, the network."""
    rows = []
    for opinion in d.opinions.values():
        said = "no opinion"
        if opinion.verdict is not None:
            said = f"{state_word(opinion.verdict, d.element)} {opinion.confidence:.4f}"
        outside = "" if opinion.in_domain or opinion.verdict is None else ", outside its training: counts for nothing"
        rows.append((f"Opinion of the {opinion.title}", said + outside))
    for name, family in d.evidence.items():
        lines = f"{family_sentence(family, d.element)} {family_remark(family)}".strip()
        rows.append((f"Fault lines of the {part_of(d, name).lower()}", lines))
    rows += [("Warning", warning) for warning in d.warnings]
    return rows + [(f"Order network: {name}", value) for name, value in d.model.items()]


def report_csv(diagnosis: Diagnosis) -> str:
    """The summary in lines that begin with ``#`` (pandas: ``comment="#"``), then a row per window of the waveform CNN.

    Where the CNN does not know the machine there are no rows: its windows count for nothing. Names that come from the
    file cannot become spreadsheet formulas (`bearing.readers.names.safe_cell`).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for name, value in summary_rows(diagnosis):
        writer.writerow([f"# {name}", " ".join(safe_cell(value).split())])
    windows = diagnosis.windows
    writer.writerow(["window", "start_s", "end_s", "verdict", *(f"p_{name}" for name in windows.classes)])
    rows = zip(windows.start_s, windows.verdicts, windows.probabilities, strict=True) if cnn_counts(diagnosis) else ()
    for n, (start, verdict, row) in enumerate(rows):
        ends = (f"{start:.6f}", f"{start + windows.duration_s:.6f}")
        writer.writerow([n, *ends, verdict, *(f"{p:.6f}" for p in row)])
    return text.getvalue()


def report_json(diagnosis: Diagnosis) -> str:
    """`Diagnosis.to_dict()` as JSON text: the same object that the command line and the API give."""
    return diagnosis.to_json()


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;padding:0 1rem;color:#17212b;"
    "background:#fff}"
    "h2{margin:2rem 0 0;font-size:1.1rem}table{border-collapse:collapse}.note{color:#59616b}"
    "th{text-align:left;font-weight:600;padding:.15rem 1.2rem .15rem 0;vertical-align:top}td{padding-right:1.2rem}"
)
_PAGE_STYLE = (
    "body{font:14px/1.45 system-ui,sans-serif;max-width:700px;margin:1rem auto;padding:0 .75rem;color:#17212b;"
    "background:#fff}"
    "header{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;border-bottom:1px solid #c5ccd3;padding-bottom:.4rem}"
    "header span{color:#59616b}h1{font-size:1.5rem;line-height:1.25;margin:.8rem 0 .2rem}"
    "h2{margin:1rem 0 .1rem;font-size:1.05rem}p{margin:.3rem 0}.do{font-size:1.1rem;font-weight:600}"
    ".note{color:#59616b}table{border-collapse:collapse;width:100%;table-layout:fixed}"
    "th{text-align:left;font-weight:600;width:30%}th,td{padding:.12rem .6rem .12rem 0;vertical-align:top;"
    "border-bottom:1px solid #e6eaee;overflow-wrap:anywhere}"
    "@media(max-width:480px){th{width:36%}}"
    "@page{size:A4;margin:11mm}@media print{body{font-size:11.5px;margin:0;padding:0;max-width:none}"
    "h1{font-size:1.6rem;margin-top:.4rem}section.more{break-before:page}"
    ".modebar{display:none!important}.js-plotly-plot,tr,h1{break-inside:avoid}h2{break-after:avoid}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"
)

_FLEET_STYLE = (
    "td,tbody th{padding:.35rem 1.2rem .35rem 0;vertical-align:top;border-bottom:1px solid #e6eaee}"
    "td:nth-child(3),td:nth-child(5){white-space:nowrap}@page{size:A4 landscape;margin:11mm}"
    "@media print{body{font-size:11.5px;margin:0;max-width:none}tr{break-inside:avoid}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"
)


def _drawn(figures: Mapping[str, go.Figure], first: int = 0) -> str:
    """Live figures under their titles, numbered from `first`, plotly's script with number 0."""
    parts = []
    for position, (title, figure) in enumerate(figures.items(), start=first):
        plot = figure.to_html(
            full_html=False,
            include_plotlyjs=position == 0,
            config={"responsive": True},
            div_id=f"figure-{position}",  # by default a random one: the same report twice is the same text
        )
        parts.append(f"<h2>{html.escape(title)}</h2>{plot}")
    return "".join(parts)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    """Name and value, row by row; rows without a value are left out."""
    cells = (f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows if value)
    return f"<table>{''.join(cells)}</table>"


def _numbers(d: Diagnosis, recording: Recording | None, about: About) -> list[tuple[str, str]]:
    """The numbers a person asks for, with their units."""
    i, unit = d.indicators, d.doctor.unit
    rows = [("Level", f"{i.rms:.3g} {unit or '(unit not known)'} RMS, peak {i.peak:.3g} {unit}".rstrip())]
    velocity = None
    if recording is not None:
        signal = recording.samples[usable_stretch(recording.samples)]
        velocity = velocity_mm_s(signal, d.sampling_rate_hz, unit_of(recording.channel, recording.unit))
    if velocity is not None:
        rows.append(("Velocity, 10 to 1000 Hz", f"{velocity:.2f} mm/s RMS"))
        if about.group and about.support:
            zone = severity(velocity, about.group, about.support).zone
            rows.append(
                (
                    "Machine's zone",
                    f"{zone} by {EDITION} ({GROUPS[about.group]}; {SUPPORTS[about.support].lower()}). "
                    "It judges the machine: early bearing damage hardly shows there.",
                )
            )
    rows.append(("Impulsiveness", f"kurtosis {i.kurtosis:.2f} (noise: 3), crest factor {i.crest_factor:.1f}"))
    family = strongest_family(d)
    if family is not None:
        rows.append(("Fault lines", f"{family_sentence(family, d.element)} {family_remark(family)}".strip()))
    for name, one in (("What strikes", d.impacts), ("What beats", d.beats)):
        if one is not None:
            turn = "" if one.order is None else f", {one.order:.2f} times a turn"
            rows.append((name, f"{one.rate_hz:.1f} times a second{turn}"))
    return rows


def _inputs(d: Diagnosis, recording: Recording | None) -> list[tuple[str, str]]:
    """What the finding rests on, each with where it comes from."""
    speed = "not known"
    if d.shaft_rpm is not None:
        stated = f", stated {d.stated_rpm:.6g} rpm" if d.stated_rpm is not None else ""
        speed = f"{d.shaft_rpm:.1f} rpm{stated} ({d.rpm_source or 'from the file'})"
    return [
        ("File", f"{d.file}, channel {d.channel}, {d.duration_s:#.3g} s"),
        ("sha256 of the file", recording.sha256 if recording else ""),
        ("Sampling rate", f"{d.sampling_rate_hz:,.6g} Hz ({d.rate_source or 'from the file'})"),
        ("Shaft speed", speed),
        ("Bearing", "not known" if d.bearing is None else _bearing_words(d.bearing)),
        ("Versions", f"bearing {__version__}, {d.model['name']} {d.model['version']}"),
    ]


def _bearing_words(bearing: Bearing) -> str:
    """Its name (a geometry given by hand is named by its numbers), its orders, and where those come from."""
    o = bearing.orders
    orders = f"BPFO {o.bpfo:.4g}, BPFI {o.bpfi:.4g}, BSF {o.bsf:.4g}, FTF {o.ftf:.4g} per turn"
    try:
        entry = find(bearing.name)
    except BearingError:
        return f"{bearing.name}: {orders} (given by hand)"
    return f"{bearing.name}: {orders} ({entry.source})" if entry.name == bearing.name else f"{bearing.name}: {orders}"


def report_html(diagnosis: Diagnosis, recording: Recording | None = None, about: About | None = None) -> str:
    """The report, one self-contained page for paper, screen and phone; library, page, REST and command line give it.

    First what was found, what to do, how sure that is, the envelope spectrum and the key numbers with what they rest
    on; on further paper the other figures and every detail. Figures need the `recording` that was diagnosed, in the
    rate it was diagnosed at. Everything is escaped.
    """
    d, about = diagnosis, about or About()
    figures = {} if recording is None else DiagnosisFigures(d, recording, about.view).titled()
    first = dict(list(figures.items())[:1])
    more = {title: figure for title, figure in figures.items() if title not in first}
    made = datetime.now().astimezone()
    measured = recording.started if recording is not None and recording.started else "date not in the file"
    head = "".join(
        f"<div><span>{name}</span> {html.escape(value)}</div>"
        for name, value in (
            ("Machine", about.machine or "not named"),
            ("Measuring point", about.point or d.channel),
            ("Measured", measured),
            ("Report of", f"{made:%Y-%m-%d %H:%M}"),
        )
    )
    warnings = "".join(f"<li>{html.escape(warning)}</li>" for warning in unsaid(why(d), d.warnings))
    titles = {row.verdict: fault_title(row.verdict, d.element) for row in d.channels if row.verdict != "error"}
    channels = [(row.channel, f"{titles.get(row.verdict, 'Not judged')}. {row.reason}") for row in d.channels]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bearing report: {html.escape(about.machine or d.file)}</title>
<style>{_PAGE_STYLE}h1{{border-left:8px solid {LOOKS[d.verdict].colour};padding-left:.6rem}}</style></head><body>
<header>{head}</header><main>
<h1>{html.escape(finding(d))}</h1>
<p class="do">{html.escape(advice(d))}</p>
<p><strong>{html.escape(sureness_words(d).capitalize())}.</strong> {html.escape(why(d))}</p>
<p class="note">{html.escape(" ".join(filter(None, (counted_sentence(d.counted), about.note))))}</p>
{f"<ul>{warnings}</ul>" if warnings else ""}
{_drawn(_for_paper(first))}
<h2>Key numbers</h2>{_table(_numbers(d, recording, about))}
<h2>What it rests on</h2>{_table(_inputs(d, recording))}
<section class="more">
{f"<h2>Every channel</h2>{_table(channels)}" if len(channels) > 1 else ""}
{_drawn(_for_paper(more), len(first))}
<h2>In detail</h2>{_table(_evidence_rows(d))}
</section></main></body></html>
"""


def _for_paper(figures: Mapping[str, go.Figure]) -> dict[str, go.Figure]:
    """The figures in ink on white, lower than on the screen."""
    for figure in figures.values():
        figure.update_layout(height=290, font={"color": "#17212b"}, paper_bgcolor="#fff", plot_bgcolor="#fff")
    return dict(figures)


def history_html(history: History, figures: Mapping[str, go.Figure], title: str, note: str = "") -> str:
    """One self-contained page about a machine: state and reason of every point, then the figures. All is escaped."""
    worst = history.worst
    state_key = worst.state if worst else "no data"
    headline = f"{html.escape(title)}: {MACHINE_STATES[state_key].title if worst else 'no measurement'}"
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


def fleet_html(rows: Sequence[FleetRow], title: str, note: str = "") -> str:
    """One self-contained page about all machines, the worst first: how many are in which state, then a row of each."""
    counts = {key: sum(row.state == key for row in rows) for key in reversed(MACHINE_STATES)}
    told = ", ".join(f"{count} {MACHINE_STATES[key].title}" for key, count in counts.items() if count)
    lines = "".join(
        f'<tr><th style="border-left:8px solid {MACHINE_LOOKS[row.state].colour};padding-left:.6rem">'
        f"{html.escape(row.machine)}, {html.escape(row.point)}</th>"
        f"<td>{html.escape(MACHINE_STATES[row.state].title)}</td><td>{html.escape(row.since[:10])}</td>"
        f"<td>{html.escape(verdict_words(row.verdict))}</td><td>{_change(row.change_db)}</td>"
        f"<td>{_spark(row.spark)}</td><td>{html.escape(row.reason)}"
        f"{f'<br><span class=note>{html.escape(row.acknowledged)}</span>' if row.acknowledged else ''}</td></tr>"
        for row in rows
    )
    heads = "".join(
        f"<th>{name}</th>" for name in ("Machine", "State", "Since", "Verdict", "Change", "Trend", "Reason")
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{_STYLE}{_FLEET_STYLE}</style>
<h1>{html.escape(title)}</h1><p>{len(rows)} measuring points: {told or "none"}.</p>
<p class="note">{html.escape(note)}</p>
<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></html>
"""


def _change(change_db: float | None) -> str:
    return "" if change_db is None else f"{change_db:+.1f} dB"


def _spark(values: Sequence[float], width: int = 120, height: int = 26) -> str:
    """A line without axes, as an SVG; its words are in the row's reason."""
    finite = [value for value in values if value == value]
    if len(finite) < 2:
        return ""
    low, span = min(finite), (max(finite) - min(finite)) or 1.0
    step = (width - 4) / (len(finite) - 1)
    dots = " ".join(
        f"{2 + i * step:.1f},{height - 3 - (v - low) / span * (height - 6):.1f}" for i, v in enumerate(finite)
    )
    return (
        f'<svg width="{width}" height="{height}" aria-hidden="true"><polyline points="{dots}" fill="none" '
        'stroke="#3b6ea5" stroke-width="1.5"/></svg>'
    )
