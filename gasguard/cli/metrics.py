"""`gasguard metrics`: what is counted, for Prometheus and its like."""

import contextlib
import os
import tempfile
import time
from importlib import resources
from pathlib import Path

import click

from gasguard.cli.connect import connect_locally
from gasguard.cli.exits import UNREACHABLE, Misused, Unreached
from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.cli.over_socket import SocketDaemon
from gasguard.durations import EXAMPLES, format_duration, parse_duration
from gasguard.errors import DurationError
from gasguard.files import is_special
from gasguard.interfaces.metrics.text import open_metrics

_MODE = 0o644
"""Of the file: node_exporter runs as another user."""
_SHORTEST, _LONGEST = 1.0, 3600.0
"""Seconds between two files."""


def _every(_ctx: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except DurationError:
        raise click.BadParameter(f"{text!r} is no duration; write for example {EXAMPLES}") from None
    if not _SHORTEST <= seconds <= _LONGEST:
        raise click.BadParameter(
            f"{format_duration(seconds)}: from 1s to 1h; write for example 15s"
        )
    return seconds


@click.command(
    epilog=examples(
        "gasguard metrics",
        "gasguard metrics --file g.prom --every 15s",
        "gasguard metrics --dashboard",
    )
)
@config_option()
@click.option(
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there, whole or not at all: for the textfile collector of node_exporter.",
)
@click.option("--every", metavar="DURATION", callback=_every, help="Go on, with --file.")
@click.option("--dashboard", is_flag=True, help="Print a dashboard for Grafana instead.")
@click.pass_context
def metrics(
    ctx: click.Context,
    config_path: Path | None,
    file: Path | None,
    every: float | None,
    dashboard: bool,
) -> None:
    """Print what the daemon has counted, as OpenMetrics text.

    Shutoffs by cause and how long they took, relays, sensors, timers, messages, burn time and gas.

    Where the daemon does not answer, gasguard_up is 0, and the exit code 3. The page serves the
    same at /metrics.
    """
    if dashboard:
        click.echo(resources.files("gasguard").joinpath("data/grafana.json").read_text("utf-8"))
        return
    if every is not None and file is None:
        raise Misused("--every goes with --file FILE")
    daemon = connect_locally(config_path)
    if every is None:
        text, trouble = _text(daemon)
        _put(text, file)
        if trouble is not None:
            click.echo(f"gasguard: {trouble}", err=True)
            ctx.exit(UNREACHABLE)
        return
    told: str | None = None
    is_first = True
    while True:
        text, trouble = _text(daemon)
        try:
            _put(text, file)
        except Misused as error:
            if is_first:
                raise
            # A full disk has room again some time; until then the file's age tells.
            trouble = str(error)
        if trouble != told:
            click.echo(f"gasguard: {trouble or 'all is well again'}", err=True)
            told = trouble
        is_first = False
        time.sleep(every)


def _text(daemon: SocketDaemon) -> tuple[str, str | None]:
    """The text, and why the daemon did not tell, if it did not: it may have too many clients."""
    try:
        return open_metrics(daemon.metrics()), None
    except (Unreached, Misused) as error:
        return open_metrics(None), str(error)


def _put(text: str, file: Path | None) -> None:
    if file is None:
        click.echo(text, nl=False)
        return
    if is_special(file):
        raise Misused(f"{file} is no ordinary file, and stays; name one, or print without --file")
    try:
        _write(file, text)
    except FileNotFoundError:
        raise Misused(f"{file} cannot be written: there is no folder {file.parent}") from None
    except OSError as error:
        raise Misused(f"{file} cannot be written: {error.strerror or error}") from None


def _write(file: Path, text: str) -> None:
    """Whoever reads it sees all of it. Raises OSError."""
    # Not .prom: node_exporter must not read what is not whole.
    descriptor, new = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with open(descriptor, "w", encoding="utf-8") as writing:
            writing.write(text)
            writing.flush()
            os.fchmod(writing.fileno(), _MODE)
            os.fsync(writing.fileno())
        os.replace(new, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
