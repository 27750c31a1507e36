"""What tests of messages look at: the process that sends them, and what waits on disk."""

import json
import time
from pathlib import Path
from typing import Any

from tests.support.kitchen import Kitchen
from tests.support.processes import Process

_CHILD = "gasguard.interfaces.messages.child"

TIMERS = {"timer_started": ["mum"], "timer_extended": ["mum"], "timer_cancelled": ["mum"]}
"""Routes of what `happen` makes happen: told at once, and as often as a test likes."""


def children(daemon: Process) -> list[int]:
    """Processes that the daemon has for its messages."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if _CHILD.encode() in command and f"PPid:\t{daemon.pid}\n" in status:
            found.append(int(folder.name))
    return found


def kept(kitchen: Kitchen) -> list[dict[str, Any]]:
    """The messages that are on disk."""
    try:
        return json.loads((kitchen.state_dir / "messages.json").read_text())["letters"]
    except FileNotFoundError:
        return []


def happen(kitchen: Kitchen, kind: str, value: str = "20m", burner: str = "left") -> None:
    """A command on the local socket, for one of the events in `TIMERS`."""
    assert kitchen.order(kind, value, burner)[-1]["status"] == "accepted"


def quiet_now() -> dict[str, str]:
    """Quiet hours for as long as a test lasts."""
    hour = time.localtime().tm_hour
    return {"from": f"{(hour - 1) % 24:02}:00", "to": f"{(hour + 2) % 24:02}:00"}
