"""Options that several commands share, and where the configuration is looked for."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gasguard.cli.exits import Misused

F = TypeVar("F", bound=Callable[..., Any])

DEMO_FOLDER = f"gasguard-demo-{os.getuid()}"
"""Name of the demo's state folder under the system's temporary folder."""
DEMO_MARK = "# Written by `gasguard demo`"
"""How the configuration of a demo begins."""


def demo_folder() -> Path:
    """Where the demo keeps its state unless told otherwise."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / DEMO_FOLDER  # noqa: S108 - checked by its user


def usual_places() -> list[Path]:
    """Where a configuration is looked for when -c is not given, in this order."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    named = os.environ.get("GASGUARD_CONFIG")
    return [
        *([Path(named)] if named else []),
        Path("/etc/gasguard/config.yaml"),
        home / "gasguard" / "config.yaml",
        Path("config.yaml"),
    ]


def find_config(given: Path | None) -> Path:
    """The configuration file to use. Raises Misused when there is none."""
    if given is not None:
        return given
    demo = demo_folder() / "config.yaml"
    # The demo's folder lies where anyone may write: only one's own counts.
    own_demo = [demo] if is_own(demo.parent) and is_own(demo) else []
    for place in (*usual_places(), *own_demo):
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in usual_places())
    raise Misused(
        f"no configuration found ({looked}); name one with -c FILE, or try: gasguard demo"
    )


def is_own(path: Path) -> bool:
    """Whether it is there and belongs to this user; somebody else's link to it does not count."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode)


def written_by_demo(path: Path) -> bool:
    """Whether this configuration is a demo's: nobody else's file is replaced, or said to end."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline().startswith(DEMO_MARK)
    except OSError:
        return False


def config_option(required: bool = False) -> Callable[[F], F]:
    """-c FILE."""
    return click.option(
        "-c",
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        required=required,
        help="Configuration file." if required else "Configuration file (default: usual places).",
    )


def mqtt_option(command: F) -> F:
    """--mqtt URL."""
    return click.option(
        "--mqtt",
        "mqtt_url",
        metavar="URL",
        help="Go through the broker instead of the local socket: mqtt://user:pass@host:port",
    )(command)
