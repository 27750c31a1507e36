"""One contender of the shutoff race: its relays, its runs under way, its results."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bench.client import Bus, Heard
from tests.bench.park import Moved, Park
from tests.bench.site import Group, burner_index, burner_name


@dataclass(slots=True)
class Run:
    """One command to one relay. It is over when the contender is through with it."""

    began: float
    opened: float | None = None
    confirmed: float | None = None
    """When the contender said so."""
    failed: bool = False
    """The contender said that it gave up."""
    rearming: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Lane:
    """`start` a run on a relay that is free; look at `runs` when all are over."""

    def __init__(self, group: Group, bus: Bus, park: Park) -> None:
        self.group = group
        self._bus, self._park = bus, park
        self.free: deque[int] = deque()
        self.runs: list[Run] = []
        self._under_way: dict[int, Run] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called whenever a relay became free or a run was over."""
        park.watch(group, self._moved)

    @property
    def idle(self) -> bool:
        """Whether every relay is free."""
        return len(self.free) == self.group.count

    async def listen(self) -> None:
        """Begin to hear the contender."""
        await self._bus.listen(self.group.name, self._heard)

    def start(self) -> Run:
        """Command the relay that has been free for longest."""
        index = self.free.popleft()
        run = Run(began=0.0)
        self._under_way[index] = run
        self.runs.append(run)
        run.began = self._bus.publish(self._topic(index))
        return run

    # --- what differs between contenders ------------------------------------------------------

    def _topic(self, index: int) -> str:
        return f"{self.group.name}/{index}/off/set"

    def _heard(self, heard: Heard) -> None:
        """`GROUP/INDEX/done` says `ready` at start, then `ok` or `failed`."""
        _, index, _ = heard.topic.split("/", 2)
        if not heard.topic.endswith("/done"):
            return
        if heard.payload == b"ready":
            self._release(int(index))
            return
        run = self._under_way.get(int(index))
        if run is not None:
            self._said(int(index), run, heard.payload == b"ok", heard.at)

    def _end(self, index: int, run: Run) -> None:
        """The run is over: make its relay free again."""
        if run.opened is None:
            self._release(index)
        else:
            self._park.close(self.group, index)

    # --- the life of a run --------------------------------------------------------------------

    def _said(self, index: int, run: Run, success: bool, at: float) -> None:
        if success:
            run.confirmed = at
        else:
            run.failed = True
        self._settle(index, run)

    def _moved(self, moved: Moved) -> None:
        run = self._under_way.get(moved.index)
        if run is None:
            return
        if moved.is_open:
            run.opened = run.opened or moved.at
            self._settle(moved.index, run)
        elif run.over.is_set():
            self._closed(moved.index)

    def _closed(self, index: int) -> None:
        self._release(index)

    def _settle(self, index: int, run: Run) -> None:
        # The two come by different ways: a confirmation may be here before the contact's own word.
        through = run.failed or (run.confirmed is not None and run.opened is not None)
        if through and not run.over.is_set():
            run.over.set()
            self._end(index, run)
            self.changed()

    def _release(self, index: int) -> None:
        self._under_way.pop(index, None)
        self.free.append(index)
        self.changed()


class GasguardLane(Lane):
    """The daemon: it re-arms by itself, and a relay is free once its burner says `ready` again."""

    def _topic(self, index: int) -> str:
        return f"{self.group.name}/{burner_name(index)}/off/set"

    def _heard(self, heard: Heard) -> None:
        _, name, kind = (*heard.topic.split("/", 2), "")[:3]
        if kind not in ("state", "ack"):
            return
        index, data = burner_index(name), json.loads(heard.payload)
        run = self._under_way.get(index)
        if kind == "ack":
            if run is not None and data["status"] in ("confirmed", "failed"):
                self._said(index, run, data["status"] == "confirmed", heard.at)
        elif data["phase"] != "ready":
            if run is not None:
                run.rearming = True
        elif self._is_through(index, run):
            self._release(index)

    def _is_through(self, index: int, run: Run | None) -> bool:
        """Whether `ready` makes it free: at start, or after its trip. States are told repeatedly,
        so a `ready` may also be an old one."""
        if run is None:
            return index not in self.free
        return run.rearming and run.over.is_set()

    def _end(self, index: int, run: Run) -> None:
        """Nothing to do: it re-arms by itself."""

    def _closed(self, index: int) -> None:
        """Not free yet: only the daemon's own word counts."""
