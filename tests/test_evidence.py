"""The untrained envelope evidence, on signals whose truth is known by construction."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bearing.models.order_features import order_features
from bearing.physics.envelope_rule import (
    EnvelopeOpinion,
    envelope_evidence,
    made_up_orders,
    max_order_of,
    opinion_of_families,
)
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders
from bearing.signal.order_spectrum import (
    Envelopes,
    averaged,
    band_tree,
    envelope_order_spectrum,
    refine_shaft_hz,
    two_views,
)
from bearing.states import FAMILIES
from bearing.verdict.words.sentences import burst_sentence

ORDERS = fault_orders(Geometry(9, 7.94, 39.04))
SHAFT_HZ = 29.0


def ringing(
    order: float, seconds: float = 4.0, rate_hz: float = 12_000.0, shaft_hz: float = SHAFT_HZ, noise: float = 0.3
) -> np.ndarray:
    """A 3 kHz resonance struck `order` times a turn, in white noise."""
    rng = np.random.default_rng(3)
    signal = np.zeros(int(seconds * rate_hz))
    strikes = np.arange(0, seconds, 1 / (order * shaft_hz))
    strikes = strikes + rng.normal(0, 0.003 / (order * shaft_hz), len(strikes))
    signal[np.clip((strikes * rate_hz).astype(int), 0, len(signal) - 1)] = 1.0
    time = np.arange(int(0.01 * rate_hz)) / rate_hz
    ring = np.exp(-800 * time) * np.sin(2 * np.pi * min(3000.0, rate_hz / 4) * time)
    return np.convolve(signal, ring)[: len(signal)] + noise * rng.standard_normal(len(signal)) * 0.3


def envelope_opinion(signal: np.ndarray, rate_hz: float, shaft_hz: float, orders: FaultOrders) -> EnvelopeOpinion:
    """The untrained rule on a signal's own order spectra."""
    spectrum = envelope_order_spectrum(signal, rate_hz, shaft_hz, max_order_of(orders))
    return opinion_of_families(envelope_evidence(spectrum, orders))


def test_the_band_tree_stays_below_nyquist_and_reaches_low_at_high_rates() -> None:
    for rate_hz in (5_000.0, 12_000.0, 97_656.0):
        bands = band_tree(rate_hz)
        assert all(0 < low < high < rate_hz / 2 for low, high in bands)
    assert min(high for _, high in band_tree(97_656.0)) < 3000


@pytest.mark.parametrize("family", ["outer", "inner"])
def test_a_struck_resonance_is_found_where_it_was_put(family: str) -> None:
    order = ORDERS.families[family]
    opinion = envelope_opinion(ringing(order), 12_000.0, SHAFT_HZ, ORDERS)
    evidence = opinion.families[family]
    assert opinion.label == family
    assert evidence.harmonics_found == 4
    assert evidence.lines[0].found_hz == pytest.approx(order * SHAFT_HZ, rel=0.004)
    assert evidence.depth > 0.2
    assert abs(evidence.slip) < 0.005


def test_noise_is_called_normal_and_probabilities_sum_to_one() -> None:
    noise = np.random.default_rng(1).standard_normal(48_000)
    opinion = envelope_opinion(noise, 12_000.0, SHAFT_HZ, ORDERS)
    assert opinion.label == "normal"
    assert sum(opinion.probabilities.values()) == pytest.approx(1.0)


def test_a_fault_is_no_evidence_for_another_bearing() -> None:
    other = FaultOrders(bpfo=2.61, bpfi=4.39, bsf=1.62, ftf=0.373)
    opinion = envelope_opinion(ringing(ORDERS.bpfo), 12_000.0, SHAFT_HZ, other)
    assert opinion.label == "normal"


def test_the_slip_is_common_to_all_harmonics() -> None:
    evidence = envelope_opinion(ringing(ORDERS.bpfo * 1.012), 12_000.0, SHAFT_HZ, ORDERS).families["outer"]
    assert evidence.slip == pytest.approx(0.012, abs=0.003)
    assert [line.found for line in evidence.lines] == [True] * 4


