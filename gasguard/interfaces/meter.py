"""How long each burner is seen to burn, and what that takes of gas: the totals, and burn by burn.

Only what the flame sensor says counts, and only up to the read-back that shows the contact open.
What is published is on disk: no crash makes a total go back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gasguard.clock import Clock, Instant
from gasguard.core.model import CAN_BURN, OUT_LASTS, Contact, Flame, Phase, State
from gasguard.errors import StoreError
from gasguard.guard.bulletins import News
from gasguard.guard.burns import Burn, Kept, Total
from gasguard.guard.store import Store

log = logging.getLogger(__name__)

HEATING_VALUE = 34.02
"""MJ/m³, net, at 15 °C and 1013.25 mbar: methane, which is the reference gas of natural gas both in
GB/T 13611 (12T) and EN 437 (G20)."""
SAVE_EVERY = 30.0
"""Seconds between two writes while a burner burns: what a crash can lose of a burn."""
_REST = 1.0
"""Least seconds between two writes: a sensor that bounces must not wear out the card."""
_AGAIN_AFTER = 10.0
"""Seconds from a write that the disk refused to the next try."""
_WITHIN = 5.0
"""Seconds that a disk which does not answer may hold up the end."""


class Totals(NamedTuple):
    """What is published of one burner."""

    seconds: float | None
    """None until it was read from the disk."""
    gas: float | None
    """m³; None where its power is not known, too."""


_UNREAD = Totals(None, None)


@dataclass(slots=True)
class _Live:
    """A burn that is not over, or not known to be. Moments are CLOCK_BOOTTIME."""

    id: int
    began: float
    lit_since: float | None
    """None in a gap, and at the end."""
    seen: float
    """When it was seen last, in a gap."""
    before: float = 0.0
    """Seconds of the flames before the last gap."""
    ended_by: str | None = None

    def seconds(self, now: float) -> float:
        """For how long it has burnt."""
        return self.before + (0.0 if self.lit_since is None else max(0.0, now - self.lit_since))

    def pause(self, now: float, why: str) -> None:
        """It is not seen any more."""
        self.before, self.lit_since = self.seconds(now), None
        self.seen, self.ended_by = now, why

    def goes_on(self, since: float) -> None:
        """It is seen again, and counts from `since`."""
        self.lit_since, self.ended_by = since, None


@dataclass(slots=True)
class _Burner:
    """One burner with a flame sensor."""

    rate: float | None
    """m³ of gas a second."""
    base: Total
    """Of all burns that are over."""
    live: _Live | None = None
    over: list[Burn] = field(default_factory=list)
    """Burns that wait to be written for the last time."""
    published: Totals = field(default=_UNREAD)
    lit: bool = False
    """What the sensor said last, whatever the contact."""

    def is_over(self, live: _Live, now: float) -> bool:
        """Whether what burns from now on is another burn.

        Behind an open contact a sensor that still reads lit is hot, or the flame burns on.
        """
        hot = live.ended_by == "trip" and self.lit
        return live.lit_since is None and now > live.seen + OUT_LASTS and not hot

    def gas(self, seconds: float) -> float | None:
        """m³ for so many seconds."""
        return None if self.rate is None else seconds * self.rate


def burns(state: State) -> bool:
    """Whether the burner burns: seen lit, and not behind a contact that was read back open.

    A thermocouple stays hot for a while; one that stays hot for too long is a flame that burns on.
    """
    shut = state.phase in (Phase.TRIPPED, Phase.LOCKED_OUT) and state.contact is Contact.OPEN
    return state.flame is Flame.LIT and (state.burns_on or not shut)


def _ended_by(state: State) -> str:
    if state.phase not in CAN_BURN:
        return "trip"
    return "out" if state.flame is Flame.OUT else "silent"


class Meter:
    """Follows the guard's news. Lives on the event loop; nothing in the guard waits for it."""

    def __init__(self, store: Store, clock: Clock, powers: Mapping[str, float | None]) -> None:
        """`powers`: of each burner with a flame sensor the rated heat input in kW, if known."""
        self._store, self._clock = store, clock
        self._burners = {
            name: _Burner(
                None if power is None else power / 1000.0 / HEATING_VALUE,
                Total(name, 0.0, 0.0, clock.now().wall),
            )
            for name, power in powers.items()
        }
        self._next_id = 1
        self._kept: Kept | None = None
        """What the disk held at the start; None until it was read."""
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write, if there is a burner whose flame is seen."""
        if self._burners:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Note burns that are not over as such, and end."""
        if self._task is None:
            return
        self._task.cancel()
        now = self._clock.now()
        for burner in self._burners.values():
            if burner.live is not None and burner.live.lit_since is not None:
                burner.live.pause(now.boot, "stopped")
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_WITHIN):
                await self.save()

    def totals(self, name: str) -> Totals | None:
        """What a burner has burnt in all, as it is on disk; None where its flame is not seen."""
        burner = self._burners.get(name)
        return None if burner is None else burner.published

    def since(self, name: str) -> float | None:
        """Since when a burner's burns are counted, in Unix time; None where they are not."""
        burner = self._burners.get(name)
        return None if burner is None or self._kept is None else burner.base.since

    @property
    def names(self) -> frozenset[str]:
        """The burners whose flame is seen."""
        return frozenset(self._burners)

    def __call__(self, news: News) -> None:
        name, now = news.state.settings.burner, news.at.boot
        burner = self._burners.get(name)
        if burner is None:
            return
        lit, live = burns(news.state), burner.live
        burner.lit = news.state.flame is Flame.LIT
        if lit == (live is not None and live.lit_since is not None):
            return
        self._changed.set()
        if not lit and live is not None:
            live.pause(now, _ended_by(news.state))
        elif live is not None and news.state.burns_on and live.ended_by == "trip":
            # The contact was open, and it burnt on all the same.
            live.goes_on(live.seen)
        elif live is not None and live.ended_by != "trip" and not burner.is_over(live, now):
            live.goes_on(now)
        else:
            self._finish(burner, news.at)
            burner.live = _Live(self._next_id, now, now, now)
            self._next_id += 1

    def _finish(self, burner: _Burner, now: Instant) -> None:
        live = burner.live
        if live is None:
            return
        burner.over.append(_row(burner, live, now))
        seconds = live.seconds(now.boot)
        gas = burner.base.gas + (burner.gas(seconds) or 0.0)
        burner.base = burner.base._replace(seconds=burner.base.seconds + seconds, gas=gas)
        burner.live = None

    # --- the disk -----------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self.save()
                pause = _REST
            except StoreError as error:
                log.debug("burn times are not saved: %s", error)
                pause = _AGAIN_AFTER
            await asyncio.sleep(pause)
            unfinished = any(burner.live or burner.over for burner in self._burners.values())
            waits = unfinished or self._kept is None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SAVE_EVERY if waits else None):
                    await self._changed.wait()
            self._changed.clear()

    async def save(self) -> None:
        """Have everything up to now on disk. Raises StoreError."""
        async with self._saving:
            await self._know()
            now = self._clock.now()
            rows: list[Burn] = []
            sums: list[Total] = []
            for burner in self._burners.values():
                if burner.live is not None and burner.is_over(burner.live, now.boot):
                    self._finish(burner, now)
                rows += burner.over
                live, total = burner.live, burner.base
                if live is not None:
                    row = _row(burner, live, now)
                    rows.append(row)
                    gas = total.gas + (row.gas or 0.0)
                    total = total._replace(seconds=total.seconds + row.seconds, gas=gas)
                sums.append(total)
            if rows or any(burner.published.seconds is None for burner in self._burners.values()):
                await self._store.count(rows, sums)
            for burner, total in zip(self._burners.values(), sums, strict=True):
                burner.over = [row for row in burner.over if row not in rows]
                gas_known = None if burner.rate is None else total.gas
                burner.published = Totals(total.seconds, gas_known)

    async def _know(self) -> None:
        """Go on from what the disk holds, once it can be read."""
        if self._kept is not None:
            return
        kept = await self._store.counted()
        self._kept = kept
        ahead = kept.next_id - 1
        self._next_id += ahead
        for name, burner in self._burners.items():
            # What has burnt before the disk could be read counts too.
            if burner.live is not None:
                burner.live.id += ahead
            burner.over = [row._replace(id=row.id + ahead) for row in burner.over]
            if (total := kept.totals.get(name)) is not None:
                seconds = total.seconds + burner.base.seconds
                gas = total.gas + burner.base.gas
                burner.base = total._replace(seconds=seconds, gas=gas)


def _row(burner: _Burner, live: _Live, now: Instant) -> Burn:
    """A burn as it is now. Moments are put on the wall clock of now: it was set right meanwhile."""
    seconds = live.seconds(now.boot)
    ended = now.boot if live.lit_since is not None else live.seen
    return Burn(
        live.id,
        burner.base.burner,
        now.wall_at(live.began),
        now.wall_at(ended),
        seconds,
        burner.gas(seconds),
        live.ended_by,
    )
