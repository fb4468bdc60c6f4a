"""One process and one port for the web pages and the REST API: `streamlit run app.py`."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.routing import BaseRoute, Mount

NAVIGATION = Path(__file__).resolve().parent / "pages" / "navigation.py"  # absolute: bare uvicorn may start anywhere


def warm_up() -> None:
    """Import what the first diagnosis needs while the visitor still looks for a file; a failure shows later."""
    from contextlib import suppress

    with suppress(Exception):
        import plotly.graph_objects  # noqa: F401
        import scipy.io
        import scipy.signal  # noqa: F401

        from bearing.predictor import load_predictor

        load_predictor()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, object]]:
    """Warm up in the background; a mounted API's own lifespan runs only when it is entered here."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    async with AsyncExitStack() as stack:
        if API is not None:
            await stack.enter_async_context(API.router.lifespan_context(API))
        yield {}


API = None
routes: list[BaseRoute] = []
if find_spec("bearing.api") is not None:
    from bearing.api import app as API  # type: ignore[no-redef]

    routes.append(Mount("/api", app=API))

app = st.App(NAVIGATION, routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    app.run()