@settings(max_examples=8, deadline=None)
@given(gain=st.floats(1e-4, 1e4), offset=st.floats(-10, 10))
def test_gain_and_offset_do_not_matter(gain: float, offset: float) -> None:
    signal = ringing(ORDERS.bpfi, seconds=1.0)
    plain, other = (
        order_features(envelope_order_spectrum(x, 12_000.0, SHAFT_HZ, max_order_of(ORDERS)), ORDERS)
        for x in (signal, gain * (signal + offset))
    )
    np.testing.assert_allclose(plain.scalars, other.scalars, atol=0.05)


@settings(max_examples=6, deadline=None)
@given(factor=st.floats(0.4, 2.0))  # from 20 kHz on there are more bands to choose from
def test_playing_a_machine_faster_changes_nothing_in_orders(factor: float) -> None:
    signal = ringing(ORDERS.bpfo, seconds=2.0, rate_hz=10_000.0)
    slow = envelope_opinion(signal, 10_000.0, SHAFT_HZ, ORDERS).families["outer"]
    fast = envelope_opinion(signal, 10_000.0 * factor, SHAFT_HZ * factor, ORDERS).families["outer"]
    assert fast.harmonics_found == slow.harmonics_found
    assert fast.lines[0].found_hz == pytest.approx(factor * slow.lines[0].found_hz, rel=0.01)


def test_made_up_orders_keep_away_from_the_bearing() -> None:
    spectrum = envelope_order_spectrum(ringing(3.0, 2.0), 12_000.0, SHAFT_HZ, max_order_of(ORDERS))
    made_up = made_up_orders(ORDERS, spectrum)
    assert len(made_up) >= 60
    for order in ORDERS.families.values():
        assert np.abs(made_up / order - 1).min() >= 0.03


@pytest.mark.parametrize("error", [0.0, 0.013, -0.02])
def test_a_wrongly_stated_speed_is_corrected_by_two_witnesses(error: float) -> None:
    rng = np.random.default_rng(5)
    time = np.arange(10 * 12_000) / 12_000
    turns = sum(np.cos(2 * np.pi * k * SHAFT_HZ * time) / k for k in range(1, 9))
    hiss = rng.standard_normal(len(time)) * (1 + 0.5 * sum(np.cos(2 * np.pi * k * SHAFT_HZ * time) for k in (1, 2, 3)))
    found = refine_shaft_hz(0.2 * turns + hiss, 12_000.0, SHAFT_HZ * (1 + error))
    assert found.shaft_hz == pytest.approx(SHAFT_HZ, rel=0.0006)
    assert found.confidence >= 0.5


def test_without_shaft_lines_the_stated_speed_is_kept() -> None:
    noise = np.random.default_rng(7).standard_normal(60_000)
    found = refine_shaft_hz(noise, 12_000.0, SHAFT_HZ)
    assert found.shaft_hz == pytest.approx(SHAFT_HZ, rel=0.0041)


@pytest.mark.parametrize(("samples", "rate_hz"), [(2048, 12_000.0), (2048, 5_000.0), (300_000, 97_656.0)])
def test_any_length_and_rate_gives_finite_evidence(samples: int, rate_hz: float) -> None:
    signal = np.random.default_rng(2).standard_normal(samples)
    spectrum = envelope_order_spectrum(signal, rate_hz, SHAFT_HZ, max_order_of(ORDERS))
    for evidence in envelope_evidence(spectrum, ORDERS).values():
        assert np.isfinite([evidence.score, evidence.null_score, evidence.depth]).all()
    features = order_features(spectrum, ORDERS)
    assert np.isfinite(features.patches).all()
    assert np.isfinite(features.scalars).all()
    assert len(features.patches) == len(FAMILIES)


def test_a_few_loud_blows_hide_the_rhythm_from_the_squared_envelope_but_not_from_its_logarithm() -> None:
    rng = np.random.default_rng(11)
    signal = ringing(ORDERS.bpfo)
    for start in rng.integers(0, len(signal) - 300, 12):
        signal[start : start + 300] += 40 * rng.standard_normal(300)
    spectrum = envelope_order_spectrum(signal, 12_000.0, SHAFT_HZ, max_order_of(ORDERS))
    assert spectrum.log is not None
    line = np.array([ORDERS.bpfo])
    squared, logarithm = (kind.highest(0.995 * line, 1.005 * line).max() for kind in (spectrum, spectrum.log))
    assert logarithm > squared + 1


