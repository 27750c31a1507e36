"""Hands messages to the process that has Apprise, which is there only while there is work for it.

Each delivery has a time limit that is held from here: a process in which one hangs gets no more to
do, and is ended as soon as its other deliveries are over. Addresses go over its standard input,
none is on its command line or in its environment.
"""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Any

from gasguard.interfaces.messages.aside import aside
from gasguard.interfaces.messages.outbox import Outcome, Result

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "gasguard.interfaces.messages.child")
WITHIN = 40.0
"""Seconds that one delivery has, the start of the process included: five on a slow Pi."""
IDLE_FOR = 15.0
"""Seconds without anything to do after which the process ends."""
_GOES_WITHIN = 1.0
"""Seconds between being asked to end and being ended."""
_LONGEST_ANSWER = 64 * 1024
_NOT_FOR_IT = ("GASGUARD_", "NOTIFY_SOCKET", "WATCHDOG_")
"""Beginnings of variables that it has no need of: other secrets, and the way to systemd."""


class Courier:
    """Lives on the event loop, which neither the process nor its start can hold up."""

    def __init__(self, within: float = WITHIN, idle_for: float = IDLE_FOR) -> None:
        self._within, self._idle_for = within, idle_for
        self._process: _Process | None = None
        """That new jobs go to."""
        self._all: set[_Process] = set()
        self._starting: asyncio.Task[_Process] | None = None
        self._dismissal: asyncio.TimerHandle | None = None

    async def send(self, url: str, title: str, body: str, *, urgent: bool) -> Outcome:
        """Deliver a message. Takes at most `within` seconds; raises nothing."""
        job = {"do": "send", "url": url, "title": title, "body": body, "urgent": urgent}
        return await self._have_done(job)

    async def check(self, url: str) -> Outcome:
        """Whether there is a service for an address. Nothing is sent."""
        return await self._have_done({"do": "check", "url": url})

    async def _have_done(self, job: dict[str, Any]) -> Outcome:
        if self._dismissal is not None:
            self._dismissal.cancel()
        process = None
        try:
            async with asyncio.timeout(self._within):
                process = await self._ready()
                return await process.ask(job)
        except TimeoutError:
            if process is not None:
                self._retire(process)
            return Outcome(Result.FAILED, f"the service did not end within {self._within:g} s")
        except Exception as error:  # noqa: BLE001 - out of files, of threads, of memory: try later
            why = f"the process that sends messages cannot be started ({_short(error)})"
            return Outcome(Result.FAILED, why)
        finally:
            self._look_whether_idle()

    async def _ready(self) -> "_Process":
        if self._process is not None and self._process.running:
            return self._process
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(self._start())
            self._starting.add_done_callback(self._started)
        # Whoever gives up waiting must not leave a process that is nobody's.
        return await asyncio.shield(self._starting)

    async def _start(self) -> "_Process":
        # A disk that hangs would hold up the event loop until the program is loaded.
        started = await aside(_popen)
        process = _Process(started)
        self._all.add(process)
        try:
            await process.listen(self._all.discard)
        except BaseException:
            self._all.discard(process)
            process.kill()
            raise
        return process

    def _started(self, starting: "asyncio.Task[_Process]") -> None:
        self._starting = None
        if starting.cancelled() or starting.exception() is not None:
            return
        self._process = starting.result()
        self._look_whether_idle()

    def _retire(self, process: "_Process") -> None:
        if self._process is process:
            self._process = None
        log.info("messages: a delivery hangs: its process %d is ended", process.pid)
        process.end_when_free()

    def _look_whether_idle(self) -> None:
        if self._dismissal is not None:
            self._dismissal.cancel()
        if self._process is not None and not self._process.jobs:
            loop = asyncio.get_running_loop()
            self._dismissal = loop.call_later(self._idle_for, self._dismiss)

    def _dismiss(self) -> None:
        process = self._process
        if process is not None and not process.jobs:
            self._process = None
            process.dismiss()

    async def close(self) -> None:
        """End every process."""
        if self._dismissal is not None:
            self._dismissal.cancel()
        if self._starting is not None:
            self._starting.cancel()
        self._process = None
        ending = [process.ended for process in self._all]
        for process in self._all:
            process.dismiss()
        if ending:
            await asyncio.wait(ending, timeout=2 * _GOES_WITHIN)


class _Process:
    """One process, and what it has been asked."""

    def __init__(self, started: "subprocess.Popen[bytes]") -> None:
        self._started, self.pid = started, started.pid
        self.running = True
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.jobs: dict[int, asyncio.Future[Outcome]] = {}
        self._ids = count(1)
        self._retired = False
        self._mouth: asyncio.WriteTransport | None = None
        self._listening: asyncio.Task[None] | None = None

    async def listen(self, gone: Any) -> None:
        """Begin to talk to it; `gone` is called with it once it has ended."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_LONGEST_ANSWER)
        await loop.connect_read_pipe(
            partial(asyncio.StreamReaderProtocol, reader), self._started.stdout
        )
        self._mouth, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, self._started.stdin)
        self._listening = loop.create_task(self._listen(reader))
        self._listening.add_done_callback(lambda _: gone(self))

    async def ask(self, job: dict[str, Any]) -> Outcome:
        """Have a job done. Cancelled, it is forgotten here, and goes on there."""
        number = next(self._ids)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.jobs[number] = answer
        try:
            if self._mouth is not None:
                self._mouth.write(json.dumps({"id": number, **job}).encode() + b"\n")
            return await answer
        finally:
            del self.jobs[number]
            if self._retired:
                self.end_when_free()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            # Whatever a line is that is too long, it is no answer: the process has gone mad.
            with contextlib.suppress(ValueError, OSError):
                async for line in reader:
                    self._answered(line)
        finally:
            self.running = False
            self.kill()
            for answer in self.jobs.values():
                if not answer.done():
                    why = "the process that sends messages ended meanwhile"
                    answer.set_result(Outcome(Result.FAILED, why))
            if self._mouth is not None:
                self._mouth.close()
            with contextlib.suppress(asyncio.CancelledError):
                await aside(self._started.wait)
            self.ended.set_result(None)

    def _answered(self, line: bytes) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            said = json.loads(line)
            answer = self.jobs.get(said["id"])
            if answer is not None and not answer.done():
                answer.set_result(Outcome(Result(said["result"]), str(said["why"])))

    def end_when_free(self) -> None:
        """It gets no more to do; others that it is at have their own time limits."""
        self._retired = True
        if not self.jobs:
            self.kill()

    def dismiss(self) -> None:
        """Let it end by itself, and end it where it does not."""
        if self._mouth is not None:
            self._mouth.close()
        asyncio.get_running_loop().call_later(_GOES_WITHIN, self.kill)

    def kill(self) -> None:
        """End it, by its id: as long as it is not waited for, nobody else has that."""
        with contextlib.suppress(OSError):
            self._started.kill()


def _short(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _popen() -> "subprocess.Popen[bytes]":
    """Raises OSError."""
    return subprocess.Popen(  # noqa: S603 - this very Python, and no word from outside
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=_environment(os.environ),
        # Ctrl-C is meant for the daemon.
        start_new_session=True,
    )


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Proxies, homes and languages, but no secret of gasguard's."""
    return {name: value for name, value in own.items() if not name.startswith(_NOT_FOR_IT)}
