"""The daemon as the page's process reaches it: a line of JSON there, some back, over its socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from gasguard.errors import GasguardError
from gasguard.interfaces.local.unix import elsewhere, socket_address

Line = dict[str, Any]

_CONNECT_WITHIN = 1.0
LONGEST_REQUEST = 4096
"""Bytes that the daemon reads of a request."""
_AT_ONCE = 8
"""Questions at a time. The daemon serves 32 clients: the command line is to find room too."""
_LONGEST_LINE = 4 * 1024 * 1024
"""Bytes: the states of as many burners as a configuration may have."""
_PAST_AT_ONCE = 2
"""Of them, about what was: an answer may have some megabytes."""
_EVENT_BEGINS, _EVENT_ENDS = b'{"event": ', b"}"


class Absent(GasguardError):
    """The daemon was not reached, or does not answer."""


class Refused(GasguardError):
    """The daemon has understood that it is not to answer; `code` is its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Daemon:
    """Where its socket is. Every question has a connection of its own. Lives on the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._turns_at_past = asyncio.Semaphore(_PAST_AT_ONCE)

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
            raise self._silent() from None
        except (OSError, ValueError) as error:
            raise Absent(f"the daemon at {self._path} broke off ({error})") from None
        finally:
            writer.close()

    async def past(self, request: Line, within: float) -> list[bytes]:
        """The events that it tells of what was, as JSON, within so many seconds.

        They may be thousands: they are passed on as they come. Raises Absent and Refused.
        """
        try:
            async with asyncio.timeout(within), self._turns_at_past, self._turns:
                reader, writer = await self._open(request)
                try:
                    told = await reader.read()
                finally:
                    writer.close()
        except TimeoutError:
            raise self._silent() from None
        except OSError as error:
            raise Absent(f"the daemon at {self._path} broke off ({error})") from None
        return [_event(line) for line in told.splitlines()]

    async def first(self, request: Line, within: float) -> Line:
        """Its first answer. Raises Absent and Refused."""
        try:
            async with (
                asyncio.timeout(within),
                self._turns,
                contextlib.aclosing(self.lines(request)) as lines,
            ):
                async for line in lines:
                    return line
        except TimeoutError:
            raise self._silent() from None
        raise Absent(f"the daemon at {self._path} hung up")

    async def shut_off(
        self, burners: list[str], within: float, settled: Callable[[], None]
    ) -> list[Line]:
        """Its acknowledgements of an off, of all burners where none is named; at least one.

        `settled` is called as soon as it is known of one what became of it.

        As many as have come when the time is over or it breaks off: whoever asked is to know which
        burners are off. No question goes before it. Raises Absent and Refused.
        """
        acks: list[Line] = []
        try:
            async with (
                asyncio.timeout(within),
                contextlib.aclosing(self.lines({"command": "off", "burners": burners})) as lines,
            ):
                async for line in lines:
                    acks.append(ack := line["ack"])
                    if is_final(ack):
                        settled()
                        # One name may mean all.
                        if [name.casefold() for name in burners] == [ack["burner"]]:
                            break
        except (Absent, TimeoutError, KeyError):
            if not acks:
                raise self._silent() from None
        if not acks:
            raise self._silent()
        return acks

    def _silent(self) -> Absent:
        return Absent(f"the daemon at {self._path} does not answer")

    async def _open(self, request: Line) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # Where another kitchen's daemon listens at this place, it carries nothing out.
        request = {"source": "web", "state_dir": str(self._path.parent), **request}
        line = json.dumps(request).encode() + b"\n"
        if len(line) > LONGEST_REQUEST:
            raise Refused("too_large", "that is too long: nothing that gasguard knows is so long")
        async with asyncio.timeout(_CONNECT_WITHIN):
            reader, writer = await self._connect()
        writer.write(line)
        return reader, writer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        why = "nobody listens there; is it running?"
        for place in (self._path, *elsewhere(self._path)):
            try:
                with socket_address(place) as address:
                    return await asyncio.open_unix_connection(address, limit=_LONGEST_LINE)
            except PermissionError:
                why = "this user may not speak to it; is it in the daemon's group?"
            except OSError:
                continue
        raise FileNotFoundError(why)


def is_final(ack: Line) -> bool:
    """Whether it says what became of an off."""
    return ack.get("status") in ("confirmed", "failed", "rejected")


def _event(line: bytes) -> bytes:
    """What stands in its line. Raises Absent and Refused."""
    if line.startswith(_EVENT_BEGINS) and line.endswith(_EVENT_ENDS):
        return line[len(_EVENT_BEGINS) : -len(_EVENT_ENDS)]
    with contextlib.suppress(ValueError):
        _understood(line)
    raise Absent("what the daemon tells of the past is not whole")


def _understood(line: bytes) -> Line:
    said = json.loads(line)
    if not isinstance(said, dict):
        raise ValueError("it says something else than objects")
    if said.get("error") == "other_daemon":
        raise Absent(f"another kitchen's daemon answers: {said.get('message')}")
    if "error" in said:
        raise Refused(str(said["error"]), str(said.get("message", "")))
    return said
