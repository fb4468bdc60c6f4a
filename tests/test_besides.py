"""What can be asked for besides the verdict: how weak a fault would have been seen, the machine's own lines, gears."""

from __future__ import annotations

import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

import bearing
from bearing.api.service import create_app
from bearing.cli.main import main
from bearing.errors import ParameterError
from bearing.files import ROOT
from bearing.physics.machine_lines import MachineParts, parse_parts
from bearing.physics.simulate import SimulationConfig, simulate
from bearing.recording import Recording
from bearing.verdict.asked.request import Request
from bearing.verdict.detectable import LEVELS_DB
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.judging import diagnose

HEALTHY, OUTER = (str(ROOT / "data" / "samples" / f"{name}.csv") for name in ("healthy", "outer"))


def test_a_fault_is_found_from_the_level_on_that_was_told() -> None:
    config = SimulationConfig(duration_s=4.0, seed=3)
    sound = simulate(config)
    known = Bearing("6205", config.orders)
    found = diagnose(Recording(sound, config.sampling_rate_hz, config.shaft_rpm), known, how_weak=True).detectable
    assert found is not None
    assert found.outer_db in LEVELS_DB
    fault = simulate(SimulationConfig(state="outer", duration_s=4.0, noise_g=0.0, shaft_g=(), mains_g=(), seed=9))
    fault *= sound.std() / fault.std()

    def verdict(level_db: float) -> str:
        signal = sound + 10 ** (level_db / 20) * fault
        return diagnose(Recording(signal, config.sampling_rate_hz, config.shaft_rpm), known).verdict

    assert verdict(found.outer_db + 6) in ("outer", "damaged", "impacts")  # another seed, and a little more power
    assert verdict(found.outer_db - 15) in ("normal", "uncertain")


def test_only_a_sound_bearing_is_asked_how_weak(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diagnose", HEALTHY, OUTER, "--detectable", "--json"])
    healthy, outer = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert set(healthy["detectable_db"]) == {"outer_db", "inner_db", "ball_db"}
    assert "would have been seen: outer race" in " ".join(healthy["besides"])
    assert (outer["detectable_db"], outer["besides"]) == (None, [])


def test_the_machine_is_read_where_it_is_asked_for_alike_at_every_door(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diagnose", OUTER, "--machine", "teeth=23", "--json"])
    told = json.loads(capsys.readouterr().out)["machine"]
    assert {"kind": "shaft", "number": 1}.items() <= told["lines"][0].items()
    assert told["readings"][0]["sentence"].startswith("1x")
    with TestClient(create_app()) as web, open(OUTER, "rb") as file:
        answer = web.post("/api/diagnose", files={"file": ("outer.csv", file)}, data={"machine": "teeth=23"})
    assert answer.json()["machine"] == told
    assert bearing.diagnose(OUTER).to_dict()["machine"] is None


@pytest.mark.parametrize(
    "text", ["teeth", "teeth=x", "teeth=2.5", "wings=2", "teeth=1,teeth=2", "mains=nan", "belt=-1"]
)
def test_nonsense_about_the_machine_is_one_sentence(text: str) -> None:
    with pytest.raises(ParameterError, match=r"\.$"):
        Request(machine=text)


def test_what_is_known_of_the_machine_is_understood() -> None:
    assert parse_parts("all") == MachineParts()
    assert parse_parts(" Teeth = 23; vanes=7, belt=0.37") == MachineParts(teeth=23, vanes=7, belt_order=0.37)


def test_a_gear_between_two_shafts_is_counted() -> None:
    straight = bearing.diagnose(OUTER)
    for asked in (Request(rpm=886.0, ratio=2.0), Request(rpm=5316.0, ratio=1 / 3)):
        recording, _ = asked.apply(bearing.read(OUTER))
        assert recording.shaft_rpm == pytest.approx(straight.stated_rpm)
    column = Recording(np.zeros(4), 12_000.0, 600.0, speed_rpm=np.full(4, 600.0), tacho=np.zeros(4))
    geared = column.geared(3.0)
    assert geared.shaft_rpm == 1800.0
    assert geared.speed_rpm is not None
    assert geared.speed_rpm[0] == 1800.0
    assert geared.pulses_per_turn == pytest.approx(1 / 3)  # of the bearing's shaft, which turns three times a pulse


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_an_impossible_ratio_is_one_sentence(ratio: float) -> None:
    with pytest.raises(ParameterError, match="ratio of the two shafts"):
        Request(ratio=ratio)
