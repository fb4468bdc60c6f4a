"""What /api/docs shows, without any other host: Swagger UI's files come with a package, and no font or icon is fetched.

The examples are computed from the simulated samples by the very code they describe.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from bearing.api.gate import UPLOAD_PATHS
from bearing.errors import BearingError
from bearing.files import DATA_DIR

__all__ = ["BATCH_BODY", "DESCRIPTION", "ERRORS", "WINDOWS_BODY", "add_page", "with_examples"]

SAMPLE = DATA_DIR / "samples" / "outer.csv"  # simulated, and says so in its first line

DESCRIPTION = """\
Is this rolling bearing healthy, which part is failing, and how sure is that? One vibration file in, one diagnosis out.

```sh
curl -F file=@pump.csv -F rate=25600 -F rpm=1480 -F bearing=6205 https://HOST/api/diagnose
curl --data-binary @windows.npy https://HOST/api/windows
```

Errors are `{"detail": "one sentence: what was expected, what came, what to do"}`. A busy server answers 429 with
`Retry-After`. Where the server has a key, send it as `Authorization: Bearer KEY`. Every answer carries `X-Request-ID`.
"""

_ERROR = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string"}},
}


def _answer(description: str, example: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _ERROR, "example": {"detail": example}}}
    return {"description": description, "content": content}


ERRORS: dict[int | str, dict[str, Any]] = {
    401: _answer("The key is missing or wrong.", "This service needs its key: send it as 'Authorization: Bearer KEY'."),
    413: _answer("Over a limit.", "More than 512 windows in one request: split it into several."),
    422: _answer("The input cannot be used.", "Record 3 (counted from 0) holds 2,047 numbers, expected 2048."),
    429: _answer("The queue is full.", "The server is busy: try again in a second."),
    503: _answer("The model cannot be loaded.", "cnn.onnx is missing from weights/: run `python -m bearing train`."),
}

_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 2048, "maxItems": 2048}
_ROWS = {"type": "array", "items": _NUMBERS, "minItems": 1}
_RECORDS = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "object", "required": ["record"], "properties": {"record": _NUMBERS}},
}
_WRAPPED_ROWS = {"type": "object", "required": ["windows"], "properties": {"windows": _ROWS}}

WINDOWS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"anyOf": [_WRAPPED_ROWS, _ROWS]}},
            "application/x-npy": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
BATCH_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": _RECORDS}}}}


def add_page(api: FastAPI) -> None:
    """The page at ``/docs``; addresses in it are relative, so that it works below any prefix of a proxy."""
    spec = find_spec("fastapi_offline")  # the package that ships Swagger UI; its code is not used
    if spec is None or spec.origin is None:
        return  # the schema is served all the same
    api.mount("/docs/static", StaticFiles(directory=Path(spec.origin).parent / "static"))
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=f"{api.title}: REST",
        swagger_js_url="docs/static/swagger-ui-bundle.js",
        swagger_css_url="docs/static/swagger-ui.css",
        swagger_favicon_url="data:,",
    )

    @api.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return page


def with_examples(api: FastAPI) -> Callable[[], dict[str, Any]]:
    """The `openapi` method of `api`: its schema with answers and examples, made once."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            schema = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
            _add_answers(schema)
            try:
                _add_examples(schema)
            except BearingError as error:  # a service without its model still explains itself
                logging.getLogger("bearing.api").warning("No examples in the documentation: %s", error)
            api.openapi_schema = schema
        return api.openapi_schema

    return openapi


def _add_answers(schema: dict[str, Any]) -> None:
    """What the POST routes answer; of ``/windows`` also as ``.npy``."""
    from bearing.api.schemas import ANSWERS, MACHINE_ANSWERS, REFERENCE, components

    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    parts.update(components())
    for path in UPLOAD_PATHS:
        form = schema["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["$ref"]
        parts[form.rpartition("/")[2]]["properties"]["file"]["format"] = "binary"  # generators take it for text without
    for path, answer in ANSWERS.items():
        content = {"application/json": {"schema": {"$ref": REFERENCE.format(model=answer.__name__)}}}
        if path == "/windows":
            content["application/x-npy"] = {"schema": {"type": "string", "format": "binary"}}
        schema["paths"][path]["post"]["responses"]["200"]["content"] = content
    for (path, method), answer in MACHINE_ANSWERS.items():
        content = {"application/json": {"schema": {"$ref": REFERENCE.format(model=answer.__name__)}}}
        schema["paths"][path][method]["responses"]["200"]["content"] = content
        if method == "post":
            form = schema["paths"][path][method]["requestBody"]["content"]["multipart/form-data"]["schema"]["$ref"]
            parts[form.rpartition("/")[2]]["properties"]["file"]["items"]["format"] = "binary"


def _add_examples(schema: dict[str, Any]) -> None:
    from bearing.api.answers import judge
    from bearing.verdict.asked.file import diagnose_file
    from bearing.verdict.asked.intake import open_path

    intake = open_path(SAMPLE)
    window = intake.recordings[intake.preferred].samples[None, :2048].round(5)
    judged = judge(window)

    def answer(path: str, method: str, example: object) -> None:
        answers = schema["paths"][path][method]["responses"]
        answers["200"]["content"]["application/json"]["example"] = example

    def body(path: str, example: object) -> None:
        schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"] = example

    answer("/diagnose", "post", diagnose_file(intake).as_dict())
    body("/windows", {"windows": window.tolist()})
    answer("/windows", "post", judged.answer())
    body("/batch_predict/", [{"record": row} for row in window.tolist()])
    answer("/batch_predict/", "post", judged.original_answer())
