"""What the pages share in showing things: text from files made harmless, colours of states, one way to draw a chart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

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
STATE_ICON = {
    "normal": ":material/check_circle:",
    "inner": ":material/adjust:",
    "outer": ":material/trip_origin:",
    "ball": ":material/bubble_chart:",
    "damaged": ":material/dangerous:",
    "impacts": ":material/bolt:",
    "uncertain": ":material/help:",
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$<>^])")
_DIRECTIVE = re.compile(r":(?=\S)")


def plain(text: object) -> str:
    """Text of a stranger (file, channel, variable) for a Markdown element: shown as it is written, nothing is markup.

    Icons and coloured text begin with a colon; a zero-width space behind it keeps it a colon.
    """
    return _DIRECTIVE.sub(":\u200b", _MARKDOWN.sub(r"\\\1", " ".join(str(text).split())))


def percent(share: float) -> str:
    """A probability as a person should read it: never 100 %, which nothing is."""
    return "> 99 %" if share > 0.995 else f"{share:.0%}".replace("%", " %")


def chart(figure: go.Figure, key: str, alt: str, name: str = "figure", **options: Any) -> Any:
    """A plotly figure in the app's style; the camera in its bar saves `name`.png at twice the size."""
    config = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }
    return st.plotly_chart(figure, key=key, alt=alt, config=config, theme="streamlit", **options)
