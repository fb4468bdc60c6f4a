"""Which bearings fit what was heard: the true one among them, several, and none without reason."""

import pytest

from bearing.errors import ParameterError
from bearing.physics.candidates import fits
from bearing.physics.catalogue import find, load_catalogue

ORDERS = find("6205-2RS JEM").orders


@pytest.mark.parametrize("entry", load_catalogue()[::7], ids=lambda entry: entry.name)
@pytest.mark.parametrize("part", ["outer", "inner", "ball"])
def test_every_bearing_fits_its_own_lines(entry, part):
    found = fits(entry.orders.families[part] * 25.0 * 0.997, 25.0, most=1000)
    own = next(fit for fit in found if (fit.bearing, fit.part) == (entry.name, part))
    assert own.error_percent == pytest.approx(-0.3, abs=1e-6)


def test_the_best_come_first_and_all_lie_within_the_tolerance():
    found = fits(ORDERS.bpfo * 30, 30.0, tolerance=0.01)
    errors = [abs(fit.error_percent) for fit in found]
    assert errors == sorted(errors)
    assert 2 <= len(found) <= 8
    assert errors[-1] <= 1.0


def test_an_order_of_no_bearing_fits_none():
    assert fits(97.3 * 30, 30.0) == ()


def test_one_rate_without_speed_says_nothing():
    assert fits(107.5) == ()


def test_two_rates_without_speed_are_told_by_their_ratio():
    found = fits((ORDERS.bpfo * 29.53, ORDERS.bpfi * 29.53), most=100)
    own = {fit.part: fit for fit in found if fit.bearing == "6205-2RS JEM (SKF)"}
    assert set(own) == {"outer", "inner"}
    assert own["outer"].shaft_hz == pytest.approx(29.53)


@pytest.mark.parametrize(("rate", "shaft", "tolerance"), [(0, 30, 0.02), (100, -1, 0.02), (100, 30, 0), (100, 0, 0.02)])
def test_nonsense_is_refused(rate, shaft, tolerance):
    with pytest.raises(ParameterError, match="positive"):
        fits(rate, shaft, tolerance)
