"""`gasguard off`, `lock`, `unlock`, `rearm`."""

from pathlib import Path

import click

from gasguard.cli.burners import burner_argument
from gasguard.cli.connect import connect
from gasguard.cli.daemon import Ack
from gasguard.cli.exits import FAILED, UNREACHABLE, Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, mqtt_option
from gasguard.cli.saying import say


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
            say(f"{name}: {word}{said}", err=not confirmed[name])
    except Misused as error:
        unknown = error
    except KeyboardInterrupt:
        say("gasguard: interrupted before it was confirmed; see: gasguard status", err=True)
        raise
    for name in (name for name, done in confirmed.items() if not done):
        say(f"{name}: turn the stove off by hand and look at: gasguard status", err=True)
    if unknown is not None and all(confirmed.values()):
        raise unknown
    if unknown is not None:
        say(f"gasguard: {unknown}", err=True)
    if not confirmed:
        say("gasguard: the daemon did not answer; turn the stove off by hand", err=True)
        ctx.exit(UNREACHABLE)
    if not all(confirmed.values()):
        ctx.exit(FAILED)


@click.command(epilog=examples("gasguard lock left"))
@burner_argument()
@config_option()
@mqtt_option
@click.pass_context
def lock(ctx: click.Context, burner: str, config_path: Path | None, mqtt_url: str | None) -> None:
    """Switch the child lock on: the burner is shut off and no flame stays lit."""
    simple(ctx, "lock", burner, "LOCK", "child lock on", config_path, mqtt_url)


@click.command(epilog=examples("gasguard unlock left"))
@burner_argument()
@config_option()
@mqtt_option
@click.pass_context
def unlock(ctx: click.Context, burner: str, config_path: Path | None, mqtt_url: str | None) -> None:
    """Switch the child lock off; an alarm's lock stays."""
    simple(ctx, "lock", burner, "UNLOCK", "child lock off", config_path, mqtt_url)


@click.command(epilog=examples("gasguard rearm left"))
@burner_argument()
@config_option()
@mqtt_option
@click.pass_context
def rearm(ctx: click.Context, burner: str, config_path: Path | None, mqtt_url: str | None) -> None:
    """Close the circuit again after a latched trip. Go and look at the stove first."""
    simple(ctx, "rearm", burner, "REARM", "re-armed", config_path, mqtt_url)


def simple(
    ctx: click.Context,
    command: str,
    burner: str,
    value: str,
    done: str,
    config_path: Path | None,
    mqtt_url: str | None,
) -> None:
    """Ask one thing of one burner, and say what came of it; `done` is what is then done."""
    last: Ack | None = None
    for last in connect(config_path, mqtt_url).request(command, [burner], value):
        name = last["burner"]
        if last["status"] == "accepted":
            say(f"{name}: {done}" + (f" ({last['message']})" if last["message"] else ""))
        else:
            say(f"{name}: {last['message'] or last['code']}", err=True)
    if last is None:
        say("gasguard: the daemon did not answer", err=True)
        ctx.exit(UNREACHABLE)
    if last["status"] != "accepted":
        ctx.exit(FAILED)
