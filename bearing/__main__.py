"""``python -m bearing``: the command line."""

if __name__ == "__main__":
    try:
        from bearing.cli.main import main

        code = main()
    except KeyboardInterrupt:  # before `main` could listen for it
        code = 130
    raise SystemExit(code)
