"""What the columns of any file mean: clocks, facts, channels."""
