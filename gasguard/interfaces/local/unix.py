"""Addresses of local sockets, also where the path is longer than the kernel takes."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_LONGEST = 100
"""Bytes. sockaddr_un holds 108, including the final zero."""


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
