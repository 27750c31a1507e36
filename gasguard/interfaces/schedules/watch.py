"""Looks at the wall clock every second and tells the guard what schedules say of each burner.

What is told is a level: it is worked out anew at each look, so that no step of the clock, no crash
and no late look is missed. An off is told once for its day.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gasguard.clock import Clock, Instant, iso
from gasguard.config.load import Config
from gasguard.config.schedules import Schedule
from gasguard.core.messages import Answer, CalendarRead, Kind, OffIsDue, Status, Tell
from gasguard.core.model import Calendar, Shutoff, Source
from gasguard.errors import StoreError, no_schedule
from gasguard.guard.bulletins import Reply
from gasguard.guard.controller import BEAT_WITHIN, Controller
from gasguard.guard.store import Store
from gasguard.health import Heartbeats, Troubles
from gasguard.interfaces.requests import BadRequest
from gasguard.interfaces.schedules.shutoffs import STEPPED, same, to_warn_of

if TYPE_CHECKING:
    from gasguard.interfaces.schedules.calendar import Moment, Occurrence, Window

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
_DAYS_DONE = 8
_LOCALTIME = Path("/etc/localtime")
_KEY = "schedule."
"""Before a schedule's name, where what is remembered of it is stored."""
_UNBELIEVABLE = (
    "the clock is not set yet: windows that hold are kept, no new one begins and no off comes; see "
    "that this machine reaches a time server"
)


@dataclass
class _Schedule:
    """One of them, and what is known of it."""

    settings: Schedule
    window: "Window | None"
    moment: "Moment | None"
    skipped: date | None = None
    """The day whose window, or off, does not count."""
    done: tuple[date, ...] = ()
    """The days whose offs were told, newest last: a clock that was ahead comes back to some."""
    known: bool = True
    """It was there at an earlier look, at the same time of day."""
    holds: "Occurrence | None" = None
    """The window that it is in, skipped or not."""
    next: "Occurrence | None" = None
    says: dict[str, Any] = field(default_factory=dict)
    """What people are told of it."""
    due: "Occurrence | None" = None
    """The off that came last, if it was no longer ago than it is made up for."""
    fresh_until: float = float("-inf")
    """Unix time until which these three hold good, if nobody sets the clock."""

    @property
    def past_days(self) -> Set[date]:
        """Those whose off has come: it does not come again where the clock shows its time again."""
        return {*self.done, *([self.due.day] if self.due is not None else ())}

    @property
    def active(self) -> "Occurrence | None":
        """The window that locks."""
        return None if self.holds is None or self.holds.day == self.skipped else self.holds

    @property
    def left_out(self) -> "Occurrence | None":
        """The one that does not count, while it lasts or is the next."""
        lately = [each for each in (self.holds, self.next) if each is not None]
        return next((each for each in lately if each.day == self.skipped), None)


