"""The simulated stove and its relays, in this process but on a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from gasguard.config.load import Config
from gasguard.simulator.console import Console
from gasguard.simulator.world import World

T = TypeVar("T")


class Switched(NamedTuple):
    """A relay's switch really moved."""

    at: float
    """time.monotonic."""
    siid: int
    on: bool


class Stove:
    """A World that runs while the test does other things. Its relays listen once it is there."""

    def __init__(self, config: Config, *, seed: int = 0, speed: float = 1.0) -> None:
        self.switched: list[Switched] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stove")
        self._thread.start()

        async def build() -> World:
            world = World.from_config(config, seed=seed, speed=speed)
            for module in world.modules():
                module.listeners.append(
                    lambda siid, _piid, on, at: self.switched.append(Switched(at, siid, on))
                )
            await world.start()
            return world

        self.world = self._run(build())

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def do(self, action: Callable[[World], T]) -> T:
        """Carry `action` out on the stove's own thread."""

        async def call() -> T:
            return action(self.world)

        result: T = self._run(call())
        return result

    def tell(self, line: str) -> str:
        """A line of the simulator's console: `light left`, `mihome left off`, `fault …`."""
        return self.do(lambda world: Console(world).execute(line))

    def circuit(self, burner: str = "left") -> str:
        """`open` or `closed`, physically."""
        return self.do(lambda world: world.snapshot()[burner]["circuit"])

    def flame(self, burner: str = "left") -> bool:
        return self.do(lambda world: world.snapshot()[burner]["flame"])

    def fault(self, burner: str = "left", index: int = 0, **changes: Any) -> None:
        self.do(lambda world: world.inject(burner, index, **changes))

    def light(self, burner: str = "left") -> None:
        """Light a burner and wait until it burns with the knob let go. Use with `speed`."""
        self.do(lambda world: world.light(burner))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            now = self.do(lambda world: world.snapshot()[burner])
            if now["flame"] and now["knob"] == "on":
                return
            time.sleep(0.02)
        raise AssertionError(f"{burner} does not burn: {now}")

    def stop(self) -> None:
        self._run(self.world.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
