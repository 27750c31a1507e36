"""What the page's process knows: handed to it when it begins, and nothing else of the file."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

WEB_FOLDER = "web"
"""Below the daemon's state folder: the page's own."""
_LARGEST = 64 * 1024
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Of `web:`, and where things are."""

    host: str
    port: int
    names: list[str]
    language: str
    metrics_token: str | None
    socket: str
    """The daemon's local socket."""
    folder: str
    """Where passwords and sessions are kept."""
    listener: int | None = None
    """A demo's: the socket to serve on, as long as standard input is held open."""

    def handed_over(self) -> int:
        """A file descriptor from which `received` reads them. Others cannot see what is in it."""
        descriptor = os.memfd_create("gasguard-web", 0)
        os.write(descriptor, json.dumps(asdict(self)).encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.set_inheritable(descriptor, True)
        return descriptor

    def __repr__(self) -> str:
        return f"Settings(host={self.host!r}, port={self.port})"


def received(descriptor: int) -> Settings:
    """What `handed_over` has put there. Closes it. Raises OSError and ValueError."""
    with open(descriptor, "rb") as file:
        return Settings(**json.loads(file.read(_LARGEST)))


def own_folder(state_dir: Path) -> Path:
    """The folder of the page's own state: that which systemd has made for it, if there is one."""
    named = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(named) if named else state_dir / WEB_FOLDER
