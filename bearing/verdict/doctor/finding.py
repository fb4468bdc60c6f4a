"""What the doctor answers: a Finding for each thing wrong with a recording, a DoctorReport of all of them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SEVERITIES", "DoctorReport", "Finding"]

SEVERITIES = ("ok", "note", "warning", "severe")


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at (`code`), how bad it is (one of SEVERITIES) and what to tell the user.

    `vetoes_normal`: a fault may be heard all the same, but a sound bearing cannot be told from such a recording.
    """

    code: str
    severity: str
    sentence: str
    vetoes_normal: bool = False


@dataclass(frozen=True)
class DoctorReport:
    """Facts of a recording and what is wrong with it.

    Attributes
    ----------
    channel, unit, rate_source, rpm_source, notes
        As in the recording.
    samples : int
        Including those that are not finite.
    duration_s, sampling_rate_hz, shaft_rpm : float or None
        None where the file does not say.
    checks : tuple of Finding
        The worst first; a single ``ok`` when nothing was found.
    """

    channel: str
    samples: int
    duration_s: float | None
    sampling_rate_hz: float | None
    rate_source: str
    unit: str
    shaft_rpm: float | None
    rpm_source: str
    notes: tuple[str, ...]
    checks: tuple[Finding, ...]

    @property
    def severity(self) -> str:
        """The worst severity of all checks."""
        return max((check.severity for check in self.checks), key=SEVERITIES.index, default="ok")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the warnings and severe findings, for the verdict to carry."""
        return tuple(check.sentence for check in self.checks if check.severity in ("warning", "severe"))

    @property
    def normal_vetoes(self) -> tuple[str, ...]:
        """Sentences of what forbids to call the bearing sound, though a fault could be heard."""
        return tuple(check.sentence for check in self.checks if check.vetoes_normal)

    def of(self, code: str) -> Finding | None:
        """The finding of one check, None when it found nothing."""
        return next((check for check in self.checks if check.code == code), None)
