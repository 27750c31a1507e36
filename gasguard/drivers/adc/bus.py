"""This machine's I²C buses through smbus2: a thread for each, which may hang without harm."""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from gasguard.drivers.board import I2c
from gasguard.errors import Unreachable

_INSTALL = "install it beside gasguard: pip install 'gasguard[pi]'"
T = TypeVar("T")
_Job = Callable[[], None]


class KernelBus:
    """One bus. Lives on the event loop; its thread is a daemon, and no exit waits for it."""

    def __init__(self, number: int, make: Callable[[int], Any] | None = None) -> None:
        """`make` opens a bus as `smbus2.SMBus` does."""
        self._number, self._make = number, make
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._turn = asyncio.Lock()
        self._hangs = False
        """Work is under way. Where nobody waits for it any more, nobody waits behind it."""
        self._bus: Any = None  # Any: smbus2 is not there where it is not used

    async def run(self, work: Callable[[I2c], T], within: float) -> T:
        """See `Board.on_bus`."""
        async with asyncio.timeout(within), self._turn:
            if self._hangs:
                raise TimeoutError
            return await self._done(work)

    def _done(self, work: Callable[[I2c], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            self._hangs = False
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]  # None only beside an error

        def job() -> None:
            result, error = None, None
            try:
                result = work(self._opened())
            except BaseException as raised:  # noqa: BLE001 - raised where it is waited for
                self._close()
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, result, error)

        self._hangs = True
        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="i2c", daemon=True)
            self._thread.start()
        return done

    def _work(self) -> None:
        while True:
            self._jobs.get()()

    def _opened(self) -> "_Opened":
        if self._bus is None:
            self._bus = (self._make or _smbus)(self._number)
        return _Opened(self._bus)

    def _close(self) -> None:
        """After a fault the next work begins with a bus that is opened anew."""
        bus, self._bus = self._bus, None
        if bus is not None:
            with contextlib.suppress(OSError):
                bus.close()


class _Opened:
    """See `I2c`."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus

    def write(self, address: int, register: int, word: int) -> None:
        self._bus.write_i2c_block_data(address, register, [word >> 8, word & 0xFF])

    def read(self, address: int, register: int) -> int:
        high, low = self._bus.read_i2c_block_data(address, register, 2)
        return int(high) << 8 | int(low)

    def now(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


def _smbus(number: int) -> Any:
    try:
        import smbus2
    except ImportError:
        raise Unreachable(f"Python's smbus2 is not there: {_INSTALL}") from None
    return smbus2.SMBus(number)
