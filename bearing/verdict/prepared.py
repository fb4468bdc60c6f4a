"""What a diagnosis makes of a signal before anybody says how fast its shaft turns or which bearing carries it."""

from __future__ import annotations

from functools import cached_property

from bearing.errors import SignalError
from bearing.models.waveform import Predictor
from bearing.physics.shaft.combs import SpeedSpectra, speed_spectra
from bearing.recording import FloatArray, Recording, check_signal, usable_stretch
from bearing.signal.indicators import Indicators, indicators
from bearing.signal.order_spectrum import Envelopes
from bearing.verdict.doctor.examine import SignalFacts, signal_facts
from bearing.verdict.opinions import WindowVerdicts, window_verdicts

__all__ = ["MIN_SAMPLES", "SLOWEST_HZ", "Prepared"]

MIN_SAMPLES = 2048
SLOWEST_HZ = 500.0  # below there is no band to demodulate


class Prepared:
    """The parts of a diagnosis that no question changes, each made when it is first needed.

    Kept by whoever asks again about the same recording, as a page does when a field is changed: then only what the
    question changes is computed anew, and the answer is the same.
    """

    def __init__(self, recording: Recording) -> None:
        """`recording` has its rate. Raises SignalError without MIN_SAMPLES finite samples in a row."""
        assert recording.sampling_rate_hz is not None
        self.rate_hz, self._samples = recording.sampling_rate_hz, recording.samples
        self._heard: tuple[Predictor, WindowVerdicts] | None = None
        self.stretch = usable_stretch(recording.samples)
        longest, total = self.stretch.stop - self.stretch.start, len(recording.samples)
        if longest < MIN_SAMPLES <= total:
            raise SignalError(
                f"{MIN_SAMPLES:,} samples in a row are needed, the longest stretch of numbers holds {longest:,} of "
                f"{total:,}: the rest are gaps. Repair the export, or record anew."
            )
        self.signal: FloatArray = check_signal(recording.samples[self.stretch], MIN_SAMPLES)

    def is_of(self, recording: Recording) -> bool:
        """Whether this is of the very samples of a recording, at its rate."""
        return recording.samples is self._samples and recording.sampling_rate_hz == self.rate_hz

    @cached_property
    def spectra(self) -> SpeedSpectra | None:
        """What tells the shaft's speed; None for a signal too slow to."""
        return speed_spectra(self.signal, self.rate_hz) if self.rate_hz >= SLOWEST_HZ else None

    @cached_property
    def envelopes(self) -> Envelopes:
        """The envelopes in all bands."""
        return Envelopes(self.signal, self.rate_hz)

    @cached_property
    def level(self) -> Indicators:
        return indicators(self.signal)

    @cached_property
    def facts(self) -> SignalFacts | None:
        """What the doctor sees in the signal itself."""
        return signal_facts(self.signal, self.rate_hz)

    def windows(self, judge: Predictor) -> WindowVerdicts:
        """What the waveform CNN says of each window."""
        if self._heard is None or self._heard[0] is not judge:
            self._heard = judge, window_verdicts(self.signal, self.rate_hz, judge)
        return self._heard[1]
