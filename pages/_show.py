"""What the pages share in showing things: text from files made harmless, colours of states, one way to draw a chart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from bearing.figures.recording import INK
from bearing.figures.sent import Sent
from bearing.verdict.words.advice import percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "GLYPH",
    "Draw",
    "STATE_COLOUR",
    "Tone",
    "announce",
    "chart",
    "drawn",
    "hertz",
    "percent",
    "plain",
    "small_table",
    "titled",
    "unseen_heading",
]

Draw = Callable[[str, Callable[[], "go.Figure"]], "go.Figure"]  # `drawn`, of one folder

Tone = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]

# Names of Streamlit's palette; .streamlit/config.toml gives each the colour of bearing/figures/looks.py.
STATE_COLOUR: dict[str, Tone] = {
    "normal": "green",
    "inner": "orange",
    "outer": "blue",
    "ball": "violet",
    "damaged": "red",
    "impacts": "yellow",
    "uncertain": "gray",
}
# The shape of each state, as its marker in the charts: colour is never the only sign.
GLYPH = {"normal": "●", "inner": "◆", "outer": "■", "ball": "▲", "damaged": "⬢", "impacts": "★", "uncertain": "✕"}

SAVED_WIDTH_PX, SAVED_TITLE_PX = 1100, 34  # of a saved picture

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$<>^])")
_DIRECTIVE = re.compile(r":(?=\S)")


def plain(text: object) -> str:
    """Text of a stranger (file, channel, variable) for a Markdown element: shown as it is written, nothing is markup.

    Icons and coloured text begin with a colon; a zero-width space behind it keeps it a colon.
    """
    return _DIRECTIVE.sub(":\u200b", _MARKDOWN.sub(r"\\\1", " ".join(str(text).split())))


def hertz(rate_hz: float) -> str:
    """``12 kHz``, ``51.2 kHz``, ``800 Hz``."""
    return f"{rate_hz / 1000:.6g} kHz" if rate_hz >= 1000 else f"{rate_hz:.4g} Hz"


def unseen_heading(text: str) -> None:
    """The page's first heading for a screen reader, where what is seen begins with the answer."""
    st.html(f'<h1 class="heard">{escape(text)}</h1>')


def announce(text: str) -> None:
    """Tell a screen reader what changed: a live region nobody sees."""
    st.html(f'<p class="heard" role="status" aria-live="polite">{escape(text)}</p>')


def small_table(rows: Sequence[Mapping[str, str]]) -> None:
    """A few rows of Markdown as a table. Streamlit's own tables bring a megabyte of scripts to a page."""
    head, rule = " | ".join(rows[0]), "---|" * len(rows[0])
    st.markdown("\n".join([f"| {head} |", f"|{rule}", *(f"| {' | '.join(row.values())} |" for row in rows)]))


@st.cache_resource(max_entries=64, show_spinner=False)
def drawn(folder: Path, changed: float, key: str, _draw: Callable[[], go.Figure]) -> go.Figure:
    """A figure of what was measured once, in the files of a folder as of `changed`: built once for all visitors.

    Building takes longer than sending. Nobody may change what comes back.
    """
    return _draw()


def titled(figure: go.Figure, lines: Sequence[str]) -> None:
    """Give a figure's saved picture a white ground with dark text, one width and these lines over it.

    So it stands in a letter on its own. On the page none of that is seen: the style all pages share (navigation.py)
    takes it back.
    """
    figure.update_layout(
        title={
            "text": "<br>".join(escape(line, quote=False) for line in lines if line),
            "font": {"size": 11, "color": INK, "weight": "normal"}, "x": 1.0, "xanchor": "right", "xref": "paper",
            "y": 1.0, "yref": "container", "yanchor": "top", "pad": {"t": 14},
        },
        margin_t=max(int(figure.layout.margin.t or 0), SAVED_TITLE_PX), paper_bgcolor="#FFFFFF",
    )  # fmt: skip


def chart(
    figure: go.Figure,
    key: str,
    alt: str,
    name: str = "figure",
    buttons_off: Sequence[str] = (),
    title: Sequence[str] = (),
    quiet: bool = False,
    **options: Any,
) -> Any:
    """A plotly figure in the app's style; the camera in its bar saves `name`.png at twice the size.

    `title` : see `titled`. `quiet` : no bar.
    """
    selects = options.get("selection_mode", "points") if "on_select" in options else ""
    sent = Sent(figure, selects)
    if title:
        titled(sent, title)
    bar = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", *buttons_off],
        "toImageButtonOptions": {
            "format": "png",
            "filename": name,
            "scale": 2,
            **({"width": SAVED_WIDTH_PX, "height": sent.layout.height} if title else {}),
        },
    }
    config = {"displayModeBar": False} if quiet else bar
    return st.plotly_chart(sent, key=key, alt=alt, config=config, theme=None, **options)
