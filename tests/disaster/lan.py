"""A network of its own: the machine that gasguard runs on, and a house that relays are in.

Two network namespaces and a cable between them. The test's own process lives in neither, but holds
sockets that were opened in them.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

_OPEN = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
kind = socket.SOCK_STREAM if sys.argv[4] == "listening" else socket.SOCK_DGRAM
opened = socket.socket(socket.AF_INET, kind)
opened.bind((sys.argv[2], int(sys.argv[3])))
if kind == socket.SOCK_STREAM:
    opened.listen()
socket.send_fds(channel, [b"."], [opened.fileno()])
"""


class Lan:
    """`pi` and `house` are words to put before a command that is to run there."""

    def __init__(self) -> None:
        self._holders: list[subprocess.Popen[bytes]] = []
        # Who is not root becomes it in a user namespace.
        own = [] if os.geteuid() == 0 else ["--map-root-user"]
        enter = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        pi = self._hold(["unshare", *own, "--net", "--mount"])
        self.pi = ["nsenter", "--target", str(pi), *enter, "--net", "--mount"]
        house = self._hold([*self.pi, "unshare", "--net"])
        self.house = ["nsenter", "--target", str(house), *enter, "--net"]
        self.run(
            *(*self.pi, "ip", "link", "add", "name", "cable0", "type", "veth"),
            *("peer", "name", "house0", "netns", str(house)),
        )
        for side, link in ((self.pi, "cable0"), (self.house, "house0")):
            for name in ("lo", link):
                self.run(*side, "ip", "link", "set", "dev", name, "up")

    def _hold(self, command: list[str]) -> int:
        holder = subprocess.Popen(
            [*command, "sh", "-c", "echo; exec sleep 100000"], stdout=subprocess.PIPE
        )
        self._holders.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline(), (
            f"no namespaces: {command} (kernel.unprivileged_userns_clone)"
        )
        return holder.pid

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
            number = there.fileno()
            kind = "listening" if listening else "bound"
            command = [*side, sys.executable, "-c", _OPEN, str(number), address, str(port), kind]
            subprocess.run(command, pass_fds=[number], check=True, timeout=10)
            _, (opened,), _, _ = socket.recv_fds(here, 1, 1)
        return socket.socket(fileno=opened)

    def mount(self, own: Path, place: str) -> None:
        """Let gasguard's machine see a file of the test's in the place of one of its own."""
        self.run(*self.pi, "mount", "--bind", str(own), os.path.realpath(place))

    def close(self) -> None:
        """End both; what still runs there has no network any more."""
        for holder in reversed(self._holders):
            holder.kill()
            holder.wait(5)
            if holder.stdout:
                holder.stdout.close()
