"""From an upload to a `Diagnosis`: what was asked, is the recording fit, who says what, and the one verdict.

Every door shows what comes out of here and computes nothing of its own.
"""
