"""The demo's page: `gasguard web` itself, in a process of its own that goes when the demo goes."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from gasguard.config.web import USUAL_PORT
from gasguard.errors import GasguardError

HOST = "127.0.0.1"
LOG = "web.log"
_ENDS_WITHIN = 2.5
"""Seconds."""


def page_listener(wanted: int | None) -> socket.socket:
    """Where the page is to be: at port `wanted`, at any for 0, for None at the usual one if it is
    free. Browsers find somebody there from now on, and wait until the page has begun.

    Raises GasguardError when `wanted` is taken.
    """
    for port in (USUAL_PORT, 0) if wanted is None else (wanted,):
        try:
            return socket.create_server((HOST, port))
        except OSError as error:
            if wanted is not None:
                raise GasguardError(
                    f"port {port} on {HOST}: {os.strerror(error.errno or 0)}; 0 means any free one"
                ) from None
    raise GasguardError(f"no free port on {HOST}")


def page_settings(listener: socket.socket) -> str:
    """`web:` for the file."""
    return f"web: {{host: {HOST}, port: {listener.getsockname()[1]}}}\n"


@contextlib.asynccontextmanager
async def page(
    listener: socket.socket, config: Path, say: Callable[[str], None]
) -> AsyncIterator[None]:
    """The page at work inside the block, which outlives it; `say` takes a line."""
    descriptor = listener.fileno()
    command = ("-m", "gasguard", "web", "-c", str(config), "--listener", str(descriptor))
    log = config.with_name(LOG)
    try:
        with listener, log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=written,
                stderr=written,
                pass_fds=[descriptor],
                # Ctrl-C is meant for the demo.
                start_new_session=True,
            )
    except OSError as error:
        say(f"there is no page: {error.strerror or error}")
        yield
        return
    watching = asyncio.create_task(_watch(process, log, say))
    try:
        yield
    finally:
        watching.cancel()
        await _end(process)


async def _watch(
    process: asyncio.subprocess.Process, log: Path, say: Callable[[str], None]
) -> None:
    code = await process.wait()
    say(f"The page has ended (exit code {code}, see {log}); all else goes on.")


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDS_WITHIN):
                await process.wait()
                return
        process.kill()
        await process.wait()
