"""``python -m bearing``: the command line."""

from bearing.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
