"""The REST door: routes, gate, bodies, workers. What it answers is computed in `verdict` and `models`."""
