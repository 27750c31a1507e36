"""The daemon as the page's process reaches it: a line of JSON there, some back, over its socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from gasguard.errors import GasguardError
from gasguard.interfaces.local.unix import elsewhere, socket_address

Line = dict[str, Any]

_CONNECT_WITHIN = 1.0
_LONGEST_LINE = 4 * 1024 * 1024
"""Bytes: the states of as many burners as a configuration may have."""


class Absent(GasguardError):
    """The daemon was not reached, or does not answer."""


class Refused(GasguardError):
    """The daemon has understood that it is not to answer; `code` is its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Daemon:
    """Where its socket is. Every question has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def lines(self, request: Line, within: float | None = None) -> AsyncGenerator[Line, None]:
        """Its answers, each at most `within` seconds after the one before.

        Raises Absent and Refused.
        """
        try:
            reader, writer = await self._open(request)
        except (OSError, TimeoutError) as error:
            raise Absent(f"no daemon at {self._path} ({error or 'it does not answer'})") from None
        try:
            while True:
                async with asyncio.timeout(within):
                    line = await reader.readline()
                if not line:
                    return
                yield _understood(line)
        except TimeoutError:
            raise Absent(f"the daemon at {self._path} does not answer") from None
        except (OSError, ValueError) as error:
            raise Absent(f"the daemon at {self._path} broke off ({error})") from None
        finally:
            writer.close()

    async def answers(self, request: Line, within: float) -> list[Line]:
        """All its answers to a question that has an end, within so many seconds; there may be none.

        Raises Absent and Refused.
        """
        try:
            async with asyncio.timeout(within), contextlib.aclosing(self.lines(request)) as lines:
                return [line async for line in lines]
        except TimeoutError:
            raise Absent(f"the daemon at {self._path} does not answer") from None

    async def first(self, request: Line, within: float) -> Line:
        """Its first answer. Raises Absent and Refused."""
        async with contextlib.aclosing(self.lines(request, within)) as lines:
            async for line in lines:
                return line
        raise Absent(f"the daemon at {self._path} hung up")

    async def _open(self, request: Line) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(_CONNECT_WITHIN):
            reader, writer = await self._connect()
        # Where another kitchen's daemon listens at this place, it carries nothing out.
        request = {"source": "web", "state_dir": str(self._path.parent), **request}
        writer.write(json.dumps(request).encode() + b"\n")
        return reader, writer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for place in (self._path, *elsewhere(self._path)):
            with contextlib.suppress(OSError), socket_address(place) as address:
                return await asyncio.open_unix_connection(address, limit=_LONGEST_LINE)
        raise FileNotFoundError("nobody listens there; is it running?")


def _understood(line: bytes) -> Line:
    said = json.loads(line)
    if not isinstance(said, dict):
        raise ValueError("it says something else than objects")
    if "error" in said:
        raise Refused(str(said["error"]), str(said.get("message", "")))
    return said
