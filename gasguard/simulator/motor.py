"""The motor of a simulated hood: on or off by a module's switch, at the level that was set last."""

from collections.abc import Callable, Iterable

from gasguard.simulator.channels import Key
from gasguard.simulator.module import Module

OFF = "off"


class Motor:
    """Bound to one switch of a module, once that is there."""

    def __init__(self, levels: Iterable[str]) -> None:
        """`levels`: the device's words for them, the first of which it has at first."""
        self.levels = list(dict.fromkeys(levels))
        self.level = self.levels[0]
        self.listeners: list[Callable[[str], None]] = []
        """Called with how it runs whenever that really changes."""
        self._module: Module | None = None
        self._key: Key = (0, 0)
        self._told = OFF

    def bind(self, module: Module, key: Key) -> None:
        """From now on that switch is its power."""
        self._module, self._key = module, key
        module.listeners.append(lambda _siid, _piid, _on, _at: self._look())

    @property
    def on(self) -> bool:
        """Whether its power is on."""
        return self._module is not None and self._module.value(self._key)

    @property
    def runs(self) -> str:
        """The level's word, or off."""
        return self.level if self.on else OFF

    def set_level(self, level: str) -> None:
        """Another level; a motor that is off keeps it for later."""
        self.level = level
        self._look()

    def by_hand(self, word: str, now: float) -> None:
        """The buttons on the hood: a level, or off. Without mains they do nothing."""
        if self._module is None or self._module.faults.unpowered:
            return
        if word != OFF:
            self.level = word
        self._module.channels[self._key].switch(word != OFF, now)
        self._look()

    def _look(self) -> None:
        if self.runs != self._told:
            self._told = self.runs
            for listener in self.listeners:
                listener(self._told)
