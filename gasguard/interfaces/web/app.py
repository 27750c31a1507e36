"""The page's process put together."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gasguard.interfaces.web.api import Api
from gasguard.interfaces.web.daemon import Daemon
from gasguard.interfaces.web.settings import Settings
from gasguard.interfaces.web.stream import Stream

PAGE = Path(__file__).parent / "page"
"""What browsers load."""


def application(settings: Settings) -> tuple[ASGIApp, Callable[[], None]]:
    """What is served, and what ends its streams."""
    daemon = Daemon(Path(settings.socket))
    stream = Stream(daemon)

    @contextlib.asynccontextmanager
    async def living(_app: Starlette) -> AsyncIterator[None]:
        stream.start()
        yield
        stream.end()

    routes = [
        Route("/", _index),
        *Api(daemon, stream, settings.language).routes,
        Mount("/static", StaticFiles(directory=PAGE)),
    ]
    return Starlette(routes=routes, lifespan=living), stream.end


async def _index(_request: Request) -> Response:
    return FileResponse(PAGE / "index.html")
