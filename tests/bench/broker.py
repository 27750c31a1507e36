"""mosquitto, in a process of its own."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench.errors import BenchError
from tests.bench.process import running

_UP_WITHIN = 5.0
_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence false
log_dest stderr
log_type error
"""


def mosquitto() -> str:
    """Path of the broker. Raises BenchError where there is none."""
    path = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if path is None:
        raise BenchError("mosquitto is not installed: apt install mosquitto")
    return path


def mosquitto_version() -> str:
    """What it calls itself."""
    text = subprocess.run([mosquitto(), "-h"], capture_output=True, text=True, check=False).stdout
    return text.splitlines()[0].strip() if text else "unknown"


@contextlib.asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[int]:
    """A fresh broker for the length of the block; the port it listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(_CONFIG.format(port=port))
    async with running(folder, "mosquitto", mosquitto(), "-c", str(config)):
        async with asyncio.timeout(_UP_WITHIN):
            await _listening(port)
        yield port


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
