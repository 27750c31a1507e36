"""Memory that the start took and the guard does not need goes back to the operating system."""

import asyncio
import contextlib
import ctypes

GIVE_BACK_AFTER = 10.0
"""Seconds after the start: by then all is imported and read."""


async def give_back() -> None:
    """Once, a little after the start. On glibc that is 6 of 60 MB; elsewhere nothing happens."""
    await asyncio.sleep(GIVE_BACK_AFTER)
    # Beside the loop: it takes some milliseconds.
    await asyncio.to_thread(_trim)


def _trim() -> None:
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such call
        ctypes.CDLL(None).malloc_trim(0)
