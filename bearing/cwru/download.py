"""Downloads recordings from their publisher: one file at a time, resumed, checked, then put in place.

Pooch would check and move too, but starts a cut transfer anew and leaves a temporary file when it is killed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bearing.cwru.registry import git_blob_sha1
from bearing.errors import DownloadFailed, HashMismatch
from bearing.files import cache_dir
from bearing.settings import named_folder

__all__ = ["Progress", "Published", "at_hand", "download", "is_published"]

Progress = Callable[[int, int], None]  # bytes so far, bytes expected (0 when the publisher does not say)

CHUNK = 64 * 1024
MAX_BYTES = 64 * 1024 * 1024  # the largest recording has 8 MB: anything longer is not one
ATTEMPTS = 3


class Published(Protocol):
    """A published file: its name and address, its hash, and the variable that names the user's own folder of them."""

    @property
    def file_name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def git_blob_sha1(self) -> str: ...
    @property
    def folder_variable(self) -> str: ...


def is_published(entry: Published, data: bytes) -> bool:
    """Whether these bytes are the published ones, by sha256, or by git's blob id where only that is known."""
    if entry.sha256:
        return hashlib.sha256(data).hexdigest() == entry.sha256
    return git_blob_sha1(data) == entry.git_blob_sha1


def at_hand(entry: Published) -> Path | None:
    """The published file in the user's own folder of them; None where it is not, or other bytes are in its place."""
    folder = named_folder(entry.folder_variable)
    path = None if folder is None else folder / entry.file_name
    return path if path is not None and path.is_file() and is_published(entry, path.read_bytes()) else None


def download(
    entry: Published,
    folder: Path | None = None,
    progress: Progress | None = None,
    url: str | None = None,
    timeout_s: float = 20.0,
) -> Path:
    """The path of a recording in `folder`: as it lies there, else copied from the user's own, else downloaded.

    A download that is cut continues where it stopped, in this call or the next; a killed one leaves only a
    ``.part`` file. The file appears under its name when its hash is right, never before.

    Raises
    ------
    DownloadFailed
        No connection, an error answer, or a stalled transfer, after three attempts.
    HashMismatch
        Complete, but not the published bytes.
    """
    folder = folder or cache_dir() / "cwru"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / entry.file_name
    if target.exists() and is_published(entry, target.read_bytes()):
        return target

    part = target.with_suffix(".part")
    own = at_hand(entry)
    if own is not None:
        shutil.copyfile(own, part)
        os.replace(part, target)
        return target
    _transfer(url or entry.url, part, progress, timeout_s, entry.folder_variable)
    if not is_published(entry, part.read_bytes()):
        part.unlink()  # continuing a wrong file would never make it right
        raise HashMismatch(
            f"{entry.file_name} arrived, but is not the file that was published (its hash differs): try again "
            f"later, or put your own copy into a folder named by {entry.folder_variable}."
        )
    os.replace(part, target)
    return target


def _transfer(url: str, part: Path, progress: Progress | None, timeout_s: float, folder_variable: str) -> None:
    """Brings `url` into `part`, continuing what is there."""
    import requests  # late: whoever has the recordings need not pay for it

    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.5 * attempt)
        try:
            if _one_attempt(url, part, progress, timeout_s):
                return
            problem = "the transfer stopped before the end"
        except requests.RequestException as error:
            problem = _in_words(error)
    raise DownloadFailed(
        f"{url} could not be downloaded ({problem}; {ATTEMPTS} attempts): check the connection and try again, "
        f"what has arrived is kept; or put your own copy into a folder named by {folder_variable}."
    )


def _one_attempt(url: str, part: Path, progress: Progress | None, timeout_s: float) -> bool:
    """One request; True when the whole file has arrived."""
    import requests

    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=timeout_s) as answer:
        if answer.status_code == 416:  # nothing left after what we have: complete, or longer than the publisher's
            return True
        answer.raise_for_status()
        if answer.status_code != 206:
            have = 0
        length = int(answer.headers.get("Content-Length") or 0)
        total = have + length if length else 0
        with part.open("ab" if have else "wb") as file:
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                have += len(chunk)
                if have > MAX_BYTES:
                    raise DownloadFailed(f"{url} sends more than {MAX_BYTES >> 20} MB: that is not a recording.")
                if progress is not None:
                    progress(have, total)
            file.flush()
            os.fsync(file.fileno())
        return not total or have >= total


def _in_words(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return "the publisher stopped answering"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the publisher answered {error.response.status_code}"
    return "no connection to the publisher, or it was cut"
