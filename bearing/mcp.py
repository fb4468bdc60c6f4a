"""The door for assistants: a Model Context Protocol server over stdio, with the same Diagnosis as every other door.

`bearing mcp FOLDER ...` starts it; it reads files below those folders and nothing else, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from bearing import __version__
from bearing.checks import shown
from bearing.errors import BearingError, ParameterError
from bearing.physics.catalogue import find
from bearing.recording import Recording, usable_stretch
from bearing.signal.spectrum import amplitude_spectrum
from bearing.verdict.asked.ask import answer_of
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Diagnosis

__all__ = ["allowed_path", "create_server", "strongest_lines"]

P = ParamSpec("P")
Answer = TypeVar("Answer")

INSTRUCTIONS = """\
Tells from one vibration file whether a rolling bearing is healthy, which part fails, and how sure that is.
Give sampling rate, shaft speed and bearing where the file does not say them; never make them up.
The verdict "uncertain" is an answer: do not turn it into another.
One sensor's diagnosis is a hint for an engineer, not a substitute for one.
"""


def create_server(folders: Sequence[Path]) -> MCPServer:
    """The server with its four tools. Raises ParameterError for a folder that is none, or for no folder."""
    roots = [folder.expanduser().resolve() for folder in folders]
    if not roots:
        raise ParameterError("Name at least one folder whose recordings may be read.")
    for given, root in zip(folders, roots, strict=True):
        if not root.is_dir():
            raise ParameterError(f"'{given}' is no folder: give one that holds recordings.")
    server = MCPServer("bearing", title="Bearing Diagnostics", instructions=INSTRUCTIONS, version=__version__)

    def answer(path: str, request: Request) -> Diagnosis:
        return answer_of(request.open_path(allowed_path(path, roots)), request)

    @server.tool(structured_output=True)
    @_in_one_sentence
    def diagnose(
        path: str,
        channel: str | None = None,
        rate_hz: float | None = None,
        rpm: float | None = None,
        bearing: str | None = None,
        geometry: str | None = None,
        orders: str | None = None,
        member: str | None = None,
        raw: str | None = None,
    ) -> dict[str, Any]:
        """Diagnose one vibration file: verdict, confidence, reason, evidence.

        The verdict is normal, inner, outer, ball, damaged (part unclear), impacts (something strikes) or uncertain.
        Every channel of vibration is judged unless `channel` names one: the worst is the answer, `channels` has a row
        of each.

        `bearing` is a designation like 6205-2RS; or give `geometry` (n=8,d=5.97,D=31.62,phi=0) or `orders`
        (bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41). `rate_hz` in Hz and `rpm` in 1/min replace what the file says.
        `member` is one sheet or file inside, `raw` the layout of a file of samples alone (int16,le,2ch).
        """
        return answer(path, Request(channel, rate_hz, rpm, bearing, geometry, orders, member, raw)).to_dict()

    @server.tool(structured_output=True)
    @_in_one_sentence
    def spectrum_lines(
        path: str,
        channel: str | None = None,
        rate_hz: float | None = None,
        rpm: float | None = None,
        bearing: str | None = None,
        geometry: str | None = None,
        orders: str | None = None,
        member: str | None = None,
        raw: str | None = None,
        count: int = 12,
    ) -> dict[str, Any]:
        """The `count` strongest lines of the amplitude spectrum (Hz, orders of shaft speed, the signal's unit), and
        every fault line looked for in the envelope spectrum: where it was expected and found, dB over the floor.

        Of the channel that `diagnose` answers for, or of the named one.
        """
        found = answer(path, Request(channel, rate_hz, rpm, bearing, geometry, orders, member, raw))
        recording = found.recording
        assert recording is not None  # `answer_of` keeps it
        return {
            "channel": found.channel,
            "unit": recording.unit,
            "shaft_rpm": found.shaft_rpm,
            "spectrum": strongest_lines(recording, found, count),
            "envelope": found.to_dict()["evidence"],
        }

    @server.tool(structured_output=True)
    @_in_one_sentence
    def find_bearing(designation: str) -> dict[str, Any]:
        """A bearing of the catalogue by its designation: geometry, fault orders and where the numbers come from."""
        entry = find(designation)
        return {"name": entry.name, **asdict(entry)}

    @server.tool(structured_output=True)
    @_in_one_sentence
    def model_card() -> dict[str, Any]:
        """What each network is, what it was trained on, how right: `order_cnn` diagnoses, `cnn` judges windows."""
        from bearing.models.order import load_order_predictor
        from bearing.models.waveform import load_predictor

        return {"cnn": load_predictor().card, "order_cnn": load_order_predictor().card}

    return server


def allowed_path(path: str, roots: Sequence[Path]) -> Path:
    """The file that `path` names, absolute or below one of the folders; links are followed before that is judged.

    Raises ParameterError for a path outside all of them: whether something lies there is not told.
    """
    for root in roots:
        try:
            resolved = (root / path).resolve()
        except (OSError, ValueError, RuntimeError):
            continue
        if any(resolved.is_relative_to(folder) for folder in roots) and resolved.is_file():
            return resolved
    folders = ", ".join(str(root) for root in roots)
    raise ParameterError(f"No file {shown(path)} below {folders}: name one that lies there.")


def strongest_lines(recording: Recording, diagnosis: Diagnosis, count: int) -> list[dict[str, float | None]]:
    """The highest local maxima of the amplitude spectrum, the highest first; `order` is None without a shaft speed."""
    if not 1 <= count <= 200:
        raise ParameterError(f"Between 1 and 200 lines can be listed, got {count}.")
    spectrum = amplitude_spectrum(recording.samples[usable_stretch(recording.samples)], diagnosis.sampling_rate_hz)
    level = spectrum.values
    peaks = 1 + np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] >= level[2:]))
    best = peaks[np.argsort(level[peaks])[::-1][:count]]
    shaft_hz = diagnosis.shaft_rpm / 60 if diagnosis.shaft_rpm else None
    return [
        {
            "frequency_hz": float(spectrum.frequency_hz[i]),
            "order": None if shaft_hz is None else float(spectrum.frequency_hz[i] / shaft_hz),
            "amplitude": float(level[i]),
        }
        for i in best
    ]


def _in_one_sentence(tool: Callable[P, Answer]) -> Callable[P, Answer]:
    """An error of ours reaches the assistant as the sentence it is."""

    @wraps(tool)
    def told(*arguments: P.args, **named: P.kwargs) -> Answer:
        try:
            return tool(*arguments, **named)
        except BearingError as error:
            raise ToolError(str(error)) from error

    return told
