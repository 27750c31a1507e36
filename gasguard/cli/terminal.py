"""Living at somebody's terminal: writing without waiting for a reader, ended by a signal."""

import asyncio
import contextlib
import os
import queue
import signal
import threading
from collections.abc import Coroutine
from typing import Any, NoReturn, TextIO

_ROOM = 1000
"""Pieces of text that wait for a reader who has stopped; what comes beyond is dropped."""


def stopped_by_signals() -> asyncio.Event:
    """Set at SIGTERM, SIGINT and SIGHUP. For the running loop's whole life."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # nohup, and shells for what they start with &, have some of them ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    # In the background, reading or writing at the terminal would stop the whole process.
    for number in (signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)
    return stop


async def attend(console: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Run a console until it ends, or until `stop`."""
    tasks = (asyncio.create_task(console), asyncio.create_task(stop.wait()))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def leave() -> NoReturn:
    """End with all done. A thread may still read or write where nobody is: the interpreter's own
    farewell would wait for the stream that it holds, and abort."""
    os._exit(0)


class Printer:
    """A stream for text that a thread of its own writes on. Nobody reading does no harm."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: queue.Queue[str] = queue.Queue(_ROOM)
        threading.Thread(target=self._write_all, name="printer", daemon=True).start()

    def write(self, text: str, /) -> None:
        """Have text written, if there is room."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(text)

    def flush(self) -> None:
        """Every text is flushed as it is written."""

    def line(self, text: str) -> None:
        """Have a line written."""
        self.write(f"{text}\n")

    def stop(self, within: float) -> None:
        """Give what still waits so many seconds."""
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(
                lambda: not self._waiting.unfinished_tasks, within
            )

    def _write_all(self) -> None:
        while True:
            text = self._waiting.get()
            # The terminal may be gone, the pipe closed: the demo goes on until it is ended.
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()
            self._waiting.task_done()
