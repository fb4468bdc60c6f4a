"""Asked rightly, asked wrongly, asked nothing: what damaged and sound machines are told, as one picture each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from bearing.figures.recording import SIGNAL
from bearing.figures.test_set import HATCHED, WRONG, base_layout, label_room
from bearing.results.questions import WAYS, Tally, total

__all__ = ["ways_figure", "ways_words"]

# What is told, from right to grave: its answers, its words, colour and ink. The same answer means another thing to
# a damaged machine than to a sound one.
TOLD_DAMAGED = (
    (("right part",), "the part, rightly", SIGNAL, "white"),
    (("damaged",), "damaged", "#6BAED0", "#17212B"),
    (("impacts",), "something strikes", "#B7D6E6", "#17212B"),
    (("uncertain", "refused"), "uncertain", "#B4BBC2", "#17212B"),
    (("wrong part",), "another part", "#E8B04A", "#17212B"),
    (("normal",), "healthy", WRONG, "white"),
)
TOLD_SOUND = (
    (("normal",), "healthy", SIGNAL, "white"),
    (("uncertain", "refused"), "uncertain", "#B4BBC2", "#17212B"),
    (("impacts",), "something strikes", "#E8B04A", "#17212B"),
    (("damaged", "wrong part"), "a bearing fault", WRONG, "white"),
)
ROW, BETWEEN = 1.0, 0.7


def ways_figure(tallies: Sequence[Tally], damaged: bool) -> go.Figure:
    """One stacked bar of shares per collection and way of asking; the counts stand in the bars."""
    mine = [tally for tally in tallies if tally.part == "questions" and tally.damaged == damaged]
    rows, at, y = [], [], 0.0
    for key in dict.fromkeys((tally.collection, tally.group) for tally in mine):
        of_group = [tally for tally in mine if (tally.collection, tally.group) == key]
        for way, questions in WAYS.items():
            answers = total(tally for tally in of_group if tally.question in questions)
            if answers:
                rows.append((key, way, answers))
                at.append(y)
                y -= ROW
        y -= BETWEEN
    figure = go.Figure()
    for answers_of, words, colour, ink in TOLD_DAMAGED if damaged else TOLD_SOUND:
        counts = np.array([sum(answers[name] for name in answers_of) for _, _, answers in rows])
        sizes = np.array([answers.total() for _, _, answers in rows])
        figure.add_bar(
            x=(counts / np.maximum(sizes, 1)).astype(np.float32),
            y=np.array(at, dtype=np.float32),
            width=0.8,
            orientation="h",
            name=words,
            marker={"color": colour, "line": {"width": 0}, "pattern": HATCHED if colour == WRONG else {}},
            text=[str(n) if n else "" for n in counts],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": ink, "size": 12},
            hovertext=[
                f"{collection}, {group}, {way}: {n} of {size} told “{words}”"
                for ((collection, group), way, _), n, size in zip(rows, counts, sizes, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    names = [_name(key, way) for key, way, _ in rows]
    margin = {"l": label_room(names), "r": 8, "t": 8, "b": 36}
    figure.update_layout(
        **base_layout(90 + int(26 * -y), barmode="stack", showlegend=True, margin=margin),
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal"},
    )
    bare = {"fixedrange": True, "showgrid": False, "zeroline": False, "automargin": False}
    figure.update_xaxes(range=[0, 1], visible=False, **bare)
    figure.update_yaxes(tickvals=at, ticktext=names, range=[y + BETWEEN, 0.6], **bare)
    return figure


def ways_words(tallies: Sequence[Tally], damaged: bool) -> str:
    """The picture in a sentence: per way of asking, how many of the answers are each."""
    mine = [tally for tally in tallies if tally.part == "questions" and tally.damaged == damaged]
    told = []
    for way, questions in WAYS.items():
        answers = total(tally for tally in mine if tally.question in questions)
        counts = [
            f"{words} {n}"
            for names, words, *_ in (TOLD_DAMAGED if damaged else TOLD_SOUND)
            if (n := sum(answers[name] for name in names))
        ]
        told.append(f"{way}: {', '.join(counts) or 'not asked'}")
    return "; ".join(told)


def _name(key: tuple[str, str], way: str) -> str:
    """Collection and what sets the group apart, before the first way only, so that blocks can be told apart."""
    collection, group = key
    about = group.partition(", ")[2]
    if way != next(iter(WAYS)):
        return way
    return f"<b>{collection}{f', {about}' if about else ''}</b>, {way}"
