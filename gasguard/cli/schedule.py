"""`gasguard schedule`."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from gasguard.cli.connect import connect
from gasguard.cli.exits import FAILED, Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, mqtt_option
from gasguard.cli.saying import say
from gasguard.cli.screen import console
from gasguard.errors import did_you_mean, no_schedule

_COLUMNS = ("schedule", "now", "next", "skipped until")


@click.command(
    epilog=examples(
        "gasguard schedule", "gasguard schedule night skip", "gasguard schedule --mqtt mqtt://pi"
    )
)
@click.argument("name", required=False, metavar="[ID]")
@click.argument("word", required=False, metavar="[skip]")
@config_option()
@mqtt_option
@click.option("--json", "as_json", is_flag=True, help="Print the schedules as JSON.")
@click.pass_context
def schedule(
    ctx: click.Context,
    name: str | None,
    word: str | None,
    config_path: Path | None,
    mqtt_url: str | None,
    as_json: bool,
) -> None:
    """Show schedules, or skip one: its present window, or else its next one, does not count."""
    daemon = connect(config_path, mqtt_url)
    if word is not None:
        if word.casefold() != "skip":
            raise Misused(f"no {word!r} here; {did_you_mean(word, ['skip'])}write: {name} skip")
        ack = daemon.skip(_known(name, daemon.schedules()))
        if ack["status"] != "accepted":
            say(f"{ack['schedule']}: {ack['message'] or ack['code']}", err=True)
            ctx.exit(FAILED)
        say(f"{ack['schedule']}: {ack['message']}")
        return
    found = daemon.schedules()
    if name is not None:
        name = _known(name, found)
        found = {name: found[name]}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif not found:
        click.echo("no schedules are configured; see config.example.yaml")
    else:
        console().print(_table(found), soft_wrap=True)


def _known(written: str | None, schedules: dict[str, Any]) -> str:
    name = str(written).casefold()
    if name not in schedules:
        raise Misused(no_schedule(str(written), schedules))
    return name


def _table(schedules: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, no_wrap=True)
    for name, one in schedules.items():
        now = f"active until {_moment(one.get('until'))}" if one["active"] else "-"
        table.add_row(name, now, _moment(one["next_at"]), _moment(one["skipped_until"]))
    return table


def _moment(text: str | None) -> str:
    return "-" if text is None else f"{datetime.fromisoformat(text):%a %Y-%m-%d %H:%M}"
