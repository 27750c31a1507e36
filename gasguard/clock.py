"""Time, injected: nothing else in gasguard asks the operating system what time it is."""

import asyncio
import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Protocol

from gasguard.core.instant import Instant

__all__ = ["Clock", "Instant", "SystemClock", "iso", "until"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040  # <sys/timex.h>: the kernel's clock is not disciplined by NTP
_NO_EARLIER = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""Unix time. This program did not exist before."""
_BATTERY_CLOCKS = Path("/sys/class/rtc")
_TIMESYNCD = Path("/run/systemd/timesync")
"""Where systemd-timesyncd runs, it is there, and `synchronized` in it since it first was."""
_BOARD = Path("/proc/device-tree/model")
"""Boards have one, computers that keep their time do not."""
_TIME_ERROR = 5  # adjtimex() return value for an unsynchronised clock


class Clock(Protocol):
    """Where the guard gets its time from."""

    def now(self) -> Instant:
        """This moment."""
        ...

    def boot_id(self) -> str:
        """Changes at each start of the machine; CLOCK_BOOTTIME is comparable only within one."""
        ...

    def synchronised(self) -> bool:
        """Whether the wall clock is known to be right."""
        ...

    def believable(self) -> bool:
        """Whether nothing says that the wall clock is wrong, or is still to be set."""
        ...


class SystemClock:
    """The clocks of this machine (Linux)."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""

    def now(self) -> Instant:
        return Instant(time.clock_gettime(time.CLOCK_BOOTTIME), time.time())

    def boot_id(self) -> str:
        return self._boot_id

    def synchronised(self) -> bool:
        # struct timex is 208 bytes on 64-bit Linux, less on 32-bit; `modes` 0 only reads.
        # `status` follows modes, offset, freq, maxerror and esterror.
        timex = ctypes.create_string_buffer(512)
        answer = self._libc.adjtimex(timex)
        longs = ctypes.sizeof(ctypes.c_long)
        status = int.from_bytes(timex.raw[5 * longs : 5 * longs + 4], "little")
        return answer not in (-1, _TIME_ERROR) and not status & _STA_UNSYNC

    def believable(self) -> bool:
        if time.time() < _NO_EARLIER:
            return False
        if self.synchronised() or any(_BATTERY_CLOCKS.glob("rtc*")):
            return True
        # A Pi begins with the time at which it was last switched off, until it hears from outside.
        waits_for_time = _TIMESYNCD.exists() or _BOARD.exists()
        return not waits_for_time or (_TIMESYNCD / "synchronized").exists()


def local(wall: float, zone: tzinfo | None = None) -> datetime:
    """Unix time as clocks show it, in this machine's time zone unless another is given.

    Raises ValueError and OverflowError beyond the year 9999.
    """
    return datetime.fromtimestamp(wall, UTC).astimezone(zone)


def iso(wall: float, zone: tzinfo | None = None) -> str:
    """Unix time as ISO 8601 to the second, with an offset: Home Assistant needs one.

    In this machine's time zone unless another is given.
    """
    return local(wall, zone).isoformat(timespec="seconds")


async def until(done: Callable[[], bool], within: float) -> None:
    """Wait until `done`, at most `within` seconds. Asks every 10 ms: for start and end only."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not done() and loop.time() < deadline:  # noqa: ASYNC110 - as the docstring says
        await asyncio.sleep(0.01)
