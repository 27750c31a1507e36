"""Several files put in place together: all of them, or what was there before.

Each is replaced as a whole, so that even a power cut leaves the old one or the new one. Folders are
held open and names in them never followed: some belong to users who may put links there.
"""

import contextlib
import errno
import os
import secrets
import shutil
import stat
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self


class Owner(NamedTuple):
    """Whose a file is to be; given away by root alone."""

    mode: int
    uid: int = -1
    gid: int = -1


class _Done(NamedTuple):
    folder: int
    name: str
    aside: str | None
    """Where what was there is kept; None where nothing was."""


class Swap:
    """Leaving the block without `commit` undoes it. All methods raise OSError."""

    def __init__(self) -> None:
        self._folders: dict[Path, int] = {}
        self._staged: list[tuple[int, str, str]] = []
        self._removed: list[tuple[int, str]] = []
        self._done: list[_Done] = []
        self._mark = f"{os.getpid()}{secrets.token_hex(4)}"

    def __enter__(self) -> Self:
        return self

    def put(self, path: Path, data: bytes, owner: Owner) -> None:
        """Have `data` there after `commit`. The folder must be there."""
        folder = self._folder(path.parent)
        new = f".{path.name}.{self._mark}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(new, flags, 0o600, dir_fd=folder)
        self._staged.append((folder, new, path.name))
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if os.geteuid() == 0:
                os.fchown(descriptor, owner.uid, owner.gid)
            os.fchmod(descriptor, owner.mode)
            os.fsync(descriptor)

    def remove(self, path: Path) -> None:
        """Have nothing there after `commit`."""
        with contextlib.suppress(FileNotFoundError):
            self._removed.append((self._folder(path.parent), path.name))

    def commit(self) -> None:
        """Do it: what is to go goes first, then in the order of `put`."""
        for folder, name in self._removed:
            aside = f".{name}.{self._mark}.old"
            with contextlib.suppress(FileNotFoundError):
                os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
                self._done.append(_Done(folder, name, aside))
        for folder, new, name in self._staged:
            self._done.append(_Done(folder, name, self._set_aside(folder, name)))
            os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        for descriptor in self._folders.values():
            os.fsync(descriptor)
        for done in self._done:
            if done.aside is not None:
                _unlink(done.folder, done.aside)
        self._done, self._staged = [], []

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        for folder, name, aside in reversed(self._done):
            with contextlib.suppress(OSError):
                if aside is None:
                    _unlink(folder, name)
                else:
                    os.replace(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
                    # Two names of one file: `replace` leaves both.
                    _unlink(folder, aside)
        for folder, new, _ in self._staged:
            _unlink(folder, new)
        for descriptor in self._folders.values():
            os.close(descriptor)

    def _folder(self, path: Path) -> int:
        if path not in self._folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            self._folders[path] = os.open(path, flags)
        return self._folders[path]

    def _set_aside(self, folder: int, name: str) -> str | None:
        """Give what is there a second name: at no moment is there none at the first."""
        aside = f".{name}.{self._mark}.old"
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        try:
            os.link(name, aside, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except PermissionError:  # a file system without such names, FAT for one
            _copy(folder, name, aside)
        return aside


def _copy(folder: int, name: str, copy: str) -> None:
    source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with (
        os.fdopen(source, "rb") as old,
        os.fdopen(os.open(copy, flags, 0o600, dir_fd=folder), "wb") as new,
    ):
        shutil.copyfileobj(old, new)


def _unlink(folder: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=folder)
