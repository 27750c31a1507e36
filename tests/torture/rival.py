"""Something else that drives the burners' relays: a second gasguard, or an automation."""

from functools import partial
from random import Random

from tests.torture.judge import Judge
from tests.torture.scene import Bench, RelayWatch, Scene

_CLOSES_AFTER = (0.1, 2.0)
"""Bounds of the seconds until it has closed what was opened."""


class Rival:
    """One session's. It reaches a relay whenever that has power."""

    def __init__(self, scene: Scene, judge: Judge, random: Random) -> None:
        self._scene, self._judge, self._random = scene, judge, random
        self._until: dict[str, float] = {}
        for bench in scene.benches.values():
            for watch in bench.relays:
                relay = scene.house.device(watch.wired.address).relay
                relay.listeners.append(partial(self._switched, bench, watch))

    def rival(self, burner: str, seconds: float) -> None:
        """For a while it closes each relay of the burner again, whoever opens it.

        A jogging module closes by itself: nobody needs to.
        """
        bench = self._scene.benches[burner]
        if not bench.account.jog:
            self._scene.wire_faults.add("rival")
            self._until[burner] = max(self._until.get(burner, 0.0), self._scene.now + seconds)
            for watch in bench.relays:
                self._soon(bench, watch)

    def calm(self) -> None:
        """It is gone."""
        self._until.clear()

    def _switched(
        self, bench: Bench, watch: RelayWatch, siid: int, piid: int, value: bool, _at: float
    ) -> None:
        opens = (siid, piid) == watch.wired.key and value == watch.wired.opens_when
        if opens and self._is_there(bench):
            self._soon(bench, watch)

    def _is_there(self, bench: Bench) -> bool:
        return self._scene.now < self._until.get(bench.account.name, 0.0)

    def _soon(self, bench: Bench, watch: RelayWatch) -> None:
        after = self._random.uniform(*_CLOSES_AFTER)
        self._scene.loop.call_later(after, self._closes, bench, watch)

    def _closes(self, bench: Bench, watch: RelayWatch) -> None:
        if (
            self._is_there(bench)
            and watch.open_now
            and self._scene.house.can_be_closed(watch.wired)
        ):
            self._judge.meddled(bench)
            self._scene.house.switch(watch.wired, on=not watch.wired.opens_when)
