"""The real guard on a simulated stove, in simulated time: everything but the hardware is real."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from gasguard.assemble import circuits
from gasguard.config.load import Config, parse_config
from gasguard.core.messages import (
    Answer,
    CancelTimer,
    ChildLock,
    Event,
    Kind,
    Off,
    Rearm,
    Request,
    SetTimer,
    Status,
    Unlock,
)
from gasguard.core.model import Phase, Source, State
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.guard.store import Store
from gasguard.simulator import simtime
from gasguard.simulator.world import World

TOKEN = "00112233445566778899aabbccddeeff"


def relay(**changes: Any) -> dict[str, Any]:
    """A normally closed MIoT relay on the first channel of a module, unless told otherwise."""
    return {
        "driver": "miot",
        "host": "127.0.0.9",
        "token": TOKEN,
        "switch": {"siid": 2, "piid": 1},
        "contact": "normally_closed",
        **changes,
    }


def burner(**changes: Any) -> dict[str, Any]:
    """A burner with one such relay that re-arms after 10 s."""
    return {"relay": relay(), "limits": {"rearm_after": "10s"}, **changes}


class Kitchen:
    """One guarded stove."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.config, self.folder = config, folder
        self.world = World.from_config(config)
        self.clock = simtime.SimulatedClock(asyncio.get_running_loop())
        self.kinds: list[Kind] = []
        self.controller: Controller
        self.store: Store

    def boot(self) -> None:
        """Start the guard, on what the disk holds."""
        self.store = Store.open(self.folder)
        self.controller = Controller(circuits(self.config), self.store, self.clock)
        self.controller.observers.append(self._note)
        self.controller.start()

    async def halt(self) -> None:
        """End the guard without any farewell to the relays."""
        await self.controller.stop(trip_if_active=False)
        await self.store.aclose()

    async def restart(self, away: float = 0.0) -> None:
        """Gone for `away` seconds, then back."""
        await self.halt()
        await asyncio.sleep(away)
        self.boot()

    def _note(self, news: News) -> None:
        self.kinds += [tell.kind for tell in news.tells]

    # --- doing --------------------------------------------------------------------------------

    async def light(self, name: str = "left") -> None:
        """Light a burner and wait until its thermocouple holds."""
        self.world.light(name)
        await asyncio.sleep(15)
        assert self.lit(name)

    def ask(self, request: Request, name: str = "left") -> "asyncio.Future[Answer]":
        """Hand a request in; the future is its last acknowledgement."""
        last: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def reply(answer: Answer) -> None:
            off_under_way = isinstance(request, Off) and answer.status is Status.ACCEPTED
            if not off_under_way and not last.done():
                last.set_result(answer)

        self.controller.request(name, request, reply)
        return last

    async def off(self, name: str = "left") -> Answer:
        """Shut off and wait for the last word."""
        return await self.ask(Off(Source.MQTT), name)

    async def timer(self, seconds: float, name: str = "left") -> Answer:
        """Set a timer."""
        return await self.ask(SetTimer(Source.CLI, duration=seconds), name)

    async def cancel(self, name: str = "left") -> Answer:
        """Cancel the timer."""
        return await self.ask(CancelTimer(Source.CLI), name)

    async def lock(self, name: str = "left") -> Answer:
        """Child lock on."""
        return await self.ask(ChildLock(Source.CLI), name)

    async def unlock(self, name: str = "left") -> Answer:
        """Child lock off."""
        return await self.ask(Unlock(Source.CLI), name)

    async def rearm(self, name: str = "left", source: Source = Source.CLI) -> Answer:
        """Re-arm."""
        return await self.ask(Rearm(source), name)

    def post(self, event: Event, name: str = "left") -> None:
        """A sensor's word."""
        self.controller.post(name, event)

    # --- seeing -------------------------------------------------------------------------------

    def state(self, name: str = "left") -> State:
        """What the guard believes."""
        return self.controller.states()[name]

    def lit(self, name: str = "left") -> bool:
        """Whether the flame burns, as a matter of physics."""
        return self.world.snapshot()[name]["flame"]

    def circuit(self, name: str = "left") -> str:
        """The thermocouple circuit, as a matter of physics."""
        return self.world.snapshot()[name]["circuit"]

    async def until(self, condition: Callable[[], bool], within: float) -> float:
        """Seconds until `condition` held, to a ten-thousandth of `within`, which is when it fails.

        A millisecond's precision of what takes minutes would cost seconds of real time.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not condition():
            assert loop.time() - began < within, f"not within {within} s: {self.state()}"
            await asyncio.sleep(max(0.005, within / 10_000))
        return loop.time() - began

    async def phase(self, phase: Phase, within: float, name: str = "left") -> float:
        """Seconds until the burner is in `phase`."""
        return await self.until(lambda: self.state(name).phase is phase, within)


@contextlib.asynccontextmanager
async def kitchen(folder: Path, **burners: dict[str, Any]) -> AsyncIterator[Kitchen]:
    """A guarded stove, ready to cook; one burner `left` unless others are named."""
    smoke = {"driver": "mqtt", "kind": "smoke_alarm", "topic": "kitchen/smoke"}
    raw = {"burners": burners or {"left": burner()}, "hazards": {"smoke": smoke}}
    here = Kitchen(parse_config(raw, folder), folder)
    await here.world.start()
    here.boot()
    try:
        for name in here.config.burners:
            await here.phase(Phase.READY, 30, name)
        yield here
    finally:
        await here.halt()
        await here.world.stop()


Story = Callable[[Kitchen], Awaitable[None]]


def cook(folder: Path, story: Story, **burners: dict[str, Any]) -> None:
    """Run `story` in such a kitchen, in simulated time."""

    async def whole() -> None:
        async with kitchen(folder, **burners) as here:
            await story(here)

    play(whole())


def play(story: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in simulated time."""
    simtime.run(story)
