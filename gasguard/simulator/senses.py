"""What is in the simulated kitchen beside the stove: people, gas, smoke, warmth over the hob."""

import math
from collections.abc import Callable, Iterator

from gasguard.config.load import Config
from gasguard.config.sensors import HeatFlame
from gasguard.errors import did_you_mean
from gasguard.simulator.sensor_words import in_field, word_for
from gasguard.simulator.world import SimulatorError, World

HELP = """\
comes [SENSOR]              somebody comes: into the kitchen, or home
leaves [SENSOR]             the last one leaves
alarm SENSOR                gas, smoke, heat: the alarm sounds
clear SENSOR                it is over"""

_AMBIENT, _HEATED = 22.0, 90.0
"""°C over a hob, and over one that has been lit for long."""
_WARMS, _COOLS = 90.0, 300.0
"""Seconds in which two thirds of the way to either are gone."""


class Senses:
    """The sensors of the configuration, but for those that look at a flame itself."""

    def __init__(self, config: Config, world: World) -> None:
        self._config, self._world = config, world
        self._on: dict[str, bool] = {}
        """What each says: somebody is there, it alarms. One that nobody has spoken of says nothing:
        it may be a real one."""
        self._warmth = {
            name: _AMBIENT
            for name, burner in config.burners.items()
            if isinstance(burner.flame, HeatFlame)
        }
        self._warmed_at: float | None = None

    @property
    def commands(self) -> dict[str, Callable[[list[str]], str]]:
        """For the console, as `HELP` has them."""
        return {
            "comes": lambda words: self._moves(words, True),
            "leaves": lambda words: self._moves(words, False),
            "alarm": lambda words: self._sounds(words, True),
            "clear": lambda words: self._sounds(words, False),
        }

    def said(self) -> Iterator[tuple[str, str]]:
        """Topic and word of each, as it is now."""
        for name, settings in {**self._config.people, **self._config.alarms}.items():
            if name in self._on:
                yield settings.topic, word_for(settings, self._on[name])

    def warmths(self, now: float) -> Iterator[tuple[str, str]]:
        """Topic and reading of each temperature over a burner; `now` in seconds."""
        passed = 0.0 if self._warmed_at is None else (now - self._warmed_at) * self._world.speed
        self._warmed_at = now
        for name, state in self._world.snapshot().items():
            flame = self._config.burners[name].flame
            if isinstance(flame, HeatFlame):
                goal, pace = (_HEATED, _WARMS) if state["flame"] else (_AMBIENT, _COOLS)
                self._warmth[name] += (goal - self._warmth[name]) * (1 - math.exp(-passed / pace))
                yield flame.topic, in_field(round(self._warmth[name], 1), flame.word_in)

    def _moves(self, words: list[str], there: bool) -> str:
        return self._turn(words or [*self._config.people], [*self._config.people], there)

    def _sounds(self, words: list[str], alarm: bool) -> str:
        known = [*self._config.alarms]
        return self._turn(words or (known if not alarm else []), known, alarm)

    def _turn(self, words: list[str], known: list[str], on: bool) -> str:
        if not known:
            raise SimulatorError("the configuration has no such sensor")
        if not words:
            raise SimulatorError(f"write which: {', '.join(known)}")
        for word in words:
            if word not in known:
                near = did_you_mean(word, known)
                raise SimulatorError(f"no such sensor: {word}; {near}there are {', '.join(known)}")
        self._on |= dict.fromkeys(words, on)
        return ", ".join(f"{word}: {self._shown(word)}" for word in words)

    def _shown(self, name: str) -> str:
        on = self._on[name]
        if name in self._config.people:
            return "somebody there" if on else "nobody there"
        return "alarm" if on else "clear"
