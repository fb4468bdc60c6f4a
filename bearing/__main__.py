"""``python -m bearing`` and the command ``bearing``."""

from __future__ import annotations

import os

STOPPED = 130


def run() -> int:
    """One command; its exit code."""
    try:
        from bearing.cli.trouble import listen_for_stop

        listen_for_stop()
        from bearing.cli.main import main

        code = main()
    except KeyboardInterrupt:  # before `main` could listen for it
        code = STOPPED
    if code == STOPPED:  # at once: a library stopped while it loads may have the interpreter end by the signal instead
        os._exit(code)
    return code


if __name__ == "__main__":
    raise SystemExit(run())
