"""Simulated time and network: an asyncio loop that never waits, and UDP that never leaves it.

async def story() -> None:
    world = World.from_config(config, seed=7)
    await world.start()
    await asyncio.sleep(1200)  # twenty minutes, in no time
    await world.stop()

simtime.run(story(), seed=7)
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

from gasguard.clock import Instant
from gasguard.errors import GasguardError
from gasguard.simulator.seeding import stream
from gasguard.simulator.simnet import SimulatedNetwork

T = TypeVar("T")

FIRST_MOMENT = 1000.0
_OWN_SOCKETS = 1  # asyncio's self-pipe

LIMIT = 7200.0
"""Seconds of simulated time that `run` gives a story. Those of the tests take up to an hour; two of
a guard that polls take seconds of real time."""
_STEPS_AT_ONE_MOMENT = 100_000
"""Of the loop, without time moving on. Sound programs take some dozens; these take a second."""
_CLEANING_UP = 60.0
"""Seconds of simulated time beyond the limit in which what was cut short may still end well."""


class DeadlockError(GasguardError, RuntimeError):
    """Nothing is ready, no timer runs and no socket is open: the program would wait for ever."""


class EndlessError(GasguardError, RuntimeError):
    """Time goes on, or stands still, for longer than any sound program takes."""


class _JumpingSelector(selectors.SelectSelector):
    """Where a real selector would sleep, this one moves the clock."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.now = FIRST_MOMENT
        self._ends_at = FIRST_MOMENT + limit
        self._steps = 0
        self._watched = self.get_map()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._steps += 1
        if self._steps > _STEPS_AT_ONE_MOMENT:
            self._steps = 0
            raise EndlessError(
                f"simulation: {_STEPS_AT_ONE_MOMENT} steps of the loop and time stands still: "
                "look for what tries again without a pause"
            )
        # Real sockets (a control socket in a test, say) still work; they are only never waited for.
        if timeout is None or len(self._watched) > _OWN_SOCKETS:
            ready = super().select(0)
            if ready:
                return ready
            if timeout is None:
                raise DeadlockError("simulation: nothing is ready and no timer runs")
        if timeout > 0:
            self._pass(timeout)
        return []

    def _pass(self, seconds: float) -> None:
        passed = self.now - FIRST_MOMENT
        if self.now + seconds > self._ends_at:
            self._ends_at = self.now + _CLEANING_UP
            raise EndlessError(
                f"simulation: not ended after {passed:.0f} s of simulated time: "
                "look for what the story waits for, and why it does not come"
            )
        self.now += seconds
        self._steps = 0


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer when nothing is ready; datagrams travel in memory.

    Executors run their functions at once, in place: nothing depends on a thread's luck.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        latency: float = 0.001,
        jitter: float = 0.0,
        limit: float = math.inf,
    ) -> None:
        """Each datagram takes `latency` to `latency + jitter` seconds, drawn from `seed`.

        After `limit` seconds the loop raises EndlessError.
        """
        self._clock = _JumpingSelector(limit)
        super().__init__(self._clock)
        self.network = SimulatedNetwork(
            self, latency=latency, jitter=jitter, random=stream(seed, "network")
        )

    def time(self) -> float:
        return self._clock.now

    async def create_datagram_endpoint(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.DatagramProtocol],
        local_addr: tuple[str, int] | None = None,
        remote_addr: tuple[str, int] | None = None,
        **_options: object,
    ) -> tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]:
        """An endpoint of the simulated network. Raises OSError if `local_addr` is taken."""
        protocol = protocol_factory()
        transport = self.network.open(protocol, local_addr, remote_addr)
        protocol.connection_made(transport)
        return transport, protocol

    def run_in_executor(  # type: ignore[override]
        self, _executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """Call `func` now, on this thread."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - handed on to whoever awaits
            future.set_exception(error)
        return future


def run(
    coro: Coroutine[Any, Any, T], *, seed: int = 0, latency: float = 0.001, limit: float = LIMIT
) -> T:
    """`asyncio.run` in simulated time.

    Raises DeadlockError if `coro` can never end, and EndlessError if it has not ended after `limit`
    simulated seconds or time does not move on; a note says where it stands.
    """

    def loop() -> SimulatedLoop:
        return SimulatedLoop(seed=seed, latency=latency, limit=limit)

    with asyncio.Runner(loop_factory=loop) as runner:
        try:
            return runner.run(coro)
        except (DeadlockError, EndlessError) as error:
            error.add_note("\n".join(["It stands at", *_places(coro)]))
            raise


def _places(awaited: Any) -> Iterator[str]:
    """Where a suspended coroutine stands, from the outermost call to the innermost."""
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        yield f"  {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        awaited = awaited.cr_await


class SimulatedClock:
    """gasguard.clock.Clock on a loop's time."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wall0: float = 1_795_000_000.0,
        boot_id: str = "simulated-boot-1",
        *,
        boot0: float = 0.0,
        synchronised: bool = True,
    ) -> None:
        """At this moment the wall clock reads `wall0` (Unix time) and CLOCK_BOOTTIME `boot0`."""
        self._loop = loop
        self._wall_offset = wall0 - loop.time()
        self._boot_offset = boot0 - loop.time()
        self._boot_id = boot_id
        self.is_synchronised = synchronised

    def now(self) -> Instant:
        time = self._loop.time()
        return Instant(time + self._boot_offset, time + self._wall_offset)

    def boot_id(self) -> str:
        return self._boot_id

    def synchronised(self) -> bool:
        return self.is_synchronised

    def believable(self) -> bool:
        return self.is_synchronised

    def jump_wall(self, seconds: float) -> None:
        """Somebody sets the wall clock; nothing else moves."""
        self._wall_offset += seconds

    def reboot(self, boot_id: str) -> None:
        """The machine starts anew: CLOCK_BOOTTIME from 0 under a new boot id."""
        self._boot_id = boot_id
        self._boot_offset = -self._loop.time()
