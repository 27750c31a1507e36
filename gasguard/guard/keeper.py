"""Keeps one relay: polls it, opens it for as long as it takes, closes it once when told.

The controller orders, the keeper carries out and posts what the device says as events. An open
order goes out at once, whatever else is under way on the wire.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from gasguard.clock import Clock
from gasguard.core.messages import Event, RelayFailed, RelayRead, VoiceRead, VoiceRestored
from gasguard.core.model import Contact
from gasguard.drivers.base import CALL_WITHIN, HasLease, HasVoice, Reading, Relay
from gasguard.errors import Cause, DriverError, Refused, Unreachable
from gasguard.luck import LUCK

log = logging.getLogger(__name__)

POLL_EVERY = 1.8
"""Seconds between two polls: at most 2 (safety concept), and not faster than devices like."""
WATCH_EVERY = 0.5
WATCH_FOR = 5.0
"""After an off that overtook an unanswered close, look so often, for so long (safety)."""
SETTLE_WITHIN = 0.4
"""Time limit in seconds of the read-back behind a command that was not answered: the next sending
of the command waits for it, and a relay may be back any moment."""
OPEN_AGAIN_AFTER = 0.15
"""Pause in seconds between two rounds of opening."""
SETTLE_READS = 3
"""Read-backs that a slow relay gets to show that it has closed."""
_UNSET = {False: "reads off", None: "is not told"}


@dataclass(slots=True)
class Tally:
    """How a relay has answered since the start."""

    answered: int = 0
    unanswered: int = 0
    """Questions and commands without an answer in time, or refused."""
    seconds: float = 0.0
    """Of all answers together, from the question."""


class RelayKeeper:
    """One relay's hands. Lives on the event loop; `post` takes its events."""

    def __init__(
        self,
        index: int,
        relay: Relay,
        clock: Clock,
        post: Callable[[Event], None],
        beat: Callable[[], None],
        *,
        luck: Random = LUCK,
    ) -> None:
        """`beat` is called at each poll, and while opening at each round."""
        self._index, self._relay, self._clock, self._post = index, relay, clock, post
        self._beat = beat
        self._voice = relay if isinstance(relay, HasVoice) else None
        self._luck = luck
        self.tally = Tally()
        self._opening: asyncio.Task[None] | None = None
        self._on_the_wire = False
        """The opening's round waits for the device."""
        self._beside: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._orders = 0
        self._ordered = asyncio.Event()
        self._watch_until = float("-inf")

    def start(self) -> None:
        """Begin to poll."""
        self._spawn(self._poll())

    async def stop(self) -> None:
        """End all tasks and close the socket; the relay stays as it is."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._relay.aclose()

    # --- orders -------------------------------------------------------------------------------

    def open(self, *, overtakes_close: bool) -> None:
        """Open now, and again until a read-back asked after this order shows it."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        if overtakes_close:
            self._watch_until = self._boot() + WATCH_FOR
        self._orders += 1
        self._ordered.set()
        if self._opening is None:
            self._opening = self._spawn(self._open_until_open())
        elif self._on_the_wire and self._beside is None:
            # The round under way may be waiting for a read-back: this order does not.
            self._beside = self._spawn(self._open_beside())

    def close(self) -> None:
        """Close once and read back; any later open order ends this."""
        for task in (self._opening, self._beside, self._closing):
            if task is not None:
                task.cancel()
        self._opening = self._beside = None
        self._closing = self._spawn(self._close_once())

    def renew_lease(self, seconds: float) -> None:
        """Start or renew the device-side countdown: one datagram."""
        if isinstance(self._relay, HasLease):
            self._spawn(self._quietly(self._relay.renew_lease(seconds, CALL_WITHIN)))

    def cancel_lease(self) -> None:
        """Stop the device-side countdown."""
        if isinstance(self._relay, HasLease):
            self._spawn(self._quietly(self._relay.cancel_lease(CALL_WITHIN)))

    # --- carrying out -------------------------------------------------------------------------

    async def _open_until_open(self) -> None:
        this = asyncio.current_task()
        try:
            while True:
                self._beat()
                order = self._orders
                self._ordered.clear()
                reading = await self._open_and_read()
                if reading is not None and reading.contact is Contact.OPEN:
                    if order == self._orders:
                        return
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(OPEN_AGAIN_AFTER):
                        await self._ordered.wait()
        finally:
            if self._opening is this:
                self._opening = None

    async def _open_beside(self) -> None:
        this = asyncio.current_task()
        try:
            await self._quietly(self._relay.open(CALL_WITHIN))
        finally:
            if self._beside is this:
                self._beside = None

    async def _open_and_read(self) -> Reading | None:
        """One round: the command, and whatever is answered to it, a read-back."""
        unanswered: DriverError | None = None
        self._on_the_wire = True
        try:
            try:
                await self._relay.open(CALL_WITHIN)
            except DriverError as error:
                # It may have been obeyed all the same.
                unanswered = error
            asked_at = self._boot()
            reading = await self._relay.read(SETTLE_WITHIN if unanswered else CALL_WITHIN)
        except DriverError as error:
            self._failed(unanswered or error, contact_unknown=True)
            return None
        finally:
            self._on_the_wire = False
        if unanswered is not None:
            self._failed(unanswered)
        already_ordered = self._ordered.is_set()
        self._report(reading, asked_at, open_answered=unanswered is None)
        if not already_ordered:
            # An order that this very reading gave rise to is carried out by the next round, after
            # its pause: a jogging module that is slow to obey would be flooded.
            self._ordered.clear()
        return reading

    async def _look(self) -> None:
        asked_at = self._boot()
        try:
            reading = await self._relay.read(CALL_WITHIN)
        except DriverError as error:
            self._not_read(error)
        else:
            self._report(reading, asked_at)

    def _report(self, reading: Reading, asked_at: float, *, open_answered: bool = False) -> None:
        self.tally.answered += 1
        self.tally.seconds += self._boot() - asked_at
        self._post(
            RelayRead(
                self._index,
                reading.contact,
                asked_at,
                open_answered,
                reading.voice,
                reading.countdown,
                reading.latency,
                reading.problem,
            )
        )

    def _failed(self, error: DriverError, *, contact_unknown: bool = False) -> None:
        self.tally.unanswered += 1
        self._post(RelayFailed(self._index, str(error), contact_unknown))

    def _not_read(self, error: DriverError) -> None:
        """One that answers, but not what its contact is, may have moved it."""
        answers = isinstance(error, Refused) or (
            isinstance(error, Unreachable) and error.cause is Cause.NOT_JSON
        )
        self._failed(error, contact_unknown=answers)

    async def _close_once(self) -> None:
        this = asyncio.current_task()
        try:
            if self._voice is not None:
                await self._restore_voice(self._voice)
                # Where the closing is not wanted any more it has been ended; here it stops.
                await asyncio.sleep(0)
            try:
                await self._relay.close(CALL_WITHIN)
                asked_at, reading = await self._read_settled()
            except DriverError as error:
                self._failed(error, contact_unknown=True)
            else:
                self._closing = None
                self._report(reading, asked_at)
        finally:
            if self._closing is this:
                self._closing = None

    async def _read_settled(self) -> tuple[float, Reading]:
        """The state after a close, leaving a slow relay a moment to carry it out."""
        for last in (False,) * (SETTLE_READS - 1) + (True,):
            asked_at = self._boot()
            reading = await self._relay.read(CALL_WITHIN)
            if reading.contact is Contact.CLOSED or last:
                break
            await asyncio.sleep(OPEN_AGAIN_AFTER)
        return asked_at, reading

    async def _restore_voice(self, channel: HasVoice) -> None:
        try:
            before = (await self._relay.read(CALL_WITHIN)).voice
            if before is not None:
                self._post(VoiceRead(before))
            # An off that came since the last poll has ended this task; here it stops.
            await asyncio.sleep(0)
            await channel.set_voice(True, CALL_WITHIN)
            on = (await self._relay.read(CALL_WITHIN)).voice
            problem = None if on else f"it was set on but {_UNSET[on]}"
        except DriverError as error:
            problem = str(error)
        self._post(VoiceRestored(problem))

    async def _poll(self) -> None:
        # Relays of one house are not polled in step.
        await asyncio.sleep(self._luck.uniform(0, 0.05))
        while True:
            self._beat()
            began = self._boot()
            if self._opening is None and self._closing is None:
                await self._look()
            watching = self._boot() < self._watch_until
            pause = (WATCH_EVERY if watching else POLL_EVERY) - (self._boot() - began)
            await asyncio.sleep(max(0.05, pause))

    async def _quietly(self, call: Coroutine[Any, Any, None]) -> None:
        """For what the next read shows anyway: a failure is only logged."""
        try:
            await call
        except DriverError as error:
            log.debug("%s: %s", self._relay.address, error)

    def _boot(self) -> float:
        return self._clock.now().boot

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("%s: a relay task died", self._relay.address, exc_info=error)
