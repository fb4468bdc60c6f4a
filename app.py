"""One process and one port for the web pages and the REST API: `streamlit run app.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

# To judge a foreign Origin, Streamlit asks a public web service for this machine's address (at a headless start, too:
# .streamlit/config.toml). Nothing here needs the answer, and nothing shall leave the machine.
net_util.get_external_ip = net_util.get_internal_ip = lambda: None

st.secrets.load_if_toml_exists()  # where a host keeps settings as secrets, they are in the environment from here on

from bearing.api.early import Early  # noqa: E402
from bearing.api.service import create_api, lifespan_of, routes_of  # noqa: E402
from bearing.settings import check_or_exit  # noqa: E402

check_or_exit()
api = create_api()

NAVIGATION = Path(__file__).resolve().parent / "pages" / "navigation.py"  # absolute: bare uvicorn may start anywhere


def warm_up() -> None:
    """Import what the first chart needs while the visitor still looks for a file; a failure shows later."""
    from contextlib import suppress

    with suppress(Exception):
        import tsdownsample  # noqa: F401

        import bearing.figures.envelope  # noqa: F401


def hints() -> list[Middleware]:
    """Plotly is sent for together with a page that has charts, or from which a click leads to one."""
    scripts = (Path(st.__file__).parent / "static" / "static" / "js").glob("PlotlyChart.*.js")
    charted = ("/machine", "/fleet", "/test_set", "/training")
    return [Middleware(Early, paths=charted, script=f"static/js/{one.name}") for one in scripts]


@asynccontextmanager
async def lifespan(running: st.App) -> AsyncIterator[dict[str, object]]:
    """The API's own lifespan, which warms up in the background, runs only when it is entered here."""
    async with lifespan_of(api, warm_up)(running):
        yield {}


app = st.App(NAVIGATION, routes=routes_of(api), lifespan=lifespan, middleware=hints())

if __name__ == "__main__":
    app.run()
