"""What is printed on a bearing, in plain letters: makers, kinds, seals, cages, clearances and greases aside.

``SKF 6205-2Z/C3``, ``NU 205 ECP``, ``22220 EK``, a Soviet 180205, an SKF unit named by its shaft.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "BY_SHAFT",
    "ENERGY_EFFICIENT",
    "HOUSING",
    "MAKERS",
    "STANDARD",
    "basic",
    "begins",
    "is_base",
    "latin",
    "normal",
    "without_kind",
]

# What stands before or after the designation and changes no fault line
MAKERS = (
    "AMI", "ARB", "ASAHI", "AST", "BARDEN", "BOWER", "BROWNING", "CRAFT", "CU", "CX", "DKF", "DODGE", "DPI", "EZO",
    "FAFNIR", "FAG", "FBJ", "FERSA", "FKL", "FYH", "GMN", "GPZ", "GRW", "HCH", "HRB", "IBC", "IJK", "IKO", "INA",
    "IPTCI", "ISB", "JAF", "JTEKT", "KBC", "KBS", "KINEX", "KML", "KOYO", "LDK", "LINKBELT", "LYC", "MCGILL", "MRC",
    "MTK", "NACHI", "NBC", "NIS", "NKE", "NMB", "NSK", "NTN", "PEER", "RBC", "RHP", "SCHAEFFLER", "SEALMASTER", "SKF",
    "SLF", "SNFA", "SNR", "SPZ", "TIMKEN", "TORRINGTON", "TPI", "URB", "WSW", "ZEN", "ZKL", "ZVL", "ZWZ",
)  # fmt: skip
# What people write before a designation that names no bearing
KIND_WORDS = (
    "BEARING", "BEARINGS", "BRG", "DEEP", "GROOVE", "BALL", "ROLLER", "DGBB", "ACBB", "SRB", "CRB", "TRB", "SABB",
    "EXPLORER", "TYPE", "TYP", "ISO", "DIN", "RILLENKUGELLAGER", "KUGELLAGER", "WALZLAGER", "WAELZLAGER", "LAGER",
    "PENDELROLLENLAGER", "PENDELKUGELLAGER", "ZYLINDERROLLENLAGER", "KEGELROLLENLAGER", "SCHRAGKUGELLAGER",
    "ROULEMENT", "RODAMIENTO", "CUSCINETTO", "ROLAMENTO", "LOZYSKO", "LOZISKO", "GOST", "JIS",
)  # fmt: skip
STANDARD = re.compile(r"\b(?:DIN|ISO|GOST|ГОСТ|JIS|GB/?T|EN)[ .]?\d{2,5}(?:-\d{1,4})?[ :/-]+(?=\S*\d)", re.IGNORECASE)
ENERGY_EFFICIENT = re.compile(r"^\s*(?:SKF\s+)?E2[.\s]\s*", re.IGNORECASE)
# Letters of other alphabets that look like Latin ones, as a keyboard left in Cyrillic writes them
LOOKALIKES = str.maketrans("АВСЕНКМОРТХУавсенкмортху", "ABCEHKMOPTXYabcehkmoptxy")
HOUSING = re.compile(r"^(?P<housing>(?:SNL|SNV|SNH|SN|SSN|SD|SAF|SAFS)[ -]?\d{3,5}(?:-\d{3})?)[\s+,/]*", re.IGNORECASE)
# SKF and INA name units by the shaft in mm: the insert of a 25 mm shaft is that of a UC205.
BY_SHAFT = re.compile(
    r"(?:SY|SYJ|SYF|FY|FYJ|FYT|FYTB|FYC|TU|TUJ|GYE|RAE|GRAE|RASE|PASE|RCJ|PCJ)(?P<mm>[2-9][05])(?!\d)"
)
BASE = re.compile(r"(?P<letters>[A-Z]*)(?:(?P<sealed>\d{3,5}?)(?=2(?:RS|RZ|Z|LS|HRS))|(?P<digits>\d{3,5})(?!\d))")
INCH = re.compile(r"R(?:2|3|4|6|8|10|12|14|16|18|20)(?!\d)")
GOST = re.compile(r"(?:5|6|8|15|16|18)0([23]\d{2})(?!\d)")  # 180205 is a 6205-2RS
CYLINDRICAL = ("NU", "NJ", "NUP", "N", "NF", "NUB", "NH", "RNU", "RN")  # one roller set, other ribs on the rings
HOUSED = (
    "UC",
    "UCP",
    "UCF",
    "UCFL",
    "UCFC",
    "UCT",
    "UCPA",
    "UCPH",
    "UCHA",
    "SUC",
    "YAR",
    "UK",
    "UKP",
    "UKF",
    "SA",
    "SB",
    "SER",
    "ES",
    "UEL",
    "UELP",
)  # one insert, other housings
SPECIAL = ("S", "SS", "W", "DD", "MR", "BB", "E", "P", "F", "H")  # stainless, wide, flanged ...


def latin(name: str) -> str:
    """The name in plain letters: full-width ones, dashes and Cyrillic look-alikes as they were meant."""
    return unicodedata.normalize("NFKC", name).translate(LOOKALIKES)


def normal(name: str) -> tuple[str, set[int]]:
    """The name in capitals without separators, and the positions in it where a separator stood."""
    parts = [part for part in re.split(r"[^A-Z0-9]+", name.upper()) if part]
    breaks, at = set(), 0
    for part in parts:
        at += len(part)
        breaks.add(at)
    return "".join(parts), breaks


def without_kind(name: str) -> str:
    """The designation without words in front of it that say what kind of thing it is."""
    parts = name.split()
    maker = parts[:1] if len(parts) > 1 and normal(parts[0])[0] in MAKERS else []
    parts = parts[len(maker) :]
    while len(parts) > 1 and normal(parts[0])[0] in KIND_WORDS:
        parts = parts[1:]
    return " ".join(maker + parts)


def basic(query: str, breaks: set[int], known: frozenset[str]) -> str:
    """The basic designation a query means: series and bore, without what stands before and after; "" for none.

    `known` are designations that keep their letters.
    """
    first = min((at for at in breaks if re.fullmatch(r"[A-Z]*\d{3,5}", query[:at])), default=len(query))
    if (inch := INCH.match(query)) is not None:
        return inch[0]
    if (russian := GOST.match(query)) is not None:
        return f"6{russian[1]}"
    match = BASE.match(query[:first]) or BASE.match(query)
    if match is None:
        return ""
    letters, digits = match["letters"], match["sealed"] or match["digits"]
    if letters + digits in known:
        return letters + digits
    if letters in CYLINDRICAL:
        return f"NU{digits}"
    if letters in HOUSED:
        return f"UC{digits}"
    return digits if letters in ("", *SPECIAL) else letters + digits


def begins(designation: str, query: str) -> bool:
    """Whether a designation goes on where the query ends, and not inside its number: 6205-2RS of 6205, not of 620."""
    key, breaks = normal(designation)
    inside_number = query[-1].isdigit() and key[len(query) :][:1].isdigit() and len(query) not in breaks
    return key.startswith(query) and not inside_number


def is_base(key: str, query: str, breaks: set[int]) -> bool:
    """Whether `query` is the designation `key` with a suffix: 6206-2Z of 6206, but not 62061."""
    if len(key) < 3 or not query.startswith(key):
        return False
    return len(key) in breaks or not (key[-1].isdigit() and query[len(key) :][:1].isdigit())
