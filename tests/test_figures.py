"""Figures: what is drawn lies where the numbers say, and nothing is larger than a browser can take."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import numpy as np
import plotly.graph_objects as go
import pytest

import bearing
from bearing.figures import envelope as envelope_figures
from bearing.figures import recording as figures
from bearing.figures.diagnosis import DiagnosisFigures, EnvelopeView, line_band
from bearing.figures.looks import LOOKS
from bearing.figures.sent import Sent
from bearing.physics.catalogue import find
from bearing.physics.simulate import SimulationConfig, simulate_recording
from bearing.recording import Recording
from bearing.report import About, report_csv, report_html, report_json, summary_rows
from bearing.signal.envelope import Band, envelope_spectrum
from bearing.signal.kurtogram import kurtogram
from bearing.signal.spectrum import downsample
from bearing.verdict.diagnosis import Bearing, Diagnosis
from bearing.verdict.judging import diagnose
from bearing.verdict.words.advice import strongest_family

RPM = 1772.0


@pytest.fixture(scope="module")
def outer() -> Diagnosis:
    entry = find("SKF 6205-2RS JEM")
    recording = simulate_recording(SimulationConfig(state="outer", shaft_rpm=RPM, seed=4))
    return diagnose(recording, Bearing(entry.name, entry.orders))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return simulate_recording(SimulationConfig(state="outer", shaft_rpm=RPM, seed=4))


@pytest.fixture(scope="module")
def signal(recording: Recording) -> np.ndarray:
    return recording.samples


def points(figure: go.Figure) -> int:
    return max(len(trace.x) for trace in figure.data if trace.type == "scatter")


def test_a_million_samples_become_few_single_precision_points(outer: Diagnosis) -> None:
    x = np.arange(1_000_000) / 12_000
    drawn = downsample(x, np.sin(x))
    figure = figures.waveform_figure(*drawn, "g", outer.windows)
    assert points(figure) <= 4_000
    assert figure.data[0].type == "scatter"  # scattergl takes a minute without a GPU
    assert figure.data[0].y.dtype == np.float32
    assert len(figure.to_json()) < 400_000


def test_the_ribbon_has_one_cell_per_window_in_the_colour_of_its_state(outer: Diagnosis) -> None:
    ribbon = figures.waveform_figure(np.arange(9.0), np.arange(9.0), "", outer.windows).data[1]
    assert ribbon.z.shape == (1, len(outer.windows.start_s))
    colours = {colour for _, colour in ribbon.colorscale}
    assert colours == {LOOKS[name].colour for name in outer.windows.classes}


def test_a_single_window_does_not_stretch_the_time_axis(outer: Diagnosis) -> None:
    one = replace(outer.windows, start_s=outer.windows.start_s[:1], probabilities=outer.windows.probabilities[:1])
    axis = figures.waveform_figure(np.arange(9.0) / 50, np.arange(9.0), "", one).layout.xaxis
    assert axis.range == (0.0, 0.16)


def test_cursors_stand_at_the_fault_orders_and_marks_on_the_spectrum(signal: np.ndarray) -> None:
    orders = find("SKF 6205-2RS JEM").orders
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    figure = envelope_figures.envelope_figure(spectrum, orders, RPM / 60, highlight=("outer",))
    lines = next(t for t in figure.data if t.mode == "lines" and t.legendgroup == "outer")
    assert lines.x[0] == pytest.approx(orders.bpfo * RPM / 60)
    assert lines.x[9] == pytest.approx(4 * orders.bpfo * RPM / 60)
    marks = next(t for t in figure.data if t.mode == "markers" and t.legendgroup == "outer")
    at = np.round(np.asarray(marks.x) / spectrum.step_hz).astype(int)
    np.testing.assert_allclose(marks.y, spectrum.amplitude[at], rtol=1e-6)
    assert "found at" in marks.text[0]
    assert {t.visible for t in figure.data if t.legendgroup == "inner"} == {"legendonly"}


def test_chart_and_sentence_measure_a_line_alike() -> None:
    orders = find("SKF 6205-2RS JEM").orders
    config = SimulationConfig(state="outer", shaft_rpm=RPM, slip=0.002, duration_s=8.0, seed=4)
    recording = replace(simulate_recording(config), shaft_rpm=1.004 * RPM)  # stated a little wrong, as on name plates
    found = diagnose(recording, Bearing("6205", orders)).evidence
    spectrum = envelope_spectrum(recording.samples, 12_000, Band(*found["outer"].band_hz), 600)
    figure = envelope_figures.envelope_figure(spectrum, orders, 1.004 * RPM / 60, found, decibel=True)
    marks = next(t for t in figure.data if t.mode == "markers" and t.legendgroup == "outer")
    np.testing.assert_allclose(marks.x, [line.found_hz for line in found["outer"].lines], rtol=1e-3)
    for line, words in zip(found["outer"].lines, marks.text, strict=False):
        assert f"expected at {line.expected_hz:,.1f} Hz" in words
    np.testing.assert_allclose(marks.y, [line.level_db for line in found["outer"].lines], atol=2)


def test_cursors_stand_at_the_speed_the_evidence_read(outer: Diagnosis, signal: np.ndarray) -> None:
    orders, found = find("SKF 6205-2RS JEM").orders, outer.evidence["outer"]
    faster = replace(found, lines=tuple(replace(line, expected_hz=1.003 * line.expected_hz) for line in found.lines))
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    figure = envelope_figures.envelope_figure(spectrum, orders, RPM / 60, {"outer": faster})
    lines = next(t for t in figure.data if t.mode == "lines" and t.legendgroup == "outer")
    assert lines.x[0] == pytest.approx(1.003 * found.lines[0].expected_hz * (1 + found.slip))


def test_names_of_lines_side_by_side_do_not_overlap(signal: np.ndarray) -> None:
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    figure = envelope_figures.envelope_figure(spectrum, find("SKF 6205-2RS JEM").orders, RPM / 60)
    heights = {t.y[0] for t in figure.data if t.mode == "text"}
    assert len(heights) == 4  # three families and the shaft
    assert min(heights) > spectrum.amplitude[1:].max()  # and none lies on a peak


def test_orders_are_hertz_over_the_shaft(signal: np.ndarray) -> None:
    orders = find("SKF 6205-2RS JEM").orders
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    hertz = envelope_figures.envelope_figure(spectrum, orders, RPM / 60)
    by_order = envelope_figures.envelope_figure(spectrum, orders, RPM / 60, in_orders=True)
    np.testing.assert_allclose(np.asarray(hertz.data[0].x), np.asarray(by_order.data[0].x) * RPM / 60, rtol=1e-5)
    assert by_order.layout.xaxis.title.text == "order of shaft speed"
    assert envelope_figures.envelope_figure(spectrum, in_orders=True).layout.xaxis.title.text == "frequency (Hz)"


def test_cursors_need_bearing_and_speed(signal: np.ndarray) -> None:
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    for figure in (
        envelope_figures.envelope_figure(spectrum),
        envelope_figures.envelope_figure(spectrum, find("SKF 6205-2RS JEM").orders),
    ):
        assert not [trace for trace in figure.data if trace.legendgroup]


def test_a_clear_verdict_shows_every_harmonic_on_the_axis(signal: np.ndarray) -> None:
    orders = find("SKF 6205-2RS JEM").orders
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 730)
    alone = envelope_figures.envelope_figure(spectrum, orders, RPM / 60, highlight=("outer",))
    names = next(t for t in alone.data if t.mode == "text" and t.legendgroup == "outer")
    assert list(names.text) == ["1×", "2×", "3×", "4×", "5×", "6×"]


def test_a_strong_peak_that_is_no_line_is_named_in_hertz_and_orders() -> None:
    rng, time_s = np.random.default_rng(0), np.arange(60_000) / 12_000
    beat = 1 + 0.9 * np.cos(2 * np.pi * 78.0 * time_s)
    spectrum = envelope_spectrum(beat * rng.normal(size=60_000), 12_000, Band(1_000, 5_000), 600)
    orders = find("SKF 6205-2RS JEM").orders
    figure = envelope_figures.envelope_figure(spectrum, orders, 25.0)
    named = next(t for t in figure.data if t.name == "No known line")
    assert named.text[0].startswith("78.0 Hz")
    assert "3.12×" in named.text[0]
    shaft = {t.mode: t for t in figure.data if t.legendgroup == "Shaft 1×"}
    known = envelope_figures.envelope_figure(spectrum, orders, 78.0 / orders.bpfo)  # at this speed it is BPFO
    assert not [t for t in known.data if t.name == "No known line"]
    # the peak's name stands on it, 0.72 high, and the shaft's name beside it keeps out of its way
    alone = next(t for t in known.data if t.legendgroup == "Shaft 1×" and t.mode == "text")
    top = figure.layout.yaxis.range[1]
    assert shaft["text"].y[0] < float(named.y[0]) - 0.1 * top < alone.y[0]


def test_names_over_the_highest_lines_have_room_in_a_low_figure(signal: np.ndarray) -> None:
    orders = find("SKF 6205-2RS JEM").orders
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    figure = envelope_figures.envelope_figure(spectrum, orders, RPM / 60, height=290)
    named = [t for t in figure.data if t.mode == "text"]
    plot_px = 290 - figure.layout.margin.t - figure.layout.margin.b
    assert named
    for trace in named:
        assert trace.cliponaxis is False
        assert (1 - max(trace.y) / figure.layout.yaxis.range[1]) * plot_px >= 16  # a line of 12 px


def test_peaks_answer_to_the_pointer_with_their_line_and_clicked_ones_show_their_harmonics(signal: np.ndarray) -> None:
    spectrum = envelope_spectrum(signal, 12_000, Band(2_000, 4_000), 600)
    orders = find("SKF 6205-2RS JEM").orders
    figure = envelope_figures.envelope_figure(spectrum, orders, RPM / 60, picked_hz=50.0)
    peaks = next(t for t in figure.data if t.name == "peaks")
    assert any("BPFO 1×" in words for words in peaks.text)
    comb = next(t for t in figure.data if t.name == "Harmonics of 50.00 Hz" and t.mode == "lines")
    np.testing.assert_allclose(comb.x[0::3], 50.0 * np.arange(1, 11))


def test_every_square_of_the_kurtogram_names_the_band_under_it(signal: np.ndarray) -> None:
    image = kurtogram(signal, 12_000)
    figure = figures.kurtogram_figure(image, image.best)
    squares = next(t for t in figure.data if t.type == "scatter")
    for x_khz, row, words in zip(squares.x, squares.y, squares.text, strict=True):
        band = image.band_at(int(row), float(x_khz) * 1000)
        assert words.startswith(f"{band.low_hz / 1000:.2f}-{band.high_hz / 1000:.2f} kHz")
    frame = figure.layout.shapes[0]
    assert (frame.x0 * 1000, frame.x1 * 1000) == pytest.approx((image.best.low_hz, image.best.high_hz))


def test_hover_in_orders_only_where_the_speed_is_known() -> None:
    x, y = np.arange(10.0), np.ones(10)
    assert "order" not in figures.spectrum_figure(x, y).data[0].hovertemplate
    with_speed = figures.spectrum_figure(x, y, shaft_hz=2.0).data[0]
    assert "order" in with_speed.hovertemplate
    np.testing.assert_allclose(with_speed.customdata, x / 2)


def test_windows_stack_to_one(outer: Diagnosis) -> None:
    figure = figures.windows_figure(outer.windows)
    np.testing.assert_allclose(sum(np.asarray(bar.y) for bar in figure.data), 1.0, atol=1e-5)


def test_short_recordings_have_no_ribbon(outer: Diagnosis) -> None:
    none = replace(outer.windows, start_s=np.zeros(0), probabilities=np.zeros((0, 4), np.float32), familiar=False)
    assert len(figures.waveform_figure(np.arange(9.0), np.arange(9.0), "", none).data) == 1
    assert all(len(bar.y) == 0 for bar in figures.windows_figure(none).data)


def test_csv_reads_back_and_holds_no_formula(outer: Diagnosis) -> None:
    import io

    import pandas as pd

    known = replace(outer.opinions["cnn"], in_domain=True)
    told = replace(outer, file="=cmd|' /C calc'!A0", channel="+evil\nrow", opinions={**outer.opinions, "cnn": known})
    text = report_csv(told)
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert len(table) == len(outer.windows.start_s)
    assert list(table["verdict"]) == outer.windows.verdicts
    np.testing.assert_allclose(table.filter(like="p_").to_numpy(), outer.windows.probabilities, atol=1e-6)
    assert "# File,'=cmd|' /C calc'!A0" in text
    assert "\nrow" not in text


def test_no_row_and_no_chart_shows_a_network_outside_its_training(outer: Diagnosis, recording: Recording) -> None:
    assert not outer.opinions["cnn"].in_domain
    assert report_csv(outer).splitlines()[-1].startswith("window,start_s")
    assert "counts for nothing" in dict(summary_rows(outer))["Opinion of the Waveform CNN"]
    assert not any("window by window" in title for title in DiagnosisFigures(outer, recording).titled())


def test_json_is_the_diagnosis(outer: Diagnosis) -> None:
    import json

    content = json.loads(report_json(outer))
    assert content["verdict"] == outer.verdict
    assert content["confidence"] == outer.confidence
    assert set(content["opinions"]) == set(outer.opinions)


def test_html_needs_no_network_and_escapes_names(outer: Diagnosis, recording: Recording) -> None:
    evil = "<script>alert(1)</script>"
    page = report_html(replace(outer, file=evil + ".mat"), recording, About(machine=evil, point=evil, note=evil))
    assert "<script>alert(1)" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4
    assert 'src="http' not in page
    assert page.count("plotly-graph-div") >= 5


def test_the_report_says_what_a_boss_asks(outer: Diagnosis, recording: Recording) -> None:
    own = find("SKF 6205-2RS JEM").geometry
    assert own is not None
    given = f"n={own.elements},d={own.ball_diameter:g},D={own.pitch_diameter:g},phi=0"
    named = replace(outer, bearing=Bearing(given, outer.bearing.orders if outer.bearing else find("6205").orders))
    measured = replace(recording, started="2026-03-01T08:00:00", sha256="a" * 64, unit="g")
    view = EnvelopeView(band=Band(1_500, 3_500))
    about = About("Pump 7", "drive end, horizontal", "Simulated.", "2", "rigid", view)
    page = report_html(named, measured, about)
    for said in (
        "Outer race damage.", "Plan to change the bearing", "Sure, 97 %", "Pump 7", "drive end, horizontal",
        "2026-03-01T08:00:00", f"{datetime.now():%Y-%m-%d}", "a" * 64, given, "given by hand", "mm/s RMS",
        "ISO 20816-3:2022", "early bearing damage hardly shows", "Counted on", f"bearing {bearing.__version__}",
        " g RMS",
    ):  # fmt: skip
        assert said in page, said
    first, second = page.index("Envelope spectrum of 1.50 to 3.50 kHz"), page.index("Key numbers")
    assert first < second < page.index("<h2>Waveform")  # the picture that convinces stands first, in the reader's band


def test_the_report_without_a_signal_is_words_and_numbers(outer: Diagnosis) -> None:
    page = report_html(outer)
    assert "plotly-graph-div" not in page
    assert "Outer race damage." in page


def test_the_summary_says_everything_once(outer: Diagnosis) -> None:
    names = [name for name, _ in summary_rows(outer) if name != "Warning"]
    assert len(names) == len(set(names))
    assert dict(summary_rows(outer))["Shaft speed (rpm)"] == "1772"
    assert dict(summary_rows(outer))["Fault lines of the outer race"].startswith("Outer race: 4 of 4 harmonics found")


def test_a_figure_is_sent_so_that_plotly_finds_its_copy_the_same(outer: Diagnosis, recording: Recording) -> None:
    for name in (drawn := DiagnosisFigures(outer, recording)).names:
        figure = drawn[name]
        sent = json.loads(Sent(figure, "points").to_json())
        text = json.dumps(sent)
        assert "bdata" in figure.to_json()
        assert "bdata" not in text  # an array in base64 is never equal to its copy
        assert "template" not in sent["layout"]  # nor is a template
        assert sent["layout"]["datarevision"] == figures.DRAWN_ONCE
        assert sent["layout"]["clickmode"] == "event+select"
        for after, before in zip(sent["data"], figure.data, strict=True):
            for axis in ("x", "y", "z"):
                numbers = getattr(before, axis, None)
                if isinstance(numbers, np.ndarray) and numbers.dtype.kind == "f":
                    told = np.array(after[axis], dtype=np.float64)
                    np.testing.assert_allclose(told, numbers, atol=1e-5 * np.abs(numbers).max())


def test_a_figure_is_sent_with_its_gaps() -> None:
    figure = go.Figure([{"type": "scatter", "y": np.array([0.1, np.nan, -np.inf, 1e-30])}])
    assert json.loads(Sent(figure).to_json())["data"][0]["y"] == [0.1, None, None, 0.0]
    nothing = go.Figure([{"type": "scatter", "y": np.zeros(2)}])
    assert json.loads(Sent(nothing).to_json())["data"][0]["y"] == [0.0, 0.0]


def test_the_band_is_that_of_the_family_the_reason_names(outer: Diagnosis) -> None:
    evidence = dict(outer.evidence)
    evidence["inner"] = replace(evidence["inner"], null_score=2 * max(one.null_score for one in evidence.values()))
    unclear = replace(outer, verdict="damaged", evidence=evidence)
    assert evidence["outer"].score > evidence["inner"].score  # not what the reason goes by
    assert strongest_family(unclear) is evidence["inner"]
    assert list(line_band(unclear)) == ["highest BPFI lines"]
