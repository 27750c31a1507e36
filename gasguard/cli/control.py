"""`gasguard off`, `timer`, `lock`, `unlock`, `rearm`."""

from pathlib import Path

import click

from gasguard.cli.burners import burner_argument
from gasguard.cli.connect import connect
from gasguard.cli.daemon import Ack
from gasguard.cli.exits import FAILED, UNREACHABLE, Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, mqtt_option
from gasguard.durations import format_duration, parse_duration
from gasguard.errors import DurationError, did_you_mean


@click.command(
    epilog=examples("gasguard off", "gasguard off left right", "gasguard off --mqtt mqtt://pi:1883")
)
@burner_argument(nargs=-1)
@config_option()
@mqtt_option
@click.pass_context
def off(
    ctx: click.Context, burners: tuple[str, ...], config_path: Path | None, mqtt_url: str | None
) -> None:
    """Shut burners off, all when none is named, and wait for the relay's read-back."""
    confirmed: dict[str, bool] = {}
    unknown: Misused | None = None
    try:
        for ack in connect(config_path, mqtt_url).request("off", list(burners), ""):
            name = ack["burner"]
            if ack["status"] == "accepted":
                confirmed.setdefault(name, False)
                continue
            confirmed[name] = ack["status"] == "confirmed"
            said = ack["message"] or ack["code"] or ack["status"]
            word = "off, " if confirmed[name] else "NOT CONFIRMED OFF: "
            click.echo(f"{name}: {word}{said}", err=not confirmed[name])
    except Misused as error:
        unknown = error
    except KeyboardInterrupt:
        click.echo("gasguard: interrupted before it was confirmed; see: gasguard status", err=True)
        raise
    for name in (name for name, done in confirmed.items() if not done):
        click.echo(f"{name}: turn the stove off by hand and look at: gasguard status", err=True)
    if unknown is not None and all(confirmed.values()):
        raise unknown
    if unknown is not None:
        click.echo(f"gasguard: {unknown}", err=True)
    if not confirmed:
        click.echo("gasguard: the daemon did not answer; turn the stove off by hand", err=True)
        ctx.exit(UNREACHABLE)
    if not all(confirmed.values()):
        ctx.exit(FAILED)


@click.command(
    epilog=examples(
        "gasguard timer left 20m", "gasguard timer left +5m", "gasguard timer left cancel"
    ),
    # -5m is a wrong duration, not an option.
    context_settings={"ignore_unknown_options": True},
)
@burner_argument()
@click.argument("words", nargs=-1, required=True, metavar="DURATION")
@config_option()
@mqtt_option
@click.pass_context
def timer(
    ctx: click.Context,
    burner: str,
    words: tuple[str, ...],
    config_path: Path | None,
    mqtt_url: str | None,
) -> None:
    """Set the cooking timer (20m), extend it (+5m) or cancel it (cancel).

    DURATION is 90s, 20m, 20 min, 1h30, 20:00 (m:s), 1:30:00, PT20M, 半小时, or a number of minutes.
    """
    for word in words:
        if word.startswith("--"):
            options = [name for option in ctx.command.params for name in option.opts]
            raise click.NoSuchOption(word, possibilities=options, ctx=ctx)
    command, value, done = timer_request(burner, " ".join(words))
    _simple(ctx, command, burner, value, done, config_path, mqtt_url)


def timer_request(burner: str, duration: str) -> tuple[str, str, str]:
    """What to ask for (one of `topics.REQUESTS`), with which words, and what is then done.

    Raises Misused for what is neither a duration, nor +, nor cancel.
    """
    word = duration.strip()
    if word.casefold() in ("cancel", "0"):
        return "timer", "cancel", "timer cancelled"
    extends = word.startswith("+")
    value = word[1:].strip() if extends else word
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
    if extends:
        return "timer/extend", value, f"timer extended by {format_duration(seconds)}"
    return "timer", value, f"timer set to {format_duration(seconds)}"


_ENDINGS = ("stop", "off", "end", "clear", "none", "reset", "delete", "remove")


@click.command(epilog=examples("gasguard lock left"))
@burner_argument()
@config_option()
@mqtt_option
@click.pass_context
def lock(ctx: click.Context, burner: str, config_path: Path | None, mqtt_url: str | None) -> None:
    """Switch the child lock on: the burner is shut off and no flame stays lit."""
    _simple(ctx, "lock", burner, "LOCK", "child lock on", config_path, mqtt_url)


@click.command(epilog=examples("gasguard unlock left"))
@burner_argument()
@config_option()
@mqtt_option
@click.pass_context
def unlock(ctx: click.Context, burner: str, config_path: Path | None, mqtt_url: str | None) -> None:
    """Switch the child lock off; an alarm's lock stays."""
    _simple(ctx, "lock", burner, "UNLOCK", "child lock off", config_path, mqtt_url)


@click.command(epilog=examples("gasguard rearm left"))
@burner_argument()
@config_option()
@mqtt_option
@click.pass_context
def rearm(ctx: click.Context, burner: str, config_path: Path | None, mqtt_url: str | None) -> None:
    """Close the circuit again after a latched trip. Go and look at the stove first."""
    _simple(ctx, "rearm", burner, "REARM", "re-armed", config_path, mqtt_url)


def _simple(
    ctx: click.Context,
    command: str,
    burner: str,
    value: str,
    done: str,
    config_path: Path | None,
    mqtt_url: str | None,
) -> None:
    last: Ack | None = None
    for last in connect(config_path, mqtt_url).request(command, [burner], value):
        name = last["burner"]
        if last["status"] == "accepted":
            click.echo(f"{name}: {done}")
        else:
            click.echo(f"{name}: {last['message'] or last['code']}", err=True)
    if last is None:
        click.echo("gasguard: the daemon did not answer", err=True)
        ctx.exit(UNREACHABLE)
    if last["status"] != "accepted":
        ctx.exit(FAILED)
