"""Tells people by message what the guard tells its observers. Nothing in the guard waits for it."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable
from datetime import tzinfo
from pathlib import Path

from gasguard.clock import Clock, until
from gasguard.config.messages import Messages
from gasguard.core.messages import Kind, Tell
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.interfaces.messages.addresses import wrong_addresses
from gasguard.interfaces.messages.courier import Courier
from gasguard.interfaces.messages.letters import Letter, Stamp
from gasguard.interfaces.messages.outbox import Fate, Outbox, Outcome, Result
from gasguard.interfaces.messages.shelf import Kept, Shelf
from gasguard.interfaces.messages.texts import written

log = logging.getLogger(__name__)

CHECK_AFTER = 10.0
"""Seconds after the start at which the addresses are looked at: the guard's own start is over."""
_RECALL_WITHIN = 2.0
"""Seconds that a card which hangs holds up what is to be sent, behind what it may remember."""
_SOON = 1.5
_STOP_WITHIN = 3.0
"""Seconds that the end of the daemon has for what is under way, or due within `_SOON`."""
_WRITE_WITHIN = 1.0
"""Seconds that a disk which does not answer may hold up the end."""
_AGAIN_AFTER = 1.0
"""Seconds after a failure of our own."""


class Messenger:
    """Lives on the event loop. The disk has threads, the services a process of their own."""

    def __init__(
        self,
        settings: Messages,
        state_dir: Path,
        controller: Controller,
        clock: Clock,
        zone: tzinfo | None = None,
    ) -> None:
        """`zone` is that of the quiet hours and of the times in texts; None is this machine's."""
        self._settings, self._controller, self._clock = settings, controller, clock
        self._zone = zone
        self._outbox = Outbox(settings, zone)
        self._shelf = Shelf(state_dir, self._contents)
        self._courier = Courier()
        self._wake = asyncio.Event()
        self._recalled = asyncio.Event()
        self._early: list[News] | None = []
        """What happens until it is known what an earlier start has left; None from then on."""
        self._version = 0
        """Of the outbox, as it is on disk or on the way there."""
        self._tasks: list[asyncio.Task[None]] = []
        self._deliveries: set[asyncio.Task[None]] = set()
        self._failing: dict[str, str] = {}
        """By address: why the last message that it should have had did not get through."""
        self._wrong: dict[str, str] = {}
        """By address: why nothing can be sent there."""

    def listen(self, early: Iterable[News]) -> None:
        """From now on hear the guard's news; `early` is what happened before."""
        for news in early:
            self._on_news(news)
        self._controller.observers.append(self._on_news)

    def start(self) -> None:
        """Begin to send; returns at once."""
        loop = asyncio.get_running_loop()
        work = (self._keep(), self._run(), self._check())
        self._tasks = [loop.create_task(one) for one in work]

    async def stop(self) -> None:
        """Send what is due now, keep the rest for the next start, and end."""
        if self._on_news in self._controller.observers:
            self._controller.observers.remove(self._on_news)
        self._hear_what_was_early()
        await until(self._is_at_rest, _STOP_WITHIN)
        if self._recalled.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._shelf.written(), _WRITE_WITHIN)
        ending = [*self._tasks, *self._deliveries]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._courier.close()

    def _is_at_rest(self) -> bool:
        return not self._deliveries and not self._outbox.is_due_within(_SOON, self._stamp())

    @property
    def trouble(self) -> str:
        """What is wrong, in words for people; empty when nothing is."""
        told = [f"{name}: {why}" for name, why in self._wrong.items()]
        for name, why in self._failing.items():
            if name not in self._wrong:
                waiting = sum(letter.to == name for letter in self._outbox.letters)
                told.append(f"{name}: {why}" + (f" ({waiting} wait)" if waiting else ""))
        return "; ".join([*told, *([self._shelf.trouble] if self._shelf.trouble else [])])

    @property
    def waiting(self) -> dict[str, int]:
        """How many messages are not delivered yet, by address."""
        letters = Counter(letter.to for letter in self._outbox.letters)
        return {name: letters[name] for name in self._settings.to}

    def _stamp(self) -> Stamp:
        return Stamp.of(self._clock)

    def _contents(self) -> Kept:
        return Kept(self._outbox.letters, self._outbox.last, self._outbox.alarmed)

    # --- in -----------------------------------------------------------------------------------

    def _on_news(self, news: News) -> None:
        if self._early is not None:
            self._early.append(news)
        elif news.tells:
            for fate in self._outbox.put(news, self._stamp()):
                self._tell(fate)
            self._look_what_changed()
            self._wake.set()

    def _hear_what_was_early(self) -> None:
        early, self._early = self._early or (), None
        for news in early:
            self._on_news(news)

    def _look_what_changed(self) -> None:
        if self._version != self._outbox.version:
            self._version = self._outbox.version
            self._shelf.changed()

    # --- on disk ------------------------------------------------------------------------------

    async def _keep(self) -> None:
        self._outbox.recall(*await self._shelf.recall())
        self._recalled.set()
        self._wake.set()
        # Not before: it would write over what is there.
        await self._shelf.run()

    # --- out ----------------------------------------------------------------------------------

    async def _run(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._recalled.wait(), _RECALL_WITHIN)
        self._hear_what_was_early()
        while True:
            try:
                await self._turn()
            except Exception:
                log.exception("messages: their dispatch failed; trying again")
                await asyncio.sleep(_AGAIN_AFTER)

    async def _turn(self) -> None:
        self._wake.clear()
        now = self._stamp()
        for fate in self._outbox.too_old(now):
            self._tell(fate)
        self._outbox.withdraw(self._has_passed)
        for letter in self._outbox.take(now):
            delivery = asyncio.get_running_loop().create_task(self._deliver(letter))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)
        self._look_what_changed()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._outbox.next_look(self._stamp()))

    def _has_passed(self, letter: Letter) -> bool:
        """A relay of a cold burner that answers again before anybody was told."""
        if letter.cause != Kind.RELAY_UNREACHABLE or letter.urgent:
            return False
        state = self._controller.states().get(letter.burner)
        return state is not None and all(relay.reachable for relay in state.relays)

    async def _deliver(self, letter: Letter) -> None:
        outcome = await self._outcome(letter)
        fate = self._outbox.settle(letter, outcome, self._stamp())
        if fate is not None:
            self._tell(fate)
        self._look_what_changed()
        self._wake.set()

    async def _outcome(self, letter: Letter) -> Outcome:
        address = self._settings.to.get(letter.to)
        if address is None:
            return Outcome(Result.IMPOSSIBLE, "nobody is called so in messages.to any more")
        try:
            title, text = written(letter, self._stamp(), self._settings.language, self._zone)
        except Exception as error:
            log.exception("messages: one could not be written")
            return Outcome(Result.IMPOSSIBLE, f"it could not be written ({error!r})")
        return await self._courier.send(
            address.get_secret_value(), title, text, urgent=letter.urgent
        )

    async def _check(self) -> None:
        await asyncio.sleep(CHECK_AFTER)
        self._wrong = await wrong_addresses(self._settings)
        for name, why in self._wrong.items():
            log.error("messages.to.%s: %s", name, why)

    # --- what has become of them --------------------------------------------------------------

    def _tell(self, fate: Fate) -> None:
        """To the history, to MQTT, and to the log."""
        letter, why = fate.letter, fate.outcome.why
        delivered = fate.outcome.result is Result.DELIVERED
        if delivered:
            self._failing.pop(letter.to, None)
            self._wrong.pop(letter.to, None)
            said = "delivered"
        else:
            if fate.tries and letter.to in self._settings.to:
                # What was never tried says nothing of its service.
                self._failing[letter.to] = why
            said = f"given up: {why}" if fate.over else f"not delivered yet, trying on: {why}"
        level = logging.INFO if delivered else logging.WARNING
        log.log(level, "%s: message to %s (%s) %s", letter.burner, letter.to, letter.cause, said)
        details: dict[str, str | float | bool] = {
            "to": letter.to,
            "cause": letter.cause,
            "tries": fate.tries,
        }
        if not delivered:
            details |= {"given_up": fate.over, "message": why}
        kind = Kind.MESSAGE_SENT if delivered else Kind.MESSAGE_FAILED
        if letter.burner in self._controller.states():
            said_reason = letter.events[0].get("reason")
            reason = None if said_reason is None else str(said_reason)
            self._controller.tell(letter.burner, Tell(kind, reason, details=details))
