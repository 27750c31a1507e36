"""One daemon a state folder: a lock on the folder itself, which the kernel ends with the process.

It needs no file, so it works on a card that is read-only, and none is ever stale.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_TRIES, _PAUSE = 5, 0.05
"""How often, and seconds in between: somebody who only asks has the lock for a moment."""


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[bool]:
    """Whether nobody else has `folder`, which is one's own for as long as the block lasts.

    True, without a lock, where there is no such folder or it takes none.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield True
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def is_taken(folder: Path) -> bool:
    """Whether a daemon runs on `folder`."""
    with alone_in(folder) as alone:
        return not alone


def _locked(descriptor: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            return True
        else:
            return True
    return False
