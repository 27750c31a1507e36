"""A flame inferred from a temperature over the hob: by how quickly it rises and falls."""

from collections import deque
from collections.abc import Callable

from gasguard.config.sensors import HeatFlame, OnTopic
from gasguard.drivers.bus import Heard
from gasguard.drivers.understanding import Said, number_of, read

COLD = 35.0
"""°C below which nothing over a hob is being heated, where there is no trend yet."""
_HOLDS = 3600.0
"""Seconds for which a reading stands for those that were not worth sending: sensors report changes.
"""
_MOST_READINGS = 1000


class Trend:
    """Says lit and out by differences. Between them it is what it was."""

    def __init__(self, rise: float, fall: float, within: float) -> None:
        """`rise` and `fall` in K, `within` in seconds."""
        self._rise, self._fall, self._within = rise, fall, within
        self._readings: deque[tuple[float, float]] = deque(maxlen=_MOST_READINGS)
        """When and how warm, oldest first."""
        self._lit: bool | None = None

    def says(self, warmth: float, now: float) -> bool | None:
        """Lit, out, or None while nothing has shown either."""
        self._readings.append((now, warmth))
        self._forget(now)
        known = [reading for _, reading in self._readings]
        if self._lit is not True and warmth - min(known) >= self._rise:
            self._turns(True, now, warmth)
        elif self._lit is not False and max(known) - warmth >= self._fall:
            self._turns(False, now, warmth)
        elif self._lit is None and warmth < COLD:
            self._lit = False
        return self._lit

    def _turns(self, lit: bool, now: float, warmth: float) -> None:
        self._lit = lit
        # What was before the turn says nothing about the next one.
        self._readings.clear()
        self._readings.append((now, warmth))

    def _forget(self, now: float) -> None:
        """Those of before, but for the one that held when `within` began."""
        readings, begins = self._readings, now - self._within
        while len(readings) > 1 and readings[1][0] <= begins:
            readings.popleft()
        if len(readings) > 1 and readings[0][0] < now - _HOLDS:
            readings.popleft()


def warming(sensor: HeatFlame, clock: Callable[[], float]) -> Callable[[Heard], Said]:
    """What a reading means beside those before it; `clock` in seconds."""
    trend = Trend(sensor.rise, sensor.fall, sensor.within)

    def meaning(value: object, settings: OnTopic) -> Said:
        number = number_of(value, settings, "°C")
        return number if isinstance(number, Said) else Said(trend.says(number, clock()))

    def understood(heard: Heard) -> Said:
        # One that a broker has kept is of nobody knows when: no trend begins with it.
        return Said() if heard.retained else read(heard.payload, sensor, meaning)

    return understood
