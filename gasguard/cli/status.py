"""`gasguard status`."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gasguard.cli.connect import connect
from gasguard.cli.options import config_option, mqtt_option
from gasguard.durations import format_duration

_COLOURS = {"ready": "green", "tripped": "yellow", "tripping": "yellow", "trip_failed": "bold red"}


@click.command(epilog="Examples: gasguard status      gasguard status --watch")
@config_option()
@mqtt_option
@click.option("--json", "as_json", is_flag=True, help="Print the states as JSON.")
@click.option("--watch", is_flag=True, help="Keep showing, until Ctrl-C.")
def status(config_path: Path | None, mqtt_url: str | None, as_json: bool, watch: bool) -> None:
    """Show one row a burner: phase, contact, flame, timer left, last trip and why."""
    daemon = connect(config_path, mqtt_url)
    # Piped output is for other programs: not folded to a narrow screen.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    if not watch:
        _print(console, daemon.states(), as_json)
    elif as_json or not console.is_terminal:
        for states in daemon.watch():
            _print(console, states, as_json)
    else:
        with Live(console=console, auto_refresh=False) as live:
            for states in daemon.watch():
                live.update(_table(states), refresh=True)


def _print(console: Console, states: dict[str, dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(states, ensure_ascii=False))
    else:
        console.print(_table(states))


def _table(states: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("burner", "phase", "contact", "flame", "timer left", "last trip", "relay"):
        table.add_column(column, overflow="fold")
    for name, state in states.items():
        phase, locks = state["phase"], state["locks"]
        colour = _COLOURS.get(phase, "red")
        table.add_row(
            name,
            f"[{colour}]{phase}[/]" + (f" ({', '.join(locks)})" if locks else ""),
            state["contact"],
            state["flame"],
            _timer(state["timer"]),
            _trip(state["last_trip"]),
            _relay(state["relay"]) + _silent(state.get("hazards", {})),
        )
    return table


def _timer(timer: dict[str, Any] | None) -> str:
    if timer is None:
        return "-"
    doubt = "" if timer["guaranteed"] else " [bold red]NOT GUARANTEED[/]"
    return format_duration(timer["remaining_s"]) + doubt


def _trip(trip: dict[str, Any] | None) -> str:
    if trip is None:
        return "-"
    time = trip["at"][11:19]
    word = "" if trip["confirmed"] else ", [bold red]not confirmed[/]"
    return f"{time} {trip['reason']} by {trip['source']}{word}"


def _relay(relay: dict[str, Any]) -> str:
    # What is wrong may be told in a device's own words: no markup.
    problem = escape(relay["problem"] or "")
    if not relay["reachable"]:
        return f"[bold red]unreachable[/] {problem}".rstrip()
    return problem or f"{relay['latency_ms']} ms"


def _silent(hazards: dict[str, str]) -> str:
    names = ", ".join(name for name, word in hazards.items() if word == "silent")
    return f" [bold red]{names} silent[/]" if names else ""
