"""`gasguard explain`."""

import json
from pathlib import Path
from typing import Any, get_args

import click

from gasguard.cli.burners import burner_argument, known
from gasguard.cli.connect import connect
from gasguard.cli.daemon import Daemon
from gasguard.cli.exits import Unreached
from gasguard.cli.help import examples
from gasguard.cli.locale import language_of_locale
from gasguard.cli.options import config_option, mqtt_option
from gasguard.cli.screen import fold, width
from gasguard.errors import StoreError
from gasguard.interfaces.explain.sentences import Explanation
from gasguard.interfaces.explain.sentences import explain as put
from gasguard.interfaces.home_assistant.words import Language
from gasguard.mqtt.topics import means_all

_UNKNOWN = "so nobody can say whether a burner is off, and why: look at the stove"


@click.command(
    epilog=examples(
        "gasguard explain",
        "gasguard explain left",
        "gasguard explain left --language zh",
        "gasguard explain --mqtt mqtt://pi:1883",
    )
)
@burner_argument(required=False)
@config_option()
@mqtt_option
@click.option(
    "--language",
    type=click.Choice(get_args(Language)),
    help="Language of the sentences (default: the locale's, English where it has another).",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a burner, a line each.")
def explain(
    burner: str | None,
    config_path: Path | None,
    mqtt_url: str | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Say why a burner is as it is, and why it went out last: the chain of causes, in sentences.

    All burners, or the one that is named. What was not read back, or is not in the history any
    more, is said to be unknown.
    """
    daemon = connect(config_path, mqtt_url)
    try:
        states = daemon.states()
        everything = burner is None or means_all([burner])
        names = list(states) if burner is None or everything else known([burner], states)
        for number, name in enumerate(names):
            _tell(daemon, states[name], language or language_of_locale(), as_json, first=not number)
    except Unreached as error:
        raise Unreached(f"{error}; {_UNKNOWN}") from None


def _tell(
    daemon: Daemon, state: dict[str, Any], language: Language, as_json: bool, *, first: bool
) -> None:
    unread, events = None, []
    try:
        events = list(daemon.story(str(state["burner"])))
    except StoreError as error:
        unread = str(error)
    said = put(state, events, language, unread=unread)
    if as_json:
        click.echo(json.dumps(_data(state, said), ensure_ascii=False))
        return
    if not first:
        click.echo()
    for line in _lines(said, width()):
        click.echo(line)


def _lines(said: Explanation, columns: int | None) -> list[str]:
    lines = [line for text in (*said.now, *said.why) for line in fold(text, columns, 2)]
    if said.chain:
        lines.append(said.heading)
        for step in said.chain:
            lines += fold(f"  {step.shown}  {step.text}", columns, 6)
    return lines


def _data(state: dict[str, Any], said: Explanation) -> dict[str, Any]:
    keys = ("burner", "name", "phase", "contact", "flame", "locks", "timer", "last_trip")
    return {
        **{key: state.get(key) for key in keys},
        "now": said.now,
        "why": said.why,
        "chain": [{"at": step.at, "text": step.text} for step in said.chain],
        "complete": said.is_whole,
    }