class Schedules:
    """All schedules. Lives on the event loop; says nothing before `start`."""

    def __init__(
        self,
        config: Config,
        controller: Controller,
        store: Store,
        clock: Clock,
        heartbeats: Heartbeats | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self._controller, self._store, self._clock = controller, store, clock
        self._heartbeats = heartbeats or Heartbeats()
        self.observers: list[Callable[[], None]] = []
        """Called when a schedule says something else than before."""
        self._config = config
        self._zone: tzinfo | None = None
        self._schedules: dict[str, _Schedule] = {}
        self._told: dict[str, Calendar] = {}
        self._shown: dict[str, dict[str, Any]] = {}
        self._wall_at_boot: float | None = None
        self._believed = False
        self._task: asyncio.Task[None] | None = None
        if troubles is not None and config.schedules:
            troubles.watch("schedules", lambda: "" if self._believed else _UNBELIEVABLE)

    def start(self) -> None:
        """Tell the guard what is so now, and go on to; the guard has started before."""
        if not self._config.schedules:
            return
        self._zone = _zone(self._config)
        self._schedules = _built(self._config, self._zone)
        self._recall()
        self._look()
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # --- for people ---------------------------------------------------------------------------

    def states(self) -> dict[str, dict[str, Any]]:
        """What each schedule says now, as JSON data (contract, section 6)."""
        return {name: one.says for name, one in self._schedules.items()}

    def skip(self, name: str, source: Source, reply: Reply | None = None) -> None:
        """The window that holds, or else the next one, or the next off, does not count.

        One that is still to come, or lasts, is not skipped twice. Raises BadRequest.
        """
        one = self.known(name)
        now = self._clock.now()
        self._notice_step(now)
        if not self._believes():
            self.refuse(name, source, "busy", _UNBELIEVABLE)
            raise BadRequest("busy", _UNBELIEVABLE)
        self._refresh(one, now.wall)
        if one.left_out is not None:
            until = iso(one.left_out.ends_at, self._zone)
            self._answer(reply, Status.ACCEPTED, f"skipped already, until {until}")
            return
        which = one.holds or one.next
        if which is None:
            raise BadRequest("malformed", f"{name} never comes")
        keeping = self._remember(name, one, skipped=which.day)
        task = asyncio.get_running_loop().create_task(
            self._skip(name, one, which, keeping, source, reply)
        )
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def refuse(self, name: str, source: Source, code: str, message: str) -> None:
        """Let every burner that it concerns tell that it was not skipped."""
        one = self._schedules.get(name)
        for burner in self._burners(one) if one is not None else ():
            self._controller.reject(burner, source, code, message)

    def known(self, name: str) -> _Schedule:
        """The schedule of that name. Raises BadRequest."""
        if name not in self._schedules:
            raise BadRequest("unknown_schedule", no_schedule(name, self._schedules))
        return self._schedules[name]

    async def _skip(
        self,
        name: str,
        one: _Schedule,
        which: "Occurrence",
        keeping: "asyncio.Future[None]",
        source: Source,
        reply: Reply | None,
    ) -> None:
        try:
            await keeping
        except StoreError as error:
            why = f"nothing changed: {error}"
            self.refuse(name, source, "not_saved", why)
            self._answer(reply, Status.REJECTED, why, "not_saved")
            return
        one.skipped = which.day
        one.says = self._payload(one)
        log.info("schedule %s: %s is skipped (%s)", name, which.day, source)
        until = iso(which.ends_at, self._zone)
        for burner in self._burners(one):
            details: dict[str, str | float | bool] = {"schedule": name, "until": until}
            self._controller.tell(burner, Tell(Kind.SCHEDULE_SKIPPED, None, source, details))
        self._look(source)
        self._answer(reply, Status.ACCEPTED, f"skipped until {until}")

    def _answer(
        self, reply: Reply | None, status: Status, message: str, code: str | None = None
    ) -> None:
        if reply is not None:
            reply(Answer(0, status, code, message))

    def _payload(self, one: _Schedule) -> dict[str, Any]:
        comes = one.next
        if comes is not None and comes.day == one.skipped:
            comes = _coming(one, comes.begins_at, {comes.day, *one.past_days})
        skipped, active = one.left_out, one.active
        return {
            "active": active is not None,
            "next_at": None if comes is None else iso(comes.begins_at, self._zone),
            "skipped_until": None if skipped is None else iso(skipped.ends_at, self._zone),
            **({"until": iso(active.ends_at, self._zone)} if active is not None else {}),
        }

    # --- the look -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        beat = self._heartbeats.expect("schedules", BEAT_WITHIN)
        while True:
            await asyncio.sleep(LOOK_EVERY)
            beat()
            try:
                self._look()
            except Exception:
                log.exception("schedules: a look failed")

    def _look(self, source: Source = Source.SCHEDULE) -> None:
        now = self._clock.now()
        self._notice_step(now)
        if not self._believes():
            return
        for name, one in self._schedules.items():
            self._refresh(one, now.wall)
            self._tell_off(name, one)
        for burner in self._controller.states():
            self._tell(burner, now, source)
        shown = self.states()
        if shown != self._shown:
            self._shown = shown
            for observer in self.observers:
                observer()

    def _notice_step(self, now: Instant) -> None:
        """Where somebody has set the clock, nothing holds good that was worked out before."""
        wall_at_boot = now.wall - now.boot
        if self._wall_at_boot is None or abs(wall_at_boot - self._wall_at_boot) > STEPPED:
            for one in self._schedules.values():
                one.fresh_until = float("-inf")
        self._wall_at_boot = wall_at_boot

    def _believes(self) -> bool:
        believable = self._clock.believable()
        if believable != self._believed:
            log.log(
                logging.INFO if believable else logging.WARNING,
                "schedules: %s",
                "the clock is set" if believable else _UNBELIEVABLE,
            )
        self._believed = believable
        return believable

    def _refresh(self, one: _Schedule, wall: float) -> None:
        """Work out what holds and what comes, where it may be other than it was."""
        if wall < one.fresh_until:
            return
        if one.window is not None:
            one.holds, one.next = one.window.at(wall), one.window.next(wall)
        elif one.moment is not None:
            one.due = one.moment.last(wall)
            one.next = _coming(one, wall, one.past_days)
        changes = [
            one.next.begins_at if one.next else None,
            one.holds.ends_at if one.holds else None,
        ]
        one.fresh_until = min((at for at in changes if at is not None), default=wall + 3600.0)
        one.says = self._payload(one)

    def _tell_off(self, name: str, one: _Schedule) -> None:
        if one.moment is None:
            return
        due, known = one.due, one.known
        if known and (due is None or due.day in one.done):
            return
        one.known = True
        if due is not None:
            one.done = (*one.done, due.day)[-_DAYS_DONE:]
        if due is not None and known and due.day != one.skipped:
            for burner in self._burners(one):
                self._controller.post(burner, OffIsDue(name))
        self._remember_done(name, one)

    def _tell(self, burner: str, now: Instant, source: Source) -> None:
        calendar = self._calendar(burner, now)
        if not same(self._told.get(burner), calendar):
            self._told[burner] = calendar
            self._controller.post(burner, CalendarRead(calendar, source))

    def _calendar(self, burner: str, now: Instant) -> Calendar:
        """All schedules of a burner in one: what holds, or else what shuts off next."""
        own = {name: one for name, one in self._schedules.items() if one.settings.concerns(burner)}
        active = {name: one.active for name, one in own.items() if one.active is not None}
        comes = {
            name: one.next
            for name, one in own.items()
            if one.next is not None and one.next.day != one.skipped
        }

        def shutoff(name: str, which: "Occurrence") -> Shutoff:
            begins_at = now.boot + which.begins_at - now.wall
            return Shutoff(name, begins_at, begins_at + own[name].settings.grace)

        holding = [shutoff(name, one) for name, one in active.items()]
        coming = [shutoff(name, one) for name, one in comes.items()]
        first = min(holding or coming, default=None, key=lambda one: (one.shuts_off_at, one.by))
        if first is None:
            return Calendar()
        return Calendar(
            window=first.by if holding else None,
            by=first.by,
            begins_at=first.begins_at,
            shuts_off_at=first.shuts_off_at,
            # The last of several windows to end is the end of the lock.
            until=iso(max(one.ends_at for one in active.values()), self._zone) if active else "",
            besides=tuple(one for one in to_warn_of([*holding, *coming]) if one != first),
        )

    def _burners(self, one: _Schedule) -> Iterable[str]:
        return [name for name in self._controller.states() if one.settings.concerns(name)]

    # --- what outlives the daemon -------------------------------------------------------------

    def _recall(self) -> None:
        kept = self._store.recall()
        for name, one in self._schedules.items():
            try:
                data = json.loads(kept[_KEY + name])
                one.skipped = _date(data["skipped"])
                one.done = tuple(date.fromisoformat(day) for day in data["done"])
                one.known = data["at"] == _time_of(one)
            except (KeyError, TypeError, ValueError):
                # What was due before it was written down is nobody's wish.
                one.known = False

    def _remember(
        self, name: str, one: _Schedule, *, skipped: date | None
    ) -> "asyncio.Future[None]":
        data = {
            "at": _time_of(one),
            "skipped": skipped and skipped.isoformat(),
            "done": [day.isoformat() for day in one.done],
        }
        return self._store.remember(_KEY + name, json.dumps(data))

    def _remember_done(self, name: str, one: _Schedule) -> None:
        def done(kept: "asyncio.Future[None]") -> None:
            with contextlib.suppress(asyncio.CancelledError):
                if (error := kept.exception()) is not None:
                    log.warning("schedule %s: %s", name, error)

        self._remember(name, one, skipped=one.skipped).add_done_callback(done)


# Imported there: the guard is live before anything that it does not need is.


def _zone(config: Config) -> tzinfo:
    from zoneinfo import ZoneInfo

    from tzlocal import get_localzone

    if config.zone is not None:
        return config.zone
    try:
        return get_localzone()
    except (OSError, ValueError, LookupError) as error:
        # /etc/timezone may be of another time than /etc/localtime, which is what clocks here show.
        log.warning("schedules: %s; set timezone in the configuration", error)
        with _LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file)


def _built(config: Config, zone: tzinfo) -> dict[str, _Schedule]:
    from gasguard.interfaces.schedules.calendar import Moment, Window

    return {
        name: _Schedule(
            one,
            Window(one.lock, zone) if one.lock else None,
            Moment(one.off, zone) if one.off else None,
        )
        for name, one in config.schedules.items()
    }


def _coming(one: _Schedule, after: float, without: Set[date]) -> "Occurrence | None":
    """The first one behind that moment which is of none of these days."""
    calendar = one.window or one.moment
    comes = calendar.next(after) if calendar is not None else None
    while calendar is not None and comes is not None and comes.day in without:
        comes = calendar.next(comes.begins_at)
    return comes


def _time_of(one: _Schedule) -> int | None:
    return None if one.settings.off is None else one.settings.off.at


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
