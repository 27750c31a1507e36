"""What the daemon costs while nobody cooks."""

import asyncio
import time
from pathlib import Path
from typing import Any

from tests.bench.broker import broker
from tests.bench.client import Heard, bus
from tests.bench.park import relays
from tests.bench.process import cpu_seconds, gasguard_run, memory_mb, running
from tests.bench.site import Group, write_config

BURNERS = 2
_UP_WITHIN = 20.0


async def measure(folder: Path, warm_up: float, seconds: float) -> dict[str, Any]:
    """Share of one core in %, RSS and PSS in MB, with two burners, over `seconds`."""
    group = Group("idle", 6, BURNERS)
    async with broker(folder) as port, bus(port) as connections, relays(folder, group):
        online = asyncio.Event()

        def listen(heard: Heard) -> None:
            if heard.topic == f"{group.name}/status":
                (online.set if heard.payload == b"online" else online.clear)()

        await connections.listen(group.name, listen)
        command = gasguard_run(write_config(folder, group, port))
        # Compiles what it imports.
        async with running(folder, group.name, *command), asyncio.timeout(_UP_WITHIN):
            await online.wait()
        online.clear()
        async with running(folder, group.name, *command) as process:
            async with asyncio.timeout(_UP_WITHIN):
                await online.wait()
            await asyncio.sleep(warm_up)
            began, used = time.monotonic(), cpu_seconds(process.pid)
            await asyncio.sleep(seconds)
            elapsed = time.monotonic() - began
            used = cpu_seconds(process.pid) - used
            rss, pss = memory_mb(process.pid)
    return {
        "cpu_percent": round(100 * used / elapsed, 3),
        "rss_mb": round(rss, 1),
        "pss_mb": round(pss, 1),
        "seconds": round(elapsed, 1),
    }
