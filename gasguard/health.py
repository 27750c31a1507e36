"""Heartbeats: whether every loop, worker and thread is on time, and systemd's watchdog fed by it.

The watchdog is fed only while all are on time. A part that hangs makes systemd kill and restart
the process; the guard then starts from what the disk holds. Where systemd does not watch (in a
container or a terminal), a process whose event loop hangs ends itself: it would count as running
for ever.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
"""Seconds between two looks at the heartbeats; the watchdog is fed at each."""
_LOOP = "event loop"
_HUNG_LOOKS = 20
"""As many seconds as systemd's watchdog has (WatchdogSec)."""
_TELL_WITHIN = 1.0
"""Seconds that the log's own thread has for the last line."""


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

    def seen(self, part: str) -> float | None:
        """When it was last seen alive; None where nobody expects it to be."""
        return self._seen.get(part)

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
    beat = heartbeats.expect(_LOOP, within=5 * _LOOK_EVERY)
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


class HangWatch(threading.Thread):
    """Ends the process where its event loop hangs and no watchdog of systemd's sees to that.

    To be made on the loop's own thread. It counts its own looks and not seconds: a process that was
    stopped and goes on (Ctrl-Z, a paused container) has missed as many of both.
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        end: Callable[[int], object] = os._exit,
        look_every: float = _LOOK_EVERY,
    ) -> None:
        super().__init__(name="hang watch", daemon=True)
        self._heartbeats, self._end, self._look_every = heartbeats, end, look_every
        self._watched = threading.get_ident()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin, unless systemd watches this process."""
        if not os.environ.get("WATCHDOG_USEC"):
            super().start()

    def run(self) -> None:
        """Look until `stop`."""
        seen, looks = None, 0
        while not self._over.wait(self._look_every):
            now = self._heartbeats.seen(_LOOP)
            seen, looks = now, looks + 1 if now is not None and now == seen else 0
            if looks == _HUNG_LOOKS:
                log.critical("the event loop hangs, and this process ends: %s", self._where())
                self._over.wait(_TELL_WITHIN)
                self._end(1)

    def _where(self) -> str:
        frame = sys._current_frames().get(self._watched)
        stack = traceback.extract_stack(frame)[-3:] if frame is not None else []
        return " > ".join(f"{one.name} ({one.filename}:{one.lineno})" for one in stack)

    def stop(self) -> None:
        """The loop ends in good order."""
        self._over.set()
