"""Many recordings of one machine: its history, what changed in it, its limits, a store, and a fleet of machines."""
