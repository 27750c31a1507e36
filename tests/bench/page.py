"""The page: a tap on OFF beside the same over MQTT, many phones that look on, and how it loads."""

import asyncio
import contextlib
import json
import os
import re
import signal
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.broker import broker
from tests.bench.client import Bus, Heard, bus
from tests.bench.errors import BenchError
from tests.bench.figures import Figures
from tests.bench.park import Moved, Park, relays
from tests.bench.process import cpu_seconds, gasguard_run, memory_mb, python, running
from tests.bench.site import Group, burner_name, write_config
from tests.support.processes import free_port

MQTT, HTTP = "mqtt", "page"
BURNERS = 12
_UP_WITHIN = 30.0
_RUN_WITHIN = 10.0
_SHARE = 0.1
"""Of a core that the page's process gets while it is loaded: what a busy Pi may leave it."""
_SLICE = 0.005
"""Seconds that it runs at a time."""
_LOADED = re.compile(rb'(?:href|src)="/?(static/[^"]+\.(?:js|css))"')
_IMPORTED = re.compile(rb'from "\./([^"]+\.js)"')
_LANGUAGE = "/static/words-en.js"
"""What `words.js` imports by the browser's language."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to do."""

    runs: int
    """Taps, and as many messages."""
    phones: int
    seconds: float
    """For which phones look on, and for which none does."""
    loads: int


async def measure(folder: Path, plan: Plan) -> dict[str, Any]:
    """Everything, with one daemon and one page."""
    group = Group("page", 8, BURNERS)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(broker(folder))
        connections = await stack.enter_async_context(bus(port))
        park = await stack.enter_async_context(relays(folder, group))
        kitchen = _Kitchen(group, connections, park)
        await kitchen.listen()
        config = write_config(folder, group, port)
        web_port = free_port()
        data = json.loads(config.read_text())
        config.write_text(json.dumps({**data, "web": {"host": "127.0.0.1", "port": web_port}}))
        daemon = await stack.enter_async_context(running(folder, group.name, *gasguard_run(config)))
        command = python("gasguard", "web", "-c", str(config))
        # Compiles what it imports.
        async with running(folder, "web", *command):
            await _serves(web_port)
        page = await stack.enter_async_context(running(folder, "web", *command))
        await kitchen.ready()
        await _serves(web_port)
        taps = await _taps(kitchen, web_port, plan.runs)
        await kitchen.ready()
        return {
            "taps": taps,
            "looking on": await _looking_on(daemon.pid, page.pid, web_port, plan),
            "load": await _loads(page.pid, web_port, plan.loads),
        }


# --- taps -----------------------------------------------------------------------------------------


class _Kitchen:
    """Burners that can be shut off, the one that has been free for longest first."""

    def __init__(self, group: Group, connections: Bus, park: Park) -> None:
        self._group, self._bus = group, connections
        self._free: deque[str] = deque()
        self._opened: dict[str, asyncio.Future[float]] = {}
        self._changed = asyncio.Event()
        park.watch(group, self._moved)

    async def listen(self) -> None:
        await self._bus.listen(self._group.name, self._heard)

    def _heard(self, heard: Heard) -> None:
        _, name, kind = (*heard.topic.split("/", 2), "")[:3]
        if kind != "state" or json.loads(heard.payload)["phase"] != "ready":
            return
        if name not in self._free and name not in self._opened:
            self._free.append(name)
            self._changed.set()

    def _moved(self, moved: Moved) -> None:
        opened = self._opened.get(burner_name(moved.index))
        if moved.is_open and opened is not None and not opened.done():
            opened.set_result(moved.at)

    async def ready(self) -> None:
        async with asyncio.timeout(_UP_WITHIN):
            while len(self._free) < BURNERS:
                self._changed.clear()
                await self._changed.wait()

    async def off(self, how: str, port: int) -> float:
        """Seconds until the contact is open."""
        async with asyncio.timeout(_RUN_WITHIN):
            while not self._free:
                self._changed.clear()
                await self._changed.wait()
        name = self._free.popleft()
        opened = self._opened[name] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_RUN_WITHIN):
                if how == MQTT:
                    began = self._bus.publish(f"{self._group.name}/{name}/off/set")
                    return await opened - began
                began = time.monotonic()
                answer = asyncio.create_task(_ask(port, "POST", f"/api/burners/{name}/off"))
                took = await opened - began
                status, _ = await answer
                if status != 200:
                    raise BenchError(f"the page answered an off with {status}")
                return took
        except TimeoutError:
            raise BenchError(f"an off over {how} did not open the contact") from None
        finally:
            del self._opened[name]


