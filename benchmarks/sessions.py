"""A browser session without a browser: Streamlit's websocket protocol, so that many sessions fit on a small machine.

It loads pages, uploads files and reruns scripts as the frontend does, and says how long the script ran.
"""

from __future__ import annotations

import time
import uuid
from types import TracebackType
from typing import Any

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

__all__ = ["Session"]


class Session:
    """One tab on the app at `url` (``http://127.0.0.1:8501``)."""

    def __init__(self, url: str, timeout_s: float = 120.0) -> None:
        self.url = url
        self.timeout_s = timeout_s
        self.session_id = ""
        self.uploader_id = ""
        self.words: list[str] = []
        self._http = requests.Session()
        self._http.get(f"{url}/_stcore/host-config", timeout=timeout_s)
        self._http.get(f"{url}/_stcore/health", timeout=timeout_s)
        self._xsrf = self._http.cookies.get("_streamlit_xsrf", "")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)
        self._socket = connect(
            url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": cookies} if cookies else None,
            max_size=None,
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()
        self._http.close()

    def run(self, page: str = "", widget: WidgetState | None = None) -> float:
        """Seconds until the script of `page` (its address, "" for the first) has run, with one widget changed."""
        message = BackMsg()
        message.rerun_script.page_name = page
        if widget is not None:
            message.rerun_script.widget_states.widgets.append(widget)
        began = time.perf_counter()
        self._socket.send(message.SerializeToString())
        self.words = []
        while True:
            answer = self._receive()
            if answer.WhichOneof("type") == "script_finished" and answer.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):
                return time.perf_counter() - began

    def upload(self, name: str, data: bytes) -> float:
        """Seconds from sending the file to the end of the script that shows it; the page must hold an uploader."""
        began = time.perf_counter()
        question = BackMsg()
        question.file_urls_request.request_id = uuid.uuid4().hex
        question.file_urls_request.file_names.append(name)
        question.file_urls_request.session_id = self.session_id
        self._socket.send(question.SerializeToString())
        while (answer := self._receive()).WhichOneof("type") != "file_urls_response":
            pass
        place = answer.file_urls_response.file_urls[0]
        sent = self._http.put(
            self.url + "/" + place.upload_url.lstrip("/"),
            files={"file": (name, data)},
            headers={"X-Xsrftoken": self._xsrf or ""},
            timeout=self.timeout_s,
        )
        sent.raise_for_status()
        info = UploadedFileInfo(name=name, size=len(data), file_id=place.file_id, file_urls=place)
        state = FileUploaderState(uploaded_file_info=[info])
        self.run(widget=WidgetState(id=self.uploader_id, file_uploader_state_value=state))
        return time.perf_counter() - began

    def _receive(self) -> Any:
        answer = ForwardMsg()
        answer.ParseFromString(self._socket.recv(timeout=self.timeout_s))
        kind = answer.WhichOneof("type")
        if kind == "new_session":
            self.session_id = answer.new_session.initialize.session_id
        elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
            element = answer.delta.new_element
            what = element.WhichOneof("type")
            if what == "exception":
                raise RuntimeError(f"The page shows an exception: {element.exception.message}")
            if what == "file_uploader":
                self.uploader_id = element.file_uploader.id
            elif what in ("markdown", "heading", "alert"):
                self.words.append(getattr(element, what).body)
        return answer
