"""Real processes: started, watched, ended by their id. One left over fails the test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.support.namespaces import behind_sudo
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
GASGUARD = [sys.executable, "-m", "gasguard"]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port of this machine that nobody uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody takes TCP connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


class Process:
    """One process; its output goes to a file, so that no full pipe ever blocks it."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.log = log
        self._command = command
        self._file = log.open("wb")
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            cwd=cwd or ROOT,
            env={**os.environ, **(env or {})},
        )
        self.started = time.monotonic()

    @property
    def pid(self) -> int:
        """Of what the command came to."""
        if not self.running:
            return self._popen.pid
        pid = eventually(lambda: behind_sudo(self._command, self._popen.pid), 5)
        assert pid is not None
        return pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        """What it has printed so far, both streams."""
        return self.log.read_text(errors="replace")

    def type(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._popen.stdin is not None
        self._popen.stdin.write(f"{line}\n".encode())
        self._popen.stdin.flush()

    def says(self, text: str, within: float = 10.0) -> None:
        """Wait until it has printed `text`."""
        eventually(lambda: text in self.output or not self.running, within, f"output has {text!r}")
        assert text in self.output, f"ended without saying {text!r}:\n{self.output}"

    def send_signal(self, number: int) -> None:
        if self.running:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)
        self._popen.wait(5)
        self._close()

    def stop(self, within: float = 10.0) -> int:
        """SIGTERM; the exit code. One that does not end in time is killed and fails the test."""
        if self.running:
            self.send_signal(signal.SIGCONT)
            self.send_signal(signal.SIGTERM)
        try:
            return self._popen.wait(within)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
            self._popen.wait(5)
            raise AssertionError(f"did not end within {within} s:\n{self.output}") from None
        finally:
            self._close()

    def wait(self, within: float = 10.0) -> int:
        """Its exit code, once it ends by itself."""
        code = self._popen.wait(within)
        self._close()
        return code

    def memory(self) -> int:
        """Resident bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def udp_ports(self) -> list[int]:
        """Local ports of its UDP sockets."""
        sockets = set()
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                sockets.add(os.readlink(entry))
            except OSError:
                continue
        rows = Path("/proc/net/udp").read_text().splitlines()[1:]
        return [
            int(fields[1].split(":")[1], 16)
            for fields in (row.split() for row in rows)
            if f"socket:[{fields[9]}]" in sockets
        ]

    def _close(self) -> None:
        self._file.close()
        if self._popen.stdin:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()
