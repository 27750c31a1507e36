"""A Debian system that runs: systemd as its first process, in a container of a chroot.

It has a network of its own, of loopback alone, so that what it installs must be in it already.
Only within `chroots.apart`: the container ends with those namespaces.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_BOOTED_WITHIN = 300.0
"""Seconds; an emulated one takes a minute."""


class Machine:
    """One of them, from `start` on."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._container: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def start(self) -> None:
        """Boot it, until systemd has started all that it would."""
        # systemd of Debian 13 begins on nothing older than the second version of control groups.
        env = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        log = self._root.with_suffix(".log").open("wb")
        self._container = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
             "--resolv-conf=off", "--timezone=off", "--console=read-only", "--boot", "--machine=pi",
             "--directory", str(self._root)],
            env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        self.until("systemd runs", self._booted, _BOOTED_WITHIN)

    def _booted(self) -> bool:
        assert self._container
        if self._container.poll() is not None:
            sys.exit(f"the container has ended:\n{self._root.with_suffix('.log').read_text()}")
        children = Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children")
        self._leader = int((children.read_text().split() or ["0"])[0])
        said = self.tried("systemctl", "is-system-running").stdout if self._leader else ""
        return said.strip() in ("running", "degraded")

    def tried(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run it in there as root; how that ended."""
        settings = ("DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin")
        inside = ["nsenter", "--target", str(self._leader), "--all", "env", "-i", *settings]
        return subprocess.run(
            [*inside, *command], check=False, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace",
        )  # fmt: skip

    def run(self, *command: str) -> str:
        """What it says. Ends the program where it fails."""
        done = self.tried(*command)
        if done.returncode:
            said = (done.stdout + done.stderr)[-4000:]
            sys.exit(f"$ {' '.join(command)}\nexit {done.returncode}\n{said}")
        return done.stdout

    def until(self, what: str, true: Callable[[], bool], within: float) -> float:
        """Wait for it; the seconds that took. Ends the program after `within`."""
        began = time.monotonic()
        while not true():
            if time.monotonic() > began + within:
                log = self.tried("journalctl", "--no-pager", "-n", "60").stdout
                sys.exit(f"not within {within:.0f} s: {what}\n{log}")
            time.sleep(0.1)
        return time.monotonic() - began
