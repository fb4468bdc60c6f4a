"""Sampling rate and shaft speed out of named numbers: ``fs = 12000``, ``# shaft_rpm: 1797``, ``Abtastrate;25,6 kHz``.

A line may hold several facts. Each number is read in the file's own notation, with the words before it and the unit
after it. A number whose unit cannot be told (``speed = 25``: Hz or rpm?) is never guessed, an implausible one never
used: both become notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import isfinite, pi

from bearing.readers.names import clean_name, split_unit, word_set
from bearing.recording import RATE_LIMITS_HZ, RPM_LIMITS

__all__ = [
    "CERTAINLY_RPM",
    "Facts",
    "Known",
    "facts_in_lines",
    "facts_in_scalars",
    "iso_time",
    "names_shaft_speed",
    "rpm_per_unit",
    "tidy_rate",
]

CERTAINLY_RPM = 500.0  # a speed without a unit above this would be 30,000 rpm and more if it were in Hz
_SLOWEST_STATED_HZ = 20.0
_CERTAINLY_HZ = 4_000.0  # a `rate` or `frequency` without a unit above this is one of sampling
_LONGEST_STEP_S = 2e-3
_SLIP_HZ = (1_000.0, 1e6)  # a unitless rate below 500 that lies here times a thousand is a question: Hz or kHz?


@dataclass(frozen=True)
class Known:
    """A number and, in words, where it comes from."""

    value: float
    source: str


@dataclass(frozen=True)
class Facts:
    """What a file says beside its samples; None where it says nothing. `notes` are sentences for the user."""

    rate: Known | None = None
    rpm: Known | None = None
    notes: tuple[str, ...] = ()
    bearing: str = ""
    started: str = ""  # ISO 8601

    def or_else(self, other: Facts) -> Facts:
        """These facts, completed by those of a wider scope."""
        notes = self.notes + tuple(note for note in other.notes if note not in self.notes)
        return Facts(
            self.rate or other.rate,
            self.rpm or other.rpm,
            notes,
            self.bearing or other.bearing,
            self.started or other.started,
        )


# --- vocabulary: names are compared in lower case, without spaces and punctuation -------------------------------------

_RATE_NAMES = word_set(
    "fs sr fsamp fsample fsampling fsample fsa fadc samplerate samplingrate samplesrate sampless samplessec "
    "samplefrequency samplingfrequency samplingfreq samplefreq sampfreq sampfrequency samprate sampling sampled "
    "sampledat sampleratehz "
    "ratesampling freqsampling samplespersecond samplespersec sps ksps srate odr outputdatarate datarate daqrate "
    "acquisitionrate acquisitionfrequency acqrate scanrate scanfrequency adcrate digitizingrate recordingrate lograte "
    "loggingrate samplerateinhz fsdata fsvib fsacc rate "
    "fabtast fabt abtastrate abtastfrequenz abtastung messrate messfrequenz samplefrequenz "
    "frequencesampling frequenceechantillonnage fréquencedéchantillonnage frequencedechantillonnage "
    "fréquenceéchantillonnage tauxdéchantillonnage tauxdechantillonnage échantillonnage echantillonnage "
    "fe cadence frecuenciademuestreo frecuenciamuestreo tasademuestreo velocidaddemuestreo muestreo "
    "frequenzadicampionamento campionamento taxadeamostragem frequênciadeamostragem frequenciadeamostragem amostragem "
    "bemonsteringsfrequentie частотадискретизации частотавыборки "
    "采样率 采样频率 取样频率 采样速率 採樣率 サンプリング周波数"
)
_INTERVAL_NAMES = word_set(
    "dt ts δt deltat deltax deltatime samplinginterval sampleinterval samplingperiod sampleperiod samplingtime "
    "sampletime timestep timeincrement timeinterval tsample tsampling wfincrement xincrement xincr tinterval "
    "abtastintervall abtastzeit abtastperiode zeitschritt schrittweite increment pasdetemps "
    "passodicampionamento passocampionamento passodeamostragem périodedéchantillonnage "
    "periodedechantillonnage intervallodicampionamento periododemuestreo intervalodemuestreo pasodetiempo "
    "采样间隔 采样周期"
)
_RPM_NAMES = word_set(
    "rpm nrpm shaftrpm rotorrpm motorrpm speedrpm rpmspeed drehzahl wellendrehzahl motordrehzahl nenndrehzahl "
    "revolutionsperminute revsperminute revspermin umdrehungenprominute toursparminute revolucionesporminuto 转速 "
    "轴转速 电机转速 轉速 回転数 回転速度"
)
_SHAFT_HZ_NAMES = word_set(
    "shafthz shaftfrequency shaftfreq shaftratehz fshaft frot rotationfrequency rotationalfrequency speedhz "
    "rotatingfrequency drehfrequenz runningspeedhz fréquencederotation frequencederotation frecuenciadegiro 转频"
)
_SPEED_NAMES = word_set(
    "speed shaftspeed rotationspeed rotationalspeed rotspeed motorspeed runningspeed rotatingspeed turningspeed "
    "machinespeed operatingspeed nominalspeed actualspeed meanspeed averagespeed pumpspeed fanspeed shaftrate "
    "runspeed fr n tach tacho tachometer keyphasor shaft motor rotor spindle 1x rotation geschwindigkeit "
    "vitesse vitessederotation régime regime velocidad velocidaddegiro velocidadderotación velocidadderotacion giro "
    "velocità velocitàdirotazione velocita velocidade rotação rotacao rotorspeed spindlespeed toerental обороты "
    "частотавращения скоростьвращения"
)
_UNITLESS_SPEEDS = _SPEED_NAMES - word_set("n 1x shaft motor rotor spindle rotation")
_SAMPLES_NAMES = word_set(
    "samples numberofsamples nsamples noofsamples numsamples samplecount samplesperchannel points npoints npts "
    "numberofpoints datapoints numberofdatapoints length recordlength samplelength datalength count rows nsample "
    "anzahlmesswerte anzahlwerte messwerte anzahlderwerte anzahlsamples abtastwerte nombredepoints nombredéchantillons "
    "nombredechantillons échantillons echantillons muestras numerodemuestras númerodemuestras puntos campioni 采样点数 "
    "点数 样本数 数据长度"
)
_DURATION_NAMES = word_set(
    "duration durations totaltime recordtime recordingtime recordlength measurementtime measuringtime acquisitiontime "
    "measurementduration recordingduration length time timespan dauer messdauer messzeit aufnahmedauer aufnahmezeit "
    "durée duree duréedacquisition duración duracion tiempototal durata duração 采样时间 时长 持续时间"
)
_FREQUENCY_NAMES = word_set("frequency freq f frequenz fréquence frequence frecuencia frequenza frequência 频率")
_EVERY = word_set("every each interval spacing sample persample timepersample secondspersample")
_STEP = word_set("delta step interval period xaxisdelta xdelta xinc tinc tincrement loggerstep logstep")
_BESIDE_A_COUNT = ("", *word_set("in over within during for"))
_PLAINLY_HZ = word_set("rate freq frequency hz")
_SAMPLING_WORDS = re.compile(
    r"(?:sampl|acqui|digiti[sz]|scan|record|logg|adc|daq|abtast|mess|mesure|éch|ech|muestre|camp|amostr)\w*?"
    r"(?:rate|freq|fréq|frec|clock|takt)"
    r"|(?:freq|fréq|frec)\w*?(?:sampl|acqui|éch|ech|abtast|muestre|camp|amostr)"
    # what samples, in languages that put it elsewhere
    r"|próbkowan|probkowan|örneklem|orneklem|vzorkov|näytteen|mintavétel|eșantion|esantion|дискретизац|опитува"
    r"|サンプリング|샘플링|표본화|采样|採樣|取样|取樣"
)
# `Update rate: 12000 Hz` is one where the number is a rate of sampling by its size.
_PERHAPS_SAMPLING = re.compile(
    r"^fa$|rate$|(?:data|log|stream|measuring|measurement|update|tast)(?:freq|frequency|frequenz)$"
)
_SAMPLED_AT = re.compile(
    r"@\s*$|\b(?:sampled|recorded|logged|acquired|measured|digiti[sz]ed|resampled|decimated|downsampled|abgetastet)"
    r"\b[ a-z]{0,12}\b(?:at|with|to|mit)\s*$",
    re.I,
)
_NO_RATE = re.compile(
    r"filter|cut ?-?off|corner|low ?pass|high ?pass|band|range|mains|line freq|reson|nyquist|max|min\b|limit|grenz|"
    r"lines|number|anzahl|bpf|bsf|ftf|fault|carrier|natural|baud|\bbit|alarm|trip|power|resolution|blade|gear|mesh|span|"
    r"original|former|from\W*$|before|flow|heart|pwm|switching|inverter|decay|cooling|heating|leak|feed",
    re.IGNORECASE,
)

_HZ_PER_UNIT = {
    **dict.fromkeys(("hz", "hertz", "赫兹", "1/s", "s-1", "s^-1", "гц"), 1.0),
    **dict.fromkeys(("khz", "kilohertz", "千赫", "кгц", "k"), 1e3),
    "mhz": 1e6,
}
_SPS_PER_UNIT = {
    **dict.fromkeys(
        ("sps", "s/s", "sa/s", "samp/s", "samples/s", "sample/s", "pts/s", "points/s", "scans/s", "scan/s", "s/s/ch",
         "samples/s/ch", "sps/ch", "samples/sec", "scans/sec", "hz/ch", "werte/s", "amostras/s",
         "muestras/s", "campioni/s"), 1.0
    ),
    **dict.fromkeys(("ksps", "ks/s", "ksa/s", "ksamples/s", "ksample/s", "ksamp/s"), 1e3),
    **dict.fromkeys(("msps", "ms/s", "msa/s", "msamples/s"), 1e6),
}  # fmt: skip
_SECONDS_PER_UNIT = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sekunden", "secondes", "segundos", "秒"), 1.0),
    **dict.fromkeys(("ms", "msec", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "usec", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nanoseconds"), 1e-9),
    **dict.fromkeys(("min", "minutes"), 60.0),
}
_RPM_PER_UNIT = {
    **dict.fromkeys(
        ("rpm", "r.p.m.", "r.p.m", "1/min", "min-1", "min^-1", "min⁻¹", "/min", "r/min", "rev/min", "revs/min", "u/min",
         "upm", "u.p.m.", "tr/min", "t/min", "tpm", "giri/min", "ot/min", "omw/min", "obr/min", "об/мин", "转/分",
         "r.p.min", "rev per min", "rev per minute", "revolutions per minute", "rotations per minute"), 1.0
    ),
    **dict.fromkeys(
        ("rev/s", "revs/s", "r/s", "rps", "tr/s", "u/s", "cps", "rev/sec", "revs/sec", "rev per second",
         "revolutions per second", "revolutions/s"), 60.0
    ),
    "krpm": 1e3,
    "rad/s": 30.0 / pi,
    **dict.fromkeys(("deg/s", "°/s"), 1.0 / 6.0),
}  # fmt: skip
_CYCLES = {"cpm": 1.0, "c/min": 1.0, "cycles/min": 1.0, "hz": 60.0, "hertz": 60.0, "1/s": 60.0, "s-1": 60.0}
_COUNTED = word_set("samples points pts values werte messwerte points muestras puntos campioni échantillons")
_UNITS = sorted(
    {*_COUNTED, *_HZ_PER_UNIT, *_SPS_PER_UNIT, *_SECONDS_PER_UNIT, *_RPM_PER_UNIT, *_CYCLES}, key=len, reverse=True
)

_UNIT = "|".join(re.escape(unit) for unit in _UNITS)
_NUMBER = re.compile(
    r"(?<![\w.])(?<!\d[,:/\-])"
    r"(?P<number>[-+]?(?:\d{1,3}(?:(?P<sign>[,.'’ \u00a0\u202f])\d{3})(?:(?P=sign)\d{3})*(?:[.,]\d+)?(?![\d])"
    r"|\d+(?:[.,]\d+)?|\.\d+)(?:[eE][-+]?\d+)?)"
    rf"(?:[ ;,\t|\"]{{0,3}}[\[(]?(?P<unit>{_UNIT})[\])]?(?![\w/^]|\s*[:=]))?",
    re.IGNORECASE,
)
_PER_SECOND = re.compile(
    r"\b(k|m)?(?:samples?|sa?|pts|points) ?(?:/|per|pro|par|por) ?(?:s|sec|second|sekunde)s?\b", re.I
)
# Written otherwise, and brought into a form that `_NUMBER` takes for one number with one unit.
_REWRITTEN = tuple(
    (re.compile(pattern, re.I), new)
    for pattern, new in (
        (r"(?<![\d.,/])1 ?/ ?min\b|\bmin(?:\^?-1\b|⁻¹)", "rpm"),
        (r"(?<![\d.,/])1 ?/ ?s\b|\bs(?:\^?-1\b|⁻¹)", "Hz"),
        (r"(?<=\d)_(?=\d{3})", ""),
        (r"(?<=\d) ?[·×x*] ?10\^?(\d)\b", r"e\1"),
        (r"(?<=\d) ?[·×x*] ?10³", "e3"),
        (r"(?<=\d) ?k(?:ilo)?[ -]?(?=samples?\b)", " k"),
        (r"([-+\d.,e]+) ?(µs|μs|us|ms|ns) ?(?:/|per ) ?(?:sample|point)s?\b", r" sample interval \1 \2"),
    )
)
_BEARING_LINE = re.compile(
    r"[\s#%;/*!'\"]*(?:bearing|lager|wälzlager|roulement|rodamiento|cuscinetto|rolamento|łożysko|подшипник|轴承|軸受)"
    r"(?:[ _](?:type|typ|name|designation|bezeichnung|model|number|no\.?))?\s*[:=,;\t]\s*(?P<name>[^;\t]{2,60})",
    re.I,
)
_STARTED_LINE = re.compile(
    r"[\s#%;/*!'\"]*(?:date|time|timestamp|start|started|start[ _]time|recorded|measured|date[ _]?time|acquired)"
    r"(?:[ _](?:at|on|time|utc))?\s*[:=;,\t]\s*(?P<when>\d.{7,40})",
    re.I,
)
_SIMULATED = re.compile(r"\bsimulated\b", re.IGNORECASE)
_SUFFIXES = ("khz", "hz", "rpm", "sps", "ms", "us")
_LINE = 300


@dataclass(frozen=True)
class _Named:
    """A number as it stands: what is called so, its possible values (the likeliest notation first), unit and source."""

    name: str
    values: tuple[float, ...]
    unit: str
    source: str


def facts_in_scalars(scalars: Mapping[str, float], where: str = "variable") -> Facts:
    """Facts in named numbers. `where` says what the names are, for the sources (``variable``, ``field``)."""
    return _facts(_Named(name, (value,), "", f"{where} '{clean_name(name)}'") for name, value in scalars.items())


def facts_in_lines(lines: Iterable[str], decimal: str = "") -> Facts:
    """Facts in comment and preamble lines such as ``# sampling_rate_hz: 12000`` or ``Sample rate;25,6 kHz``.

    Parameters
    ----------
    lines : iterable of str
        The lines; only the first 300 characters of each are looked at.
    decimal : str
        The decimal sign of the file's table where it shows one, "" where it does not.
    """
    lines = [line[:_LINE] for line in lines]
    found = [one for names, numbers in pairwise(lines) for one in _numbers_below(names, numbers, decimal)]
    bearing = started = ""
    notes: list[str] = []
    for line in lines:
        if not started and (when := _STARTED_LINE.match(line)):
            started = iso_time(when["when"])
        if _SIMULATED.search(line) and not notes:
            notes.append("The file says of itself that it is simulated, not measured.")
        for part in line.split(";") if line.count("=") > 1 else [line]:
            named = _BEARING_LINE.match(part)
            if named and not bearing:
                bearing = clean_name(named["name"].strip(" \"',"))
            elif not named:
                found += _named_numbers(part, decimal)
    return Facts(notes=tuple(notes), bearing=bearing, started=started).or_else(_facts(found))


def iso_time(text: str) -> str:
    """A date and time of day as ISO 8601, its zone kept; "" for anything else (a day first only where it has dots)."""
    text = text.strip(" \"',;#").replace(",", ".")
    german = re.match(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", text)
    if german:
        text = f"{german[3]}-{int(german[2]):02d}-{int(german[1]):02d}{german[4]}"
    text = re.sub(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", lambda m: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}", text)
    text = re.sub(r"^(\d{4}-\d\d-\d\d)[ T_]+", r"\1T", text).replace(" ", "").replace("UTC", "Z")
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def rpm_per_unit(unit: str) -> float | None:
    """Revolutions per minute in one of a unit of speed (``rpm``, ``rev/s``, ``Hz``); None for any other unit."""
    plain = unit.strip().lower()
    return _RPM_PER_UNIT.get(plain, _CYCLES.get(plain))


def names_shaft_speed(name: str, unit: str) -> bool:
    """Whether a column is called the speed of a shaft and measured in a unit of one (``f_rot`` in Hz)."""
    key = re.sub(r"[\W_]+", "", name.lower())
    called = key in _RPM_NAMES | _SHAFT_HZ_NAMES | _SPEED_NAMES | {"omega", "ω"}
    return called and rpm_per_unit(unit) is not None


def tidy_rate(rate_hz: float, tolerance: float = 1e-5) -> float:
    """A rate computed from time stamps, rounded to a whole number of Hz where it is one within `tolerance`."""
    if not isfinite(rate_hz):
        return rate_hz
    nearest = float(round(rate_hz))
    return nearest if nearest and abs(rate_hz - nearest) <= tolerance * nearest else float(rate_hz)


# --- numbers in a line ------------------------------------------------------------------------------------------------


def _named_numbers(line: str, decimal: str) -> Iterator[_Named]:
    """Every number of a line with the words before it; those before the first name all that follow without words."""
    plain = line.lstrip(" \t#%;/*!\"'").replace('"', "")
    for pattern, new in _REWRITTEN:
        plain = pattern.sub(new, plain)
    plain = _PER_SECOND.sub(lambda match: f"{match[1] or ''}samples/s", plain)
    source = f"line '{clean_name(line.strip(' #%;,' + chr(9)))}'"
    at = 0
    for match in _NUMBER.finditer(plain):
        words = plain[at : match.start()]
        at = match.end()
        yield _Named(_last_words(words), _values(match["number"], match["sign"], decimal), match["unit"] or "", source)


def _numbers_below(names: str, numbers: str, decimal: str) -> Iterator[_Named]:
    """The numbers of a line below the line that names them, field by field, as in a table of one row."""
    delimiter = next((sign for sign in "\t;," if sign in names), None)
    above = [field.strip(' "') for field in names.split(delimiter)] if delimiter else []
    below = [field.strip(' "') for field in numbers.split(delimiter)]
    if len(above) < 2 or len(above) != len(below) or any(map(_NUMBER.fullmatch, above)):
        return
    for name, field in zip(above, below, strict=True):
        match = _NUMBER.fullmatch(field)
        if name and match:
            yield _Named(
                name,
                _values(match["number"], match["sign"], decimal),
                match["unit"] or "",
                f"the line below '{clean_name(names)}'",
            )


def _last_words(words: str) -> str:
    """The words that name a number: those after the last delimiter that still has words behind it."""
    words = words.strip(" \t:=;,|~≈")
    for delimiter in (";", "\t", ", ", ","):
        if delimiter in words:
            before, words = words.rsplit(delimiter, 1)
            if words.strip(" :=-[]()").lower() in _UNITS:  # `Sampling rate, Hz: 12000`
                words = f"{before.rstrip()} ({words.strip(' :=-[]()')})"
    return words.strip(" :=-")[-60:]


def _values(number: str, sign: str | None, decimal: str) -> tuple[float, ...]:
    """What a number may be: ``12,000`` is 12000 first and 12.0 second, the other way round in a file with commas."""
    body = number.replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("'", "").replace("’", "")
    if sign not in (",", "."):
        return (_float(body.replace(",", ".")),)
    other = "." if sign == "," else ","
    grouped = _float(body.replace(sign, "").replace(other, "."))
    if body.count(sign) > 1 or other in body:
        return (grouped,)
    fraction = _float(body.replace(sign, "."))
    as_decimal = sign == decimal or (not decimal and sign == ".") or (decimal == "." and sign == ".")
    return (fraction, grouped) if as_decimal else (grouped, fraction)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


# --- what the numbers mean --------------------------------------------------------------------------------------------


def _facts(found: Iterable[_Named]) -> Facts:
    rate: Known | None = None
    rpm: Known | None = None
    samples: Known | None = None
    duration: Known | None = None
    notes: list[str] = []
    for one in found:
        kind, known, note = _judge(one)
        if note:
            notes.append(note)
        if kind == "rate":
            rate = rate or known
        elif kind == "rpm":
            rpm = rpm or known
        elif kind == "samples":
            samples = samples or known
        elif kind == "duration":
            duration = duration or known
    if rate is None and samples and duration and duration.value > 0:
        hertz = samples.value / duration.value
        if _SLOWEST_STATED_HZ <= hertz <= RATE_LIMITS_HZ[1]:
            rate = Known(tidy_rate(hertz, 1e-4), f"{samples.value:,.0f} samples in {duration.value:g} s")
    return Facts(rate, rpm, tuple(dict.fromkeys(notes)))


def _judge(one: _Named) -> tuple[str, Known | None, str]:
    """What one named number is (``rate``, ``rpm``, ``samples``, ``duration`` or ""), its value, and what to tell."""
    name, bracketed = split_unit(one.name)
    unit = (one.unit or bracketed).strip().lower()
    key = re.sub(r"[\W_]+", "", name.lower())
    if not unit:
        key, unit = _suffix_as_unit(key)
    doubtful = bool(_NO_RATE.search(name.replace("_", " ")))
    if unit in _SPS_PER_UNIT and not doubtful:
        return _rate(one, _SPS_PER_UNIT[unit], True)
    perhaps = _SAMPLED_AT.search(one.name) or _PERHAPS_SAMPLING.search(key)
    if perhaps and not doubtful and one.values[0] * _HZ_PER_UNIT.get(unit, 0.0) >= _SLIP_HZ[0]:
        return _rate(one, _HZ_PER_UNIT[unit], True)
    if (key in _EVERY and unit in _SECONDS_PER_UNIT) or (key in _STEP and unit in ("", *_SECONDS_PER_UNIT)):
        seconds = _SECONDS_PER_UNIT.get(unit, 1.0)
        return _interval(one, seconds) if one.values[0] * seconds <= _LONGEST_STEP_S else ("", None, "")
    called_rate = _means(key, _RATE_NAMES) or bool(_SAMPLING_WORDS.search(key))
    if (_means(key, _INTERVAL_NAMES) and not unit) or (
        (called_rate or _means(key, _INTERVAL_NAMES)) and unit in _SECONDS_PER_UNIT
    ):
        return _interval(one, _SECONDS_PER_UNIT.get(unit, 1.0))
    if called_rate and not doubtful and (unit in _HZ_PER_UNIT or (not unit and key != "rate")):
        return _rate(one, _HZ_PER_UNIT.get(unit, 1.0), bool(unit))
    if (
        unit in ("hz", "khz", "hertz")
        and (not key or key in _FREQUENCY_NAMES)
        and one.values[0] * _HZ_PER_UNIT[unit] >= 1_000
    ):
        return _rate(one, _HZ_PER_UNIT[unit], True)
    in_line = one.source.startswith("line ")
    if not unit and key in _PLAINLY_HZ and in_line and _CERTAINLY_HZ <= one.values[0] <= _SLIP_HZ[1]:
        return _rate(one, 1.0, True)
    if key == "fc" and unit in _HZ_PER_UNIT:
        label = one.source[0].upper() + one.source[1:]
        return "", None, f"{label} is the sampling rate to some and a filter's to others: if it is the rate, give it."
    if unit in _RPM_PER_UNIT and not doubtful:
        return _speed(one, _RPM_PER_UNIT[unit])
    if _means(key, _RPM_NAMES) and (not unit or unit in _CYCLES):
        return _speed(one, _CYCLES.get(unit, 1.0))
    if _means(key, _SHAFT_HZ_NAMES) and (not unit or unit in _CYCLES):
        return _speed(one, _CYCLES.get(unit, 60.0))
    if _means(key, _SPEED_NAMES) and unit in _CYCLES:
        return _speed(one, _CYCLES[unit])
    if key in _UNITLESS_SPEEDS and not unit and max(one.values) > 0:
        if max(one.values) > CERTAINLY_RPM:
            return _speed(one, 1.0)
        label = one.source[0].upper() + one.source[1:]
        return "", None, f"{label} is {one.values[0]:g} without a unit, Hz or rpm: give the shaft speed yourself."
    if in_line and one.name == "N" and not unit and one.values[0] >= _SLIP_HZ[0]:
        return "samples", Known(one.values[0], one.source), ""
    if in_line and one.name == "T" and unit in _SECONDS_PER_UNIT:
        return "duration", Known(one.values[0] * _SECONDS_PER_UNIT[unit], one.source), ""
    beside_a_count = key in _BESIDE_A_COUNT and bool(_COUNTED.intersection(re.findall(r"\w+", one.source.lower())))
    if unit in _SECONDS_PER_UNIT and (beside_a_count or _means(key, _DURATION_NAMES)):
        return "duration", Known(one.values[0] * _SECONDS_PER_UNIT[unit], one.source), ""
    if unit in _COUNTED or (not unit and key in _SAMPLES_NAMES):
        whole = next((value for value in one.values if value >= 100 and value == round(value)), None)
        return ("samples", Known(whole, one.source), "") if whole else ("", None, "")
    if not unit and key in _DURATION_NAMES - _SAMPLES_NAMES - {"time"}:
        return "duration", Known(one.values[0], one.source), ""
    return "", None, ""


def _means(key: str, names: frozenset[str]) -> bool:
    """Whether a name is one of `names`, or holds one that is long enough to be no accident (``adcsamplerateis``)."""
    if key in names:
        return True
    if not key.isascii():
        return any(name in key for name in names if len(name) >= 3 and (not name.isascii() or len(name) >= 8))
    return any(name in key for name in names if len(name) >= 8)


def _rate(one: _Named, hz_per_unit: float, sure: bool) -> tuple[str, Known | None, str]:
    """A sampling rate, or the sentence why it is none."""
    rates = [value * hz_per_unit for value in one.values]
    rate_hz = next((rate for rate in rates if _SLIP_HZ[0] <= rate <= RATE_LIMITS_HZ[1]), rates[0])
    label = one.source[0].upper() + one.source[1:]
    if not sure and rate_hz < 500 and _SLIP_HZ[0] <= 1_000 * rate_hz <= _SLIP_HZ[1]:
        told = f"{label} has no unit: {rate_hz:g} Hz would be too slow, {rate_hz:g} kHz would not. Give the rate in Hz."
        return "rate", None, told
    if not _SLOWEST_STATED_HZ <= rate_hz <= RATE_LIMITS_HZ[1]:
        return "rate", None, f"{label} gives no plausible sampling rate and is not used." if rate_hz == rate_hz else ""
    return "rate", Known(rate_hz, one.source), ""


def _interval(one: _Named, seconds_per_unit: float) -> tuple[str, Known | None, str]:
    steps_s = [value * seconds_per_unit for value in one.values]
    fine = (step for step in steps_s if 1 / RATE_LIMITS_HZ[1] <= step <= 1 / _SLOWEST_STATED_HZ)
    step_s = next(fine, steps_s[0])
    rate_hz = tidy_rate(1.0 / step_s, 1e-4) if step_s > 0 else 0.0
    if not _SLOWEST_STATED_HZ <= rate_hz <= RATE_LIMITS_HZ[1]:
        return ("duration", Known(step_s, one.source), "") if step_s > 1 / _SLOWEST_STATED_HZ else ("", None, "")
    return "rate", Known(rate_hz, one.source), ""


def _speed(one: _Named, rpm_per: float) -> tuple[str, Known | None, str]:
    """A shaft speed, or the sentence why it is none."""
    speeds = [value * rpm_per for value in one.values]
    rpm = next((speed for speed in speeds if 5.0 <= speed <= RPM_LIMITS[1]), speeds[0])
    if RPM_LIMITS[0] <= rpm <= RPM_LIMITS[1]:
        return "rpm", Known(rpm, one.source), ""
    label = one.source[0].upper() + one.source[1:]
    return "rpm", None, f"{label} gives no plausible shaft speed and is not used." if rpm > 0 else ""


def _suffix_as_unit(key: str) -> tuple[str, str]:
    """``samplingratehz`` -> ``samplingrate``, ``hz``; a name that is nothing but the suffix stays whole."""
    if key in _RATE_NAMES | _INTERVAL_NAMES | _RPM_NAMES | _SHAFT_HZ_NAMES | _SPEED_NAMES:
        return key, ""
    for suffix in _SUFFIXES:
        if key.endswith(suffix) and len(key) > len(suffix):
            return key[: -len(suffix)], suffix
    return key, ""
