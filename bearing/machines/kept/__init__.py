"""Machines that are kept: in one SQLite file, added to by hand or as recordings arrive, shown together worst first."""
