"""Onto the disk: all of it or nothing.

New secrets go into files of new names, the configuration takes the place of the old one in one
step, and only then do the secrets go that nobody names any more.
"""

import contextlib
import grp
import os
import pwd
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gasguard.cli.setup.plan import Plan
from gasguard.config.load import load_config
from gasguard.config.yaml_file import text_of
from gasguard.errors import ConfigError, GasguardError
from gasguard.files import sync_folder

FOLDER = "secrets"
USER, GROUP = "gasguard", "gasguard"
"""Those that the package makes."""
_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def write(plan: Plan) -> None:
    """Put the plan into effect. Raises GasguardError, with nothing changed."""
    with _undisturbed():
        made: list[Path] = []
        try:
            if _changed_meanwhile(plan):
                raise GasguardError("it has changed since it was read: call setup again")
            plan.folder.mkdir(parents=True, exist_ok=True)
            files = _secrets(plan, made)
            temporary = _beside(plan, plan.written(files), made)
            load_config(temporary)
            os.replace(temporary, plan.path)
            sync_folder(plan.folder)
        except (OSError, GasguardError) as error:
            for path in made:
                with contextlib.suppress(OSError):
                    path.unlink()
            if isinstance(error, ConfigError):
                raise
            told = error.strerror if isinstance(error, OSError) else error
            where = getattr(error, "filename", None) or plan.path
            raise GasguardError(f"{where}: {told}; nothing was written") from None
        _remove_unnamed(plan)


def unwritable(path: Path) -> str:
    """Why nothing can be written there, or nothing."""
    there = path.parent
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        return f"{there}: is not a folder"
    if path.is_dir():
        return f"{path}: is a folder"
    if not os.access(there, os.W_OK | os.X_OK) or _is_read_only(there):
        return f"{there}: not writable"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return f"{path}: not writable"
    return ""


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _changed_meanwhile(plan: Plan) -> bool:
    return (text_of(plan.path) if plan.path.exists() else None) != plan.text


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C comes before or behind it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _secrets(plan: Plan, made: list[Path]) -> dict[str, str]:
    """Their paths, from the configuration's folder, by name."""
    files = {}
    folder = plan.folder / FOLDER
    for name, value in plan.secrets.items():
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            _give(folder, 0o700)
        path = _new_name(folder, name)
        _put(path, f"{value}\n", 0o600, made)
        _give(path, 0o600)
        files[name] = f"{FOLDER}/{path.name}"
    if files:
        sync_folder(folder)
    return files


def _new_name(folder: Path, name: str) -> Path:
    stem, _, ending = name.rpartition(".")
    path, number = folder / name, 1
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{stem}-{number}.{ending}"
    return path


def _beside(plan: Plan, text: str, made: list[Path]) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=".config-", dir=plan.folder)
    os.close(descriptor)
    path = Path(name)
    made.append(path)
    _put(path, text, None, made)
    if plan.path.exists():
        old = plan.path.stat()
        for user in (old.st_uid, -1):
            with contextlib.suppress(PermissionError):
                os.chown(path, user, old.st_gid)
                break
        path.chmod(stat.S_IMODE(old.st_mode))
    else:
        path.chmod(0o640)
        with contextlib.suppress(KeyError, PermissionError):
            os.chown(path, -1, grp.getgrnam(GROUP).gr_gid)
    return path


def _put(path: Path, text: str, mode: int | None, made: list[Path]) -> None:
    flags = os.O_WRONLY | os.O_TRUNC | (os.O_CREAT | os.O_EXCL if mode is not None else 0)
    descriptor = os.open(path, flags | os.O_NOFOLLOW, mode or 0o600)
    if path not in made:
        made.append(path)
    with open(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(descriptor)


def _give(path: Path, mode: int) -> None:
    """To the daemon's user alone: the page's, who is of its group, holds no secret."""
    path.chmod(mode)
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError, PermissionError):
            user = pwd.getpwnam(USER)
            os.chown(path, user.pw_uid, user.pw_gid)


def _remove_unnamed(plan: Plan) -> None:
    """Secrets that the file named before and names no more."""
    new = plan.path.read_text(encoding="utf-8")
    for path in (plan.folder / FOLDER).glob("*"):
        name = f"{FOLDER}/{path.name}"
        if plan.text is not None and name in plan.text and name not in new:
            with contextlib.suppress(OSError):
                path.unlink()