async def _taps(kitchen: _Kitchen, port: int, runs: int) -> dict[str, Any]:
    """In turns, so that what disturbs one disturbs the other."""
    took: dict[str, list[float]] = {MQTT: [], HTTP: []}
    for _ in range(runs):
        for how in (MQTT, HTTP):
            took[how].append(await kitchen.off(how, port))
    return {how: Figures.of(seconds).data() for how, seconds in took.items()}


# --- phones ---------------------------------------------------------------------------------------


async def _looking_on(daemon: int, page: int, port: int, plan: Plan) -> dict[str, Any]:
    """Share of a core in % and PSS in MB of both, without phones and with them."""
    alone = await _cost(daemon, page, plan.seconds)
    async with AsyncExitStack() as stack:
        for _ in range(plan.phones):
            await stack.enter_async_context(_phone(port))
        with_phones = await _cost(daemon, page, plan.seconds)
    return {"phones": plan.phones, "without": alone, "with": with_phones}


async def _cost(daemon: int, page: int, seconds: float) -> dict[str, float]:
    pids = {"daemon": daemon, "page": page}
    used = {name: cpu_seconds(pid) for name, pid in pids.items()}
    began = time.monotonic()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    cost = {}
    for name, pid in pids.items():
        cost[f"{name} %"] = round(100 * (cpu_seconds(pid) - used[name]) / elapsed, 3)
        cost[f"{name} MB"] = round(memory_mb(pid)[1], 1)
    return cost


@contextlib.asynccontextmanager
async def _phone(port: int) -> AsyncIterator[None]:
    """One that reads the stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await reader.readuntil(b"event: state")

    async def read() -> None:
        while await reader.read(65536):
            pass

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        writer.close()


# --- loading --------------------------------------------------------------------------------------


async def _loads(page: int, port: int, loads: int) -> dict[str, Any]:
    """Until a browser has all that it needs for its first picture: page, styles, modules, state."""
    took, size = [], 0
    throttle = asyncio.create_task(_throttle(page))
    try:
        for _ in range(loads):
            began = time.monotonic()
            size = await _load(port)
            took.append(time.monotonic() - began)
    finally:
        throttle.cancel()
        await asyncio.gather(throttle, return_exceptions=True)
        os.kill(page, signal.SIGCONT)
    return {"share": _SHARE, "kilobytes": round(size / 1024, 1), **Figures.of(took).data()}


async def _load(port: int) -> int:
    """How many bytes that are. Each module's imports are asked for when it is there."""
    index = await _fetched(port, "/")
    size, asked = len(index), {"/" + path.decode() for path in _LOADED.findall(index)}
    wanted = asked
    while wanted:
        bodies = await asyncio.gather(*(_fetched(port, path) for path in wanted))
        size += sum(map(len, bodies))
        imported = {
            f"/static/{name.decode()}" for body in bodies for name in _IMPORTED.findall(body)
        }
        if "/static/words.js" in wanted:
            imported.add(_LANGUAGE)
        wanted = imported - asked
        asked |= wanted
    return size + len(await _fetched(port, "/api/state"))


async def _fetched(port: int, path: str) -> bytes:
    status, body = await _ask(port, "GET", path)
    if status != 200:
        raise BenchError(f"the page does not load: {path} is answered with {status}")
    return body


async def _throttle(pid: int) -> None:
    while True:
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(_SLICE)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(_SLICE / _SHARE - _SLICE)


async def _serves(port: int) -> None:
    async with asyncio.timeout(_UP_WITHIN):
        while True:
            with contextlib.suppress(OSError):
                status, _ = await _ask(port, "GET", "/api/state")
                if status == 200:
                    return
            await asyncio.sleep(0.05)


async def _ask(port: int, method: str, path: str) -> tuple[int, bytes]:
    """Status and body, on a connection of its own, as a phone that has slept begins."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    host = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n"
    writer.write(f"{method} {path} HTTP/1.1\r\n{host}\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body
