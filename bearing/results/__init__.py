"""What the evaluations measured, read back from `weights/` as tables and rows. Nothing is measured here."""
