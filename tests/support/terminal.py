"""gasguard at a real terminal (a pty), so wide; what is typed there, what stands there."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from types import TracebackType

from tests.support.processes import GASGUARD, ROOT

CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """One command in a terminal of its own. Leaving the block ends it."""

    def __init__(self, *words: str, columns: int = 80, env: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
        self.process = subprocess.Popen(
            [*GASGUARD, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=own_terminal,
            cwd=ROOT,
            env={**inherited, "TERM": "xterm", **(env or {})},
        )
        os.close(slave)
        self._heard = b""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
        with contextlib.suppress(OSError):
            os.close(self._master)

    @property
    def text(self) -> str:
        """What has been printed so far."""
        return self._heard.decode(errors="replace").replace("\r\n", "\n")

    def says(self, text: str, within: float = 15.0) -> None:
        """Wait until `text` stands there."""
        deadline = time.monotonic() + within
        while text not in self.text:
            assert time.monotonic() < deadline, f"no {text!r} within {within} s:\n{self.text}"
            if not self._listen():
                assert text in self.text, f"ended without {text!r}:\n{self.text}"

    def type(self, keys: str) -> None:
        """Press keys."""
        self.press(keys.encode())

    def press(self, keys: bytes) -> None:
        """Press what need be no text."""
        os.write(self._master, keys)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._master)

    def ends(self, within: float = 15.0) -> int:
        """Its exit code, once it has ended by itself."""
        deadline = time.monotonic() + within
        while self._listen() and time.monotonic() < deadline:
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def _listen(self) -> bool:
        """Take in what is printed within a moment; False when nobody prints any more."""
        with contextlib.suppress(OSError):
            if not select.select([self._master], [], [], 0.1)[0]:
                return True
            if data := os.read(self._master, 65536):
                self._heard += data
                return True
        return False
