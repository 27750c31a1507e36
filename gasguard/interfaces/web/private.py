"""Small files that nobody else may read, replaced as a whole: the old or the new is there."""

import contextlib
import os
from pathlib import Path

from gasguard.files import sync_folder

LARGEST = 100_000
"""Bytes: far more than any of them has."""


def read(path: Path) -> str | None:
    """What stands there; None where there is no such file. Raises OSError, and ValueError for what
    is no text or too long."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    if len(data) > LARGEST:
        raise ValueError("longer than it can be")
    return data.decode()


def write(path: Path, text: str, *, anew: bool = True) -> None:
    """Put it there, mode 0600, the folder's own 0700 where it has to be made. Raises OSError.

    What somebody else has just put there stays, unless `anew`. Written by root, it belongs to whom
    the folder belongs to: the page's process must read it.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(new, text)
        if anew:
            os.replace(new, path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(new, path)
            new.unlink()
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Have it gone. Raises OSError."""
    path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    # O_EXCL: never through somebody's link.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
