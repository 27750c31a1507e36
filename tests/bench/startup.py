"""From the start of the process to the first burner that is verified ready."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from gasguard.interfaces.local.unix import socket_address
from tests.bench.broker import broker
from tests.bench.client import Heard, bus
from tests.bench.figures import Figures
from tests.bench.park import relays
from tests.bench.process import gasguard_run, running
from tests.bench.site import Group, write_config

BURNERS = 2
_WITHIN = 20.0
_LOOK_EVERY = 0.005


async def measure(folder: Path, starts: int) -> dict[str, Any]:
    """Figures by where `ready` was seen: `control socket` (what is asked first) and `mqtt`."""
    group = Group("startup", 5, BURNERS)
    seen: dict[str, list[float]] = {"control socket": [], "mqtt": []}
    async with broker(folder) as port, bus(port) as connections, relays(folder, group):
        ready_on_mqtt: asyncio.Queue[float] = asyncio.Queue()

        def listen(heard: Heard) -> None:
            if heard.topic.endswith("/state") and json.loads(heard.payload)["phase"] == "ready":
                ready_on_mqtt.put_nowait(heard.at)

        await connections.listen(group.name, listen)
        config = write_config(folder, group, port)
        # The first one compiles what it imports, and is left out.
        for _ in range(1 + starts):
            while not ready_on_mqtt.empty():
                ready_on_mqtt.get_nowait()
            began = time.monotonic()
            async with running(folder, group.name, *gasguard_run(config)), asyncio.timeout(_WITHIN):
                await _ready_on_socket(folder / group.name / "control.sock")
                seen["control socket"].append(time.monotonic() - began)
                seen["mqtt"].append(await ready_on_mqtt.get() - began)
    return {where: Figures.of(times[1:]).data() for where, times in seen.items()}


async def _ready_on_socket(path: Path) -> None:
    """Returns once a burner is `ready` on the control socket."""
    reader, writer = await _connect(path)
    writer.write(b'{"command": "watch"}\n')
    while line := await reader.readline():
        states = json.loads(line)["states"]
        if any(state["phase"] == "ready" for state in states.values()):
            break
    writer.close()


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            with socket_address(path) as address:
                return await asyncio.open_unix_connection(address, limit=1 << 20)
        except OSError:
            await asyncio.sleep(_LOOK_EVERY)
