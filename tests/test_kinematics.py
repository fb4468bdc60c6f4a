"""Fault orders from geometry: published numbers, identities that hold for every bearing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bearing.errors import ParameterError
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders, rpm_to_hz

geometries = st.builds(
    Geometry,
    elements=st.integers(4, 40),
    ball_diameter=st.floats(1, 20),
    pitch_diameter=st.floats(25, 300),
    contact_angle_deg=st.floats(0, 60),
)


@pytest.mark.parametrize(
    ("geometry", "bpfo", "bpfi", "twice_bsf", "ftf"),
    [
        (Geometry(9, 0.3126, 1.537), 3.5848, 5.4152, 4.7135, 0.39828),  # CWRU drive end
        (Geometry(8, 0.2656, 1.122), 3.0530, 4.9469, 3.9874, 0.3817),  # CWRU fan end
        (Geometry(8, 0.235, 1.245), 3.245, 4.755, 5.110, 0.406),  # MFPT
    ],
)
def test_published_orders(geometry, bpfo, bpfi, twice_bsf, ftf):
    orders = fault_orders(geometry)
    assert orders.bpfo == pytest.approx(bpfo, abs=6e-4)
    assert orders.bpfi == pytest.approx(bpfi, abs=6e-4)
    assert 2 * orders.bsf == pytest.approx(twice_bsf, abs=2e-3)
    assert orders.ftf == pytest.approx(ftf, abs=5e-4)


@given(geometries)
def test_identities(geometry):
    orders = fault_orders(geometry)
    n = geometry.elements
    assert orders.bpfo + orders.bpfi == pytest.approx(n)
    assert orders.ftf == pytest.approx(orders.bpfo / n)  # the cage carries the elements past the outer race
    assert 1 - orders.ftf == pytest.approx(orders.bpfi / n)  # and past the inner race, which overtakes it
    assert orders.bpfo < n / 2 < orders.bpfi
    assert orders.ftf < 0.5


@given(geometries, st.floats(0.01, 1000))
def test_the_unit_of_length_does_not_matter(geometry, unit):
    scaled = Geometry(
        geometry.elements, geometry.ball_diameter * unit, geometry.pitch_diameter * unit, geometry.contact_angle_deg
    )
    a, b = fault_orders(geometry), fault_orders(scaled)
    assert (a.bpfo, a.bpfi, a.bsf, a.ftf) == pytest.approx((b.bpfo, b.bpfi, b.bsf, b.ftf))


@given(geometries)
def test_a_contact_angle_lowers_bpfi(geometry):
    flat = fault_orders(Geometry(geometry.elements, geometry.ball_diameter, geometry.pitch_diameter, 0.0))
    assert fault_orders(geometry).bpfi <= flat.bpfi * (1 + 1e-12)


def test_sixty_turns_a_minute_are_one_hertz():
    assert rpm_to_hz(60) == 1


def test_families_and_sidebands():
    orders = FaultOrders(3.58, 5.42, 2.36, 0.398)
    assert orders.families == {"outer": 3.58, "inner": 5.42, "ball": 4.72}
    assert orders.sidebands == {"outer": 0.0, "inner": 1.0, "ball": 0.398}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 5, 30), "3 to 200"),
        ((9, 30, 5), "smaller than the pitch"),
        ((9, 0, 5), "positive"),
        ((9, 5, math.inf), "finite number"),
        ((9, 5, 30, 90), "0..90"),
        ((9, 5, 30, -1), "0..90"),
    ],
)
def test_impossible_geometry(arguments, message):
    with pytest.raises(ParameterError, match=message):
        Geometry(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5.4, 3.6, 2.4, 0.4), "swapped"),
        ((3.6, 5.4, 2.4, 1.4), "slower than the shaft"),
        ((0, 5.4, 2.4, 0.4), "BPFO must lie"),
        ((3.6, math.nan, 2.4, 0.4), "BPFI must lie"),
    ],
)
def test_impossible_orders(arguments, message):
    with pytest.raises(ParameterError, match=message):
        FaultOrders(*arguments)


def test_where_the_outer_ring_turns_the_cage_is_faster_and_the_sidebands_change_rings() -> None:
    inner_turns = fault_orders(Geometry(9, 7.94, 39.04))
    outer_turns = inner_turns.with_outer_ring_turning()
    assert outer_turns.ftf == pytest.approx((1 + 7.94 / 39.04) / 2)
    assert (outer_turns.bpfo, outer_turns.bpfi, outer_turns.bsf) == (
        inner_turns.bpfo,
        inner_turns.bpfi,
        inner_turns.bsf,
    )
    assert outer_turns.sidebands == {"outer": 1.0, "inner": 0.0, "ball": outer_turns.ftf}
    assert inner_turns.sidebands == {"outer": 0.0, "inner": 1.0, "ball": inner_turns.ftf}
    assert outer_turns.with_outer_ring_turning() == outer_turns
