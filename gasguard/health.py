"""Heartbeats: whether every loop, worker and thread is on time, and systemd's watchdog fed by it.

The watchdog is fed only while all are on time. A part that hangs makes systemd kill and restart the
process; the guard then starts from what the disk holds.
"""

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
"""Seconds between two looks at the heartbeats; the watchdog is fed at each."""


class Heartbeats:
    """When each part was last seen alive. `beat` may be called from any thread.

    `now` gives seconds on a clock that never jumps.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._limits: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def expect(self, part: str, within: float) -> Callable[[], None]:
        """From now on `part` must beat every `within` seconds; gives the function that beats."""
        with self._lock:
            self._limits[part] = within
            self._seen[part] = self._now()

        def beat() -> None:
            self._seen[part] = self._now()

        return beat

    def forget(self, part: str) -> None:
        """`part` has ended in good order."""
        with self._lock:
            self._limits.pop(part, None)
            self._seen.pop(part, None)

    @contextlib.contextmanager
    def working(self, part: str, within: float) -> Iterator[None]:
        """For what waits for work most of the time: late only when one piece takes too long."""
        self.expect(part, within)
        try:
            yield
        finally:
            self.forget(part)

    def late(self) -> dict[str, float]:
        """Parts that are late, and by how many seconds beyond their limit."""
        with self._lock:
            now = self._now()
            return {
                part: over
                for part, limit in self._limits.items()
                if (over := now - self._seen[part] - limit) > 0
            }


class Troubles:
    """What is wrong with the daemon itself, by part: `status` has it for `doctor` and systemd."""

    def __init__(self) -> None:
        self._looks: dict[str, Callable[[], str]] = {}

    def watch(self, part: str, look: Callable[[], str]) -> None:
        """`look` says what is wrong with `part` at that moment, in words for people, or nothing."""
        self._looks[part] = look

    def present(self) -> dict[str, str]:
        """What is wrong now."""
        return {part: text for part, look in self._looks.items() if (text := look())}


class Notifier:
    """systemd's notification socket (`sd_notify`); does nothing where there is none."""

    def __init__(self, address: str | None = None) -> None:
        """`address` defaults to $NOTIFY_SOCKET; a leading @ is the abstract namespace."""
        named = address if address is not None else os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + named[1:] if named.startswith("@") else named
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def send(self, *lines: str) -> None:
        """Send assignments like READY=1; a manager that does not listen is not waited for."""
        if self._address:
            try:
                self._socket.sendto("\n".join(lines).encode(), self._address)
            except OSError as error:
                log.debug("systemd does not listen: %s", error)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


async def feed_watchdog(
    heartbeats: Heartbeats, notifier: Notifier, status: Callable[[], str]
) -> None:
    """Say READY once, then STATUS and WATCHDOG for as long as everything is on time."""
    beat = heartbeats.expect("event loop", within=5 * _LOOK_EVERY)
    notifier.send("READY=1")
    told: dict[str, float] = {}
    while True:
        beat()
        late = heartbeats.late()
        if late:
            names = ", ".join(sorted(late))
            if late.keys() != told.keys():
                log.critical("late: %s; the watchdog is not fed", names)
            notifier.send(f"STATUS=late: {names}")
        else:
            notifier.send("WATCHDOG=1", f"STATUS={status()}")
        told = late
        await asyncio.sleep(_LOOK_EVERY)
