"""CWRU recordings -> windows with the facts of each: what the CNN is trained and judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bearing.cwru.download import Progress, download, is_published
from bearing.cwru.registry import RegistryEntry, drive_end_entries, entry
from bearing.errors import DataError, RecordingMissing
from bearing.files import cache_dir, local_data_dir
from bearing.recording import Recording
from bearing.signal.windows import HOP, NETWORK_RATE_HZ, WINDOW, cut_windows, resample, window_starts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Source", "WindowSet", "available", "load_recording", "locate", "window_set"]


@dataclass(frozen=True)
class Source:
    """A recording on disk. `note` says where its bytes differ from the published ones, else it is empty."""

    entry: RegistryEntry
    path: Path
    note: str = ""


def available(number: int) -> bool:
    """Whether a recording can be opened without a download."""
    name = entry(number).file_name
    local = local_data_dir()
    return (local / name).exists() if local is not None else (cache_dir() / "cwru" / name).exists()


def locate(number: int, progress: Progress | None = None, fetch: bool = True) -> Source:
    """A recording on disk: from ``BEARING_DATA_DIR`` when that is set, else the cache, else downloaded.

    A file in the user's own folder may differ from the published one; the answer's note then says so.

    Raises
    ------
    RecordingMissing
        Not in the local folder, or not downloaded yet and `fetch` is False.
    DownloadFailed, HashMismatch
        From the download.
    """
    facts = entry(number)
    local = local_data_dir()
    if local is not None:
        path = local / facts.file_name
        if not path.exists():
            raise RecordingMissing(
                f"{facts.file_name} is not in the folder that BEARING_DATA_DIR names: add it there, or unset "
                "BEARING_DATA_DIR to download it from the publisher."
            )
        same = is_published(facts, path.read_bytes())
        return Source(
            facts, path, "" if same else f"{facts.file_name} differs from the published file (re-saved or cut)"
        )
    if not fetch and not available(number):
        raise RecordingMissing(
            f"{facts.file_name} has not been downloaded yet: run `python -m bearing fetch {number}`."
        )
    return Source(facts, download(facts, progress=progress))


def load_recording(number: int, channel: str | None = None, progress: Progress | None = None) -> Recording:
    """One channel of a CWRU recording at its true rate (48 kHz for normals); by default the tested bearing's.

    The variable is chosen by the registry's prefix, never by its position: 99.mat also holds another recording,
    and 3001-3008 carry other numbers.

    Raises
    ------
    DataError
        The file holds no such channel; also what `locate` raises.
    """
    source = locate(number, progress)
    return _read(source, channel or source.entry.faulty_end)


def _read(source: Source, channel: str) -> Recording:
    from scipy.io import loadmat

    facts = source.entry
    variable = f"{facts.variable_prefix}_{channel}_time"
    try:
        samples = loadmat(source.path, variable_names=[variable])[variable]
    except KeyError:
        raise DataError(f"{facts.file_name} holds no {channel} channel (no variable {variable}).") from None
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{source.path.name} is damaged and cannot be read: delete it and fetch it again.") from error
    recorded = facts.recorded_rpm is not None
    return Recording(
        samples=np.ascontiguousarray(samples.ravel(), dtype=np.float64),
        sampling_rate_hz=facts.sampling_rate_hz,
        shaft_rpm=facts.rpm,
        channel=channel,
        source=facts.file_name,
        unit="g",
        rate_source="CWRU registry",
        rpm_source="CWRU registry, recorded" if recorded else "CWRU registry, nominal speed of the load",
        notes=(source.note,) if source.note else (),
    )


@dataclass(frozen=True)
class WindowSet:
    """Windows of many recordings at 12 kHz and, per window, where it was cut.

    windows : float32, shape (n, size), not scaled. number : int, shape (n,), the recording. start : int, shape (n,),
    first sample at 12 kHz. label : str, shape (n,). sources : one per recording.
    """

    windows: NDArray[np.float32]
    number: NDArray[np.int64]
    start: NDArray[np.int64]
    label: NDArray[np.str_]
    sources: tuple[Source, ...]

    def __len__(self) -> int:
        return len(self.windows)

    def of_recording(self, attribute: str) -> NDArray[np.generic]:
        """An attribute of the registry entry, one value per window: ``load_hp``, ``fault_size``, ..."""
        values = {s.entry.number: getattr(s.entry, attribute) for s in self.sources}
        return np.array([values[n] for n in self.number])

    def metadata(self) -> pd.DataFrame:
        """A table with a row per window: recording, label, load, fault size, clock position, start sample."""
        import pandas as pd

        entries = {s.entry.number: s.entry for s in self.sources}
        rows = [entries[n] for n in self.number]
        return pd.DataFrame(
            {
                "recording": self.number,
                "label": self.label,
                "load_hp": [e.load_hp for e in rows],
                "fault_diameter_in": [e.fault_diameter_in for e in rows],
                "clock_position": pd.array([e.clock_position for e in rows], dtype="Int64"),
                "start_sample": self.start,
            }
        )


def window_set(
    entries: Iterable[RegistryEntry] | None = None,
    size: int = WINDOW,
    hop: int = HOP,
    progress: Callable[[int, int], None] | None = None,
) -> WindowSet:
    """All whole windows of the given recordings (default: the 64 of the drive end), resampled to 12 kHz.

    progress : called with (recordings done, recordings in all).
    """
    chosen = tuple(entries) if entries is not None else drive_end_entries()
    windows, numbers, starts, labels, sources = [], [], [], [], []
    for done, facts in enumerate(chosen, start=1):
        source = locate(facts.number)
        recording = _read(source, facts.faulty_end)
        signal = resample(recording.samples, facts.sampling_rate_hz, NETWORK_RATE_HZ)
        cut = cut_windows(signal, size, hop).astype(np.float32)
        windows.append(cut)
        numbers.append(np.full(len(cut), facts.number))
        starts.append(window_starts(len(signal), size, hop))
        labels.append(np.full(len(cut), facts.label))
        sources.append(source)
        if progress is not None:
            progress(done, len(chosen))
    return WindowSet(
        np.concatenate(windows),
        np.concatenate(numbers).astype(np.int64),
        np.concatenate(starts),
        np.concatenate(labels),
        tuple(sources),
    )
