"""What shaft and bearing do: fault frequencies, the catalogue, shaft speed, mains hum, the envelope rule, simulation.

No training, no files but the catalogue, no words for people beyond the errors.
"""
