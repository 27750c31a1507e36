"""What is on this machine, as the contents of a backup."""

import contextlib
import errno
import grp
import os
import pwd
import re
import socket
import stat
import time
from dataclasses import replace
from pathlib import Path

from gasguard import __version__
from gasguard.backup.archive import CONFIG, LARGEST, LARGEST_NAMED, WORD
from gasguard.backup.contents import Contents, Kept
from gasguard.backup.environment import looked_through
from gasguard.backup.errors import BackupError
from gasguard.backup.places import Places, places
from gasguard.errors import ConfigError
from gasguard.guard.copies import copied
from gasguard.interfaces.web.keyring import PASSWORD


def is_part(file: Path, config: Path) -> bool:
    """Whether `file` is itself what a backup is made of. Raises BackupError, ConfigError."""
    at = places(config, _config(config).data)
    parts = (at.config, at.environment, at.state, at.web / PASSWORD, *at.named.values())
    return os.path.realpath(file) in map(os.path.realpath, parts)


def collect(config: Path) -> tuple[Contents, list[str]]:
    """All of it, and what is not in it for want of the thing itself, for people.

    Raises BackupError where something is there and cannot be read, ConfigError, StoreError.
    """
    kept = _config(config)
    at = places(config, kept.data)
    named = {word: _kept(path, LARGEST_NAMED) for word, path in at.named.items()}
    environment, others = _environment(at)
    state = _state(at.state)
    contents = Contents(
        made_at=time.time(),
        version=__version__,
        host=re.sub("[^A-Za-z0-9.-]", "-", socket.gethostname())[:64],
        config=kept,
        named={word: one for word, one in named.items() if one is not None},
        environment=environment,
        state=state,
        password=_kept(at.web / PASSWORD, LARGEST_NAMED),
    )
    absent = [f"{at.named[word]}: is not there" for word, one in named.items() if one is None]
    if state is None:
        absent.append(f"{at.state}: is not there; gasguard has not run yet")
    return contents, absent + others


def _config(path: Path) -> Kept:
    kept = _kept(path, LARGEST[CONFIG])
    if kept is None:
        raise ConfigError([f"{path}: {os.strerror(errno.ENOENT)}"])
    return kept


def _environment(at: Places) -> tuple[Kept | None, list[str]]:
    """What the configuration needs of that file, and what is not backed up, for people."""
    kept = _kept(at.environment, LARGEST_NAMED)
    lines = looked_through(kept.data if kept is not None else b"", at.variables)
    told = [f"{at.environment}: {one}: the configuration does not name it" for one in lines.others]
    told += [
        f"!env {name}: is set elsewhere than in {at.environment}"
        for name in at.variables
        if name not in lines.sets
    ]
    return kept and replace(kept, data=lines.kept), told


def _state(path: Path) -> Kept | None:
    try:
        found = path.stat()
        data = copied(path)
    except FileNotFoundError:
        return None
    except PermissionError:
        raise _not_ours(path) from None
    return _described(data, found)


def _kept(path: Path, largest: int) -> Kept | None:
    """What is there; None where nothing is. Raises BackupError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except PermissionError:
        raise _not_ours(path) from None
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BackupError(f"{path}: is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) > largest:
        raise BackupError(f"{path}: is longer than {largest} bytes")
    return _described(data, found)


def _described(data: bytes, found: os.stat_result) -> Kept:
    user = group = ""
    with contextlib.suppress(KeyError):
        user = pwd.getpwuid(found.st_uid).pw_name
    with contextlib.suppress(KeyError):
        group = grp.getgrgid(found.st_gid).gr_name
    return Kept(data, stat.S_IMODE(found.st_mode) & 0o777, _word(user), _word(group))


def _word(name: str) -> str:
    return name if re.fullmatch(WORD, name) else ""


def _not_ours(path: Path) -> BackupError:
    return BackupError(f"{path}: {os.strerror(errno.EACCES)}; try: sudo gasguard backup FILE")
