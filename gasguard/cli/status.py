"""`gasguard status`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gasguard.cli.burners import burner_argument, known
from gasguard.cli.connect import connect
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, mqtt_option
from gasguard.cli.screen import console, fold
from gasguard.durations import format_duration
from gasguard.mqtt.topics import means_all

States = dict[str, dict[str, Any]]

_COLUMNS = ("burner", "phase", "contact", "flame", "timer left", "last trip", "relay")
_COLOURS = {"ready": "green", "tripped": "yellow", "tripping": "yellow", "trip_failed": "bold red"}
_ALARMING = "bold red"
_ANY_WIDTH = 10_000


@click.command(
    epilog=examples("gasguard status", "gasguard status left", "gasguard status --watch")
)
@burner_argument(nargs=-1)
@config_option()
@mqtt_option
@click.option("--json", "as_json", is_flag=True, help="Print the states as JSON.")
@click.option("--watch", is_flag=True, help="Keep showing, until Ctrl-C.")
def status(
    burners: tuple[str, ...],
    config_path: Path | None,
    mqtt_url: str | None,
    as_json: bool,
    watch: bool,
) -> None:
    """Show one row a burner: phase, contact, flame, timer left, last trip and why.

    All burners, or those that are named.
    """
    daemon = connect(config_path, mqtt_url)
    screen = console()
    if not watch:
        _print(screen, _chosen(daemon.states(), burners), as_json)
        return
    try:
        _watch(screen, (_chosen(states, burners) for states in daemon.watch()), as_json)
    except KeyboardInterrupt:
        return


def _watch(screen: Console, news: Iterator[States], as_json: bool) -> None:
    if as_json or not screen.is_terminal:
        for states in news:
            _print(screen, states, as_json)
    else:
        with Live(console=screen, auto_refresh=False) as live:
            for states in news:
                live.update(_shown(screen, states), refresh=True)


def _chosen(states: States, burners: tuple[str, ...]) -> States:
    if not burners or means_all(burners):
        return states
    return {name: states[name] for name in known(burners, states)}


def _print(screen: Console, states: States, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(states, ensure_ascii=False))
    else:
        screen.print(_shown(screen, states), soft_wrap=True)


def _shown(screen: Console, states: States) -> Table | Group:
    """A row a burner, or a paragraph a burner where a row would not fit on the screen."""
    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, no_wrap=True)
    rows = [_row(name, state) for name, state in states.items()]
    for row in rows:
        table.add_row(*row)
    unbounded = screen.options.update(max_width=_ANY_WIDTH)
    below = [
        *(Text(line) for text in _reminders(states) for line in fold(text, screen.width, 4)),
        *(
            Text(line, style=_ALARMING)
            for text in _troubles(states)
            for line in fold(text, screen.width, 4)
        ),
    ]
    if screen.measure(table, options=unbounded).maximum <= screen.width:
        return Group(table, *below) if below else table
    lines = (line for row in rows for line in _paragraph(row, screen.width))
    return Group(*lines, *below)


def _reminders(states: States) -> Iterator[str]:
    """A line each, the next one first."""
    for name, state in states.items():
        for one in state.get("reminders", ()):
            label = f' "{one["label"]}"' if one["label"] else ""
            yield f"{name}: reminder{label} in {format_duration(one['remaining_s'])}"


def _troubles(states: States) -> Iterator[str]:
    """What is wrong with the daemon itself, which each state tells: a line each."""
    told = (text for state in states.values() for text in state.get("troubles", ()))
    yield from dict.fromkeys(told)


def _paragraph(row: list[Text], columns: int) -> Iterator[Text]:
    name, *values = row
    yield Text(name.plain, style="bold")
    for column, value in zip(_COLUMNS[1:], values, strict=True):
        for line in fold(f"  {column}: {value.plain}", columns, 4):
            yield Text(line, style=value.style)


def _row(name: str, state: dict[str, Any]) -> list[Text]:
    phase, locks = state["phase"], state["locks"]
    return [
        Text(name),
        Text(phase, style=_COLOURS.get(phase, "red")).append(
            f" ({', '.join(locks)})" if locks else ""
        ),
        Text(state["contact"]),
        Text(state["flame"]),
        _timer(state["timer"]),
        _trip(state["last_trip"]),
        _relay(state["relay"], state.get("sensor_problems", {})),
    ]


def _timer(timer: dict[str, Any] | None) -> Text:
    if timer is None:
        return Text("-")
    left = Text(format_duration(timer["remaining_s"]))
    if timer.get("waiting"):
        left.append(" when lit")
    return left if timer["guaranteed"] else left.append(" NOT GUARANTEED", _ALARMING)


def _trip(trip: dict[str, Any] | None) -> Text:
    if trip is None:
        return Text("-")
    text = Text(f"{trip['at'][11:19]} {trip['reason']} by {trip['source']}")
    return text if trip["confirmed"] else text.append(", not confirmed", _ALARMING)


def _relay(relay: dict[str, Any], sensors: dict[str, str]) -> Text:
    problem = relay["problem"] or ""
    if not relay["reachable"]:
        text = Text("unreachable", _ALARMING).append(f" {problem}".rstrip(), "none")
    else:
        text = Text(problem or f"{relay['latency_ms']} ms")
    silent = ", ".join(sensors)
    return text.append(f" {silent} silent", _ALARMING) if silent else text
