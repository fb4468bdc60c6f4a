"""Names that come out of files: made harmless, and understood.

A variable, column or file name is text from a stranger that ends up on pages, in file names and in spreadsheets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = [
    "clean_file_name",
    "clean_name",
    "kind_of",
    "measures_else",
    "quoted",
    "safe_cell",
    "split_unit",
    "unique_names",
    "word_set",
    "words_of",
]

MAX_NAME = 80


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())


# Categories dropped from names: control, format (bidi marks, zero-width), surrogate, private use, unassigned.
_DROPPED = ("Cc", "Cf", "Cs", "Co", "Cn")
_ANGLES = str.maketrans({"<": "‹", ">": "›"})  # no name can open an HTML tag, wherever it is shown

_UNIT_IN_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\[\]()]*(?:\([^()]*\)[^\[\]()]*)*)[\])]\s*$")
_UNIT_AFTER_COMMA = re.compile(
    r"^(?P<name>.+?)\s*(?:,|/|\bin\b|\s-)\s+(?P<unit>g|mg|m/s\^?2|m/s²|mm/s|V|mV|s|ms|us|µs|Hz|rpm)$"
)
_UNIT_IN_WORDS = re.compile(
    r"^(?P<name>.+?)\s+in\s+(?P<unit>m?secs?|milliseconds|seconds|microseconds|g-?'?s|mils|volts|in/sec|mm/sec)$",
    re.IGNORECASE,
)
_IN_WORDS = {
    "g-s": "g",
    "g's": "g",
    "gs": "g",
    "msec": "ms",
    "msecs": "ms",
    "volts": "V",
    "mm/sec": "mm/s",
    "in/sec": "in/s",
}
_RANGE = re.compile(r"^±?\d+ ?(m?g|m/s²|V)$")  # of the sensor: `X (100g)` is in g
_UNIT_AT_END = re.compile(
    r"^(?P<name>\S.*?)\s+"
    r"(?P<unit>g|mg|m/s\^?2|m/s²|m/s/s|mm/s|°C|°F|degC|degF|deg C|bar|mbar|kPa|psi|mV|mA|Hz|rpm|dB|µm|um)$"
)
_WORDS = re.compile(
    r"[A-Z]+(?![a-z])|[A-Z]?[a-zäöüßéèçàâêîôûčěščřžýáíóúůąćęłńśźżğışőű]+|[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+"
    r"|[\u3040-\u30ff\u4e00-\u9fff]+|[\uac00-\ud7af]+|\d+|[µμ°]\w*"
)

# What a word in a name says about its values. The first kind with a matching word wins.
_KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("label", word_set("label labels class classes target fault state status klasse category annotation")),
    (
        "time",
        word_set(
            "time timestamp timestamps stamp stamps zeit temps tiempo tempo datetime date datum hora fecha uhrzeit "
            "seconds millis micros elapsed runtime laufzeit t ts epoch unix ticks hour hours stunde stunden day "
            "days 时间 时刻 日期 время врем дата 時間 時刻 시간 시각 czas zaman čas idő aika tid tijd"
        ),
    ),
    ("tacho", word_set("tacho tach tachometer keyphasor keyphase encoder trigger pulse phasor drehgeber codeur")),
    ("speed", word_set("rpm speed drehzahl vitesse velocidad omega")),
    ("temperature", word_set("temp temperature temperatur temperatura température thermo thermocouple °c degc")),
    ("angular rate", word_set("gyro gyroscope gyr")),
    ("magnetic field", word_set("mag magnetometer")),
    ("sound", word_set("mic microphone sound acoustic audio noise")),
    (
        "electrical",
        word_set("current volt volts voltage vbus mppt panel power strom spannung corriente battery phase"),
    ),
    ("force", word_set("force load torque kraft drehmoment strain pressure press pressão excitation hammer")),
    (
        "vibration",
        word_set(
            "acc accel acceleration accelerometer beschleunigung acelerometro acceleracion aceleración vib vibe "
            "vibration vibrations vibración schwingung accélération acceleracion aceleração beschl acx acy acz "
            "ax ay az horizontal vertical axial radial 加速度 振动 振動 가속도 진동 ускорение виброускорение вибрация "
            "przyspieszenie drgania ivme titreşim zrychlení gyorsulás kiihtyvyys versnelling accelerazione "
            "de fe ba gs bearing lager"
        ),
    ),
    ("counter", word_set("index idx counter count sample samples nr no row seq sequence")),
)
_PLACES = word_set("horizontal vertical axial radial de fe ba gs bearing lager")
_ELSE = ("temperature", "angular rate", "magnetic field", "sound", "electrical", "force")
_CURRENT = word_set("current strom corriente torque drehmoment")
_VOLTAGE = word_set("volt volts voltage spannung")
_VOLTS = word_set("v mv volt volts")
_UNIT_KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "vibration",
        word_set(
            "g mg gn grms ug µg m/s2 m/s^2 m/s² m/s**2 м/с2 м/с² м/с^2 mm/s2 mm/s^2 mm/s² ms-2 m.s-2 mm/s in/s ips m/s"
        ),
    ),
    ("time", word_set("s sec secs second seconds ms msec us usec µs μs ns min h с сек мс мкс 秒 초 sn")),
    ("speed", word_set("rpm 1/min min-1 r/min u/min tr/min rev/min rev/s rps cpm об/мин")),
    ("temperature", word_set("°c °f degc degf c k celsius kelvin ℃")),
    ("angular rate", word_set("dps mdps deg/s °/s rad/s")),
    ("sound", word_set("pa upa db dba")),
    ("electrical", word_set("a ma v mv volt volts w kw")),
    ("force", word_set("n newton newtons kn lbf nm mpa kpa bar mbar psi ml l kg")),
)


def clean_name(text: object, fallback: str = "signal") -> str:
    """A name that is safe to show: one line, no control, zero-width or text-direction characters, at most 80 long."""
    letters = [
        " " if character.isspace() else character
        for character in str(text)[: 20 * MAX_NAME]
        if character.isspace() or unicodedata.category(character) not in _DROPPED
    ]
    name = " ".join("".join(letters).translate(_ANGLES).split())
    if len(name) > MAX_NAME:
        name = name[: MAX_NAME - 1].rstrip() + "…"
    return name or fallback


def clean_file_name(text: object) -> str:
    """The last part of a path, made safe to show; ``file`` when nothing is left."""
    name = clean_name(re.split(r"[/\\]", str(text).rstrip("/\\"))[-1], "file")
    return name.lstrip(".") or "file"


def unique_names(names: Iterable[str]) -> list[str]:
    """The names in order, later duplicates numbered: ``acc``, ``acc (2)``, ``acc (3)``."""
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name} ({number})"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def safe_cell(text: object) -> str:
    """A text cell for a CSV that a spreadsheet will not run as a formula: ``=1+1`` becomes ``'=1+1``.

    Full-width forms and invisible characters in front make it no less of a formula.

    Source: OWASP, "CSV injection". Numbers should be written as numbers, not through this function.
    """
    cell = str(text)
    seen = (
        c for c in unicodedata.normalize("NFKC", cell) if not c.isspace() and unicodedata.category(c) not in _DROPPED
    )
    dangerous = next(seen, "") in tuple("=+-@|%") or cell[:1] in ("\t", "\r", "\n")
    return "'" + cell if dangerous else cell


def split_unit(header: str) -> tuple[str, str]:
    """Name and unit of a column header: ``acc_x[mg]`` -> ``("acc_x", "mg")``, ``Time (s)`` -> ``("Time", "s")``."""
    header = header.strip().strip('"').strip()
    if words := _UNIT_IN_WORDS.match(header):
        return words["name"], _IN_WORDS.get(words["unit"].lower(), words["unit"].lower())
    match = _UNIT_IN_BRACKETS.match(header) or _UNIT_AFTER_COMMA.match(header) or _UNIT_AT_END.match(header)
    if not match:
        return header, ""
    name, unit = match["name"].strip(" ,;:_-"), match["unit"].strip()
    if not name or len(unit) > 20 or unit.isdigit():
        return header, ""
    return name, _RANGE.sub(r"\1", unit)


def words_of(name: str) -> list[str]:
    """Lower-case words of a name in any case style: ``Temp_ModA`` -> ``["temp", "mod", "a"]``."""
    return [word.lower() for word in _WORDS.findall(name)]


def kind_of(name: str, unit: str = "") -> str:
    """What a column measures, judged by its unit, then its name: ``vibration``, ``time``, ``label``, ... or ``""``.

    What is called an acceleration is one at whatever load, panel or noise it was measured.
    """
    words = words_of(name)
    plain_unit = unit.strip().lower()
    if plain_unit in _UNIT_KINDS[0][1]:
        return "vibration"
    for kind, known in _KINDS:
        if kind in ("label", "tacho") and known.intersection(words):
            return kind
    for kind, units in _UNIT_KINDS:
        if plain_unit in units:
            return kind
    found = next((kind for kind, known in _KINDS if known.intersection(words)), "")
    elsewhere = found in ("force", "electrical", "sound") and not _CURRENT.intersection(words)
    return "vibration" if elsewhere and _called_vibration(words) else found


def _called_vibration(words: Iterable[str]) -> bool:
    """Whether a name says vibration, and not only where a sensor sits."""
    return bool((dict(_KINDS)["vibration"] - _PLACES).intersection(words))


def measures_else(name: str, unit: str = "") -> str:
    """What a channel measures that is plainly no vibration (``force``, ``temperature``, ``sound`` ...), else "".

    Volts may be an accelerometer's, and a nameless channel may be anything.
    """
    kind = kind_of(name, unit)
    if kind == "electrical" and (unit.strip().lower() in _VOLTS or _VOLTAGE.intersection(words_of(name))):
        return ""
    return kind if kind in _ELSE and not _called_vibration(words_of(name)) else ""


def quoted(names: Sequence[str]) -> str:
    """The first four names in quotation marks, and how many more there are."""
    first = [f"'{clean_name(name)}'" for name in names[:4]]
    return ", ".join(first) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
