"""`python -m bearing batch`: very many recordings on all cores, or on a Dask cluster."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bearing.batch.run import run_batch
from bearing.cli.asked import request_of
from bearing.cli.diagnose import exit_code
from bearing.cli.trend import Bar

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """The command: works until all is done, then one line of what became of it. Codes as of `diagnose`."""
    a = arguments
    found = run_batch(a.sources, Path(a.out), request_of(a), a.workers, a.scheduler, Bar().advance)
    said = ", ".join(f"{count} {verdict}" for verdict, count in found.verdicts.most_common())
    known = f", {found.known} were done before" if found.known else ""
    print(f"{found.files} files{known}. {found.measurements} measurements{': ' + said if said else ''}. In {a.out}.")
    if found.errors:
        print(f"{found.errors} files are no measurement: see their rows.", file=sys.stderr)
    return exit_code(list(found.verdicts))
