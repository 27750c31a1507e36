"""The hazard sensors of a session: they report, show that they live, and fall silent."""

from gasguard.core.messages import HazardRead
from gasguard.core.model import Lock
from gasguard.torture.judge import Judge
from gasguard.torture.scene import Scene

_SPEAKS_EVERY = 37.0
"""Seconds between two words of a sensor that is expected to speak up."""


class Alarms:
    """Tells guard and account what the sensors say. Each is named after its kind."""

    def __init__(self, scene: Scene, judge: Judge) -> None:
        self._scene, self._judge, self._loop = scene, judge, scene.loop
        self._active: set[tuple[str, str]] = set()
        self._silent: set[tuple[str, str]] = set()
        for burner in scene.benches:
            for name, hazard in scene.config.hazards_of(burner).items():
                if hazard.expire_after is not None:
                    self._speak(burner, name)

    def wake(self) -> None:
        """The guard is back, and hears what the broker has kept of each."""
        for burner in self._scene.benches:
            for name in self._scene.config.hazards_of(burner):
                self._say(burner, name, stored=True)

    def begin(self, burner: str, name: str, seconds: float) -> None:
        """There is gas, smoke or heat, for a while."""
        if (burner, name) not in self._active:
            self._active.add((burner, name))
            self._say(burner, name)
            self._loop.call_later(seconds, self._end, burner, name)

    def _end(self, burner: str, name: str) -> None:
        self._active.discard((burner, name))
        self._say(burner, name)

    def silence(self, burner: str, name: str, seconds: float) -> None:
        """The sensor says nothing for a while, not even an alarm."""
        if (burner, name) not in self._silent:
            self._silent.add((burner, name))
            self._loop.call_later(seconds, self._back, burner, name)

    def _back(self, burner: str, name: str) -> None:
        self._silent.discard((burner, name))
        self._say(burner, name)

    def _speak(self, burner: str, name: str) -> None:
        self._loop.call_later(_SPEAKS_EVERY, self._speak, burner, name)
        self._say(burner, name)

    def _say(self, burner: str, name: str, *, stored: bool = False) -> None:
        scene, lock = self._scene, Lock(name)
        if (burner, name) in self._silent or not scene.pi.alive:
            return
        account = scene.benches[burner].account
        active = (burner, name) in self._active
        if not active:
            account.reporting.pop(lock, None)
        elif lock not in account.reporting:
            self._judge.hazard(burner, lock)
        if not stored:
            account.alarms_heard[name] = scene.now
        scene.pi.post(burner, HazardRead(name, active, None if stored else True))
