"""`gasguard history`."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gasguard.cli.burners import burner_argument
from gasguard.cli.burns import shown
from gasguard.cli.connect import connect
from gasguard.cli.exits import Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, mqtt_option
from gasguard.cli.screen import fold, width
from gasguard.durations import parse_duration
from gasguard.errors import DurationError
from gasguard.mqtt.topics import means_all

_SINCE, _BURNS_SINCE = "24h", "7d"
_SHOWN = ("type", "at", "burner", "reason", "source")


@click.command(
    epilog=examples(
        "gasguard history",
        "gasguard history left --since 2h",
        "gasguard history --since 2026-11-25",
        'gasguard history --since "2026-11-25 18:30"',
        "gasguard history --burns",
        "gasguard history left --burns --since 90d",
    )
)
@burner_argument(required=False)
@click.option(
    "--since",
    show_default=f"{_SINCE}; {_BURNS_SINCE} with --burns",
    help="How far back (30m, 2h, 2d), or from when (2026-11-25, 2026-11-25 18:30).",
)
@click.option("--burns", is_flag=True, help="Show how long burners burnt, and the gas, by day.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@config_option()
@mqtt_option
def history(
    burner: str | None,
    since: str | None,
    burns: bool,
    as_json: bool,
    config_path: Path | None,
    mqtt_url: str | None,
) -> None:
    """Show what happened, newest last, with the cause of each shutoff.

    With --burns: how long each burner was seen to burn on each day, and with rated_kw in the
    configuration an estimate of the gas. It needs a flame sensor.
    """
    since = (_BURNS_SINCE if burns else _SINCE) if since is None else since
    seconds = seconds_since(since, datetime.now().astimezone())
    # Ids are in small letters.
    wanted = None if burner is None or means_all([burner]) else burner.casefold()
    columns, empty = width(), True
    daemon = connect(config_path, mqtt_url)
    if burns and not as_json:
        for text in shown(daemon.burns(wanted, seconds), columns):
            click.echo(text)
        return
    for event in (daemon.burns if burns else daemon.history)(wanted, seconds):
        empty = False
        if as_json:
            click.echo(json.dumps(event, ensure_ascii=False))
        else:
            click.echo("\n".join(fold(_line(event), columns, 4)))
    if empty:
        click.echo("nothing happened since then; --since 7d looks further back", err=True)


def seconds_since(text: str, now: datetime) -> float:
    """Seconds before `now`, ≥ 0, that a duration or a date and time means; local without a zone.

    Raises Misused.
    """
    try:
        return parse_duration(text)
    except DurationError:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise Misused(
                f"--since: {text[:40]!r} is neither how long ago (30m, 2h, 2d) nor a date "
                "(2026-11-25, 2026-11-25 18:30)"
            ) from None
        # astimezone fails at the ends of the calendar, which has nothing to do with a stove.
        if not 1971 <= moment.year <= 9000:
            raise Misused(
                f"--since: {text[:40]!r} is no time since which a stove was guarded"
            ) from None
        seconds = (now - moment.astimezone()).total_seconds()
        if seconds <= 0:
            raise Misused(f"--since: {text[:40]!r} is still to come") from None
        return seconds


def _line(event: dict[str, Any]) -> str:
    cause = " by ".join(str(event[key]) for key in ("reason", "source") if event.get(key))
    details = ", ".join(
        f"{key}={value}" for key, value in event.items() if key not in _SHOWN and value is not None
    )
    when = event["at"].replace("T", " ")
    return f"{when}  {event['burner']:<10} {event['type']:<18} {cause}  {details}".rstrip()
