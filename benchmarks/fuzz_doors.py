"""Odd values for every parameter at every door: no traceback, no status of 5xx, no false exit code, no hang.

    python -m benchmarks.fuzz_doors --seconds 600

Structure-aware: values begin as right ones (names of the catalogue, geometries, layouts, sheet names) and are mutated,
several at once; doors are the library's request, the raw reader, REST forms and bodies, the command line, assistants.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import logging
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]
logging.disable(logging.CRITICAL)

SLOW_S = 5.0
NUMBERS = (
    "12000", "1772", "0", "-1", "-0", "1", "0.5", "1e7", "1e-300", "1e400", "nan", "inf", "-inf", "NaN", "Infinity",
    "0x10", "1_000", "1,5", " 7 ", "٣", "１２", "1e", "--", "12000 Hz", "12k", "9" * 400,
    "1.7976931348623157e308", "5e-324",
)  # fmt: skip
BEARINGS = ("6205-2RS JEM", "6205", "SKF 6203", "NU 205 ECP", "22220 EK", "6205/6206", "x", "9" * 300, "a" * 5000)
GEOMETRIES = (
    "n=9,d=7.94,D=39.04,phi=0", "n=9,d=7.94,D=39.04", "n=3,d=1e-9,D=1e9", "n=200,d=0.999,D=1", "n=nan,d=1,D=2",
    "n=9,d=7.94,D=39.04,phi=89.999999", "n=9;d=7.94;D=39.04", "n==9", "n=9,n=9", "d=1", "n=1e300,d=1,D=2",
)  # fmt: skip
ORDERS = (
    "bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41", "bpfo=0.01,bpfi=0.02,bsf=0.01,ftf=0.01",
    "bpfo=199,bpfi=200,bsf=200,ftf=0.9", "bpfo=1e-9,bpfi=1,bsf=1,ftf=0.1", "bpfo=nan,bpfi=1,bsf=1,ftf=0.1",
    "bpfo=3,bpfi=4", "bpfo=3,bpfi=5,bsf=2,ftf=inf",
)  # fmt: skip
LAYOUTS = (
    "int16,le,2ch", "int16", "float32,be", "int24,3ch,skip7", "uint8,64ch", "float64,skip999999999", "int16,0ch", "int",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "\n", "\u202e", "🙂", "\ud800", "%s%n", "../../etc/passwd", "=1+1", "'", '"', "<b>", "null", "true",
    "[]", "{}", "a" * 10_001,
)  # fmt: skip
VALUES: dict[str, tuple[str, ...]] = {
    "channel": ("acceleration_g", "ACCELERATION_G", "column 1", "signal"),
    "rate": NUMBERS, "rpm": NUMBERS, "bearing": BEARINGS, "geometry": GEOMETRIES, "orders": ORDERS,
    "member": ("a.csv", "Sheet1", "inner/a.csv"), "raw": LAYOUTS,
}  # fmt: skip
OTHER: tuple[Any, ...] = (
    None, True, 0, -1, 3.5, float("nan"), float("inf"), 10**400, [], {}, b"x", object(), 1j, (1, 2),
)  # fmt: skip


def odd(rng: random.Random, right: tuple[str, ...]) -> str:
    """A right value, one mutated here and there, or none at all."""
    text = rng.choice(rng.choice((right, right, right, NUMBERS, TEXTS)))
    for _ in range(rng.choice((0, 0, 0, 1, 2, 5))):
        at = rng.randrange(len(text) + 1)
        piece = rng.choice((*NUMBERS[:14], *TEXTS[:9], "=", ",", ";", "n", "d", "D", "e", "-", "."))
        text = rng.choice(
            (text[:at] + piece + text[at:], text[:at], text[at:], text[:at] + text[at + 1 :], text + text)
        )
    return text[:20_000]


def said(rng: random.Random, most: int = 3) -> dict[str, str]:
    """Some parameters with odd values; most of them are usually left out."""
    names = rng.sample(sorted(VALUES), rng.randint(0, most))
    return {name: odd(rng, VALUES[name]) for name in names}


def sentence(text: str) -> None:
    """What a person gets is one line that ends."""
    assert text, "nothing said"
    assert "\n" not in text, f"more than a line: {text[:300]!r}"
    assert len(text) < 900, f"too long: {text[:300]!r}"


class Doors:
    """Each method asks one door once with odd values; it returns how that ended and raises where it must not."""

    def __init__(self, folder: Path) -> None:
        import numpy as np
        from fastapi.testclient import TestClient

        from bearing.api.service import create_app

        samples = np.loadtxt(ROOT / "data" / "samples" / "inner.csv", skiprows=2, max_rows=6000, delimiter=",", ndmin=2)
        self.folder = folder
        rows = "acceleration_g\n" + "\n".join(f"{x:.4f}" for x in samples[:, 0])
        self.text = f"# sampling_rate_hz=12000; shaft_rpm=1772; bearing=6205-2RS JEM\n{rows}".encode()
        self.binary = (3000 * samples[:, 0]).astype("<i2").tobytes()
        (folder / "a.csv").write_bytes(self.text)
        (folder / "a.bin").write_bytes(self.binary)
        self.bare = rows.encode()
        self.web = TestClient(create_app(), raise_server_exceptions=False).__enter__()

    def request(self, rng: random.Random) -> str:
        from bearing.errors import ParameterError
        from bearing.verdict.asked.request import Request

        values: dict[str, Any] = said(rng)
        given = {{"rate": "rate_hz"}.get(name, name): value for name, value in values.items()}
        for name in given:
            if name in ("rate_hz", "rpm"):
                with contextlib.suppress(ValueError):
                    given[name] = float(given[name])
            if rng.random() < 0.1:
                given[name] = rng.choice(OTHER)
        try:
            request = Request(**given)
        except ParameterError as error:
            sentence(str(error))
            return "refused"
        assert request == Request(**request.as_dict()), "does not say the same again"
        if request.named is not None:
            assert all(0.01 <= order <= 200 for order in vars(request.named.orders).values())
        return "taken"

    def raw(self, rng: random.Random) -> str:
        import numpy as np

        from bearing.errors import InputError
        from bearing.readers.arrays.raw import Layout, read_raw
        from bearing.settings import Limits

        data = rng.choice((self.text, self.binary, rng.randbytes(rng.randrange(5000)), bytes(rng.randrange(3000))))
        try:
            found = read_raw(data, "a.bin", Layout.parse(odd(rng, LAYOUTS)), Limits())
        except InputError as error:
            sentence(str(error))
            return "refused"
        assert all(isinstance(r.samples, np.ndarray) and len(r.samples) for r in found)
        return "read"

    def form(self, rng: random.Random) -> str:
        path = rng.choice(("/api/diagnose", "/api/diagnose", "/api/report"))
        name, data = rng.choice(
            (("a.csv", self.text), ("a.bin", self.binary), ("b.csv", self.bare), (odd(rng, TEXTS) or "x", self.text))
        )
        fields = {name: text.encode("utf-8", "surrogatepass") for name, text in said(rng, 4).items()}
        if rng.random() < 0.1:
            fields[odd(rng, ("RATE", "sampling_rate", "fs", "file2"))] = b"1"
        boundary = b"xXx"
        parts = [(f'name="{key}"', value) for key, value in fields.items()]
        parts.append((f'name="file"; filename="{name}"', data))
        rng.shuffle(parts)
        body = b"".join(
            b"--" + boundary + b"\r\nContent-Disposition: form-data; " + head.encode("utf-8", "replace") + b"\r\n\r\n"
            + value + b"\r\n" for head, value in parts
        ) + b"--" + boundary + rng.choice((b"--\r\n", b"--\r\n", b"--\r\n", b"", b"-"))  # fmt: skip
        answer = self.web.post(path, content=body, headers={"Content-Type": "multipart/form-data; boundary=xXx"})
        return self._answered(answer)

    def body(self, rng: random.Random) -> str:
        rows = [[rng.gauss(0, 1) for _ in range(rng.choice((2048, 2048, 2047, 0)))] for _ in range(rng.choice((1, 2)))]
        record: Any = rng.choice(({"record": rows[0]}, {"record": rng.choice(TEXTS[:8])}, rows[0], None, {}))
        text = json.dumps(rng.choice((rows, {"windows": rows}, [record], record)))
        for _ in range(rng.choice((0, 1, 3))):
            at = rng.randrange(len(text) + 1)
            text = (
                text[:at]
                + rng.choice(('"', "[", "]", "{", "}", ",", "NaN", "1e999", "\\u0000", "null", "-"))
                + text[at:]
            )
        path = rng.choice(("/api/windows", "/batch_predict/", "/batch_predict"))
        return self._answered(self.web.post(path, content=text.encode("utf-8", "replace")))

    def address(self, rng: random.Random) -> str:
        path = rng.choice(
            ("/api", "/api/", "/api/health", "/api/bearings", "/batch_predict/", "/api/trend", "/api/machines")
        )
        path += rng.choice(("", "", "/x", "?a=%00", "/%2e%2e/", "/" + "y" * 3000))
        path = path.upper() if rng.random() < 0.2 else path
        method = rng.choice(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"))
        headers = {
            rng.choice(("Origin", "Range", "Accept", "X-Request-ID", "Content-Type")): rng.choice(
                ("*", "x" * 500, "a/b")
            )
        }
        return self._answered(self.web.request(method, path, headers=headers, follow_redirects=False))

    def command_line(self, rng: random.Random) -> str:
        from bearing.cli.main import main

        words = [
            text
            for name, value in said(rng).items()
            for text in ((f"--{name}={value}",) if rng.random() < 0.5 else (f"--{name}", value))
        ]
        words += rng.choice(([], ["--json"], ["--csv"], [odd(rng, ("--html", "--jsn", "-x"))]))
        files = [
            str(self.folder / rng.choice(("a.csv", "a.bin"))) if rng.random() < 0.8 else odd(rng, ("a.csv", "*.csv"))
        ]
        command = rng.choice(("diagnose",) * 6 + ("trend", "fleet", "add", "evaluate", "fetch"))
        arguments = {"trend": [odd(rng, ("nowhere",))], "fleet": [], "add": ["m", *files], "evaluate": ["--show"],
                     "fetch": ["-7"]}.get(command, files)  # fmt: skip
        if command != "diagnose":
            words = words[:2] if command in ("trend", "add") else []
            words += (
                ["--store", str(self.folder / rng.choice(("none/s.sqlite", "a.csv")))]
                if command in ("trend", "add", "fleet")
                else []
            )
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([command, *words, *arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        told = err.getvalue()
        assert code in (0, 1, 2, 3), f"exit code {code} of {words}: {told[:300]}"
        assert "Traceback" not in told, told[-500:]
        assert not (code == 2 and not told), f"refused without a word: {words}"
        return f"exit {code}"

    def assistant(self, rng: random.Random) -> str:
        from mcp import Client

        from bearing.mcp import create_server

        tool = rng.choice(("diagnose", "spectrum_lines", "find_bearing"))
        values: dict[str, Any] = {{"rate": "rate_hz"}.get(name, name): value for name, value in said(rng).items()}
        values["path"] = rng.choice(("a.csv", "a.bin", odd(rng, TEXTS)))
        if tool == "find_bearing":
            values = {"designation": odd(rng, BEARINGS)}
        elif rng.random() < 0.2:
            values["count"] = rng.choice((0, -1, 10**9, "x", 1.5))
        for name in list(values):
            if rng.random() < 0.1:
                values[name] = rng.choice((None, True, 3.5, [], {}))
        values = {k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in values.items()}

        async def ask() -> str:
            async with Client(create_server([self.folder])) as client:
                answer = await client.call_tool(tool, values)
                told = answer.content[0].text if answer.is_error else ""  # type: ignore[union-attr]
                assert "Traceback" not in told, told[-500:]
                return "refused" if answer.is_error else "answered"

        return asyncio.run(ask())

    def _answered(self, answer: Any) -> str:
        assert answer.status_code < 500, f"{answer.status_code}: {answer.text[:300]}"
        if answer.status_code >= 400 and answer.request.method != "HEAD":
            sentence(answer.json()["detail"])
        return str(answer.status_code)


SHARE = {"request": 0.1, "raw": 0.1, "form": 0.3, "body": 0.1, "address": 0.05, "command_line": 0.25, "assistant": 0.1}


def fuzz(door: Callable[[random.Random], str], seconds: float, seed: int) -> tuple[Counter[str], Counter[str], float]:
    """How inputs ended, what was found, and the slowest; an input's seed repeats it."""
    ended, found, slowest = Counter[str](), Counter[str](), 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.process_time()
        try:
            ended[door(random.Random(seed))] += 1
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:300]}"
            ended["FOUND"] += 1
            if not found[f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"]:
                print(f"  seed {seed}: {what}", flush=True)
            found[f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"] += 1
        took = time.process_time() - began
        slowest = max(slowest, took)
        if took > SLOW_S:
            found["SLOW"] += 1
            print(f"  seed {seed}: {took:.1f} s", flush=True)
        seed += 1
    return ended, found, slowest


def main() -> int:
    """Fuzz all doors (or one) and print a table; exit code 1 when anything was found."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all doors together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(SHARE), help="one door alone")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    total = bad = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        doors = Doors(Path(folder))
        print("| door | inputs | ended | slowest | findings |\n|---|---|---|---|---|")
        for name, share in SHARE.items():
            if options.only not in (None, name):
                continue
            with contextlib.suppress(Exception):
                getattr(doors, name)(random.Random(0))  # imports are not the input's
            seconds = options.seconds * (1 if options.only else share)
            ended, found, slowest = fuzz(getattr(doors, name), seconds, options.seed)
            total, bad = total + ended.total(), bad + found.total()
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(ended.items()))
            print(f"| {name} | {ended.total():,} | {kinds} | {slowest:.2f} s | {found.total()} |", flush=True)
        doors.web.__exit__(None, None, None)
    print(f"{total:,} inputs, {bad} findings")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
