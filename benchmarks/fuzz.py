"""Damaged and hostile files through every reader: none may crash, hang, or swell the process.

Coverage-guided: an input that reaches a new line of ``bearing.readers`` joins the seeds. The seeds are the twins of
tests/twins.py. Every input goes the whole way: read, likely channel, doctor. Each format runs in a process of its own
that may die without taking the log along.

    python benchmarks/fuzz.py --inputs 10000            # per format, about a minute each
    python benchmarks/fuzz.py --inputs 500 --only text  # one format
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
READERS = str(ROOT / "bearing" / "readers")

FAMILIES = {
    "mat5": ("105.mat", "130.mat", "99.mat", "mfpt.mat", "nested.mat", "KA01.mat", "snapshots.mat"),
    "mat4": ("v4.mat",),
    "hdf5": ("v73.mat",),
    "wav": ("pcm16.wav", "float.wav"),
    "numpy": ("matrix.npy", "named.npz"),
    "lvm": ("block.lvm", "multi.lvm", "comment.lvm"),
    "uff": ("text.uff", "binary.unv"),
    "tdms": ("wave.tdms",),
    "text": (),  # all of twins.TEXTS
}
SLOW_S = 5.0
MEMORY_MB = 300


class Coverage:
    """Lines of the readers that have been run, by a trace function that leaves all other code alone."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()

    def __enter__(self) -> Coverage:
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(READERS):
            return None
        self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def try_one(data: bytes, name: str) -> str:
    """How one input ended: ``read``, the name of a proper refusal, or (raised) what went wrong."""
    from bearing.errors import InputError
    from bearing.readers import preferred_channel, read_bytes
    from bearing.verdict.doctor.examine import examine

    try:
        recordings = read_bytes(data, name)
    except InputError as error:
        sentence = str(error)
        assert sentence.endswith((".", "!", "?")), f"not a sentence: {sentence!r}"
        assert "\n" not in sentence, f"more than a line: {sentence!r}"
        assert len(sentence) < 700, f"too long: {sentence!r}"
        if "could not be read: save it again" in sentence:
            cause = error.__cause__
            where = traceback.extract_tb(cause.__traceback__)[-1] if cause else None
            return f"vague {type(cause).__name__} in {Path(where.filename).name if where else '?'}"
        return type(error).__name__
    preferred_channel(recordings)
    for recording in recordings[:8]:
        report = examine(recording)
        assert report.checks, "the doctor said nothing"
        assert len(recording.channel) <= 90, "a long name"
        assert not any(ord(sign) < 32 or sign in "<>" for sign in recording.channel + recording.source), "a bad name"
    return "read"


def fuzz_family(family: str, inputs: int, seed: int, results: Any) -> None:
    """Fuzz one format; counts and findings are put into `results` as they come."""
    import twins
    from mutate import mutated

    warnings.simplefilter("ignore")
    twins.SAMPLES = 520
    names = FAMILIES[family] or tuple(twins.TEXTS)
    corpus = [(name, twins.ALL[name]()) for name in names]
    strangers = [make() for make in twins.ALL.values()]
    for name, data in [*corpus, ("x.csv", twins.ours())]:
        try_one(data, name)  # imports and first-use memory are not the input's
    base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rng = random.Random(seed)
    coverage, lines, outcomes = Coverage(), 0, Counter[str]()
    slowest = 0.0
    for number in range(inputs):
        name, data = rng.choice(corpus)
        data = mutated(data, rng, strangers)
        if rng.random() < 0.05:
            name = rng.choice(("x", "x.csv", "x.mat", "x.wav", "x.npy", "99.mat", "x.tdms"))
        results.put(("trying", family, name, data))
        start = time.process_time()  # what other programs on the machine take is not the input's
        try:
            # Tracing costs most of the time: every fourth input is enough to steer by.
            if number % 4 == 0:
                with coverage:
                    outcome = try_one(data, name)
            else:
                outcome = try_one(data, name)
        except Exception as error:  # the whole point of the exercise
            where = traceback.extract_tb(error.__traceback__)[-1]
            outcome = f"CRASH {type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:200]}"
            results.put(("finding", family, outcome, name, data))
        elapsed = time.process_time() - start
        slowest = max(slowest, elapsed)
        if elapsed > SLOW_S:
            results.put(("finding", family, f"SLOW {elapsed:.1f} s", name, data))
        outcomes[outcome] += 1
        if len(coverage.seen) > lines:
            lines = len(coverage.seen)
            corpus.append((name, data))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    summary = {
        "inputs": inputs, "outcomes": dict(outcomes), "corpus": len(corpus), "lines": lines,
        "slowest_s": round(slowest, 3), "memory_over_idle_mb": round(peak_mb - base_mb),
    }  # fmt: skip
    results.put(("done", family, summary))


