"""`gasguard timer`: the timer that shuts off, and reminders, which do not."""

import json
from pathlib import Path

import click

from gasguard.cli.burners import burner_argument, configured_burner
from gasguard.cli.control import simple
from gasguard.cli.exits import Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, mqtt_option
from gasguard.durations import format_duration, parse_duration, parse_time_of_day
from gasguard.errors import DurationError, did_you_mean

_CANCEL = ("cancel", "0")
_ENDINGS = ("stop", "off", "end", "clear", "none", "reset", "delete", "remove")


def _complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The burner's presets."""
    burner = configured_burner(ctx, str(ctx.params.get("burner")))
    presets = burner.get("presets")
    words = [str(one) for one in presets] if isinstance(presets, list) else []
    return [word for word in (*words, "cancel") if word.startswith(incomplete)]


@click.command(
    epilog=examples(
        "gasguard timer left 20m",
        "gasguard timer left 8m --label eggs --when-lit",
        "gasguard timer left --until 18:30",
        "gasguard timer left +5m",
        "gasguard timer left cancel",
        "gasguard timer left 12m --remind --label noodles",
        "gasguard timer left cancel --label noodles",
    ),
    # -5m is a wrong duration, not an option.
    context_settings={"ignore_unknown_options": True},
)
@burner_argument()
@click.argument("words", nargs=-1, metavar="[DURATION]", shell_complete=_complete)
@click.option("--label", metavar="TEXT", help="What it is for: shown wherever it is told of.")
@click.option("--when-lit", is_flag=True, help="It begins once the flame is seen.")
@click.option("--until", metavar="HH:MM", help="It ends at this time of day.")
@click.option("--remind", is_flag=True, help="Only remind; shut nothing off.")
@config_option()
@mqtt_option
@click.pass_context
def timer(
    ctx: click.Context,
    burner: str,
    words: tuple[str, ...],
    label: str | None,
    when_lit: bool,
    until: str | None,
    remind: bool,
    config_path: Path | None,
    mqtt_url: str | None,
) -> None:
    """Set the cooking timer (20m), extend it (+5m) or cancel it (cancel).

    DURATION is 90s, 20m, 20 min, 1h30, 20:00 (m:s), 1:30:00, PT20M, 半小时, or a number of minutes.

    A burner has one timer that shuts it off, and as many reminders (--remind) as you like. cancel
    with --label cancels the reminder with that label, cancel with --remind all of them.
    """
    for word in words:
        if word.startswith("--"):
            options = [name for option in ctx.command.params for name in option.opts]
            raise click.NoSuchOption(word, possibilities=options, ctx=ctx)
    command, value, done = timer_request(
        burner, " ".join(words), label=label, when_lit=when_lit, until=until, remind=remind
    )
    simple(ctx, command, burner, value, done, config_path, mqtt_url)


def asked_for(words: list[str]) -> tuple[str, str]:
    """What somebody asks for who writes these words behind `gasguard timer`: as `timer_request`.

    Raises Misused.
    """
    try:
        given = timer.make_context("timer", list(words)).params
    except click.UsageError as error:
        raise Misused(error.format_message()) from None
    asks, value, _ = timer_request(
        given["burner"],
        " ".join(given["words"]),
        label=given["label"],
        when_lit=given["when_lit"],
        until=given["until"],
        remind=given["remind"],
    )
    return asks, value


def timer_request(
    burner: str,
    duration: str,
    *,
    label: str | None = None,
    when_lit: bool = False,
    until: str | None = None,
    remind: bool = False,
) -> tuple[str, str, str]:
    """What to ask for (one of `topics.REQUESTS`), with which words, and what is then done.

    Raises Misused for what is neither a duration, nor +, nor cancel, and for what does not fit.
    """
    word = duration.strip()
    if label is not None and not label.strip():
        raise Misused("--label is empty; write for example --label eggs")
    if when_lit and (until is not None or remind):
        raise Misused("--when-lit goes with a duration, and with neither --until nor --remind")
    if until is not None:
        if word:
            raise Misused("write a duration or --until HH:MM, not both")
        return (
            "timer",
            _words(until=_time(until), label=label, remind=remind),
            _done(f"at {until.strip()}", label, remind=remind, ends=True),
        )
    if not word:
        raise Misused("name a duration, for example 20m, or --until 18:30, or: cancel")
    has_options = label is not None or when_lit or remind
    if word.casefold() in _CANCEL:
        return _cancelling(label, when_lit=when_lit, remind=remind)
    extends = word.startswith("+")
    value = word[1:].strip() if extends else word
    shown = format_duration(_seconds(burner, word, value))
    if extends:
        if has_options:
            raise Misused("+ lengthens the timer that shuts off, and takes no options")
        return "timer/extend", value, f"timer extended by {shown}"
    if not has_options:
        return "timer", value, f"timer set to {shown}"
    asked = _words(duration=value, label=label, when="lit" if when_lit else None, remind=remind)
    if when_lit:
        return "timer", asked, f"timer{_quoted(label)} set to {shown}, to begin with the flame"
    return "timer", asked, _done(shown, label, remind=remind)


def _words(**keys: str | bool | None) -> str:
    return json.dumps({key: value for key, value in keys.items() if value})


def _done(when: str, label: str | None, *, remind: bool, ends: bool = False) -> str:
    if remind:
        return f"reminder{_quoted(label)} set, {when if ends else f'in {when}'}"
    return f"timer{_quoted(label)} set {'to end ' if ends else 'to '}{when}"


def _quoted(label: str | None) -> str:
    return "" if label is None else f' "{label}"'


def _cancelling(label: str | None, *, when_lit: bool, remind: bool) -> tuple[str, str, str]:
    if when_lit:
        raise Misused("cancel takes no --when-lit: it cancels the timer whether it waits or runs")
    if label is None and not remind:
        return "timer", "cancel", "timer cancelled"
    done = "all reminders cancelled" if label is None else f"reminder{_quoted(label)} cancelled"
    return "timer", _words(duration="cancel", label=label, remind=True), done


def _time(until: str) -> str:
    try:
        parse_time_of_day(until)
    except DurationError as error:
        raise Misused(f"--until: {error}") from None
    return until.strip()


def _seconds(burner: str, word: str, value: str) -> float:
    try:
        seconds = parse_duration(value)
    except DurationError as error:
        if word.casefold() in _ENDINGS:
            raise Misused(
                f"{word!r} may mean two things: gasguard timer {burner} cancel lets the burner "
                f"burn on, gasguard off {burner} shuts it off"
            ) from None
        raise Misused(f"{did_you_mean(word, ['cancel'])}{error}") from None
    if seconds == 0:
        raise Misused("a duration must be more than 0, for example 20m, or: cancel")
    return seconds
