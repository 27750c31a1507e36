"""`gasguard history`."""

import json
from pathlib import Path
from typing import Any

import click

from gasguard.cli.connect import connect
from gasguard.cli.exits import Misused
from gasguard.cli.options import config_option, mqtt_option
from gasguard.durations import parse_duration
from gasguard.errors import DurationError

_SHOWN = ("type", "at", "burner", "reason", "source")


@click.command(epilog="Example: gasguard history left --since 2h")
@click.argument("burner", required=False)
@click.option("--since", default="24h", show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@config_option()
@mqtt_option
def history(
    burner: str | None, since: str, as_json: bool, config_path: Path | None, mqtt_url: str | None
) -> None:
    """Show what happened, newest last, with the cause of each shutoff."""
    try:
        seconds = parse_duration(since)
    except DurationError as error:
        raise Misused(f"--since: {error}") from None
    for event in connect(config_path, mqtt_url).history(burner, seconds):
        click.echo(json.dumps(event, ensure_ascii=False) if as_json else _line(event))


def _line(event: dict[str, Any]) -> str:
    cause = " by ".join(str(event[key]) for key in ("reason", "source") if event.get(key))
    details = ", ".join(
        f"{key}={value}" for key, value in event.items() if key not in _SHOWN and value is not None
    )
    when = event["at"].replace("T", " ")
    return f"{when}  {event['burner']:<10} {event['type']:<18} {cause}  {details}".rstrip()
