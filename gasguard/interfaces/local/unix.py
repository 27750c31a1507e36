"""Where local sockets are, and addresses of those whose path is longer than the kernel takes."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

_LONGEST = 100
"""Bytes. sockaddr_un holds 108, including the final zero."""
_RUNTIME = Path("/run/gasguard")
"""`RuntimeDirectory` of the package's unit (contract, section 7)."""


def runtime_folder() -> Path | None:
    """The folder that systemd has made for sockets of this process, if there is one."""
    named = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(named) if named else None


def elsewhere(path: Path) -> list[Path]:
    """Where the daemon whose socket belongs at `path` may also listen. Others may listen there."""
    return [folder / path.name for folder in (runtime_folder(), _RUNTIME) if folder is not None]


@contextlib.contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """An address to bind or connect that means `path`; valid inside the block."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def answers(path: Path) -> bool:
    """Whether somebody listens there. Never waits."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        # A stopped process with a full queue would hold up the loop.
        probe.setblocking(False)
        try:
            with socket_address(path) as address:
                probe.connect(address)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True
