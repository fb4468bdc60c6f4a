"""The options that say what files do not, shared by commands; imports nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_asked", "add_store"]


def add_asked(command: argparse.ArgumentParser) -> None:
    """The options that say what the files do not, the same as of `diagnose`."""
    command.add_argument("--channel", help="one measuring point by its channel's name (default: all)")
    command.add_argument("--rate", type=float, metavar="HZ", help="sampling rate, where the files do not say")
    command.add_argument("--rpm", type=float, help="shaft speed in revolutions per minute")
    command.add_argument("--bearing", metavar="NAME", help="designation in the catalogue, such as 6205-2RS")
    command.add_argument("--geometry", metavar="n=,d=,D=,phi=", help="rolling elements, diameters, contact angle")
    command.add_argument("--orders", metavar="bpfo=,bpfi=,bsf=,ftf=", help="fault frequencies in orders of shaft speed")


def add_store(command: argparse.ArgumentParser) -> None:
    """Where machines are kept."""
    command.add_argument(
        "--store", type=Path, default=Path("machines.sqlite"), metavar="FILE", help="default: machines.sqlite, here"
    )