def test_bursts_are_told_from_noise() -> None:
    noise = np.random.default_rng(13).standard_normal(48_000)
    calm = envelope_order_spectrum(noise, 12_000.0, SHAFT_HZ, 30.0).bursts
    loud = envelope_order_spectrum(ringing(ORDERS.bpfo), 12_000.0, SHAFT_HZ, 30.0).bursts
    assert calm is not None
    assert loud is not None
    assert np.abs(calm).max() < 0.15
    assert (loud.max(axis=0) > calm.max(axis=0) + 0.2).all()


def test_bursts_are_told_with_the_band_they_are_loudest_in() -> None:
    noise = np.random.default_rng(13).standard_normal(48_000)
    signal = noise.copy()
    time = np.arange(200) / 12_000
    for start in range(5_000, 45_000, 4_000):
        signal[start : start + 200] += 8 * np.exp(-300 * time) * np.sin(2 * np.pi * 3_000 * time)
    calm, loud = (envelope_order_spectrum(x, 12_000.0, SHAFT_HZ, 30.0) for x in (noise, signal))
    assert burst_sentence(calm) == ""
    told = re.fullmatch(r"Bursts heard: kurtosis ([\d.]+) from ([\d.]+) to ([\d.]+) kHz\.", burst_sentence(loud))
    assert told is not None
    kurtosis, low, high = map(float, told.groups())
    assert kurtosis > 1
    assert low <= 3.0 <= high


def test_bands_too_narrow_to_be_resolved_hold_nothing() -> None:
    spectrum = envelope_order_spectrum(np.random.default_rng(2).standard_normal(20), 12_000.0, SHAFT_HZ, 10.0)
    assert np.isfinite(spectrum.level).all()
    assert (spectrum.level[-1] == 0).all()


def test_no_line_towers_where_the_spectrum_of_a_narrow_band_ends() -> None:
    """A floor that knew of the silence beyond fell to it: harmonics that came to lie there stood 60 dB high."""
    noise = np.random.default_rng(5).standard_normal(60_000)
    spectrum = envelope_order_spectrum(noise, 12_000.0, SHAFT_HZ, 40.0)
    assert spectrum.log is not None
    ends = [spectrum, spectrum.log, averaged([spectrum, spectrum])]
    width = np.array([high - low for low, high in spectrum.bands]) / SHAFT_HZ
    narrow = np.flatnonzero(width < 40)
    assert len(narrow) > 5
    for of in ends:
        for band in narrow:
            last = of.level[band, int(0.85 * width[band] / of.step) : int(0.95 * width[band] / of.step)]
            assert last.max() < 4  # of 500 values of noise the highest is 2 to 3 nepers over their mean


def test_a_dead_sensor_gives_no_fault() -> None:
    assert envelope_opinion(np.zeros(12_000), 12_000.0, SHAFT_HZ, ORDERS).label == "normal"


@pytest.mark.parametrize("seconds", [3.0, 20.0])  # transformed in one piece, and in several
def test_transforms_at_hand_give_what_fresh_ones_do(seconds: float) -> None:
    signal = ringing(ORDERS.bpfo, seconds=seconds)
    envelopes = Envelopes(signal, 12_000.0)
    for shaft_hz in (SHAFT_HZ, 1.07 * SHAFT_HZ):
        assert refine_shaft_hz(signal, 12_000.0, shaft_hz, envelopes=envelopes).shaft_hz == pytest.approx(
            refine_shaft_hz(signal, 12_000.0, shaft_hz).shaft_hz
        )
        at_hand = two_views(signal, 12_000.0, shaft_hz, 30.0, envelopes)
        fresh = two_views(signal, 12_000.0, shaft_hz, 30.0)
        for one, other in ((at_hand.raw, fresh.raw), (at_hand.white, fresh.white)):
            np.testing.assert_array_equal(one.level, other.level)
            np.testing.assert_array_equal(one.bursts, other.bursts)
