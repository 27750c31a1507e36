"""A small page behind the door, on a real port, in this process."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gasguard.clock import SystemClock
from gasguard.interfaces.web import limits
from gasguard.interfaces.web.door import Door
from gasguard.interfaces.web.hosts import Hosts
from gasguard.interfaces.web.keyring import Keyring
from gasguard.interfaces.web.login import Login
from gasguard.luck import LUCK
from tests.support.http import Client
from tests.support.waiting import eventually

AWAY = "gasguard.local"
"""A name of the machine that is not its loopback: whoever says it needs a login."""


class Page:
    """The door with a page behind it that says what has come through."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offs: list[str] = []
        self.bodies: list[bytes] = []
        self.streams = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._keyring = Keyring(folder, SystemClock(), LUCK)
        routes = [
            Route("/", self._state),
            Route("/api/state", self._state),
            Route("/api/events", self._events),
            Route("/api/off", self._off, methods=["POST"]),
            Route("/api/burners/{name}/off", self._off, methods=["POST"]),
            Route("/api/burners/{name}/timer", self._timer, methods=["POST"]),
            Route("/static/page.css", self._text),
            Route("/healthz", self._text),
            *Login(self._keyring, LUCK, "auto").routes,
        ]
        app = Door(
            Starlette(routes=routes, lifespan=self._life), Hosts([AWAY]), self._keyring.is_open
        )
        settings = limits.server_settings()
        self._server = uvicorn.Server(uvicorn.Config(app, **settings))
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))
        self._thread.start()
        eventually(lambda: self._server.started)

    @contextlib.asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        await self._keyring.look()
        following = asyncio.create_task(self._keyring.run())
        yield
        following.cancel()

    def client(self, host: str | None = None, source: str = "127.0.0.1") -> Client:
        return Client(self.port, host=host, source=source)

    def away(self, source: str = "127.0.0.1") -> Client:
        """Somebody who needs a login."""
        return self.client(f"{AWAY}:{self.port}", source)

    def code(self) -> str:
        path = self.folder / "setup-code"
        eventually(path.exists)
        return path.read_text()

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()

    async def _state(self, request: Request) -> Response:
        return JSONResponse({"logged_in": request.state.logged_in})

    async def _text(self, _request: Request) -> Response:
        return PlainTextResponse("ok")

    async def _off(self, request: Request) -> Response:
        self.offs.append(request.path_params.get("name", "all"))
        return JSONResponse({"status": "confirmed"})

    async def _timer(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return JSONResponse({})

    async def _events(self, _request: Request) -> Response:
        async def lines() -> AsyncIterator[str]:
            self.streams += 1
            try:
                while True:
                    yield "event: state\ndata: " + "x" * 4000 + "\n\n"
                    await asyncio.sleep(0.005)
            finally:
                self.streams -= 1

        return StreamingResponse(lines(), media_type="text/event-stream")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    one = Page(tmp_path / "web")
    yield one
    one.stop()
