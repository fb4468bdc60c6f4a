"""Every sentence about a verdict: codes and numbers in, short English out. Nothing is measured or decided here."""
