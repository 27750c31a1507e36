"""Resource limits put on a process that runs already; as its owner, no special rights needed."""

import contextlib
import os
import resource
from collections.abc import Iterator

from tests.support.processes import Process


@contextlib.contextmanager
def limited(process: Process, what: int, most: int) -> Iterator[None]:
    """Inside the block the process has at most so much of `what` (a resource.RLIMIT_…)."""
    before = resource.prlimit(process.pid, what)
    resource.prlimit(process.pid, what, (most, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, what, before)


def open_files(process: Process) -> int:
    """How many file descriptors it holds."""
    return len(os.listdir(f"/proc/{process.pid}/fd"))
