"""Watch it learn: a training started from the Training page, followed live, compared with the committed one."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from bearing.errors import BearingError
from bearing.figures import training as figures
from bearing.figures.words import curves_words
from bearing.lab.settings import Settings
from bearing.lab.waveform import live as live_training
from bearing.lab.waveform.live import Plan, Progress, Run
from bearing.results.metrics import Epoch
from bearing.results.waveform import PROTOCOLS, Result
from pages._show import chart

RUNS, DONE = "training.runs", "training.done"


def my_runs() -> list[Run]:
    """The trainings this visitor started, the latest last; others have their own."""
    runs: list[Run] = st.session_state.setdefault(RUNS, [])
    return runs


def progress_of(run: Run) -> Progress:
    """What a run has reached; of an ended one what it had reached then, for its folder may be gone."""
    done: dict[str, Progress] = st.session_state.setdefault(DONE, {})
    if run.name in done:
        return done[run.name]
    progress = run.read()
    if not progress.running:
        done[run.name] = progress
    return progress


def show_live(evaluated: dict[str, Result], history: tuple[Epoch, ...]) -> None:
    st.header("Watch it learn", anchor="watch")
    if not live_training.torch_installed():
        st.info(
            "Training needs PyTorch, which is not installed on this server. The curves above are the committed run. On "
            "your own machine: `pip install -r requirements-dev.txt`, then `streamlit run app.py`.",
            icon=":material/cloud_off:",
        )
        return
    runs, on_server = my_runs(), live_training.current()
    busy = on_server is not None and on_server.running()
    mine = busy and on_server in runs
    ask_for_training(mine)
    if busy and not mine:
        st.info("Another visitor's training is running on this server. Yours can begin when it has ended.")
    if mine:
        watch(evaluated, history)
    elif runs:
        show_progress(progress_of(chosen_run(runs)), evaluated, history)


def ask_for_training(mine: bool) -> None:
    """The form; it stays, with what was typed, while the visitor's training runs."""
    defaults = Settings()
    for name, value in (("epochs", defaults.epochs), ("rate", defaults.learning_rate), ("seed", defaults.seed)):
        st.session_state.setdefault(f"live_{name}", value)
    with st.form("train", border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            protocol = st.selectbox(
                "Hold out", list(PROTOCOLS), format_func=lambda k: PROTOCOLS[k].title, key="live_protocol", width=220,
                persist_state="session",
            )  # fmt: skip
            epochs = st.number_input("Epochs", 1, 200, key="live_epochs", width=150, persist_state="session")
            rate = st.number_input(
                "Learning rate", 0.0001, 1.0, format="%.4f", key="live_rate", width=150, persist_state="session"
            )
            seed = st.number_input("Seed", 0, 2**31, key="live_seed", width=150, persist_state="session")
            begin = st.form_submit_button("Start training", icon=":material/play_arrow:", type="primary", disabled=mine)
        absent = live_training.missing_recordings()
        if absent:
            size = sum(e.bytes or 0 for e in absent) / 1e6
            st.caption(
                f"{len(absent)} of the 64 recordings are not on this machine and are downloaded first, {size:.0f} MB."
            )
        else:
            st.caption("About half a second per epoch; the last three questions train one network per held-out part.")
    if begin:
        plan = Plan(protocol, Settings(seed=int(seed), epochs=int(epochs), learning_rate=float(rate)))
        try:
            my_runs().append(live_training.start(plan))
        except BearingError as error:
            st.warning(str(error))
        else:
            st.rerun()


def chosen_run(runs: list[Run]) -> Run:
    """The runs side by side; the one whose row was clicked, at first the latest."""
    latest_first = runs[::-1]
    if len(runs) == 1:
        return runs[0]
    st.markdown("**Your runs**, the latest on top. Click one to see its curves.")
    table = st.dataframe(
        [run_row(run) for run in latest_first],
        hide_index=True,
        key=f"runs-{len(runs)}",
        on_select="rerun",
        selection_mode="single-cell",
        selection_default={"selection": {"cells": [(0, "Held out")]}},
        column_config={
            "Learning rate": st.column_config.NumberColumn(format="%.4f"),
            "Windows right": st.column_config.NumberColumn(format="percent"),
            "Seconds": st.column_config.NumberColumn(format="%.0f"),
        },
        alt="; ".join(f"{row['Held out']}, {row['Epochs']} epochs: {row['State']}" for row in map(run_row, runs)),
    )
    cells = table["selection"]["cells"]
    return latest_first[cells[0][0]] if cells else latest_first[0]


def run_row(run: Run) -> dict[str, object]:
    """What was asked of a run and what came of it."""
    progress = progress_of(run)
    settings = progress.plan.settings
    return {
        "Held out": PROTOCOLS[progress.plan.protocol].title,
        "Epochs": settings.epochs,
        "Learning rate": settings.learning_rate,
        "Seed": settings.seed,
        "State": progress.state,
        "Windows right": progress.metrics.accuracy if progress.metrics else None,
        "Seconds": progress.seconds,
    }


@st.fragment(run_every=0.7)
def watch(evaluated: dict[str, Result], history: tuple[Epoch, ...]) -> None:
    """Redraws itself while the run goes on; the page as a whole once it has ended."""
    run = live_training.current()
    if run is None or not run.running():
        st.rerun()
    assert run is not None
    show_progress(run.read(), evaluated, history)
    st.button("Cancel", icon=":material/stop:", key="cancel", on_click=run.cancel)


def show_progress(progress: Progress, evaluated: dict[str, Result], history: tuple[Epoch, ...]) -> None:
    settings = progress.plan.settings
    title = PROTOCOLS[progress.plan.protocol].title
    st.markdown(
        f"**{title}**, seed {settings.seed}, {settings.epochs} epochs, learning rate {settings.learning_rate:g}"
    )
    if progress.state == "failed":
        st.error(progress.message)
    elif progress.state == "cancelled":
        st.info("Cancelled. The committed weights are as they were.", icon=":material/stop_circle:")
    elif progress.running:
        st.progress(progress.share_done, text=status(progress))
    if progress.curves:
        fold = list(progress.curves)[-1]
        mine = progress.curves[fold]
        same = history if progress.plan.protocol == "random" else ()
        chart(
            figures.curves_figure(mine, same),
            key="live curves",
            quiet=True,
            alt=curves_words(mine, "the run"),
        )
        if len(progress.curves) > 1 or progress.n_folds > 1:
            st.caption(f"Held out now: {fold} ({len(progress.curves)} of {progress.n_folds})")
    compare(progress, evaluated.get(progress.plan.protocol))


def status(progress: Progress) -> str:
    if progress.state == "starting":
        return "Starting PyTorch ..."
    if progress.state == "loading":
        return f"Reading recordings: {progress.loaded[0]} of {progress.loaded[1]}"
    left = progress.seconds_left
    return "Training ..." if left is None else f"At most {max(math.ceil(left), 1)} s left"


def compare(progress: Progress, committed: Result | None) -> None:
    """This run beside the committed one, fold by fold and in all."""
    if not progress.folds:
        return
    rows = [
        {
            "Held out": name,
            "This run": mine.accuracy,
            "Committed run": committed.folds[name].accuracy if committed and name in committed.folds else None,
        }
        for name, mine in progress.folds.items()
    ]
    if progress.metrics is not None and len(rows) > 1:
        rows.append(
            {
                "Held out": "all",
                "This run": progress.metrics.accuracy,
                "Committed run": committed.windows.accuracy if committed else None,
            }
        )
    percent = st.column_config.NumberColumn(format="percent")
    st.markdown("Windows right, of those held out")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"This run": percent, "Committed run": percent},
        alt="Accuracy on held-out windows, this run and the committed one",
    )
