"""The guard's engine: events in, `core.step`, commands out.

Readings, time and shutoffs take effect at once. Everything else waits in a queue of its burner and
is on disk before it takes effect. What observers and askers hear comes after the disk, in order.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from random import Random
from typing import Any, NamedTuple

from gasguard.clock import Clock, Instant, until
from gasguard.core import next_deadline, recover, step
from gasguard.core.messages import (
    Answer,
    CancelLease,
    CloseContact,
    Command,
    Event,
    Kind,
    Off,
    OpenContact,
    Rearm,
    RelayFailed,
    RelayRead,
    RenewLease,
    Request,
    Shutdown,
    Status,
    Tell,
    Tick,
    VoiceRestored,
)
from gasguard.core.model import Settings, Source, State
from gasguard.core.recovery import Record, Stamp, record_of
from gasguard.drivers.base import Relay
from gasguard.errors import StoreError
from gasguard.guard.bulletins import TELL_WITHIN, Bulletins, News, Reply
from gasguard.guard.keeper import RelayKeeper, Tally
from gasguard.guard.saving import SAVE_WITHIN, Outcome, Saving
from gasguard.guard.store import Store
from gasguard.health import Heartbeats
from gasguard.luck import LUCK

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Longest sleep between two looks at the deadlines: the loop's clock does not count suspend."""
_LEAST_SLEEP = 0.005
BEAT_WITHIN = 15.0
"""Seconds in which every loop must come round. The longest honest wait is `SAVE_WITHIN`."""
MAX_QUEUED = 100
"""Requests of one burner that may wait for the disk; more are rejected."""
PRUNE_EVERY = 3600.0
"""Seconds between two looks for history that is too old."""
SHUTDOWN_WITHIN = 5.0
"""Seconds that ending waits for a confirmation (contract, on_shutdown)."""


class _Queued(NamedTuple):
    """A request that waits for the disk."""

    request: Request
    demands: int
    """`Guarded.demands` when it was asked for."""
    until: float
    """Loop time at which it is rejected."""


class Guarded:
    """One burner under guard."""

    def __init__(
        self,
        state: State,
        keepers: list[RelayKeeper],
        saving: Callable[[Callable[[], Record]], Saving],
    ) -> None:
        self.state = state
        self.saving = saving(lambda: record_of(self.state))
        self.due = next_deadline(state)
        """When its next `Tick` is due, or None."""
        self.keepers = keepers
        self.requests: asyncio.Queue[_Queued] = asyncio.Queue(MAX_QUEUED)
        self.demands = 0
        """Counts shutoffs, whatever their cause."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A burner's settings and the relays that go with `settings.relays`, in the same order."""

    settings: Settings
    relays: Sequence[Relay]