def watch(family: str, inputs: int, seed: int, folder: Path) -> dict[str, Any]:
    """Run one family in a child and collect; a child that dies or hangs is a finding, too."""
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    child = context.Process(target=fuzz_family, args=(family, inputs, seed, results), daemon=True)
    child.start()
    last: tuple[str, bytes] = ("", b"")
    findings: dict[str, int] = {}
    while True:
        waiting = time.perf_counter()
        while results.empty():
            time.sleep(0.001)
            if not child.is_alive() and results.empty():
                return {"died": child.exitcode, "kept": _keep(folder, family, "DIED", *last)}
            if time.perf_counter() - waiting > 60:
                child.kill()
                return {"hung": True, "kept": _keep(folder, family, "HUNG", *last)}
        kind, *rest = results.get()
        if kind == "trying":
            last = (rest[1], rest[2])
        elif kind == "finding":
            findings[rest[1]] = findings.get(rest[1], 0) + 1
            if findings[rest[1]] == 1:
                print(f"  {family}: {rest[1]} -> {_keep(folder, family, rest[1][:40], rest[2], rest[3])}")
        else:
            child.join()
            return {**rest[1], "findings": findings}


def _keep(folder: Path, family: str, what: str, name: str, data: bytes) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    label = "".join(sign if sign.isalnum() else "_" for sign in what)
    path = folder / f"{family}-{label}-{name}"
    path.write_bytes(data)
    return path.name


def main() -> int:
    """Fuzz all families (or one) and print a table; exit code 1 when anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=2_000, help="inputs per format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(FAMILIES), help="one format alone")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder for inputs that went wrong")
    parser.add_argument("--json", type=Path, help="write the counts to this file")
    options = parser.parse_args()
    table = {}
    print("| format | inputs | read | refused | vague | corpus | lines | slowest | memory over idle | findings |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for family in [options.only] if options.only else list(FAMILIES):
        row = watch(family, options.inputs, options.seed, options.keep)
        table[family] = row
        if "outcomes" not in row:
            print(f"| {family} | {row} |")
            continue
        ended = row["outcomes"]
        refused = sum(ended.get(kind, 0) for kind in ("UnreadableFile", "UnsupportedFormat", "TooLarge"))
        vague = sum(count for kind, count in ended.items() if kind.startswith("vague"))
        print(
            f"| {family} | {row['inputs']:,} | {ended.get('read', 0):,} | {refused:,} | {vague:,} "
            f"| {row['corpus']} | {row['lines']} | {row['slowest_s']:.2f} s | {row['memory_over_idle_mb']} MB "
            f"| {sum(row['findings'].values())} |",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n")
    kinds = {f"{name}: {kind}" for name, row in table.items() for kind in row.get("outcomes", {}) if "vague" in kind}
    print("Refused without saying why, by cause:", ", ".join(sorted(kinds)) or "none")
    return int(any(row.get("findings") or "outcomes" not in row for row in table.values()))


if __name__ == "__main__":
    sys.exit(main())
