"""What the pages share in showing things: text from files made harmless, colours of states, one way to draw a chart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from bearing.verdict.advice import percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["GLYPH", "STATE_COLOUR", "Tone", "announce", "chart", "hertz", "percent", "plain"]

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


def announce(text: str) -> None:
    """Tell a screen reader what changed: a live region nobody sees."""
    from html import escape

    st.html(f'<p class="heard" role="status" aria-live="polite">{escape(text)}</p>')


def chart(
    figure: go.Figure, key: str, alt: str, name: str = "figure", buttons_off: Sequence[str] = (), **options: Any
) -> Any:
    """A plotly figure in the app's style; the camera in its bar saves `name`.png at twice the size."""
    config = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", *buttons_off],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }
    return st.plotly_chart(figure, key=key, alt=alt, config=config, theme="streamlit", **options)
