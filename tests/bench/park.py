"""The process full of relays, seen from the benchmark."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.errors import BenchError
from tests.bench.process import python, running
from tests.bench.site import Group

_UP_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Moved:
    """A contact moved, `at` CLOCK_MONOTONIC seconds."""

    index: int
    is_open: bool
    at: float


Watcher = Callable[[Moved], None]


class Park:
    """Hands on the relays, eyes on their contacts."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._watchers: dict[str, Watcher] = {}

    def watch(self, group: Group, watcher: Watcher) -> None:
        """Hear of each contact of `group` that moves."""
        self._watchers[group.name] = watcher

    def lose(self, share: float) -> None:
        """Lose this share of datagrams each way."""
        self._tell(f"loss {share}")

    def close(self, group: Group, index: int) -> None:
        """Close a contact by hand."""
        self._tell(f"close {group.name} {index}")

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n".encode())

    async def ready(self) -> None:
        """Wait until every relay is bound."""
        async with asyncio.timeout(_UP_WITHIN):
            if await self._line() != ["ready"]:
                raise BenchError("the simulated relays did not start")

    async def read(self) -> None:
        """Pass on what moves, until cancelled."""
        while words := await self._line():
            name, index, is_open, nanoseconds = words
            if watcher := self._watchers.get(name):
                watcher(Moved(int(index), is_open == "1", int(nanoseconds) / 1e9))

    async def _line(self) -> list[str]:
        if self._process.stdout is None:
            return []
        return (await self._process.stdout.readline()).decode().split()


@contextlib.asynccontextmanager
async def relays(folder: Path, *groups: Group) -> AsyncIterator[Park]:
    """Simulated relays for the length of the block."""
    command = python("tests.bench.relays", *(group.to_argument() for group in groups))
    async with running(folder, "relays", *command, talks=True) as process:
        park = Park(process)
        await park.ready()
        reader = asyncio.create_task(park.read())
        try:
            yield park
        finally:
            reader.cancel()
