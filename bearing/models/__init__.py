"""The two networks as served, on ONNX Runtime and NumPy, and what they look at. `lab` makes their weights."""
