"""Training: what each way of asking says about the network, how it learned, what it is; and a training to watch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from bearing import files
from bearing.errors import ModelError
from bearing.figures import training as figures
from bearing.figures.test_set import confusion_figure
from bearing.figures.words import confusion_words, curves_words, kernels_words
from bearing.models.cards import CnnCard, load_card
from bearing.results.metrics import Epoch, Metrics
from bearing.results.waveform import (
    OTHER_MACHINE,
    Result,
    constant_answer,
    read_all_results,
    read_history,
    read_kernels,
)
from bearing.states import LABELS, STATES
from bearing.verdict.words.sentences import whole_percent
from pages._exhibit import honesty_of_cnn, show_exhibit, show_honesty
from pages._live import show_live
from pages._questions import show_questions
from pages._show import Draw, chart, drawn, small_table


@st.cache_resource(max_entries=4, show_spinner=False)
def results(folder: Path, changed: float) -> dict[str, Result]:
    return read_all_results(folder)


def command(line: str) -> None:
    """How to make the numbers above again."""
    st.caption(f"Reproduce with `{line}`")


def headline(evaluated: dict[str, Result]) -> str:
    """What 100 % meant, in one sentence made of the numbers."""
    easy, hard = evaluated.get("random"), evaluated.get("fault-size")
    if easy is None or hard is None:
        return ""
    most, share = constant_answer(hard.windows)
    compared = "less than" if hard.windows.accuracy < share else "against"
    return (
        f"**{whole_percent(easy.windows.accuracy)}** of the windows the waveform CNN had not seen are right, but only "
        f"**{whole_percent(hard.windows.accuracy)}** when the bearing itself is new: {compared} the "
        f"{whole_percent(share)} of always saying "
        f"“{STATES[most].title.lower()}”. The network learned these bearings and this rig, not the faults."
    )


def protocols_table(evaluated: dict[str, Result]) -> list[dict[str, str]]:
    return [
        {
            "Question": r.protocol.title,
            "Held out": r.protocol.held_out,
            "Windows right": f"{r.windows.accuracy:.1%} of {r.windows.n:,}",
            "Recordings right": f"{r.recordings.accuracy:.1%} of {r.recordings.n:,}",
            "Macro-F1": f"{r.windows.macro_f1:.3f}",
            "Command": f"`{r.command}`",
        }
        for r in evaluated.values()
    ]


def per_class_table(metrics: Metrics, unit: str) -> list[dict[str, str]]:
    return [
        {
            "Class": STATES[name].title,
            "Precision": f"{metrics.per_class[name].precision:.3f}",
            "Recall": f"{metrics.per_class[name].recall:.3f}",
            "F1": f"{metrics.per_class[name].f1:.3f}",
            unit.capitalize(): f"{metrics.per_class[name].support:,}",
        }
        for name in LABELS
    ]


def show_protocols(evaluated: dict[str, Result], draw: Draw) -> None:
    most, share = constant_answer(max((r.windows for r in evaluated.values()), key=lambda m: m.n))
    chart(
        draw(
            "protocols",
            lambda: figures.protocols_figure(list(evaluated.values()), (STATES[most].title.lower(), share)),
        ),
        key="protocols",
        quiet=True,
        alt="; ".join(
            f"{r.protocol.title} {whole_percent(r.windows.accuracy)} of windows right" for r in evaluated.values()
        ),
    )
    st.caption(
        "One network, one recipe; only what is kept from training differs. White dots: each held-out part, with a "
        "network of its own. A recording is judged by the mean probability of its windows."
    )
    with st.expander("What was held out, and the command behind each number", icon=":material/terminal:"):
        small_table(protocols_table(evaluated))


def show_metrics(evaluated: dict[str, Result], folder: Path, draw: Draw) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.segmented_control(
            "Confusion matrix of",
            list(evaluated),
            format_func=lambda k: evaluated[k].protocol.title,
            default=next(iter(evaluated)),
            required=True,
            key="matrix_of",
        )
        unit = st.segmented_control(
            "counting", ["windows", "recordings"], default="windows", required=True, key="matrix_unit"
        )
    result = evaluated[key]
    metrics = result.windows if unit == "windows" else result.recordings
    left, right = st.columns(2, gap="medium")
    with left:
        chart(
            draw(
                f"confusion {key} {unit}",
                lambda: confusion_figure(np.array(metrics.confusion), metrics.classes, height=330),
            ),
            key=f"confusion {key} {unit}",
            quiet=True,
            alt=f"{result.protocol.title}, {unit}. {confusion_words(np.array(metrics.confusion), metrics.classes)}",
        )
    with right:
        small_table(per_class_table(metrics, unit))
        with st.container(horizontal=True, gap="large"):
            st.metric("Accuracy", f"{metrics.accuracy:.1%}", width="content")
            st.metric("Macro-F1", f"{metrics.macro_f1:.3f}", width="content")
            st.metric(unit.capitalize(), f"{metrics.n:,}", width="content")
        command(result.command)
        if key != OTHER_MACHINE.key and st.button("See these windows", icon=":material/grid_view:", key="explore"):
            st.session_state["protocol"], st.session_state["network"] = key, "windows"
            st.switch_page("test_set.py")
    try:
        honesty = honesty_of_cnn(result, folder, result.predictions_sha256, unit == "recordings")
    except ModelError as error:
        st.warning(str(error))
    else:
        show_honesty(honesty, unit, f"{key} {unit}", draw)


def show_curves(evaluated: dict[str, Result], card: CnnCard, history: tuple[Epoch, ...], draw: Draw) -> None:
    """Learning curves of the committed network and of every fold, against what the held-out windows say."""
    st.header("How the waveform CNN learned", anchor="curves")
    random = evaluated.get("random")
    again = f"python -m bearing train --seed {card['training']['seed']}"
    runs = {"The committed network": (history, random.windows.accuracy if random else None, again)}
    for result in evaluated.values():
        for fold, epochs in result.histories.items():
            runs[f"{result.protocol.title}: without {fold}"] = (epochs, result.folds[fold].accuracy, result.command)
    name = next(iter(runs))
    if len(runs) > 1:
        name = st.selectbox("Curves of", list(runs), key="curves_of", width=420)
    epochs, held_out, line = runs[name]
    chart(
        draw(f"curves {name}", lambda: figures.curves_figure(epochs, held_out=held_out)),
        key="curves",
        quiet=True,
        alt=curves_words(epochs, name, held_out),
    )
    if held_out is not None and epochs[-1].validation_accuracy - held_out > 0.1:
        st.caption("Validation windows come from the training bearings, so their curve promises what the line refutes.")
    command(line)


def show_network(card: CnnCard, folder: Path, draw: Draw) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**The network**")
        chart(
            draw("network", lambda: figures.network_figure(card)),
            key="network",
            quiet=True,
            alt="The layers of the network, input at the top: "
            + ", ".join(f"{layer['name']} {' x '.join(map(str, layer['shape']))}" for layer in card["layers"]),
        )
    with right:
        st.markdown("**What its filters listen for**")
        try:
            kernels, rate_hz = read_kernels(folder), card["sampling_rate_hz"]
            chart(
                draw("kernels", lambda: figures.kernels_figure(kernels, rate_hz)),
                key="kernels",
                quiet=True,
                alt=kernels_words(kernels, rate_hz),
            )
            st.caption(
                "A filter lasts 8 ms, about the time from one impact of a damaged bearing to the next: it tells "
                "resonances of this rig apart, hardly the rhythm of the impacts that makes a fault."
            )
        except ModelError as error:
            st.info(str(error))
    with st.expander("Model card", icon=":material/description:"):
        small_table([{"Card": name, "": said} for name, said in card_rows(card).items()])
        st.download_button(
            "cnn.json", (folder / "cnn.json").read_bytes(), "cnn.json", icon=":material/download:", key="card"
        )


def card_rows(card: CnnCard) -> dict[str, str]:
    """The model card for people."""
    training, split = card["training"], card["split"]
    per_part = {part: sum(counts.values()) for part, counts in card["windows_per_class"].items()}
    return {
        "Network": f"{card['name']}, {card['parameters']:,} parameters, version `{card['version']}`",
        "Input": f"{card['window_samples']:,} samples at {card['sampling_rate_hz'] / 1e3:g} kHz, {card['scaler']}",
        "Classes": ", ".join(STATES[name].title for name in card["classes"]),
        "Data": f"{len(card['recordings'])} CWRU recordings, "
        + ", ".join(f"{n:,} {part.replace('_', '-')}" for part, n in per_part.items())
        + " windows",
        "Split": f"{split['kind']}, {split['train_fraction']:.0%} for training, seed {split['seed']}",
        "Training": f"Adam, learning rate {training['learning_rate']:g}, {training['epochs_run']} epochs of "
        f"{training['batch_size']} windows, {training['seconds']:.0f} s on {card['machine']}",
        "Libraries": ", ".join(f"{name} {number}" for name, number in card["libraries"].items()),
        "sha256 of cnn.onnx": f"`{card['files']['cnn.onnx']}`",
        "Good for": "the bearings and the rig it was trained on; see above what it says of others",
    }


TABS = ("What 100 % meant", "Bearings never seen", "Asked wrongly", "How it learned")


def show_committed(evaluated: dict[str, Result], card: CnnCard, history: tuple[Epoch, ...], folder: Path) -> None:
    """What was measured and learned; only the open tab is drawn, for a dozen charts at once take seconds."""
    draw = partial(drawn, folder, changed)
    meant, unseen, questions, learned = st.tabs(list(TABS), key="part", on_change="rerun", bind="query-params")
    if meant.open:
        with meant:
            st.header(TABS[0], anchor="meaning")
            st.markdown(headline(evaluated))
            if evaluated:
                show_protocols(evaluated, draw)
                show_metrics(evaluated, folder, draw)
    if unseen.open:
        with unseen:
            show_exhibit(evaluated, folder, draw)
    if questions.open:
        with questions:
            show_questions(folder, changed, draw)
    if learned.open:
        with learned:
            show_curves(evaluated, card, history, draw)
            show_network(card, folder, draw)


# ----------------------------------------------------------------------------------------------------------------------

st.set_page_config(page_title="Training · Bearing Diagnostics")
st.title("Training", anchor=False)
folder = files.WEIGHTS_DIR
changed = max((f.stat().st_mtime for f in folder.glob("*.json")), default=0.0)
history: tuple[Epoch, ...] = ()
evaluated: dict[str, Result] = {}
try:
    evaluated = results(folder, changed)
    card = load_card(CnnCard, folder / "cnn.json")
    history = read_history(folder)
except ModelError as error:
    st.info(str(error), title="No committed training to show", icon=":material/hourglass_empty:")
else:
    show_committed(evaluated, card, history, folder)
show_live(evaluated, history)
