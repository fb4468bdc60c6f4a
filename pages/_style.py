"""The Diagnose page's own CSS: the fields stay in view, each state has its shape, a phone gets its own order."""

from __future__ import annotations

from bearing.figures.looks import LOOKS
from pages._show import GLYPH

__all__ = ["STYLE"]

_LAYOUT = """
.st-key-bench {display: grid !important; grid-template-columns: 248px minmax(0, 1fr); grid-template-rows: auto 1fr;
  column-gap: 1.25rem; row-gap: .6rem; align-items: start}
.st-key-bench > * {min-width: 0; width: 100% !important}
.st-key-bench > :has(> .st-key-answer), .st-key-bench > .st-key-answer {grid-column: 2; grid-row: 1}
.st-key-bench > :has(> .st-key-evidence), .st-key-bench > .st-key-evidence {grid-column: 2; grid-row: 2}
.st-key-bench > :has(> .st-key-panel), .st-key-bench > .st-key-panel {grid-column: 1; grid-row: 1 / span 2;
  position: sticky; top: 4rem; max-height: calc(100vh - 4.75rem); overflow-y: auto; padding-right: .35rem}
.st-key-panel {gap: .55rem !important}
.st-key-panel [data-testid="stHorizontalBlock"] {flex-wrap: nowrap}
.st-key-panel [data-testid="stColumn"] {min-width: 0; flex: 1 1 0}
[class*="st-key-candidates"] button {padding: 0 .5rem; min-height: 0}
.st-key-panel [data-testid="stFileUploaderDropzone"] {padding: .4rem .6rem; min-height: 0}
.st-key-panel [data-testid="stWidgetLabel"] {min-height: 1.1rem; margin-bottom: .1rem}
.st-key-panel [data-testid="stFileUploaderDropzoneInstructions"] {display: none}
.st-key-panel :is([data-testid="stNumberInputStepDown"], [data-testid="stNumberInputStepUp"]) {display: none}
.st-key-browser-memory {display: none}
.st-key-hero [data-testid="stFileUploaderDropzone"] {min-height: 9.5rem; border: 2px dashed rgba(128,138,148,.75);
  align-items: center; justify-content: center}
.st-key-channels img {width: 72px; height: 20px; max-height: none !important; margin-right: .3rem}
[class*="st-key-verdict-"] h2 {font-size: 1.45rem; line-height: 1.25; padding: .1rem 0}
[class*="st-key-verdict-"] h2 small {font-size: 1rem; font-weight: 400}
[class*="st-key-verdict-"] {padding: .55rem .9rem !important}
.st-key-envelope-row h3 {font-size: 1.05rem; padding: 0}
.st-key-four [data-testid="stMetric"], .st-key-four [data-testid="stMetric"] > div {padding: .15rem .45rem}
.st-key-four [data-testid="stMetricValue"] {font-variant-numeric: tabular-nums; font-size: 1.05rem}
.st-key-four [data-testid="stMetricDelta"] {font-size: .8rem}
@media (max-width: 760px) {
  .st-key-bench {display: flex !important; flex-direction: column}
  .st-key-bench > :has(> .st-key-panel), .st-key-bench > .st-key-panel {position: static; max-height: none}
  .st-key-report {position: fixed; right: .75rem; bottom: .75rem; z-index: 99; width: auto !important;
    box-shadow: 0 1px 6px rgba(0,0,0,.35); border-radius: 6px}
  .st-key-four [data-testid="stHorizontalBlock"] {display: grid; grid-template-columns: 1fr 1fr}
  .st-key-four [data-testid="stColumn"] {min-width: 0; width: 100%}
  .st-key-four [data-testid="stMetricDelta"], .st-key-four [data-testid="stMetricDelta"] * {white-space: normal;
    overflow: visible; text-overflow: clip}
  .st-key-headline {flex-wrap: wrap !important}
}
"""

STYLE = (
    "<style>"
    + _LAYOUT
    + "".join(
        f".st-key-verdict-{key} {{border-left: 6px solid {look.colour} !important}}\n"
        f".st-key-verdict-{key} h2::before "
        f"{{content: '{GLYPH[key]}' / ''; color: {look.colour}; margin-right: .5rem}}\n"
        for key, look in LOOKS.items()
    )
    + "</style>"
)
