"""Simulated machines to train on: bearings, what surrounds them, and what ails a machine whose bearing is sound."""
