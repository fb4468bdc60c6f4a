"""The Diagnose page without a browser: what it says for every kind of file, and that it never shows a traceback."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bearing.errors import DownloadFailed
from bearing.figures.looks import LOOKS
from bearing.settings import limits
from bearing.states import STATES
from bearing.verdict.diagnosis import Bearing, Opinion, diagnose
from bearing.verdict.intake import open_upload
from bearing.verdict.request import Request
from pages._show import STATE_COLOUR, percent, plain
from pages._verdict import agreement

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
    titles = " ".join(header.value for header in page.header)
    return next(key for key, look in STATES.items() if look.title in titles)


def csv(samples: np.ndarray, head: str = "") -> bytes:
    return (head + "\n".join(f"{x:.6g}" for x in samples)).encode()


def test_an_empty_page_says_what_to_do(page: AppTest) -> None:
    assert not page.exception
    assert "Drop one vibration recording" in words(page)
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
    assert percent(expected.confidence) in " ".join(header.value for header in page.header)
    assert plain(expected.reason).rstrip(".").lower() in words(page).lower()
    assert "Simulated" in words(page)


def test_what_the_file_says_is_shown_and_used(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    values = {number.label: number.value for number in page.number_input}
    assert values == {"Rate (Hz)": 12000.0, "Speed (rpm)": 1772.0}
    assert page.selectbox[1].value.startswith("6205-2RS JEM")
    assert {metric.label for metric in page.metric} >= {"RMS", "Peak", "Crest factor", "Kurtosis", "Duration", "Rate"}


def test_an_unknown_rate_is_asked_for_and_not_guessed(page: AppTest) -> None:
    noise = np.random.default_rng(0).normal(size=6000)
    upload(page, "plain.csv", csv(noise, "vib\n"))
    assert "How fast was this sampled?" in words(page)
    assert not page.metric
    rate = next(number for number in page.number_input if number.label == "Rate (Hz)")
    assert rate.value is None
    rate.set_value(12000.0).run()
    assert not page.exception
    assert verdict(page) in STATES
    assert {m.label: m.value for m in page.metric}["Rate"] == "12 kHz"


@pytest.mark.parametrize(("field", "value", "says"), [
    ("Rate (Hz)", -5.0, "sampling rate must lie"),
    ("Speed (rpm)", 1e9, "shaft speed must lie"),
])  # fmt: skip
def test_impossible_numbers_get_a_sentence(page: AppTest, field: str, value: float, says: str) -> None:
    page.button(key="sample-outer").click().run()
    next(number for number in page.number_input if number.label == field).set_value(value).run()
    assert not page.exception
    assert says in page.error[0].value
    assert not page.header


def test_own_geometry_and_orders_move_the_lines(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    page.selectbox[1].select("Own geometry").run()
    assert not page.exception
    assert "Fill in Elements n, Ball d" in page.error[0].value  # never another bearing's numbers
    assert not page.header
    fill(page, {"Elements n": 8.0, "Ball d (mm)": 50.0, "Pitch D (mm)": 31.62})
    assert "smaller than the pitch diameter" in page.error[0].value
    fill(page, {"Ball d (mm)": 5.97})
    assert "BPFO 3.245" in words(page)
    page.selectbox[1].select("Own fault orders").run()
    fill(page, {"BPFO": 3.1, "BPFI": 5.4, "BSF": 2.36, "FTF": 0.4})
    assert not page.error
    assert "BPFO 3.100" in words(page)


def test_the_source_of_a_bearings_numbers_is_named(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    assert "numbers from CWRU Bearing Data Center" in words(page)


def fill(page: AppTest, numbers: dict[str, float]) -> None:
    for label, value in numbers.items():
        next(number for number in page.number_input if number.label == label).set_value(value).run()


def test_both_automatic_bands_are_a_click_away(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    assert "Automatic: highest BPFO lines." in words(page)
    band = next(slider for slider in page.slider if slider.label == "Demodulated band (kHz)")
    first = band.value
    next(button for button in page.button if button.label == "Highest kurtosis").click().run()
    assert "Automatic: highest kurtosis." in words(page)
    assert next(slider for slider in page.slider if slider.label == "Demodulated band (kHz)").value != first
    next(button for button in page.button if button.label == "Highest BPFO lines").click().run()
    assert "Automatic: highest BPFO lines." in words(page)


def test_a_guess_without_evidence_is_no_guess(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    page.selectbox[1].select("Not known").run()
    assert not any("%" in heading.value for heading in page.header)


def test_an_estimated_speed_says_so(page: AppTest) -> None:
    text = (SAMPLES / "outer.csv").read_bytes().replace(b"shaft_rpm=1772;", b"", 1)
    upload(page, "nospeed.csv", text)
    assert re.fullmatch(r"≈ \d+ rpm, \d+ % sure", {m.label: m.value for m in page.metric}["Speed, estimated"])
    assert re.search(r"The shaft speed, \d+ rpm, is estimated from the signal", words(page))
    assert "does not say the shaft speed" in words(page)


def opinion(verdict: str | None, in_domain: bool = True) -> Opinion:
    return Opinion("x", "X", verdict, 0.9 if verdict else None, {}, in_domain, "")


@pytest.mark.parametrize(("opinions", "tone", "says"), [
    ([opinion("outer"), opinion("outer"), opinion("outer")], "green", "Sentence"),
    ([opinion("inner", in_domain=False), opinion("outer"), opinion("outer")], "green", "outside its training differs"),
    ([opinion("inner"), opinion("outer"), opinion("outer")], "orange", "Sentence"),
    ([opinion("inner", in_domain=False), opinion("outer"), opinion(None)], "orange", "Sentence"),
    ([opinion("inner"), opinion(None), opinion(None)], "gray", "Sentence"),
])  # fmt: skip
def test_agreement_counts_only_those_inside_their_training(opinions: list[Opinion], tone: str, says: str) -> None:
    found = SimpleNamespace(agreement="Sentence: details.", opinions=dict(enumerate(opinions)))
    words, colour, _ = agreement(found)  # type: ignore[arg-type]
    assert (colour, says in words) == (tone, True)


def test_without_a_bearing_the_page_says_what_is_missing(page: AppTest) -> None:
    page.button(key="sample-outer").click().run()
    page.selectbox[1].select("Not known").run()
    assert not page.exception
    assert "Choose the bearing" in words(page)


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
    speed = next(number for number in page.number_input if number.label == "Speed (rpm)")
    assert speed.value == 1500.0


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
