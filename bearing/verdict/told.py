"""How a Diagnosis shows itself: in one line, in a notebook, as text, page and figure.

The methods of `Diagnosis` come here. Page and figures are drawn in rooms above this one (`bearing.report`,
`bearing.figures`), which are imported when somebody asks: the one arrow that runs up, named in `pyproject.toml`.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING

from bearing.errors import ParameterError
from bearing.verdict.words.sentences import fault_title, percent, unsaid

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from bearing.recording import Recording
    from bearing.verdict.diagnosis import Diagnosis

__all__ = ["as_html", "as_json", "card", "figure", "handed_over", "headline", "one_line", "short"]


def headline(diagnosis: Diagnosis) -> str:
    """``Outer race fault, 89 %``; an uncertain verdict carries the number of its best guess, where there is one."""
    title = fault_title(diagnosis.verdict, diagnosis.element)
    if diagnosis.verdict != "uncertain":
        return f"{title}, {percent(diagnosis.confidence)}"
    if diagnosis.best_guess is None or not diagnosis.has_guess:
        return title
    guess = fault_title(diagnosis.best_guess, diagnosis.element).lower()
    return f"{title} (best guess: {guess}, {percent(diagnosis.confidence)})"


def one_line(diagnosis: Diagnosis) -> str:
    """Verdict, confidence, reason and warnings, in one line of text."""
    more = unsaid(diagnosis.reason, diagnosis.warnings)
    return " ".join(" ".join((f"{headline(diagnosis)}.", diagnosis.reason, *diagnosis.asked_besides, *more)).split())


def short(diagnosis: Diagnosis) -> str:
    """For a prompt: ``<Diagnosis of pump.csv, channel 'signal': Outer race fault, 89 %>``."""
    return f"<Diagnosis of {diagnosis.file or 'an array'}, channel {diagnosis.channel!r}: {headline(diagnosis)}>"


def card(diagnosis: Diagnosis) -> str:
    """A small HTML card for notebooks: verdict in its state's colour, reason, warnings. Everything is escaped."""
    from bearing.figures.looks import LOOKS

    notes = "".join(f"<br><small>{html.escape(note)}</small>" for note in unsaid(diagnosis.reason, diagnosis.warnings))
    where = f"{diagnosis.file or 'array'}, channel {diagnosis.channel}"
    return (
        f'<div style="border-left:6px solid {LOOKS[diagnosis.verdict].colour};padding:.2rem .8rem">'
        f"<b>{html.escape(headline(diagnosis))}</b> <small>{html.escape(where)}</small>"
        f"<br>{html.escape(diagnosis.reason)}{notes}</div>"
    )


def as_json(diagnosis: Diagnosis) -> str:
    """`Diagnosis.to_dict()` as JSON text."""
    return json.dumps(diagnosis.to_dict(), indent=2, allow_nan=False)


def as_html(diagnosis: Diagnosis) -> str:
    """The report, one page that needs no network; with figures where the signal is at hand."""
    from bearing.report import report_html

    return report_html(diagnosis, diagnosis.recording)


def figure(diagnosis: Diagnosis, name: str) -> go.Figure:
    """One figure by name. Raises ParameterError for an unknown name, or without the signal."""
    from bearing.figures.diagnosis import DiagnosisFigures

    return DiagnosisFigures(diagnosis, _signal_of(diagnosis))[name]


def _signal_of(diagnosis: Diagnosis) -> Recording:
    if diagnosis.recording is None:
        raise ParameterError("This diagnosis does not hold its signal: figures need one made by bearing.diagnose().")
    return diagnosis.recording


def handed_over(text: str, path: str | Path | None) -> str | None:
    """The text itself, or, with a path, None after writing it. Raises ParameterError for a path that cannot be."""
    if path is None:
        return text
    try:
        Path(path).write_text(text, encoding="utf-8")
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(f"{str(path)!r} could not be written ({reason}): choose another path.") from error
    return None
