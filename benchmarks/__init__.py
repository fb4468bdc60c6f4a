"""Measurements, each printed side by side from one run: `python -m benchmarks.NAME`."""
