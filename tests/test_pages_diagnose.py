"""The Diagnose page without a browser: what it says for every kind of file, and that it never shows a traceback."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bearing.errors import DownloadFailed
from bearing.figures.looks import LOOKS
from bearing.settings import limits
from bearing.states import STATES
from bearing.verdict.asked.intake import open_upload
from bearing.verdict.asked.request import Request
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import diagnose
from bearing.verdict.words.advice import advice, counted_sentence, finding, sureness_words
from pages._show import STATE_COLOUR, percent, plain

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30).run()


def words(page: AppTest) -> str:
    """All text of the page."""
    kinds = (page.title, page.header, page.subheader, page.markdown, page.caption, page.error, page.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def upload(page: AppTest, name: str, data: bytes) -> AppTest:
    page.file_uploader[0].upload(name, data)
    page.run()
    assert not page.exception
    return page


def verdict(page: AppTest) -> str:
    """The state the page names, as its key."""
    found = re.search(r":(\w+)\[", " ".join(header.value for header in page.header))
    assert found
    return next(key for key, colour in STATE_COLOUR.items() if colour == found[1])


def field(page: AppTest, label: str) -> Any:
    """The widget with this label."""
    return next(one for kind in (page.number_input, page.selectbox, page.radio) for one in kind if one.label == label)


def heard(page: AppTest) -> str:
    """What a screen reader is told."""
    return next(one.proto.body for one in page.get("html") if 'role="status"' in one.proto.body)


def csv(samples: np.ndarray, head: str = "") -> bytes:
    return (head + "\n".join(f"{x:.6g}" for x in samples)).encode()


def test_an_empty_page_says_what_to_do(page: AppTest) -> None:
    assert not page.exception
    assert "Drop vibration recordings" in words(page)
    labels = [button.label for button in page.button]
    assert sum("(simulated)" in label for label in labels) == 4


@pytest.mark.parametrize("name", ["outer", "inner", "ball", "healthy"])
def test_samples_are_diagnosed_like_everywhere_and_called_simulated(page: AppTest, name: str) -> None:
    page.button(key=f"sample-{name}").click().run()
    assert not page.exception
    data = (SAMPLES / f"{name}.csv").read_bytes()
    recording, bearing = Request().apply(open_upload(data, f"{name}.csv"))
    expected = diagnose(recording, bearing)
    assert verdict(page) == expected.verdict
    assert finding(expected) in page.header[0].value
    assert advice(expected) in page.header[0].value
    assert sureness_words(expected) in words(page)
    assert plain(expected.reason) in words(page)
    assert counted_sentence(expected.counted) in words(page)
    assert "Simulated" in words(page)
    assert finding(expected) in heard(page)


def test_what_the_file_says_is_shown_and_used(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    values = {number.label: number.value for number in page.number_input}
    assert values == {"Rate (Hz)": 12000.0, "Speed (rpm)": 1772.0}
    assert plain("6205-2RS JEM (SKF), orders of shaft speed") in words(page)
    assert field(page, "Unit").value == "g"  # the header says acceleration_g
    assert [metric.label for metric in page.metric] == ["Level", "Impulsiveness", "Fault lines", "Speed"]
    assert re.fullmatch(r"0\.\d+ g RMS", page.metric[0].value)


def test_an_unknown_rate_is_asked_for_and_not_guessed(page: AppTest) -> None:
    noise = np.random.default_rng(0).normal(size=6000)
    upload(page, "plain.csv", csv(noise, "vib\n"))
    assert "How fast was this sampled?" in words(page)
    assert not page.metric
    rate = field(page, "Rate (Hz)")
    assert rate.value is None
    rate.set_value(12000.0).run()
    assert not page.exception
    assert verdict(page) in STATES
    assert "How fast was this sampled?" not in words(page)


@pytest.mark.parametrize(("label", "value", "says"), [
    ("Rate (Hz)", -5.0, "sampling rate must lie"),
    ("Speed (rpm)", 1e9, "shaft speed must lie"),
])  # fmt: skip
def test_impossible_numbers_get_a_hint_at_the_field_and_the_last_result_stays(
    page: AppTest, label: str, value: float, says: str
) -> None:
    page.button(key="sample-outer").click().run()
    before = page.header[0].value
    field(page, label).set_value(value).run()
    assert not page.exception
    assert not page.error
    assert says in words(page)
    assert page.header[0].value == before


def test_a_rate_in_kilohertz_is_understood_as_a_slip_of_the_pen(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    field(page, "Rate (Hz)").set_value(25.6).run()
    assert "If 25.6 kHz was meant, give 25,600 Hz" in words(page)


def test_own_geometry_keeps_the_last_result_until_its_numbers_make_a_bearing(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    before = page.header[0].value
    field(page, "Bearing").select("Own geometry").run()
    assert not page.exception
    assert not page.error
    assert "Still to fill in: Elements n, Element d" in words(page)
    assert page.header[0].value == before
    assert plain("6205-2RS JEM (SKF), orders") in words(page)
    fill(page, {"Elements n": 8.0, "Element d (mm)": 50.0, "Pitch D (mm)": 31.62})
    assert "smaller than the pitch diameter" in words(page)
    assert page.header[0].value == before
    fill(page, {"Element d (mm)": 5.97})
    assert "BPFO 3.245" in words(page)
    field(page, "Bearing").select("Own fault orders").run()
    fill(page, {"BPFO": 3.1, "BPFI": 5.4, "BSF": 2.36, "FTF": 0.4})
    assert not page.error
    assert "BPFO 3.100" in words(page)


def test_fault_frequencies_in_hertz_are_taken_at_their_speed(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    field(page, "Bearing").select("Own fault orders").run()
    fill(page, {"BPFO": 105.9, "BPFI": 159.9, "BSF": 69.6, "FTF": 11.8})
    assert "Are these Hz?" in words(page)
    field(page, "Bearing").select("Own fault frequencies (Hz)").run()
    fill(page, {"BPFO (Hz)": 105.9, "BPFI (Hz)": 159.9, "BSF (Hz)": 69.6, "FTF (Hz)": 11.8, "At speed (rpm)": 1772.0})
    assert "BPFO 3.586" in words(page)
    assert verdict(page) == "outer"


def test_the_bearing_is_entered_once_for_every_channel_and_file(page: AppTest) -> None:
    rng = np.random.default_rng(3)
    rows = "\n".join(f"{a:.5f},{b:.5f}" for a, b in rng.normal(size=(6000, 2)))
    upload(page, "january.csv", f"fs=12000\nrpm=1500\nacc_x (g),acc_y (g)\n{rows}".encode())
    field(page, "Bearing").select("6206 (SKF)").run()
    lines = plain("6206 (SKF), orders")
    assert lines in words(page)
    channel = field(page, "Channel")
    channel.set_value(next(o for o in ("acc_x", "acc_y") if o != channel.value)).run()
    assert lines in words(page)
    upload(page, "february.csv", f"fs=12000\nrpm=1500\nacc_x (g),acc_y (g)\n{rows}\n0,0".encode())
    assert "february.csv" in words(page)
    assert lines in words(page)


def test_every_channel_is_judged_and_the_worst_is_shown_first(page: AppTest) -> None:
    quiet = np.random.default_rng(5).normal(size=36_000) * 0.1
    outer = open_upload((SAMPLES / "outer.csv").read_bytes(), "outer.csv").recordings[0].samples
    count = min(len(quiet), len(outer))
    rows = "\n".join(f"{a:.5f},{b:.5f}" for a, b in zip(quiet[:count], outer[:count], strict=True))
    upload(page, "pump.csv", f"fs=12000\nrpm=1772\nbearing=6205-2RS JEM\nacc_x,acc_y\n{rows}".encode())
    field(page, "Bearing").select("6205-2RS JEM (SKF)").run()
    channel = field(page, "Channel")
    assert channel.value == "acc_y"
    assert "acc\\_y" in channel.options[0]
    assert "Outer race, sure" in channel.options[0]
    assert verdict(page) == "outer"
    channel.set_value("acc_x").run()
    assert verdict(page) != "outer"


def channel_labels(page: AppTest) -> dict[str, str]:
    """What stands beside each channel, by its name."""
    options = next(one for one in page.radio if one.label == "Channel").options
    return {re.sub(r"\\", "", re.findall(r"\*\*(.+?)\*\*", one)[0]): one.rpartition("** ")[2] for one in options}


def test_a_channel_that_is_not_judged_says_why_and_can_be(page: AppTest) -> None:
    noise = np.random.default_rng(0).standard_normal((8192, 2))
    rows = "\n".join(f"{a:.5g},{40 + 0.01 * b:.5g}" for a, b in noise)
    upload(
        page, "two.csv", f"# sampling_rate_hz=12000; bearing=6205-2RS\nacceleration_g,temperature\n{rows}\n".encode()
    )
    assert channel_labels(page)["temperature"] == "not judged: it measures temperature"
    field(page, "Channel").set_value("temperature").run()
    assert not page.exception
    assert page.header


@pytest.mark.recordings
def test_a_channel_at_another_bearing_is_judged_for_that_one(page: AppTest, recordings_dir: Path) -> None:
    upload(page, "105.mat", (recordings_dir / "105.mat").read_bytes())
    said = channel_labels(page)
    assert said["DE"] == "Inner race, sure"
    assert "another bearing, 6203-2RS JEM" in said["FE"]
    assert said["BA"] == "not judged: not at the bearing"
    assert verdict(page) == "inner"


def test_an_outer_ring_that_turns_is_a_switch_and_in_the_address(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    next(one for one in page.checkbox if one.label == "Outer ring turns").check().run()
    assert not page.exception
    assert "outer ring turns, orders of shaft speed" in words(page)
    assert page.query_params["outer_ring"] == "turns"
    linked = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
    linked.query_params.update({"sample": "outer", "outer_ring": "turns"})
    assert "outer ring turns, orders of shaft speed" in words(linked.run())


def test_files_dropped_together_are_a_table_with_the_worst_on_top(page: AppTest) -> None:
    files = [(f"{name}.csv", (SAMPLES / f"{name}.csv").read_bytes(), "text/csv") for name in ("healthy", "inner")]
    page.file_uploader[0].set_value([*files, ("notes.pdf", b"%PDF-1.7", "application/pdf")])
    page.run()
    assert not page.exception
    assert "2 recordings" in page.title[0].value
    assert list(page.dataframe[0].value["File"]) == ["inner.csv (simulated)", "healthy.csv (simulated)"]
    assert "notes.pdf" in page.error[0].value
    next(button for button in page.button if button.label.endswith("healthy.csv")).click().run()
    assert verdict(page) == "normal"
    page.button(key="all-files").click().run()
    assert "2 recordings" in page.title[0].value


def test_the_source_of_a_bearings_numbers_is_named(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    assert "Deep groove ball bearing, 9 elements. CWRU Bearing Data Center" in words(page)


def fill(page: AppTest, numbers: dict[str, float]) -> None:
    for label, value in numbers.items():
        next(number for number in page.number_input if number.label == label).set_value(value).run()


def test_a_guess_without_evidence_is_no_guess(page: AppTest) -> None:
    page.button(key="sample-healthy").click().run()
    field(page, "Bearing").select("Not known").run()
    assert not re.search(r"unclear, best guess", words(page))


def test_what_strikes_is_told_and_bearings_that_fit_are_a_click_away(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    field(page, "Bearing").select("Not known").run()
    assert verdict(page) == "impacts"
    assert re.search(r"Something strikes 105\.\d times a second, 3\.5\d times a turn", words(page))
    assert "Name the bearing" in page.header[0].value
    candidate = next(button for button in page.button if button.key.startswith("candidate-"))
    candidate.click().run()
    assert not page.exception
    assert verdict(page) == "outer"
    assert field(page, "Bearing").value == candidate.key.removeprefix("candidate-")


def test_an_estimated_speed_says_so(page: AppTest) -> None:
    text = (SAMPLES / "outer.csv").read_bytes().replace(b"shaft_rpm=1772;", b"", 1)
    upload(page, "nospeed.csv", text)
    speed = next(metric for metric in page.metric if metric.label == "Speed")
    assert re.fullmatch(r"≈ \d+ rpm", speed.value)
    assert re.fullmatch(r"estimated, \d+ % sure", speed.delta)
    assert re.search(r"The shaft speed, \d+ rpm, is estimated from the signal", words(page))


def opened_tab(page: AppTest, name: str) -> AppTest:
    page.session_state["tab"] = name
    return page.run()


@pytest.mark.parametrize("tab", ["Waveform", "Spectrum", "Spectrogram", "Speed and machine"])
def test_every_saved_picture_says_file_speed_and_bearing(page: AppTest, tab: str) -> None:
    page.button(key="sample-outer").click().run()
    opened_tab(page, tab)
    charts = [one.proto for one in page.get("plotly_chart")]
    assert len(charts) == 2  # the envelope spectrum and the tab's
    for chart in charts:
        title = json.loads(chart.spec)["layout"]["title"]["text"]
        saved = json.loads(chart.config)["toImageButtonOptions"]
        assert title.endswith(": outer.csv, acceleration_g<br>1772 rpm, 6205-2RS JEM (SKF)")
        assert saved["filename"].endswith("_outer_acceleration_g_1772rpm_6205-2RS-JEM-SKF")
        assert saved["width"] > 1000


def test_every_chart_is_sent_so_that_it_is_drawn_once(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    for chart in (one.proto for one in page.get("plotly_chart")):
        assert chart.theme == ""  # Streamlit's theme is a template, and a template is never equal to its copy
        assert "bdata" not in chart.spec
        assert "template" not in json.loads(chart.spec)["layout"]


def test_the_waveform_cnn_is_drawn_only_where_it_counts(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    opened_tab(page, "How it was judged")
    assert "Outside its training: it counts for nothing here" in words(page)
    assert "window by window" not in words(page)
    assert ":gray-badge[◆ Inner race" in words(page)  # its colour is nobody's


@pytest.mark.recordings
def test_the_waveform_cnn_is_drawn_on_the_rig_it_knows(page: AppTest, recordings_dir: Path) -> None:
    upload(page, "105.mat", (recordings_dir / "105.mat").read_bytes())
    opened_tab(page, "How it was judged")
    assert "window by window" in words(page)
    titles = [json.loads(one.proto.spec)["layout"]["title"]["text"] for one in page.get("plotly_chart")]
    assert any(re.fullmatch(r"Waveform CNN, .*: 105.mat, DE<br>179\d rpm, 6205-2RS JEM.*", one) for one in titles)


def test_a_dead_sensor_gets_no_colour_of_a_fault(page: AppTest) -> None:
    upload(page, "dead.csv", csv(np.zeros(6000), "fs=12000\nrpm=1500\nvib\n"))
    assert verdict(page) == "uncertain"
    assert "This recording cannot be judged" in page.header[0].value
    facts = {one.label: (one.value, one.delta) for one in page.metric}
    assert facts["Speed"][0] == "1500 rpm"
    still = "the signal does not move"
    assert {name: below for name, (_, below) in facts.items() if below == still}.keys() == facts.keys() - {"Speed"}
    opened_tab(page, "How it was judged")
    assert not re.search(r":(orange|blue|violet|green|red)-badge", words(page))


def test_without_a_bearing_the_page_says_what_is_missing(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    field(page, "Bearing").select("Not known").run()
    assert not page.exception
    assert "Give the bearing to see where fault lines fall" in words(page)


def test_a_roller_bearing_says_roller() -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
    page.query_params["sample"], page.query_params["bearing"] = "outer", "NU 205 ECP"
    page.run()
    assert "NU205" in field(page, "Bearing").value
    opened_tab(page, "How it was judged")
    assert "Roller" in set(page.dataframe[0].value["Part"])
    assert "Ball" not in set(page.dataframe[0].value["Part"])


def test_levels_have_the_unit_and_the_machine_its_zone(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    assert "zone not asked" in page.metric[0].delta
    field(page, "Group").select("2").run()
    field(page, "Support").select("rigid").run()
    assert re.fullmatch(r"\d\.\d\d mm/s, zone (A/B|C|D)", page.metric[0].delta)
    assert "early bearing damage hardly shows" in words(page)
    field(page, "Unit").select("Not known").run()
    assert page.metric[0].delta == "unit not known: no ISO zone"
    field(page, "Unit").select("mV").run()
    before = float(page.metric[0].value.split()[0])
    next(number for number in page.number_input if number.label == "Sensitivity (mV/g)").set_value(100.0).run()
    assert page.metric[0].value == f"{before / 100:.3g} g RMS"


def test_a_link_opens_the_same_view() -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
    for name, value in {
        "sample": "inner", "rpm": "1600", "geometry": "n=8,d=7.94,D=39.04,phi=0", "unit": "m/s²", "axis": "orders",
        "band": "2000-4000", "tab": "Spectrum",
    }.items():  # fmt: skip
        page.query_params[name] = value
    page.run()
    assert not page.exception
    assert field(page, "Speed (rpm)").value == 1600.0
    assert field(page, "Unit").value == "m/s²"
    assert field(page, "Bearing").value == "Own geometry"
    assert "n=8,d=7.94,D=39.04,phi=0, orders of shaft speed" in words(page)
    assert page.session_state["tab"] == "Spectrum"
    assert page.query_params["band"] == "2000-4000"
    assert page.query_params["sample"] == "inner"


@pytest.mark.parametrize("said", [
    {"sample": "nonsense"}, {"cwru": "²"}, {"sample": "outer", "rpm": "fast", "rate": "-1", "band": "²-9"},
    {"sample": "outer", "bearing": "no such thing", "tab": "Nothing", "channel": "x", "unit": "parsec"},
])  # fmt: skip
def test_a_link_that_makes_no_sense_is_passed_over(said: dict[str, str]) -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
    for name, value in said.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    if said.get("sample") == "outer":
        assert verdict(page) == "outer"


def test_a_file_lost_by_a_reload_is_asked_for_and_its_fields_come_back() -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
    page.query_params["file"], page.query_params["rpm"] = "vib.csv", "1234"
    page.run()
    assert "Drop it again" in page.info[0].value
    upload(page, "vib.csv", csv(np.random.default_rng(0).normal(size=6000), "fs=12000\nvib\n"))
    assert field(page, "Speed (rpm)").value == 1234.0


@pytest.mark.parametrize(("name", "data"), [
    ("notes.pdf", b"%PDF-1.7 nothing here"),
    ("empty.csv", b""),
    ("words.csv", b"hello\nworld\n" * 50),
    ("cut.mat", b"MATLAB 5.0 MAT-file" + bytes(200)),
    ("pickle.npy", b"\x80\x04\x95"),
    ("<img src=x onerror=alert(1)>.csv", b"\x00\x01\x02" * 99),
])  # fmt: skip
def test_a_wrong_file_gets_one_sentence(page: AppTest, name: str, data: bytes) -> None:
    upload(page, name, data)
    assert len(page.error) == 1
    assert "Traceback" not in page.error[0].value
    assert "\\<img" not in name or "<img" not in page.error[0].value.replace("\\<", "")
    assert page.button(key="sample-outer")  # what to do next is still there


def test_a_file_over_the_limit_is_read_in_part_if_agreed(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARING_MAX_SAMPLES", "30000")
    data = (ROOT / "data" / "samples" / "outer.csv").read_bytes()
    upload(page, "long.csv", data)
    assert "the limit is 30,000" in page.error[0].value
    page.toggle(key="diagnose-part").set_value(True).run()
    upload(page, "long.csv", data)
    assert not page.error
    assert verdict(page) in ("outer", "uncertain")
    assert any("read in part" in caption.value for caption in page.caption)


def test_a_wrong_file_does_not_lose_the_one_before(page: AppTest) -> None:
    page.button(key="sample-inner").click().run()
    upload(page, "notes.pdf", b"%PDF-1.7 nothing here")
    assert "Below is still the recording before it, inner.csv" in page.error[0].value
    assert verdict(page) == "inner"


@pytest.mark.parametrize("samples", [
    np.zeros(6000), np.full(6000, 3.5), np.ones(100), np.r_[np.nan, np.ones(5000)], np.full(6000, 1e308),
    np.r_[np.random.default_rng(0).normal(size=4000), np.nan, np.random.default_rng(1).normal(size=4000)],
    np.random.default_rng(2).normal(size=2100),
], ids=["dead", "constant", "short", "gap", "huge", "hole", "one window"])  # fmt: skip
def test_sick_signals_give_a_verdict_or_a_sentence(page: AppTest, samples: np.ndarray) -> None:
    upload(page, "sick.csv", csv(samples, "fs=12000\nvib\n"))
    assert page.header or page.error


@pytest.mark.parametrize("count", [2048, 9000])
@pytest.mark.parametrize("rate_hz", [1.0, 30.0, 499.0, 2_000.0, 10_000_000.0])
def test_any_rate_and_length_is_drawn(page: AppTest, rate_hz: float, count: int) -> None:
    noise = np.random.default_rng(0).normal(size=count)
    upload(page, "odd.csv", csv(noise, f"fs={rate_hz:.0f}\nrpm=1500\nvib\n"))
    assert page.header or page.error


def test_results_survive_a_page_switch(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    next(number for number in page.number_input if number.label == "Speed (rpm)").set_value(1500.0).run()
    page.switch_page("training.py").run()
    page.switch_page("diagnose.py").run()
    assert not page.exception
    assert "outer.csv" in words(page)
    assert field(page, "Speed (rpm)").value == 1500.0


def test_hostile_channel_names_stay_text(page: AppTest) -> None:
    t = np.arange(4000) / 20000
    noise = np.random.default_rng(0).normal(size=(4000, 2))
    rows = "\n".join(f"{a:.6f},{b:.5f},{c:.5f}" for a, (b, c) in zip(t, noise, strict=True))
    upload(page, "x.csv", f"time [s],<b>bold</b>,:material/home: **x**\n{rows}".encode())
    assert not page.error
    shown = "\n".join(element.value for element in (*page.markdown, *page.caption))
    assert "<b>" not in shown
    assert ":material/home: **x**" not in shown


def test_a_recording_that_cannot_be_fetched_gets_a_sentence(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, no_recordings: Path
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise DownloadFailed("The publisher did not answer: try again later.")

    monkeypatch.setattr("pages._source.locate", fails)
    page.button(key="diagnose-cwru-open").click().run()
    assert not page.exception
    assert "did not answer" in page.error[0].value


@pytest.mark.recordings
@pytest.mark.parametrize(("number", "state"), [(105, "inner"), (130, "outer"), (118, "ball"), (97, "normal")])
def test_cwru_recordings_by_upload(page: AppTest, recordings_dir: Path, number: int, state: str) -> None:
    upload(page, f"{number}.mat", (recordings_dir / f"{number}.mat").read_bytes())
    assert verdict(page) == state


@pytest.mark.recordings
def test_cwru_recordings_by_name(page: AppTest, recordings_dir: Path) -> None:
    page.selectbox(key="diagnose-cwru").set_value(105).run()
    page.button(key="diagnose-cwru-open").click().run()
    assert not page.exception
    assert "105.mat" in words(page)
    assert verdict(page) == "inner"


def test_plain_text_is_no_markup() -> None:
    assert plain("a *b* `c` [d](e) <i> $x$ :red[y]") == r"a \*b\* \`c\` \[d\]\(e\) \<i\> \$x\$ :​red\[y\]"
    assert plain("a\n# title") == r"a \# title"


def test_no_confidence_reads_as_certainty() -> None:
    assert percent(1.0) == "> 99 %"
    assert percent(0.974) == "97 %"


def test_the_theme_has_the_colours_of_the_states() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    for key in STATES:
        for ground in ("light", "dark"):
            assert config["theme"][ground][f"{STATE_COLOUR[key]}Color"] == LOOKS[key].colour


def test_the_upload_limit_is_the_readers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEARING_MAX_MB", raising=False)
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] * 1_000_000 == limits().max_bytes
    assert config["browser"]["gatherUsageStats"] is False


def test_json_download_is_the_diagnosis() -> None:
    from bearing.report import report_json

    recording, bearing = Request().apply(open_upload((SAMPLES / "inner.csv").read_bytes(), "inner.csv"))
    assert isinstance(bearing, Bearing)
    found = diagnose(recording, bearing)
    assert json.loads(report_json(found)) == json.loads(json.dumps(found.as_dict()))


def test_a_speed_over_time_is_used_and_taken_back(page: AppTest) -> None:
    page.session_state["tab"] = "Speed and machine"
    page.button(key="sample-outer").click().run()
    use = next(button for button in page.button if button.label == "Use this speed")
    use.click().run()
    assert not page.exception
    assert verdict(page) == "outer"  # as steady as before: what was found was given
    back = next(button for button in page.button if button.label == "Back to what was found")
    back.click().run()
    assert not page.exception
    assert not [button for button in page.button if button.label == "Back to what was found"]
