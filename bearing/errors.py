"""Every error this project raises on purpose.

    BearingError
    ├── InputError            what the user gave cannot be used   (exit code 2, HTTP 422)
    │   ├── UnreadableFile    the bytes are damaged, or not what their name says
    │   ├── UnsupportedFormat a format, or a content, that holds no vibration signal we can read
    │   ├── TooLarge          over a limit                         (HTTP 413)
    │   ├── SignalError       the samples cannot be analysed (too short, empty, not finite)
    │   └── ParameterError    a sampling rate, speed, bearing or option that makes no sense
    │       └── MissingRate   the sampling rate is neither in the file nor given
    ├── DataError             a recording could not be had
    │   ├── RecordingMissing  not in the local folder, not downloaded
    │   ├── DownloadFailed    the publisher did not deliver it
    │   └── HashMismatch      the bytes are not the published ones
    └── ModelError            weights are missing, damaged, or do not fit their card

Each message is one sentence or two: what was expected, what came, what to do.
"""

__all__ = [
    "BearingError",
    "DataError",
    "DownloadFailed",
    "HashMismatch",
    "InputError",
    "MissingRate",
    "ModelError",
    "ParameterError",
    "RecordingMissing",
    "SignalError",
    "TooLarge",
    "UnreadableFile",
    "UnsupportedFormat",
]


class BearingError(Exception):
    """Root of the tree; its message can be shown to a user as it is."""


class InputError(BearingError, ValueError):
    """What the user gave cannot be used."""


class UnreadableFile(InputError):
    """The bytes are damaged, or not what their name says."""


class UnsupportedFormat(InputError):
    """A format, or a content, that holds no vibration signal we can read."""


class TooLarge(InputError):
    """Over a limit of size, samples, channels or time."""


class SignalError(InputError):
    """The samples cannot be analysed: too short, empty, not finite."""


class ParameterError(InputError):
    """A sampling rate, speed, bearing or option that makes no sense."""


class MissingRate(ParameterError):
    """The sampling rate is neither in the file nor given."""


class DataError(BearingError):
    """A recording could not be had."""


class RecordingMissing(DataError):
    """Not in the local folder and not downloaded."""


class DownloadFailed(DataError):
    """The publisher did not deliver the file."""


class HashMismatch(DataError):
    """The bytes are not the published ones."""


class ModelError(BearingError):
    """Weights are missing, damaged, or do not fit their card."""
