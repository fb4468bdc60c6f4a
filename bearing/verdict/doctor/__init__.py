"""The input doctor: is this recording fit to be diagnosed, before anybody believes a verdict on it?

Each check looks for one thing that makes vibration data lie (a saturated sensor, a wrong sampling rate, a gap) and says
it in one sentence. A module per kind of thing; `examine` goes through them all.
"""
