"""The switch channels of a relay module: values, countdowns, jog and power-on states.

Times are seconds on the clock of whoever calls; `advance` must run before a value is read.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Key = tuple[int, int]
Address = tuple[str, int]
"""(siid, piid) of a property."""


class PowerOn(StrEnum):
    """What a channel does when the module starts."""

    ON = "on"
    OFF = "off"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Countdown:
    """The property that switches its channel off by itself (facts.md has real ones)."""

    siid: int
    piid: int
    unit_s: int = 1
    """Length of one count: 1 or 60 seconds."""
    off: int = -1
    """Reads so, and is set so, when nothing counts."""
    lowest: int = 1
    highest: int = 43200
    toggles: bool = False
    """The dangerous kind: at the end it flips the channel in place of switching it off."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """One bool switch property and what belongs to it."""

    siid: int
    piid: int
    rest: bool = False
    """The state it starts in, and the one a jogging channel falls back to."""
    countdown: Countdown | None = None
    power_on: PowerOn = PowerOn.LAST
    jog: float | None = None
    """Seconds after which a channel that left its rest state returns to it by itself (点动)."""

    @property
    def key(self) -> Key:
        return self.siid, self.piid


class _Planned(NamedTuple):
    at: float
    value: bool
    from_cloud: bool
    """Mi Home's own timer: it outlives a restart of the module."""


class Channel:
    """One channel at work. `on_switch(value, at)` is called when the value really changes."""

    def __init__(self, spec: ChannelSpec, on_switch: Callable[[bool, float], None]) -> None:
        self.spec = spec
        self.power_on = spec.power_on
        self.value = spec.rest
        self.stuck = False
        """The contact does not move: every switching is lost, the value reads as it is."""
        self._on_switch = on_switch
        self._countdown_ends: float | None = None
        self._jog_ends: float | None = None
        self._planned: list[_Planned] = []

    def switch(self, value: bool, now: float) -> None:
        """Switch at once, from whatever side. Switching off clears the countdown."""
        if self.stuck:
            return
        if not value:
            self._countdown_ends = None
        if self.spec.jog is not None:
            self._jog_ends = None if value == self.spec.rest else now + self.spec.jog
        if value != self.value:
            self.value = value
            self._on_switch(value, now)

    def switch_later(self, value: bool, at: float, *, from_cloud: bool) -> None:
        """Switch at `at`. The newest eight are kept."""
        self._planned = sorted([*self._planned, _Planned(at, value, from_cloud)])[-8:]

    def countdown_left(self, now: float) -> int:
        """What the countdown property reads: counts left, rounded up, or its off value."""
        countdown = self.spec.countdown
        if countdown is None:
            raise ValueError("channel has no countdown")
        if self._countdown_ends is None:
            return countdown.off
        return math.ceil((self._countdown_ends - now) / countdown.unit_s - 1e-6)

    def count_down(self, value: object, now: float) -> bool:
        """Set the countdown property; False if it does not take this value."""
        countdown = self.spec.countdown
        if countdown is None or type(value) is not int:
            return False
        if value == countdown.off:
            self._countdown_ends = None
            return True
        if not countdown.lowest <= value <= countdown.highest:
            return False
        self._countdown_ends = now + value * countdown.unit_s
        return True

    def next_event(self) -> float | None:
        """When this channel next does something by itself."""
        planned = self._planned[0].at if self._planned else None
        times = [at for at in (self._countdown_ends, self._jog_ends, planned) if at is not None]
        return min(times) if times else None

    def advance(self, now: float) -> None:
        """Do everything that is due by `now`, each at its own moment."""
        while (event := self.next_event()) is not None and event <= now:
            if event == self._jog_ends:
                self._jog_ends = None
                self.switch(self.spec.rest, event)
            elif event == self._countdown_ends:
                self._countdown_ends = None
                toggles = self.spec.countdown is not None and self.spec.countdown.toggles
                self.switch(toggles and not self.value, event)
            else:
                self.switch(self._planned.pop(0).value, event)

    def power_cut(self) -> None:
        """Without mains nothing counts on; the cloud's timers go off unheard."""
        self._countdown_ends = self._jog_ends = None
        self._planned.clear()

    def power_up(self, now: float) -> None:
        """The module has started: running countdowns and jogs are forgotten."""
        self._countdown_ends = self._jog_ends = None
        self._planned = [planned for planned in self._planned if planned.from_cloud]
        if self.power_on is not PowerOn.LAST:
            self.switch(self.power_on is PowerOn.ON, now)
