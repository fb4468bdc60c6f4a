"""What `python -m bearing evaluate --model verdict` wrote, read back: what is told to who asks rightly or wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bearing.errors import ModelError
from bearing.files import WEIGHTS_DIR
from bearing.models.cards import read_json

__all__ = ["ANSWERS", "QUESTIONS", "WAYS", "Tally", "question_tables", "read_questions", "read_tallies", "total"]

COMMAND = "python -m bearing evaluate --model verdict"
FILE = "evaluation_questions.json"
REFUSED = "refused"
ANSWERS = ("right part", "wrong part", "damaged", "impacts", "uncertain", REFUSED, "normal")
WAYS = {
    "asked rightly": ("right",),
    "asked wrongly": (
        "speed x0.90",
        "speed x0.95",
        "speed x1.05",
        "speed x1.10",
        "another ball bearing",
        "a roller bearing",
    ),
    "asked with less": ("no speed", "no bearing"),
    "asked nothing": ("neither",),
}
QUESTIONS = tuple(question for of_way in WAYS.values() for question in of_way)
PARTS = ("questions", "pieces", "machine faults", "no vibration")


@dataclass(frozen=True)
class Tally:
    """How often each of ANSWERS was given by one group of a collection to one question.

    part : one of PARTS. group : begins with ``damaged`` or ``sound``; an ailment or a signal in the last two parts.
    """

    part: str
    collection: str
    group: str
    question: str
    answers: Counter[str]

    @property
    def n(self) -> int:
        return self.answers.total()

    @property
    def damaged(self) -> bool:
        return self.group.startswith("damaged")


def read_questions(folder: Path = WEIGHTS_DIR) -> tuple[Tally, ...]:
    """The tallies of a folder, empty while there was no evaluation. ModelError when the file is damaged."""
    if not (folder / FILE).exists():
        return ()
    return read_tallies(read_json(folder / FILE, COMMAND))


def read_tallies(content: dict[str, Any]) -> tuple[Tally, ...]:
    """The tallies of an evaluation's JSON."""
    try:
        return tuple(
            Tally(row["part"], row["collection"], row["group"], row["question"], Counter(row["answers"]))
            for row in content["tallies"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{FILE} lacks {error}: run `{COMMAND}`.") from None


def total(tallies: Iterable[Tally]) -> Counter[str]:
    """All answers of several tallies together."""
    return sum((tally.answers for tally in tallies), Counter())


def _cells(answers: Counter[str], damaged: bool) -> list[str]:
    """Counts for one row; about sound machines any part is a wrong one, and ``healthy`` is the right answer."""
    named = [str(answers["right part"]), str(answers["wrong part"])] if damaged else [str(answers["wrong part"])]
    unsure = str(answers["uncertain"] + answers[REFUSED])
    return [str(answers["normal"]), *named, str(answers["damaged"]), str(answers["impacts"]), unsure]


def question_tables(tallies: Sequence[Tally]) -> str:
    """Markdown: damaged machines and sound ones by the way they were asked, then pieces, ailments, no vibration."""
    asked = [tally for tally in tallies if tally.part == "questions"]
    lines = []
    for damaged in (True, False):
        mine = [tally for tally in asked if tally.damaged == damaged]
        if not mine:
            continue
        title = "damaged machines" if damaged else "sound machines"
        columns = ["told healthy", "part right", "part wrong"] if damaged else ["told healthy", "a part"]
        lines += [
            "",
            f"| {title} | {' | '.join([*columns, 'damaged, part unclear', 'impacts', 'uncertain'])} |",
            "|---" * (len(columns) + 4) + "|",
        ]
        for collection, group in dict.fromkeys((tally.collection, tally.group) for tally in mine):
            of_group = [tally for tally in mine if (tally.collection, tally.group) == (collection, group)]
            for way, questions in WAYS.items():
                answers = total(tally for tally in of_group if tally.question in questions)
                if not answers:
                    continue
                about = group.partition(", ")[2]
                name = ", ".join(filter(None, (collection, about, way)))
                lines.append(f"| {name} ({answers.total()}) | {' | '.join(_cells(answers, damaged))} |")
    lines += _other_tables(tallies)
    return "\n".join(lines).strip()


def _other_tables(tallies: Sequence[Tally]) -> list[str]:
    lines = []
    pieces = [tally for tally in tallies if tally.part == "pieces"]
    lengths = list(dict.fromkeys(tally.question for tally in pieces))
    if pieces:
        lines += ["", f"| length of the piece (CWRU) | {' | '.join(lengths)} |", "|---" * (len(lengths) + 1) + "|"]
        for title, damaged, answer in (
            ("60 faults: part right", True, "right part"),
            ("part wrong", True, "wrong part"),
            ("told healthy", True, "normal"),
            ("7 normal channels: told healthy", False, "normal"),
            ("told a part", False, "wrong part"),
        ):
            counts = [
                total(t for t in pieces if t.question == length and t.damaged == damaged)[answer] for length in lengths
            ]
            lines.append(f"| {title} | {' | '.join(map(str, counts))} |")
    faults = [tally for tally in tallies if tally.part == "machine faults"]
    if faults:
        answers = total(faults)
        alarms = answers["wrong part"] + answers["damaged"]
        struck = f"; {answers['impacts']} told that something strikes" if answers["impacts"] else ""
        lines += [
            "",
            f"Simulated machines with a sound bearing and something else wrong: {alarms} of {answers.total()} called a "
            f"bearing fault{struck}, {answers['normal']} told healthy.",
        ]
    nothing = [tally for tally in tallies if tally.part == "no vibration"]
    if nothing:
        called = sorted({tally.group for tally in nothing if tally.answers["normal"]})
        alarmed = sorted({t.group for t in nothing if t.answers["wrong part"] or t.answers["damaged"]})
        names = len({tally.group for tally in nothing})
        lines += [
            "",
            f"Of {names} signals that are no vibration, {len(called)} are told healthy"
            + (f" ({', '.join(called)})" if called else "")
            + f", {len(alarmed)} a bearing fault"
            + (f" ({', '.join(alarmed)})" if alarmed else "")
            + ".",
        ]
    return lines
