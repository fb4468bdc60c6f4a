"""Every way to write a sampling rate or a shaft speed above a table, and what must not be taken for one."""

from __future__ import annotations

import pytest

from bearing.readers.columns.facts import facts_in_lines

RATES = [
    "Fs=12000 Hz",
    "fs: 12000",
    "fs 12000",
    "FS = 12 kHz",
    "fs: 12,000 Hz",
    "fs: 12'000 Hz",
    "fs: 12 000 Hz",
    "12000 Hz",
    "SampleRate=12000",
    "sampling_rate_hz: 12000",
    "Sampling rate = 12000 samples/second",
    "Sample rate: 12000 S/s",
    "Sample rate: 12 kS/s",
    "Sample rate: 12k",
    "Sample Rate (Hz),12000",
    "Sample Rate [kHz];12",
    "Sampling frequency;12,0 kHz",
    "Samples per channel: 24000, Sample rate: 12000 S/s",
    "Scan rate,12000,Hz,channels,1",
    "Sample frequency 12.0kHz",
    "Sampled at 12 kHz",
    "sampled at 12000 Hz with 16 bit",
    "rate 12 kHz nominal",
    "12000 SPS",
    "12 kSPS",
    "ODR: 12000 Hz",
    "Output data rate 12 kHz",
    "Acquisition rate: 12000 samples per second",
    "DAQ rate = 1.2e4 Hz",
    "Data rate: 12000 Hz",
    "dt = 8.333333e-5",
    "dt: 83.33333 us",
    "delta t\t8.33333333E-5",
    "Sampling interval: 0.08333333 ms",
    "time step 83.33333 µs",
    "Abtastrate: 12000 Hz",
    "Abtastfrequenz;12,0 kHz",
    "Abtastintervall: 83,33333 µs",
    "Fréquence d'échantillonnage : 12 kHz",
    "frequence d'echantillonnage;12000",
    "Frecuencia de muestreo: 12000 Hz",
    "采样频率: 12000 Hz",
    "采样率：12 kHz",
    "SAMPLE RATE = 12,000.0 HZ",
    "; SampleRate, 12000,Hz",
    "% fs = 12000;",
    "sr: 12000 rpm: 1772",
    "24000 samples, 2 s",
    "number of samples 24000 sampling time 2 sec",
    "Samples/sec: 12000",
    "Fréq. éch. : 12 kHz",
    "Fe = 12000 Hz",
    "Cadence : 12 kHz",
    "Passo di campionamento: 83,333333 µs",
    "Frecuencia: 12000 Hz",
    "Scan Rate (scans/sec): 12000",
    "Digitization frequency: 12000.0",
    "Rate 12000 S/s/ch",
    "Sample clock 12 kHz",
    "acc @ 12 kHz",
    "Recorded at 12000 Hz",
    "Original sampling rate 48000 Hz, resampled to 12000 Hz",
    "Sampling rate, Hz: 12000",
    "Abtastrate [1/s]: 12000",
    "sampling_rate: 12_000",
    "fs = 12·10³ Hz",
    "rate=12000.000000",
    "Update rate: 12000 Hz",
    "12k samples/sec",
    "24000 points in 2 seconds",
    "Resolution: 83.33333 us/sample",
    "1 sample = 83.33333 us",
    "interval (ms),0.08333333",
    "XInc:,8.333333E-005",
    "Частота дискретизации, Гц: 12000",
    "Częstotliwość próbkowania: 12 kHz",
    "サンプリングレート,12000,Hz",
]
SPEEDS = [
    "RPM: 1772",
    "rpm=1772",
    "Shaft speed: 1,772 rpm",
    "Rotational speed;1772",
    "Running speed 1772 RPM",
    "n = 1772 min-1",
    "n = 1772 1/min",
    "Turning Speed: 1772 CPM",
    "Speed (rpm);1772",
    "speed: 29.5333 Hz",
    "Tach,29.5333 rev/s",
    "Shaft speed 29.5333 rps",
    "1772 r.p.m.",
    "Drehzahl: 1772 U/min",
    "Drehzahl;1.772 1/min",
    "Vitesse de rotation : 1772 tr/min",
    "Velocidad: 1772 rpm",
    "转速: 1772 转/分",
    "Motor: 1772 rpm",
    "shaft_hz: 29.5333",
    "Speed = 185.5634 rad/s",
    "Drehzahl [1/min];1772",
    "n [min-1]: 1772",
    "speed: 10632 deg/s",
]


@pytest.mark.parametrize("line", RATES)
def test_a_rate_is_read_however_it_is_written(line: str) -> None:
    rate = facts_in_lines([line]).rate
    assert rate is not None
    assert rate.value == pytest.approx(12_000, rel=1e-4)


@pytest.mark.parametrize("line", SPEEDS)
def test_a_speed_is_read_however_it_is_written(line: str) -> None:
    rpm = facts_in_lines([line]).rpm
    assert rpm is not None
    assert rpm.value == pytest.approx(1_772, rel=1e-4)


def test_two_facts_on_a_line_and_samples_over_a_duration() -> None:
    both = facts_in_lines(["Sample rate: 25.6 kHz, Speed: 1500 rpm"])
    assert both.rate is not None
    assert both.rpm is not None
    assert (both.rate.value, both.rpm.value) == (25_600, 1_500)
    counted = facts_in_lines(["Number of samples: 24000", "Duration: 2 s"])
    assert counted.rate is not None
    assert counted.rate.value == 12_000


@pytest.mark.parametrize(
    "line",
    [
        "Low-pass filter: 5000 Hz",
        "Cutoff frequency 6 kHz",
        "Bandwidth: 10 kHz",
        "Mains frequency: 50 Hz",
        "BPFO: 105.9 Hz",
        "Frequency range: 10000 Hz",
        "Max speed: 3600 rpm",
        "Serial number: 12000",
        "Fc = 12000 Hz",
        "Baud rate: 115200 Hz",
        "Switching rate 12 kHz",
        "Original sampling rate: 48000 Hz",
        "Measured frequency: 105.9 Hz",
        "Date: 2024-03-01 10:00:00",
    ],
)
def test_other_numbers_are_no_rate_and_no_speed(line: str) -> None:
    facts = facts_in_lines([line])
    assert facts.rate is None
    assert facts.rpm is None


def test_implausible_numbers_are_dropped_and_told() -> None:
    for line, word in (("fs: 12", "12 kHz would not"), ("fs: 3 Hz", "no plausible sampling rate")):
        facts = facts_in_lines([line])
        assert facts.rate is None
        assert any(word in note for note in facts.notes)


def test_the_files_own_decimal_sign_decides_what_a_comma_means() -> None:
    german = facts_in_lines(["Abtastrate: 25,600 kHz", "Drehzahl: 1.772 U/min"], ",")
    assert german.rate is not None
    assert german.rpm is not None
    assert (german.rate.value, german.rpm.value) == (25_600, 1_772)


def test_numbers_below_their_names_are_facts() -> None:
    facts = facts_in_lines(["Date,Sample rate,Channels,RPM", "2024-11-26,12000,1,1772"])
    assert facts.rate is not None
    assert facts.rpm is not None
    assert (facts.rate.value, facts.rpm.value) == (12_000, 1_772)


@pytest.mark.parametrize("line", ["Bearing: 6205", "Bearing type,6205", "Lager: 6205", "轴承: 6205"])
def test_the_bearing_is_read_too(line: str) -> None:
    assert facts_in_lines([line]).bearing == "6205"
