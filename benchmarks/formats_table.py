"""What each file of a folder opens to, or the sentence it is refused with, as a Markdown table for docs/formats.md.

    python benchmarks/formats_table.py FOLDER [FOLDER ...]

The whole way of an upload: `read_safely`, the likely channel, the doctor. Files are named relative to their folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SKIPPED = (".md", ".txt~")


def files_of(folder: Path) -> Iterator[Path]:
    """The files below a folder, in order, without its descriptions."""
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in SKIPPED)


def row_of(path: Path, folder: Path) -> str:
    """One line of the table."""
    from bearing.errors import InputError
    from bearing.readers import preferred_channel
    from bearing.readers.safe import read_safely
    from bearing.verdict.doctor.examine import examine

    name = f"`{path.relative_to(folder)}`"
    try:
        recordings = read_safely(path.read_bytes(), path.name)
    except InputError as error:
        return f"| {name} | refused | {_cell(str(error))} | |"
    index, reason = preferred_channel(recordings)
    chosen = recordings[index]
    names = ", ".join(r.channel for r in recordings[:4]) + (f" … ({len(recordings)})" if len(recordings) > 4 else "")
    facts = [f"{len(chosen.samples):,} samples"]
    facts.append(
        f"{chosen.sampling_rate_hz:,.6g} Hz ({chosen.rate_source})"
        if chosen.sampling_rate_hz
        else "rate not in the file"
    )
    facts += [f"unit {chosen.unit}"] if chosen.unit else []
    facts += [f"{chosen.shaft_rpm:,.6g} rpm ({chosen.rpm_source})"] if chosen.shaft_rpm else []
    worst = [f"{c.code} ({c.severity})" for c in examine(chosen).checks if c.severity in ("warning", "severe")]
    likely = f"{chosen.channel}: {reason}" if len(recordings) > 1 else chosen.channel
    return (
        f"| {name} | {_cell(names)} | {_cell('; '.join(facts))} | {_cell(likely)}; doctor: {', '.join(worst) or 'ok'} |"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(folders: list[str]) -> int:
    """Print one table per folder."""
    if not folders:
        print(__doc__)
        return 2
    for folder in map(Path, folders):
        print("| file | channels | what is known | likely channel; doctor |")
        print("|---|---|---|---|")
        for path in files_of(folder):
            print(row_of(path, folder), flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
