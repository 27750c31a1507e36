"""Options that several commands share, and where the configuration is looked for."""

import math
import os
import re
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


class Amount(click.FloatRange):
    """A number above 0 and up to `most`."""

    def __init__(self, most: float) -> None:
        super().__init__(0, most, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See `click.ParamType.convert`. Comparisons let nan pass."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


def demo_folder() -> Path:
    """Where the demo keeps its state unless told otherwise."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / DEMO_FOLDER  # noqa: S108 - checked by its user


def usual_places() -> list[Path]:
    """Where a configuration is looked for when -c is not given, in this order."""
    # A user without a home is no fault.
    home = Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))
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


def ended_demo(mqtt_url: str) -> str:
    """What to say where this user's last demo had the broker at that URL; else empty."""
    path = demo_folder() / "config.yaml"
    if not (is_own(path.parent) and is_own(path) and written_by_demo(path)):
        return ""
    port = re.search(r"^mqtt: .*port: (\d+)", path.read_text(encoding="utf-8"), re.M)
    there = re.fullmatch(r"mqtt://(?:127\.[\d.]+|localhost):(\d+)(?:/.*)?", mqtt_url)
    if port is None or there is None or port[1] != there[1]:
        return ""
    return "the demo that had it has ended; start it again with: gasguard demo"


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


def speed_option(command: F) -> F:
    """--speed FACTOR, of a simulated stove."""
    return click.option(
        "--speed",
        metavar="FACTOR",
        type=Amount(1000),
        default=1.0,
        show_default=True,
        help="Run the stove this much faster.",
    )(command)


MQTT_URL = "gasguard.mqtt_url"
"""Where the root context's `meta` has the URL that was given."""


def _noted(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    ctx.meta[MQTT_URL] = value
    return value


def mqtt_option(command: F) -> F:
    """--mqtt URL."""
    return click.option(
        "--mqtt",
        "mqtt_url",
        metavar="URL",
        callback=_noted,
        help="Go through the broker instead of the local socket: mqtt://user:pass@host:port",
    )(command)
