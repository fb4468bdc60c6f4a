"""The CWRU collection: which recordings there are, how to get them, and windows cut from them.

Nothing about a verdict; the networks that learned from it are in `models` (served) and `lab` (made).
"""
