"""The order network and the verdict that rests on it: examples, training, calibration, and how both are judged."""
