"""States and events to every phone: one connection to the daemon, however many look on."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator

from gasguard.interfaces.web.daemon import Absent, Daemon, Line, Refused
from gasguard.interfaces.web.documents import as_json, state_document, unreachable

log = logging.getLogger(__name__)

STATE_EVERY = 2.0
"""Seconds after which a state is sent though nothing has changed: a page believes one for 4 s."""
COMMENT_EVERY = 5.0
"""Seconds between comments, which tell proxies that the connection lives."""
_HEARD_WITHIN = 3.0
"""Seconds of silence after which the daemon counts as gone; it speaks every second."""
_AGAIN_AFTER = 0.5
"""Seconds between two tries to reach the daemon."""
_EVENTS_HELD = 100
"""Events that wait for one phone; the oldest go first."""


class _Phone:
    """One that looks on."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.events: deque[str] = deque(maxlen=_EVENTS_HELD)


class Stream:
    """What all see. Lives on the event loop."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._phones: set[_Phone] = set()
        self._state: str | None = None
        """The last one; None while the daemon is not reached."""
        self._known = asyncio.Event()
        """Whether it was found out if the daemon is there."""
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> str | None:
        """What `/api/state` says, at most 3 s old; None while the daemon is not reached."""
        return self._state

    def start(self) -> None:
        """Begin to listen to the daemon."""
        self._task = asyncio.get_running_loop().create_task(self._listen())

    def end(self) -> None:
        """Have every phone's stream end now."""
        self._ended = True
        if self._task is not None:
            self._task.cancel()
        self._known.set()
        self._wake_all()

    async def reached(self) -> bool:
        """Whether the daemon speaks to us; known within `_HEARD_WITHIN` seconds of the start."""
        await self._known.wait()
        return self._state is not None

    async def frames(self) -> AsyncIterator[str]:
        """What is sent to one phone, until `end`."""
        phone = _Phone()
        self._phones.add(phone)
        loop = asyncio.get_running_loop()
        comment_at = loop.time() + COMMENT_EVERY
        try:
            await self._known.wait()
            while not self._ended:
                # While a phone reads slowly, more happens: what it is not given now waits for it.
                phone.wake.clear()
                told = self._now() + "".join(_frame("event", event) for event in phone.events)
                phone.events.clear()
                yield told
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(STATE_EVERY, comment_at - loop.time())):
                        await phone.wake.wait()
                if loop.time() >= comment_at:
                    comment_at = loop.time() + COMMENT_EVERY
                    yield ": here\n\n"
        finally:
            self._phones.discard(phone)

    def _now(self) -> str:
        if self._state is None:
            return _frame("unreachable", as_json(unreachable()))
        return _frame("state", self._state)

    async def _listen(self) -> None:
        while True:
            why = "the daemon has hung up"
            try:
                request: Line = {"command": "watch", "events": True}
                async with contextlib.aclosing(self._daemon.lines(request, _HEARD_WITHIN)) as lines:
                    async for line in lines:
                        self._heard(line)
            except (Absent, Refused) as error:
                why = str(error)
            except Exception:
                log.exception("what the daemon says cannot be passed on")
            if self._state is not None or not self._known.is_set():
                log.warning("nothing from the daemon: %s", why)
            self._state = None
            self._known.set()
            self._wake_all()
            await asyncio.sleep(_AGAIN_AFTER)

    def _heard(self, line: Line) -> None:
        if "event" in line:
            event = as_json(line["event"])
            for phone in self._phones:
                phone.events.append(event)
        elif "states" in line:
            if self._state is None:
                log.info("the daemon is there")
            self._state = as_json(state_document(line))
            self._known.set()
        self._wake_all()

    def _wake_all(self) -> None:
        for phone in self._phones:
            phone.wake.set()


def _frame(kind: str, data: str) -> str:
    return f"event: {kind}\ndata: {data}\n\n"
