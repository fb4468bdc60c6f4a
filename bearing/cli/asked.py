"""The options that say what files do not, shared by commands; imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bearing.verdict.asked.request import Request

__all__ = ["add_asked", "add_limits", "add_more", "add_store", "request_of"]


def add_asked(command: argparse.ArgumentParser) -> None:
    """The options that say what the files do not."""
    command.add_argument("--channel", help="one channel by name (default: all that measure vibration)")
    command.add_argument("--rate", type=float, metavar="HZ", help="sampling rate, where the files do not say")
    command.add_argument("--rpm", type=float, help="shaft speed in revolutions per minute")
    command.add_argument("--bearing", metavar="NAME", help="designation in the catalogue, such as 6205-2RS")
    command.add_argument("--geometry", metavar="n=,d=,D=,phi=", help="rolling elements, diameters, contact angle")
    command.add_argument("--orders", metavar="bpfo=,bpfi=,bsf=,ftf=", help="fault frequencies in orders of shaft speed")
    command.add_argument("--ratio", type=float, help="turns of the bearing's shaft to one of the shaft told")
    command.add_argument("--part", action="store_true", help="read the first stretch of a file over the limits")
    command.add_argument(
        "--rpm-over-time", metavar="S=RPM,...", help="a speed that moves, at a few moments: 0=600,10=1800"
    )
    command.add_argument("--outer-ring-turns", action="store_true", help="the outer ring turns, the inner one stands")
    command.add_argument("--unit", help="of the numbers, where the files do not say: g, m/s2, mm/s, mV")
    command.add_argument("--sensitivity", type=float, metavar="MV_PER_G", help="of the sensor: volts become g by it")
    command.add_argument("--pulses", type=float, metavar="N", help="pulses per turn of the file's tacho")


def add_more(command: argparse.ArgumentParser) -> None:
    """The options that ask for more than a verdict."""
    command.add_argument(
        "--detectable", action="store_true", help="how weak a fault would have been seen, beside a healthy verdict"
    )
    command.add_argument(
        "--machine", nargs="?", const="all", dest="own_lines", metavar="teeth=,vanes=,bars=,poles=,belt=,mains=",
        help="the machine's own lines, too, with what is known of it",
    )  # fmt: skip


def request_of(arguments: argparse.Namespace) -> Request:
    """What these options say. Raises ParameterError where it makes no sense."""
    from bearing.verdict.asked.request import Request

    said = vars(arguments)  # only some commands ask for the last ones
    return Request(
        channel=said["channel"],
        rate_hz=said["rate"],
        rpm=said["rpm"],
        bearing=said["bearing"],
        geometry=said["geometry"],
        orders=said["orders"],
        ratio=said["ratio"],
        pulses_per_turn=said["pulses"],
        part=said["part"],
        outer_ring_turns=said["outer_ring_turns"],
        rpm_over_time=said["rpm_over_time"],
        unit=said["unit"],
        mv_per_g=said["sensitivity"],
        member=said.get("member"),
        raw=said.get("raw"),
        detectable=said.get("detectable", False),
        machine=said.get("own_lines"),  # `machine` is whose history it is
    )


def add_limits(command: argparse.ArgumentParser) -> None:
    """Limits set by hand, beside those of a machine's own past."""
    command.add_argument(
        "--limits", metavar="NAME=ALERT[/ALARM],...",
        help="limits set by hand, such as velocity_rms=2.8/4.5, or iso=2/rigid for zones C and D of ISO 20816-3",
    )  # fmt: skip


def add_store(command: argparse.ArgumentParser) -> None:
    """Where machines are kept."""
    command.add_argument(
        "--store", type=Path, default=Path("machines.sqlite"), metavar="FILE", help="default: machines.sqlite, here"
    )
