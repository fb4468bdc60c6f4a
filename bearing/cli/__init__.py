"""The command-line door: parses, prints, and returns an exit code. Computes nothing."""
