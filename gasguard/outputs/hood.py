"""How a range hood follows the burners. Decides alone: no I/O, no clock, never raises.

It is told of the kitchen and of how the hood runs, and says what to order. All times are seconds on
a clock that never jumps and counts suspend (CLOCK_BOOTTIME).

A hand is a change that was not ordered. The device tells of it late, and of orders too: what may be
the echo of an order is none, and what looked like a hand was none if the order shows after all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gasguard.drivers.base import Speed
from gasguard.outputs.kitchen import Kitchen

HARD_STOP = 2 * 3600.0
"""Seconds without a flame after which a hood that runs is switched off, by whomever it was switched
on (contract)."""
SETTLES = 6.0
"""Seconds that a device has to show an order: a change within them may be its echo."""
AGAIN_AT_MOST = 300.0
"""Seconds between two tries of an order that does not show; at first `SETTLES`, then doubled."""

OFF = Speed(on=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration. Durations in seconds."""

    levels: Mapping[int, str]
    """Level by number of lit burners; there is one for 1."""
    off_delay: float
    manual_wins: float
    tells: bool = True
    """The hood says how it runs."""

    def level_for(self, burners: int) -> Speed:
        """For more burners than any level names, that of most."""
        return Speed(on=True, level=self.levels[max(n for n in self.levels if n <= burners)])


@dataclass(frozen=True, slots=True)
class Order:
    """What the hood was last told, or is presumed to have been."""

    speed: Speed
    at: float
    tries: int = 1
    again_at: float = float("inf")
    shown: bool = False
    """The hood has run so since."""
    excused: tuple[Speed, ...] = ()
    """What it may say before it shows the order: how it ran then, and orders just before."""
    presumed: bool = False
    """Nobody has told it anything yet since the start."""


class Hood:
    """One hood. After `kitchen` and `ran`, ask `order`."""

    def __init__(self, rules: Rules, kitchen: Kitchen, now: float) -> None:
        """`kitchen`: as the guard remembers it from before its start.

        The hood is presumed to run as that wants it. What it then turns out to do otherwise counts
        as a hand's.
        """
        self._rules = rules
        self._kitchen = kitchen
        self._lit_at = now if kitchen.burning else float("-inf")
        """When a flame was seen last."""
        self._out_at = float("-inf")
        """When the last burner went out."""
        self._running: Speed = OFF
        """What was wanted while the last burner burnt."""
        self._stands: Speed | None = None
        """How it runs by its own word, or where it has none, by what it was told."""
        self._on_since: float | None = None
        self._hand_until = float("-inf")
        self._stopped = False
        """The hard stop has come, and no flame since."""
        if kitchen.burning:
            self._running = rules.level_for(kitchen.burning)
        self._order = Order(self._wanted(now), now, shown=True, presumed=True)
        # Where nobody tells, as long as a hand could have won before the start.
        self._presumed_until = now + rules.manual_wins

    # --- what happens -------------------------------------------------------------------------

    def kitchen(self, kitchen: Kitchen, now: float) -> None:
        """The burners are so now."""
        before, self._kitchen = self._kitchen, kitchen
        if before.lit or kitchen.lit:
            self._lit_at = now
        if kitchen.lit:
            self._stopped = False
        if kitchen.burning:
            self._running = self._rules.level_for(kitchen.burning)
        elif before.burning:
            self._out_at = now

    def ran(self, speed: Speed, now: float) -> None:
        """The hood says that it runs so."""
        before, order = self._stands, self._order
        self._stood(speed, now)
        if speed.agrees(order.speed) and (now >= self._hand_until or self._may_be_echo(now)):
            # Also where it looked like a hand a moment ago.
            self._hand_until = float("-inf")
            self._order = replace(order, shown=True, presumed=False)
        elif before is not None and speed.agrees(before):
            return
        elif now < self._hand_until or order.shown:
            # Also what is presumed at the start counts as shown.
            self._hand(now)
        elif before is None:
            self._order = replace(order, excused=(*order.excused, speed))
        elif not any(speed.agrees(one) for one in order.excused):
            self._hand(now)

    def obeyed(self, now: float) -> None:
        """The order was carried out, by a hood that does not tell how it runs."""
        if not self._rules.tells:
            self._order = replace(self._order, shown=True)
            self._stood(self._order.speed, now)

    def back(self, now: float) -> None:
        """It can be reached again: what has not shown is ordered anew at once."""
        if not self._order.shown:
            self._order = replace(self._order, again_at=now, tries=0)

    def _stood(self, speed: Speed, now: float) -> None:
        self._stands = speed
        if not speed.on:
            self._on_since = None
        elif self._on_since is None:
            self._on_since = now

    def _may_be_echo(self, now: float) -> bool:
        return now < self._order.at + SETTLES

    def _hand(self, now: float) -> None:
        self._hand_until = now + self._rules.manual_wins

    # --- what follows -------------------------------------------------------------------------

    def order(self, now: float) -> Order | None:
        """What to tell the hood now. It counts as told; None: nothing."""
        if self._kitchen.gas:
            # A switch can spark: also no end of anything.
            return None
        if self._must_stop(now):
            self._stopped, self._hand_until = True, min(self._hand_until, now)
        if now < self._hand_until:
            return None
        self._take_over()
        wanted, last = self._wanted(now), self._order
        if wanted != last.speed:
            return self._new(wanted, now)
        if last.presumed and not self._rules.tells and now >= self._presumed_until:
            return self._new(wanted, now)
        if not last.shown and now >= last.again_at:
            return self._again(last, now)
        return None

    @property
    def hand_until(self) -> float:
        """Until when a hand wins; minus infinity where none does."""
        return self._hand_until

    @property
    def frozen(self) -> bool:
        """Whether a gas alarm keeps everything as it is."""
        return self._kitchen.gas

    @property
    def disobeyed(self) -> Order | None:
        """An order that was told more than once and has not shown."""
        last, hand = self._order, self._hand_until > float("-inf")
        return last if last.tries > 1 and not last.shown and not hand else None

    def _take_over(self) -> None:
        """After a hand: it runs as that left it, whatever was ordered before."""
        if self._hand_until > float("-inf") and self._stands is not None:
            self._hand_until = float("-inf")
            self._order = _long_ago(self._stands)

    def _new(self, wanted: Speed, now: float) -> Order:
        last = self._order
        excused: tuple[Speed, ...] = ()
        if now < last.at + SETTLES:
            excused = (last.speed, *(() if last.shown else last.excused))
        if self._stands is not None:
            excused = (self._stands, *excused)
        self._order = Order(wanted, now, again_at=now + SETTLES, excused=excused)
        return self._order

    def _again(self, last: Order, now: float) -> Order:
        wait = min(AGAIN_AT_MOST, SETTLES * 2.0 ** min(last.tries, 10))
        self._order = replace(last, at=now, tries=last.tries + 1, again_at=now + wait)
        return self._order

    def _wanted(self, now: float) -> Speed:
        if self._stopped:
            return OFF
        if self._kitchen.burning:
            return self._running
        return self._running if now < self._out_at + self._rules.off_delay else OFF

    def _must_stop(self, now: float) -> bool:
        """It has run for `HARD_STOP` without a flame, or is wanted to."""
        if self._kitchen.lit:
            return False
        without = self._lit_at
        if self._stands is not None:
            if self._on_since is None:
                return False
            without = max(without, self._on_since)
        elif not self._wanted(now).on:
            return False
        return now >= without + HARD_STOP


def _long_ago(speed: Speed) -> Order:
    """As if it had been told that, and had shown it, too long ago for an echo."""
    return Order(speed, float("-inf"), shown=True)
