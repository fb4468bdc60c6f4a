"""A header that goes out with a page's address: which big script the page will need."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Early"]


class Early:
    """ASGI middleware: ``Link: <script>; rel=modulepreload`` on answers to the `paths`.

    A page asks for plotly (4.7 MB) when its first chart arrives, after all else; told with the address, a browser loads
    and compiles it meanwhile. `script` is relative to the page.
    """

    def __init__(self, app: ASGIApp, paths: tuple[str, ...], script: str) -> None:
        self.app, self.paths = app, paths
        self.header = (b"link", f"<{script}>; rel=modulepreload".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hinting(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], self.header]}
            await send(message)

        charted = scope["type"] == "http" and scope["path"].endswith(self.paths)
        await self.app(scope, receive, hinting if charted else send)