class Controller:
    """Guards all burners. Everything runs on one event loop; `request` is not thread-safe."""

    def __init__(
        self,
        circuits: Sequence[Circuit],
        store: Store,
        clock: Clock,
        heartbeats: Heartbeats | None = None,
        luck: Random = LUCK,
    ) -> None:
        self._store, self._clock = store, clock
        self._heartbeats = heartbeats or Heartbeats()
        self._beat = self._heartbeats.expect("deadlines", BEAT_WITHIN)
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done, with the error, when a task of the guard has died: the process must end."""
        self._bulletins = Bulletins(self._heartbeats, BEAT_WITHIN)
        self.observers = self._bulletins.observers
        """Called with all news, in order, each after the state behind it is on disk."""
        self._replies: dict[int, Reply] = {}
        self._refs = count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._next_look: asyncio.TimerHandle | None = None
        self._looking = False
        self._stopped = False
        self._burners: dict[str, Guarded] = {}
        self._first: list[tuple[str, tuple[Command, ...]]] = []
        saved, present = store.load(), self._stamp()
        for circuit in circuits:
            name = circuit.settings.burner
            record = saved.get(name)
            damaged = store.damaged and record is None
            state, commands = recover(circuit.settings, record, present, damaged=damaged)
            keepers = [
                RelayKeeper(
                    index,
                    relay,
                    clock,
                    partial(self._handle, name),
                    self._heartbeats.expect(f"relay {name}.{index}", BEAT_WITHIN),
                    luck=luck,
                )
                for index, relay in enumerate(circuit.relays)
            ]
            self._burners[name] = Guarded(state, keepers, partial(Saving, name, store, self._stamp))
            self._first.append((name, commands))

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Open what must be open, then begin to poll, to serve and to tell."""
        for name, commands in self._first:
            burner = self._burners[name]
            self._commit(name, burner, burner.state, commands)
        for name, burner in self._burners.items():
            for keeper in burner.keepers:
                keeper.start()
            self._spawn(self._serve(name, burner))
        self._spawn(self._bulletins.run())
        self._spawn(self._write_journal())
        self._look()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self.failed.done():
            self.failed.set_exception(error)

    async def opened_what_must_be(self, within: float) -> None:
        """Wait until no demand from before the start is unconfirmed, at most `within` seconds."""
        await until(self._nothing_opening, within)

    def _nothing_opening(self) -> bool:
        return all(burner.state.opening is None for burner in self._burners.values())

    async def stop(self, *, trip_if_active: bool) -> None:
        """End. With `trip_if_active`, burners in use are opened first, for at most 5 s."""
        if trip_if_active:
            for name in self._burners:
                self._handle(name, Shutdown())
            await until(self._nothing_opening, SHUTDOWN_WITHIN)
        self.drop()
        await self._bulletins.all_told(2 * TELL_WITHIN)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for burner in self._burners.values():
            await asyncio.gather(*(keeper.stop() for keeper in burner.keepers))
            await burner.saving.last(SAVE_WITHIN)

    def drop(self) -> None:
        """Look at no deadline any more, and try no write again. Its tasks are the caller's."""
        self._stopped = True
        if self._next_look is not None:
            self._next_look.cancel()
        for burner in self._burners.values():
            burner.saving.drop()

    # --- what ways in use ---------------------------------------------------------------------

    def states(self) -> dict[str, State]:
        """Every burner's present state, in the configured order."""
        return {name: burner.state for name, burner in self._burners.items()}

    def state(self, name: str) -> State:
        """A known burner's present state."""
        return self._burners[name].state

    def tallies(self) -> dict[str, list[Tally]]:
        """How every burner's relays have answered, in the configured order."""
        return {
            name: [keeper.tally for keeper in burner.keepers]
            for name, burner in self._burners.items()
        }

    def request(self, name: str, request: Request, reply: Reply | None = None) -> None:
        """Hand in a request for a known burner; `reply` hears each acknowledgement.

        An off takes effect before this returns.
        """
        burner = self._burners[name]
        if reply is not None:
            ref = next(self._refs)
            self._replies[ref] = reply
            request = replace(request, ref=ref)
        if isinstance(request, Off):
            burner.demands += 1
            self._handle(name, request)
            return
        try:
            until = asyncio.get_running_loop().time() + SAVE_WITHIN
            burner.requests.put_nowait(_Queued(request, burner.demands, until))
        except asyncio.QueueFull:
            self._reject(name, request, "busy", "too many requests at once; try again")

    def reject(
        self, name: str, source: Source, code: str, message: str, reply: Reply | None = None
    ) -> None:
        """Refuse what never became a request; told like any other refusal."""
        log.debug("%s: request rejected (%s): %s", name, code, message)
        tell = Tell(Kind.COMMAND_REJECTED, code, source, {"code": code, "message": message})
        news = News(self._burners[name].state, self._clock.now(), (tell,))
        answers = [(reply, Answer(0, Status.REJECTED, code, message))] if reply else []
        self._bulletins.put(news, answers)

    def tell(self, name: str, tell: Tell) -> None:
        """Let observers and the journal know of something that changed no state."""
        self._bulletins.put(News(self._burners[name].state, self._clock.now(), (tell,)), [])

    def post(self, name: str, event: Event) -> None:
        """Hand in a reading of a known burner."""
        self._handle(name, event)

    # --- the turn -----------------------------------------------------------------------------

    def _handle(self, name: str, event: Event) -> None:
        burner = self._burners[name]
        self._log_problem(name, burner, event)
        state, commands = step(burner.state, event, self._clock.now())
        self._commit(name, burner, state, commands)
        if not self._looking:
            # Once for all events of this turn of the loop: it looks at every burner.
            self._looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _commit(
        self, name: str, burner: Guarded, state: State, commands: tuple[Command, ...]
    ) -> None:
        before, burner.state = burner.state, state
        # The relay first: nothing below may delay it.
        for command in commands:
            self._carry_out(burner, command)
        if before is not state:
            burner.due = next_deadline(state)
        if before.phase is not state.phase:
            reason = state.last_trip.reason if state.last_trip else "-"
            log.info("%s: %s -> %s (%s)", name, before.phase, state.phase, reason)
        tells = tuple(command for command in commands if isinstance(command, Tell))
        if any(tell.kind is Kind.TRIP for tell in tells):
            burner.demands += 1
        answers = [command for command in commands if isinstance(command, Answer)]
        if before is state and not commands:
            return
        replies = [(reply, answer) for answer in answers if (reply := self._reply_of(answer))]
        news = News(state, self._clock.now(), tells)
        self._bulletins.put(news, replies, burner.saving.beside())

    def _carry_out(self, burner: Guarded, command: Command) -> None:
        match command:
            case OpenContact(overtakes_close=overtakes):
                for keeper in burner.keepers:
                    keeper.open(overtakes_close=overtakes)
            case CloseContact():
                for keeper in burner.keepers:
                    keeper.close()
            case RenewLease(relay=relay, seconds=seconds):
                burner.keepers[relay].renew_lease(seconds)
            case CancelLease(relay=relay):
                burner.keepers[relay].cancel_lease()

    def _reply_of(self, answer: Answer) -> Reply | None:
        reply = self._replies.get(answer.ref)
        if answer.status is not Status.ACCEPTED:
            self._replies.pop(answer.ref, None)
        return reply

    def _log_problem(self, name: str, burner: Guarded, event: Event) -> None:
        if isinstance(event, RelayFailed | RelayRead) and event.problem:
            known = burner.state.relays[event.relay].problem
            log.log(
                logging.DEBUG if known == event.problem else logging.WARNING,
                "%s: %s",
                name,
                event.problem,
            )
        elif isinstance(event, VoiceRestored) and event.problem:
            log.warning(
                "%s: the voice channel could not be set on (%s); until it is seen on, an off there "
                "does not count: set it on in Mi Home",
                name,
                event.problem,
            )

    # --- time ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Wake up for the next deadline."""
        self._looking = False
        if self._stopped:
            return
        now = self._clock.now().boot
        due = min(
            (burner.due for burner in self._burners.values() if burner.due is not None),
            default=now + LOOK_EVERY,
        )
        loop = asyncio.get_running_loop()
        at = loop.time() + min(LOOK_EVERY, max(_LEAST_SLEEP, due - now))
        if self._next_look is not None:
            if self._next_look.when() <= at:
                # Never put off: events that keep coming must not keep a deadline from its tick.
                return
            self._next_look.cancel()
        self._next_look = loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._next_look = None
        self._beat()
        now = self._clock.now()
        for name, burner in self._burners.items():
            if burner.due is not None and burner.due <= now.boot:
                state, commands = step(burner.state, Tick(), now)
                self._commit(name, burner, state, commands)
        self._look()

    # --- requests that wait for the disk ------------------------------------------------------

    async def _serve(self, name: str, burner: Guarded) -> None:
        while True:
            queued = await burner.requests.get()
            with self._heartbeats.working(f"requests {name}", BEAT_WITHIN):
                await self._serve_one(name, burner, *queued)

    async def _serve_one(
        self, name: str, burner: Guarded, request: Request, demands: int, until: float
    ) -> None:
        try:
            # No task in between: nothing may happen between the last look and the turn.
            async with asyncio.timeout_at(until):
                await burner.saving.ahead(partial(self._would_be, burner, request, demands))
        except (StoreError, TimeoutError) as error:
            why = str(error) or "the disk does not answer"
            self._reject(name, request, "not_saved", f"nothing changed: {why}")
            burner.saving.beside()
        else:
            if _is_overtaken(request, burner, demands):
                await self._reject_overtaken(name, burner, request, until)
            else:
                self._handle(name, request)  # type: ignore[arg-type] # every Request is an Event
        self._let_go(request)

    def _would_be(self, burner: Guarded, request: Request, demands: int, stamp: Stamp) -> Outcome:
        """What a request would lead to on top of the present state."""
        now = Instant(stamp.boot, stamp.wall)
        state, commands = step(burner.state, request, now)  # type: ignore[arg-type]
        accepted = _accepts(commands) and not _is_overtaken(request, burner, demands)
        return Outcome(record_of(burner.state), record_of(state), accepted)

    def _reject(self, name: str, request: Request, code: str, message: str) -> None:
        self.reject(name, request.source, code, message, self._replies.pop(request.ref, None))

    async def _reject_overtaken(
        self, name: str, burner: Guarded, request: Request, until: float
    ) -> None:
        """Once the disk, which has the re-arm, has the latches again: a crash would lose them."""
        saving = burner.saving.beside()
        if saving is not None:
            left = until - asyncio.get_running_loop().time()
            await asyncio.wait([saving], timeout=max(0.0, left))
        if saving is None or (saving.done() and saving.exception() is None):
            self._reject(name, request, "overtaken", "a shutoff came after it; ask again")
        else:
            why = "a shutoff came after it, and the disk does not answer"
            self._reject(name, request, "not_saved", f"nothing changed: {why}")

    def _let_go(self, request: Request) -> None:
        self._replies.pop(request.ref, None)

    # --- the disk -----------------------------------------------------------------------------

    def _stamp(self) -> Stamp:
        now, clock = self._clock.now(), self._clock
        return Stamp(clock.boot_id(), now.boot, now.wall, clock.synchronised())

    async def _write_journal(self) -> None:
        loop = asyncio.get_running_loop()
        pruned_at = loop.time()
        while True:
            await asyncio.sleep(1.0)
            if self._store.has_rows:
                await self._store.flush()
            # A clock that runs ahead would make everything old.
            if loop.time() >= pruned_at + PRUNE_EVERY and self._clock.synchronised():
                pruned_at = loop.time()
                with contextlib.suppress(StoreError):
                    await self._store.prune(self._clock.now().wall)


def _is_overtaken(request: Request, burner: Guarded, demands: int) -> bool:
    """Whether somebody has shut off since a re-arm was asked for: the later wish counts."""
    return isinstance(request, Rearm) and burner.demands != demands


def _accepts(commands: tuple[Command, ...]) -> bool:
    return any(isinstance(part, Answer) and part.status is Status.ACCEPTED for part in commands)
