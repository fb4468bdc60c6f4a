"""Arrays in, arrays out: spectra, envelopes, windows, indicators. Nothing here knows a bearing, a file or a machine."""
