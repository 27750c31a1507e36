"""A network of its own: the machine that gasguard runs on, and a house that relays are in.

Two network namespaces and a cable between them. The test's own process lives in neither, but holds
sockets that were opened in them.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.namespaces import enter, ourselves, own

_OPEN = """
import socket, sys
channel = socket.socket(fileno=0)
kind = socket.SOCK_STREAM if sys.argv[3] == "listening" else socket.SOCK_DGRAM
opened = socket.socket(socket.AF_INET, kind)
opened.bind((sys.argv[1], int(sys.argv[2])))
if kind == socket.SOCK_STREAM:
    opened.listen()
socket.send_fds(channel, [b"."], [opened.fileno()])
"""


class Lan:
    """`pi` and `house` are words to put before what root is to do there; `ours`, before a program
    that is to run on gasguard's machine."""

    def __init__(self) -> None:
        self._holders: list[subprocess.Popen[bytes]] = []
        self._mounted: list[str] = []
        pi = self._hold(own("--net", "--mount"))
        self.pi = enter(pi, "--net", "--mount")
        self.ours = [*self.pi, *ourselves()]
        house = self._hold([*self.pi, "unshare", "--net"])
        self.house = enter(house, "--net")
        self.run(
            *(*self.pi, "ip", "link", "add", "name", "cable0", "type", "veth"),
            *("peer", "name", "house0", "netns", str(house)),
        )
        for side, link in ((self.pi, "cable0"), (self.house, "house0")):
            for name in ("lo", link):
                self.run(*side, "ip", "link", "set", "dev", name, "up")

    def _hold(self, command: list[str]) -> int:
        """A process there that ends with its standard input."""
        holder = subprocess.Popen(
            [*command, "sh", "-c", "echo $$; read -r _"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._holders.append(holder)
        assert holder.stdout is not None
        pid = holder.stdout.readline()
        assert pid, f"no namespaces: {command} (kernel.unprivileged_userns_clone; sudo)"
        return int(pid)

    def run(self, *words: str) -> None:
        """Carry out a command to its end."""
        subprocess.run(words, check=True, timeout=10)

    def address(self, side: list[str], new: str | None, old: str | None = None) -> None:
        """Give one side another address (`10.77.0.1/24`), or take it away."""
        link = "cable0" if side is self.pi else "house0"
        if old is not None:
            self.run(*side, "ip", "address", "del", old, "dev", link)
        if new is not None:
            self.run(*side, "ip", "address", "add", new, "dev", link)

    def socket(
        self, side: list[str], address: str, port: int, *, listening: bool = False
    ) -> socket.socket:
        """A bound UDP socket of that side, or a TCP one that listens."""
        here, there = socket.socketpair()
        with here, there:
            kind = "listening" if listening else "bound"
            command = [*side, sys.executable, "-c", _OPEN, address, str(port), kind]
            subprocess.run(command, stdin=there, check=True, timeout=10)
            _, (opened,), _, _ = socket.recv_fds(here, 1, 1)
        return socket.socket(fileno=opened)

    def mount(self, file: Path, place: str) -> None:
        """Let gasguard's machine see a file of the test's in the place of one of its own."""
        self._mounted.append(os.path.realpath(place))
        self.run(*self.pi, "mount", "--bind", str(file), self._mounted[-1])

    def close(self) -> None:
        """End both; what still runs there has no network any more."""
        for place in self._mounted:
            self.run(*self.pi, "umount", "--lazy", place)
        for holder in reversed(self._holders):
            holder.communicate(timeout=5)
