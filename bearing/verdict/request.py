"""What a user asked for, applied to a file: page, REST and command line all come through `choose`."""

from __future__ import annotations

from bearing.errors import ParameterError
from bearing.physics.catalogue import find, parse_geometry, parse_orders
from bearing.physics.kinematics import fault_orders
from bearing.recording import Recording
from bearing.verdict.diagnosis import Bearing
from bearing.verdict.intake import Intake

__all__ = ["choose", "named_bearing"]


def choose(
    intake: Intake,
    channel: str | None = None,
    rate_hz: float | None = None,
    rpm: float | None = None,
    bearing: str | None = None,
    geometry: str | None = None,
    orders: str | None = None,
) -> tuple[Recording, Bearing | None]:
    """The channel to diagnose, with the user's corrections, and the bearing on it.

    Parameters
    ----------
    intake : Intake
        The opened file.
    channel : str, optional
        A channel by name; by default the likely one.
    rate_hz, rpm : float, optional
        Sampling rate in Hz and shaft speed in revolutions per minute; they replace what the file says.
    bearing, geometry, orders : str, optional
        At most one of: a designation in the catalogue, ``n=8,d=5.97,D=31.62,phi=0``,
        ``bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41``. By default the bearing the file is known to come from, if any.
        Empty text counts as not given.

    Raises
    ------
    ParameterError
        For an unknown channel or bearing, an implausible number, or more than one way of naming the bearing.
    """
    index = intake.channel(channel or None)
    recording = intake.recordings[index].corrected(rate_hz, rpm)
    named = named_bearing(bearing, geometry, orders)
    if named is None and intake.bearings[index]:
        named = named_bearing(intake.bearings[index])
    return recording, named


def named_bearing(bearing: str | None = None, geometry: str | None = None, orders: str | None = None) -> Bearing | None:
    """The bearing a user named in one of three ways, None when in none. Raises ParameterError as `choose` does."""
    given = [
        name
        for name, text in (("bearing", bearing), ("geometry", geometry), ("orders", orders))
        if (text or "").strip()
    ]
    if len(given) > 1:
        raise ParameterError(f"Name the bearing in one way, not by {' and '.join(given)}: leave out all but one.")
    if bearing and "bearing" in given:
        entry = find(bearing)
        return Bearing(entry.name, entry.orders, entry.estimated)
    if geometry and "geometry" in given:
        return Bearing(geometry.strip(), fault_orders(parse_geometry(geometry)))
    if orders and "orders" in given:
        return Bearing(orders.strip(), parse_orders(orders))
    return None
