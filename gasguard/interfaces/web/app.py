"""The page's process put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gasguard.clock import SystemClock
from gasguard.health import Notifier
from gasguard.interfaces.web.api import Api, no_such_path
from gasguard.interfaces.web.daemon import Daemon
from gasguard.interfaces.web.door import Door
from gasguard.interfaces.web.hosts import Hosts
from gasguard.interfaces.web.keyring import Keyring
from gasguard.interfaces.web.login import Login
from gasguard.interfaces.web.metrics import Metrics
from gasguard.interfaces.web.settings import Settings
from gasguard.interfaces.web.start_page import StartPage
from gasguard.interfaces.web.stream import Stream
from gasguard.luck import LUCK

PAGE = Path(__file__).parent / "page"
"""What browsers load."""
_ALIVE_EVERY = 5.0
"""Seconds; the unit's WatchdogSec is four times as much."""


def application(settings: Settings) -> tuple[ASGIApp, Callable[[], None]]:
    """What is served, and what ends its streams."""
    daemon = Daemon(Path(settings.socket))
    stream = Stream(daemon)
    keyring = Keyring(Path(settings.folder), SystemClock(), LUCK)

    @contextlib.asynccontextmanager
    async def living(_app: Starlette) -> AsyncIterator[None]:
        stream.start()
        await keyring.look()
        following = asyncio.create_task(keyring.run())
        telling = asyncio.create_task(_tell_systemd(stream))
        yield
        telling.cancel()
        following.cancel()
        stream.end()

    start_page = StartPage((PAGE / "index.html").read_text("utf-8"), stream, settings.language)
    routes = [
        Route("/", start_page.serve),
        # A worker answers for what lies at its own place and below, so it stands at the top.
        Route("/sw.js", _worker),
        *Api(daemon, stream, settings.language).routes,
        *Login(keyring, LUCK, settings.language).routes,
        *Metrics(daemon, settings.metrics_token).routes,
        Mount("/static", StaticFiles(directory=PAGE)),
    ]
    behind = Starlette(
        routes=routes, lifespan=living, exception_handlers={HTTPException: no_such_path}
    )
    behind.router.redirect_slashes = False
    return Door(behind, Hosts(settings.names), keyring.is_open), stream.end


async def _tell_systemd(stream: Stream) -> None:
    """READY once, then WATCHDOG for as long as the event loop turns."""
    notifier = Notifier()
    notifier.send("READY=1")
    while True:
        status = "serving" if stream.state is not None else "serving, but the daemon is not there"
        notifier.send("WATCHDOG=1", f"STATUS={status}")
        await asyncio.sleep(_ALIVE_EVERY)


async def _worker(_request: Request) -> Response:
    return FileResponse(PAGE / "sw.js")
