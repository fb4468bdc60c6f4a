"""Other public collections than CWRU's: which recordings there are, where they are had, and how they are read.

One module per rig. Nothing of them is redistributed here: `data/` holds facts, labels and hashes.
"""
