"""The physics of one burner: knob, valve, flame, thermocouple and the magnet that holds the valve.

Between events everything follows closed-form exponentials that start at the last change of the
flame, so the outcome does not depend on how often `advance` is called. All times are seconds of
stove time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random


class Knob(StrEnum):
    """Where the hand has put the knob."""

    OFF = "off"
    PRESSED = "pressed"
    """Held down: the valve is open by hand, the armature is pushed home, the igniter sparks."""
    ON = "on"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one burner measures. Defaults lie in the middle of safety.md's table."""

    full_mv: float = 27.0
    """Thermocouple at full flame, open circuit (healthy 25 to 30 mV)."""
    thermocouple_mohm: float = 20.0
    coil_mohm: float = 20.0
    added_mohm: float = 10.0
    """Relay contact and wire: aim at 20 mΩ or less, reject more than 40 mΩ."""
    rise_s: float = 4.5
    """Time constant of heating. Holds after 3.7 s with 10 mΩ added, 4.9 s with 20 mΩ, and just
    inside the 10 s of GB 16410 with 40 mΩ: the reason why more is rejected."""
    fall_s: float = 10.0
    """Time constant of cooling: 14.6 s from full flame to drop-out with 10 mΩ added."""
    hold_in_ma: float = 300.0
    """Least current at which the armature stays when the knob springs back."""
    drop_out_ma: float = 125.0
    """Below this a seated armature lets go (typical 50 to 150 mA)."""
    release_s: float = 0.05
    """How long the current must be below drop-out: a shorter break goes unnoticed."""

    @classmethod
    def drawn(cls, random: Random, added_mohm: float = 10.0) -> "Figures":
        """A healthy burner as it may leave the shop; any draw keeps to safety.md's table."""
        return cls(
            full_mv=random.uniform(25.5, 29.0),
            fall_s=random.uniform(9.0, 12.0),
            added_mohm=added_mohm,
        )

    @property
    def loop_mohm(self) -> float:
        """Resistance of the closed circuit."""
        return self.thermocouple_mohm + self.coil_mohm + self.added_mohm


class Burner:
    """One burner. It never relights itself: only a pressed knob opens valve and sparks."""

    def __init__(
        self,
        figures: Figures,
        *,
        random: Random,
        now: float = 0.0,
        circuit_open: bool = False,
        on_flame: Callable[[bool, float], None] | None = None,
    ) -> None:
        """`on_flame(lit, at)` is called at each change, with the exact stove time of it."""
        self.figures = figures
        self.knob = Knob.OFF
        self._random = random
        self._on_flame = on_flame
        self._now = now
        self._circuit_open = circuit_open
        self._held = False
        self._flame = False
        self._anchor_at, self._anchor_mv = now, 0.0
        self._ignites_at: float | None = None
        self._lets_go_at: float | None = None

    @property
    def gas(self) -> bool:
        """Whether gas flows."""
        return self.knob is Knob.PRESSED or (self.knob is Knob.ON and self._held)

    @property
    def flame(self) -> bool:
        return self._flame

    @property
    def magnet_held(self) -> bool:
        """Whether the armature is home, by hand or by the thermocouple's current."""
        return self.knob is Knob.PRESSED or self._held

    @property
    def emf_mv(self) -> float:
        """What the thermocouple generates, whatever the circuit does."""
        target = self.figures.full_mv if self._flame else 0.0
        constant = self.figures.rise_s if self._flame else self.figures.fall_s
        passed = self._now - self._anchor_at
        return target + (self._anchor_mv - target) * math.exp(-passed / constant)

    @property
    def thermocouple_mv(self) -> float:
        """What a meter across the thermocouple reads: less than the EMF while current flows."""
        return self.emf_mv - self.current_ma * self.figures.thermocouple_mohm / 1000

    @property
    def current_ma(self) -> float:
        """Current through the magnet's coil."""
        return 0.0 if self._circuit_open else self.emf_mv / self.figures.loop_mohm * 1000

    def next_event(self) -> float | None:
        """Stove time of the next change that needs nobody's hand; None if nothing is pending."""
        times = [at for at in (self._ignites_at, self._lets_go_at) if at is not None]
        return min(times, default=None)

    def advance(self, now: float, circuit_open: bool) -> None:
        """Go on to `now`; from then on the thermocouple circuit is as given.

        Up to `now` it was as the call before said. A time already passed counts as the present.
        """
        self._run(now)
        if circuit_open != self._circuit_open:
            self._circuit_open = circuit_open
            self._settle()

    def press_and_light(self, now: float) -> None:
        """The knob is pushed in and turned: gas flows and the igniter sparks until `release`."""
        self._run(now)
        self.knob = Knob.PRESSED
        self._settle()

    def release(self, now: float) -> None:
        """The knob is let go. The armature stays only if the current reaches hold-in by now."""
        self._run(now)
        if self.knob is Knob.PRESSED:
            self._held = self.current_ma >= self.figures.hold_in_ma
            self.knob = Knob.ON
            self._settle()

    def turn_off(self, now: float) -> None:
        """The knob is turned to off: it closes the valve by itself, whatever the magnet does."""
        self._run(now)
        self.knob, self._held = Knob.OFF, False
        self._settle()

    def blow_out(self, now: float) -> None:
        """The flame goes, the gas does not: what the flame failure device is there for."""
        self._run(now)
        self._set_flame(False)
        self._settle()

    def add_resistance(self, now: float, added_mohm: float) -> None:
        """Wire and contact now add this much, in mΩ (0 or more)."""
        self._run(now)
        self.figures = replace(self.figures, added_mohm=added_mohm)
        self._settle()

    def _run(self, now: float) -> None:
        while (event := self.next_event()) is not None and event <= now:
            self._now = max(self._now, event)
            if event == self._ignites_at:
                self._ignites_at = None
                self._set_flame(True)
            else:
                self._held = False
            self._settle()
        self._now = max(self._now, now)

    def _set_flame(self, lit: bool) -> None:
        if lit != self._flame:
            self._anchor_mv, self._anchor_at = self.emf_mv, self._now
            self._flame = lit
            if self._on_flame:
                self._on_flame(lit, self._now)

    def _settle(self) -> None:
        """Bring flame and pending events in line after a change."""
        if not self.gas:
            self._set_flame(False)
        if self.knob is not Knob.PRESSED or self._flame:
            self._ignites_at = None
        elif self._ignites_at is None:
            # A spark train takes a few tenths of a second to catch, never twice the same.
            self._ignites_at = self._now + self._random.uniform(0.1, 0.6)
        self._lets_go_at = self._release_time() if self.knob is Knob.ON and self._held else None

    def _release_time(self) -> float | None:
        """When the armature lets go if nothing else changes."""
        figures, current = self.figures, self.current_ma
        if current < figures.drop_out_ma:
            # Already low before this change: the earlier moment stands.
            earlier = math.inf if self._lets_go_at is None else self._lets_go_at
            return min(earlier, self._now + figures.release_s)
        if self._flame:
            return None
        falls_for = figures.fall_s * math.log(current / figures.drop_out_ma)
        return self._now + falls_for + figures.release_s
