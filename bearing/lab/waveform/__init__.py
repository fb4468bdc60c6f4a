"""The waveform CNN: network, training, protocols, and a training to watch. Windows of 2048 samples, no speed asked."""
