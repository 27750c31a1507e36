"""The folder of one demo: its own, used by one demo at a time, empty at its start."""

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from gasguard.cli.options import is_own, written_by_demo
from gasguard.config.load import CONTROL_SOCKET
from gasguard.errors import GasguardError
from gasguard.guard.store import FILE_NAME
from gasguard.interfaces.local.unix import answers
from gasguard.interfaces.messages.shelf import FILE_NAME as MESSAGES
from gasguard.interfaces.web.settings import WEB_FOLDER

CONFIG = "config.yaml"
_IN_USE = "demo.lock"
"""Locked for as long as the demo lives, however it ends."""


@contextlib.contextmanager
def fresh_folder(folder: Path) -> Iterator[None]:
    """Take the folder for a demo, made if need be, and remove what an earlier demo left there.

    Raises GasguardError, and changes nothing, when it is somebody else's, holds a configuration or
    state that no demo has written, or belongs to a demo that runs.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_own(folder):
            raise GasguardError(f"{folder} is not yours; name a folder with --state-dir")
        if stat.S_IMODE(folder.stat().st_mode) & 0o022:
            raise GasguardError(f"{folder} may be written by others; chmod 700 it, or name another")
        _check_contents(folder)
        descriptor = os.open(folder / _IN_USE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise GasguardError(f"{folder} cannot be used: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GasguardError(_runs(folder)) from None
        if answers(folder / CONTROL_SOCKET):
            raise GasguardError(_runs(folder))
        for pattern in (f"{FILE_NAME}*", CONTROL_SOCKET, MESSAGES):
            for left in folder.glob(pattern):
                left.unlink()
        shutil.rmtree(folder / WEB_FOLDER, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


def _check_contents(folder: Path) -> None:
    config = folder / CONFIG
    foreign = config if config.exists() else folder / FILE_NAME
    if foreign.exists() and not written_by_demo(config):
        raise GasguardError(
            f"{foreign} is no demo's, and a demo replaces it; name another folder with --state-dir"
        )


def _runs(folder: Path) -> str:
    return (
        f"a demo is running in {folder} already: use that one, or end it with Ctrl-C in its "
        f"terminal, or start one beside it: gasguard demo --state-dir {folder}-2"
    )
