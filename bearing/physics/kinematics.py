"""Where a damaged bearing's lines fall: fault orders from geometry.

An *order* is a frequency divided by the shaft's: order 3.58 at 30 Hz (1800 rpm) is 107.5 Hz.
Source: R. B. Randall & J. Antoni, "Rolling element bearing diagnostics - a tutorial", MSSP 25 (2011) 485-520, eq. 1-4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bearing.checks import check_number
from bearing.errors import ParameterError

__all__ = ["FaultOrders", "Geometry", "RingsSwapped", "fault_orders", "rpm_to_hz"]


ORDER_LIMITS = (0.01, 200.0)  # of a fault line: no bearing lies outside


@dataclass(frozen=True)
class Geometry:
    """A bearing with a turning inner ring. `ball_diameter` and `pitch_diameter` share any one unit.

    Raises ParameterError for a geometry no bearing can have.
    """

    elements: int
    ball_diameter: float
    pitch_diameter: float
    contact_angle_deg: float = 0.0

    def __post_init__(self) -> None:
        for name in ("elements", "ball_diameter", "pitch_diameter", "contact_angle_deg"):
            check_number(getattr(self, name), f"The {name} of a geometry")
        if self.elements != int(self.elements):
            raise ParameterError(f"The number of rolling elements n must be whole, got n={self.elements:g}.")
        if not 3 <= self.elements <= 200:
            raise ParameterError(f"A bearing has 3 to 200 rolling elements, got n={self.elements}.")
        if not 0 < self.ball_diameter < self.pitch_diameter:
            raise ParameterError(
                "The ball diameter d must be positive and smaller than the pitch diameter D, "
                f"got d={self.ball_diameter:g}, D={self.pitch_diameter:g}."
            )
        if not 0 <= self.contact_angle_deg < 90:
            raise ParameterError(f"The contact angle phi lies in 0..90 degrees, got {self.contact_angle_deg:g}.")


@dataclass(frozen=True)
class FaultOrders:
    """Fault frequencies in orders of shaft speed. `bsf` is the spin itself; a ball defect strikes at 2 x BSF.

    A cage that turns at more than half the shaft's speed (FTF above 0.5) says that the outer ring turns, not the inner.
    """

    bpfo: float
    bpfi: float
    bsf: float
    ftf: float

    def __post_init__(self) -> None:
        for name in ("bpfo", "bpfi", "bsf", "ftf"):
            check_number(getattr(self, name), f"The order {name.upper()}", ORDER_LIMITS)
        if self.ftf >= 1:
            raise ParameterError(f"The cage turns slower than the shaft: FTF must be below 1, got {self.ftf:g}.")
        if self.bpfo >= self.bpfi:
            raise ParameterError(
                f"BPFO lies below BPFI, got BPFO={self.bpfo:g}, BPFI={self.bpfi:g}: are the two swapped?"
            )

    @property
    def families(self) -> dict[str, float]:
        """The order at which a defect of each part strikes: outer BPFO, inner BPFI, ball 2 x BSF."""
        return {"outer": self.bpfo, "inner": self.bpfi, "ball": 2.0 * self.bsf}

    @property
    def elements(self) -> int:
        """How many roll in it: they pass outer and inner race together that often a turn."""
        return round(self.bpfo + self.bpfi)

    @property
    def sidebands(self) -> dict[str, float]:
        """Spacing of the sidebands of each family: shaft for the ring that turns, none for the other, FTF for ball."""
        return {"outer": float(self.outer_ring_turns), "inner": float(not self.outer_ring_turns), "ball": self.ftf}

    def with_outer_ring_turning(self) -> FaultOrders:
        """Of the same bearing where the inner ring stands: the cage turns at the rest of the speed."""
        return replace(self, ftf=max(self.ftf, 1.0 - self.ftf))

    @property
    def outer_ring_turns(self) -> bool:
        return self.ftf > 0.5


@dataclass(frozen=True)
class RingsSwapped(FaultOrders):
    """Orders of a bearing whose outer ring turns, asked as if the inner did: "outer" is the ring that stands.

    Whether a race's lines carry sidebands of the shaft is told by which ring turns, not by which is inside.
    """

    @property
    def families(self) -> dict[str, float]:
        return {"outer": self.bpfi, "inner": self.bpfo, "ball": 2.0 * self.bsf}

    @property
    def sidebands(self) -> dict[str, float]:
        return {"outer": 0.0, "inner": 1.0, "ball": self.ftf}


def fault_orders(geometry: Geometry) -> FaultOrders:
    """BPFO, BPFI, BSF and FTF in orders of shaft speed; r = (d/D) cos phi (Randall & Antoni 2011, eq. 1-4).

    BPFO = n/2 (1 - r), BPFI = n/2 (1 + r), BSF = D/(2d) (1 - r^2), FTF = (1 - r)/2.
    """
    ratio = geometry.ball_diameter / geometry.pitch_diameter * math.cos(math.radians(geometry.contact_angle_deg))
    return FaultOrders(
        bpfo=geometry.elements / 2 * (1 - ratio),
        bpfi=geometry.elements / 2 * (1 + ratio),
        bsf=geometry.pitch_diameter / (2 * geometry.ball_diameter) * (1 - ratio**2),
        ftf=(1 - ratio) / 2,
    )


def rpm_to_hz(rpm: float) -> float:
    """Shaft frequency in Hz of a speed in revolutions per minute."""
    return rpm / 60.0
