"""The flame sensors of a session: one that says lit and out, late; one that measures millivolts."""

import asyncio
from functools import partial
from random import Random

from gasguard.config.sensors import ThermocoupleFlame
from gasguard.core.messages import FlameRead, ThermocoupleRead
from gasguard.core.model import Flame
from tests.torture.plan import Plan
from tests.torture.scene import Scene

WAKES = 0.3
"""Seconds after the guard's start until its sensors' last words have reached it."""
_MEASURES_EVERY = 1.93
_NOISE_MV = 0.1
_UNSURE = 0.1
"""Seconds before a thermocouple's word expires in which the guard may go either way."""


class Sensors:
    """Tells guard and account what is seen of each flame. A blind sensor says nothing."""

    def __init__(self, plan: Plan, scene: Scene, random: Random) -> None:
        self._plan, self._scene, self._random = plan, scene, random
        self._loop = scene.loop
        self._flames: dict[str, bool] = dict.fromkeys(scene.benches, False)
        self._blind: set[str] = set()
        self._thermocouples = {
            name: bench.account.config.flame
            for name, bench in scene.benches.items()
            if isinstance(bench.account.config.flame, ThermocoupleFlame)
        }
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        scene.house.on_flame(self._changed)
        for name in self._thermocouples:
            self._measure(name)

    def wake(self) -> None:
        """The guard is back: what a broker has retained reaches it; a measurement is not."""
        for burner in self._plan.sensors:
            self._say(burner, self._flames[burner])

    def blind(self, burner: str, seconds: float) -> None:
        """The burner's sensor, if it has one, falls silent for a while."""
        if burner in self._blind or self._scene.benches[burner].account.config.flame is None:
            return
        self._blind.add(burner)
        self._loop.call_later(seconds, self._sees_again, burner)
        if burner in self._plan.sensors:
            self._unheard(burner)
            self._scene.pi.post(burner, FlameRead(Flame.UNKNOWN))

    def _sees_again(self, burner: str) -> None:
        self._blind.discard(burner)
        if burner in self._plan.sensors:
            self._say(burner, self._flames[burner])

    def _unheard(self, burner: str) -> None:
        account = self._scene.benches[burner].account
        account.sensed(None, self._scene.now)
        account.lit_since = None

    # --- lit and out --------------------------------------------------------------------------

    def _changed(self, burner: str, lit: bool) -> None:
        self._flames[burner] = lit
        lag = self._plan.sensors.get(burner)
        if lag is not None:
            # It is warm long after the flame: the fall takes longer than the rise.
            self._loop.call_later(lag if lit else 3 * lag, self._say, burner, lit)

    def _say(self, burner: str, lit: bool) -> None:
        scene = self._scene
        if burner not in self._blind and scene.pi.alive:
            scene.benches[burner].account.sensed(lit, scene.now)
            scene.pi.post(burner, FlameRead(Flame.LIT if lit else Flame.OUT))

    # --- millivolts ---------------------------------------------------------------------------

    def _measure(self, burner: str) -> None:
        self._loop.call_later(_MEASURES_EVERY, self._measure, burner)
        scene, levels = self._scene, self._thermocouples[burner]
        if burner in self._blind or not scene.pi.alive:
            return
        true = scene.house.millivolts(burner)
        read = round(true + self._random.uniform(-_NOISE_MV, _NOISE_MV), 2)
        account = scene.benches[burner].account
        if read >= levels.lit_above:
            account.sensed(True, scene.now)
        elif read <= levels.out_below:
            account.sensed(False, scene.now)
        if burner in self._expiries:
            self._expiries[burner].cancel()
        self._expiries[burner] = self._loop.call_later(
            levels.expire_after - _UNSURE, partial(self._unheard, burner)
        )
        scene.pi.post(burner, ThermocoupleRead(read))
