"""The hazard sensors of a session: they report, show that they live, and fall silent."""

from random import Random

from gasguard.core.messages import HazardReachable, HazardRead
from gasguard.core.model import Lock
from tests.torture.judge import Judge
from tests.torture.plan import LENGTH
from tests.torture.scene import Scene

_SPEAKS_EVERY = 37.0
"""Seconds between two words of a sensor that is expected to speak up."""


class Alarms:
    """Tells guard and account what the sensors say. Each is named after its kind."""

    def __init__(self, scene: Scene, judge: Judge, random: Random) -> None:
        self._scene, self._judge, self._loop = scene, judge, scene.loop
        self._active: set[tuple[str, str]] = set()
        self._silent: set[tuple[str, str]] = set()
        self._offline: set[tuple[str, str]] = set()
        """Silent ones of which the broker says so."""
        self._keeps = random.random() < 0.5
        """Whether the broker keeps their words; else it only has a "clear" of long ago."""
        self._kept: dict[tuple[str, str], bool] = {}
        for burner in scene.benches:
            for name, hazard in scene.config.hazards_of(burner).items():
                self._kept[burner, name] = False
                if hazard.expire_after < LENGTH:
                    self._speak(burner, name)

    def wake(self) -> None:
        """The guard is back, and hears what the broker has kept, and what is said to be offline."""
        for (burner, name), active in self._kept.items():
            if active:
                self._account_alarm(burner, Lock(name))
            self._scene.pi.post(burner, HazardRead(name, active, stored=True))
        for burner, name in sorted(self._offline):
            self._reachable(burner, name, reachable=False)

    def begin(self, burner: str, name: str, seconds: float) -> None:
        """There is gas, smoke or heat, for a while."""
        if (burner, name) not in self._active:
            self._active.add((burner, name))
            self._say(burner, name)
            self._loop.call_later(seconds, self._end, burner, name)

    def _end(self, burner: str, name: str) -> None:
        self._active.discard((burner, name))
        self._say(burner, name)

    def silence(self, burner: str, name: str, seconds: float, *, known: bool) -> None:
        """The sensor says nothing for a while, not even an alarm. `known`: it is told offline."""
        if (burner, name) not in self._silent:
            self._silent.add((burner, name))
            self._loop.call_later(seconds, self._back, burner, name)
            if known:
                self._offline.add((burner, name))
                self._reachable(burner, name, reachable=False)

    def _back(self, burner: str, name: str) -> None:
        self._silent.discard((burner, name))
        if (burner, name) in self._offline:
            self._offline.discard((burner, name))
            self._reachable(burner, name, reachable=True)
        self._say(burner, name)

    def _reachable(self, burner: str, name: str, *, reachable: bool) -> None:
        if self._scene.pi.alive:
            account = self._scene.benches[burner].account
            if reachable:
                account.alarms_offline.discard(name)
            else:
                account.alarms_offline.add(name)
            self._scene.pi.post(burner, HazardReachable(name, reachable))

    def _speak(self, burner: str, name: str) -> None:
        self._loop.call_later(_SPEAKS_EVERY, self._speak, burner, name)
        self._say(burner, name)

    def _say(self, burner: str, name: str) -> None:
        if (burner, name) in self._silent:
            return
        scene, active = self._scene, (burner, name) in self._active
        if self._keeps:
            self._kept[burner, name] = active
        if not scene.pi.alive:
            return
        account = scene.benches[burner].account
        if active:
            self._account_alarm(burner, Lock(name))
        else:
            account.reporting.pop(Lock(name), None)
        account.alarms_heard[name] = scene.now
        scene.pi.post(burner, HazardRead(name, active))

    def _account_alarm(self, burner: str, lock: Lock) -> None:
        if lock not in self._scene.benches[burner].account.reporting:
            self._judge.hazard(burner, lock)
