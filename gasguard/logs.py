"""The log: handed over at once, written by a thread of its own.

Whoever reads it may stop reading (a terminal on Ctrl-S, a full pipe): that thread then waits, and
nobody else. What finds no room is counted, and told as soon as somebody reads again.
"""

import logging
import logging.handlers
import os
import queue
import sys
import threading
import time

ROOM = 2000
"""Lines that wait to be written: a few seconds of the worst that gasguard can say."""
_UNREAD_AFTER = 5.0
"""Seconds for which one line is being written, from which nobody is reading."""
_LAST_WORDS_WITHIN = 1.0
"""Seconds that the end of the process waits for what is still to be written."""


class Log:
    """Writes lines to a file descriptor. Start it once, before anything is logged."""

    def __init__(self, descriptor: int, *, verbose: bool = False, room: int = ROOM) -> None:
        self._descriptor = descriptor
        self._waiting: queue.Queue[logging.LogRecord] = queue.Queue(room)
        self._lost = 0
        self._told = 0
        self._writing_since: float | None = None
        self._formatter = logging.Formatter(f"{_stamp()}%(levelname)s %(name)s: %(message)s")
        self._level = logging.DEBUG if verbose else logging.INFO
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)

    def start(self) -> None:
        """Take everything that is logged from now on."""
        logging.raiseExceptions = False  # it would print to where nobody may be reading
        logging.captureWarnings(True)
        root = logging.getLogger()
        root.addHandler(_Handler(self))
        root.setLevel(self._level)
        self._thread.start()

    def put(self, record: logging.LogRecord) -> None:
        """Have a line written, if there is room. Never waits."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._lost += 1

    @property
    def trouble(self) -> str:
        """What is wrong with it now, for people; empty while it is read."""
        since = self._writing_since
        if since is None or time.monotonic() - since < _UNREAD_AFTER:
            return ""
        return f"nobody reads the log; {self._lost} lines are lost so far"

    def stop(self) -> None:
        """Give what is still to be written a moment. A reader that is gone holds up nothing."""
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(lambda: not self._is_busy, _LAST_WORDS_WITHIN)

    @property
    def _is_busy(self) -> bool:
        return bool(self._waiting.unfinished_tasks)

    def _write_all(self) -> None:
        while True:
            record = self._waiting.get()
            lost = self._lost
            if lost != self._told:
                self._write(f"WARNING {__name__}: {lost - self._told} lines are lost: nobody read")
                self._told = lost
            self._write(self._formatter.format(record))
            self._waiting.task_done()

    def _write(self, line: str) -> None:
        # Past Python's own buffers: the end of the process would wait for their locks.
        left = memoryview(f"{line}\n".encode(errors="backslashreplace"))
        self._writing_since = time.monotonic()
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            # The reader is gone, or has made the terminal non-blocking and lets it fill up.
            self._lost += 1
        finally:
            self._writing_since = None


class _Handler(logging.handlers.QueueHandler):
    def __init__(self, log: Log) -> None:
        super().__init__(queue.SimpleQueue())
        self._log = log

    def enqueue(self, record: logging.LogRecord) -> None:
        self._log.put(record)


def log_to_stderr(*, verbose: bool = False) -> Log:
    """One line a message; systemd adds the time by itself."""
    log = Log(2, verbose=verbose)
    log.start()
    return log


def _stamp() -> str:
    terminal = sys.stderr is not None and sys.stderr.isatty()
    return "" if not terminal and "JOURNAL_STREAM" in os.environ else "%(asctime)s "
