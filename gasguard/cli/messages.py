"""`gasguard messages test`: does a message get through?"""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click

from gasguard.cli.exits import FAILED, Misused
from gasguard.cli.help import examples
from gasguard.cli.options import config_option, find_config
from gasguard.config.load import load_config
from gasguard.config.messages import Messages
from gasguard.errors import did_you_mean
from gasguard.interfaces.messages.courier import Courier
from gasguard.interfaces.messages.outbox import Outcome, Result
from gasguard.interfaces.messages.texts import test_message


@click.command(
    epilog=examples("gasguard messages test", "gasguard messages test mum -c config.yaml")
)
@click.argument("action", metavar="test", type=click.Choice(["test"]))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@config_option()
@click.pass_context
def messages(
    ctx: click.Context, action: str, names: tuple[str, ...], config_path: Path | None
) -> None:
    """Send a test message to each NAME of messages.to, or to all.

    Says of each whether it was delivered, or what is wrong and what to do. Needs no daemon. Exit
    code 1 when one was not delivered.
    """
    path = find_config(config_path)
    settings = load_config(path).messages
    if settings is None:
        raise Misused(f"{path} has no messages:; firmware_notes/messages.md says how")
    wanted = _known(names, settings.to)
    outcomes = asyncio.run(_sent(settings, wanted))
    for name, outcome in outcomes.items():
        delivered = outcome.result is Result.DELIVERED
        text = "delivered: look at the phone" if delivered else f"NOT delivered: {outcome.why}"
        click.echo(f"{name}: {text}", err=not delivered)
    if any(outcome.result is not Result.DELIVERED for outcome in outcomes.values()):
        ctx.exit(FAILED)


def _known(names: tuple[str, ...], known: Iterable[str]) -> list[str]:
    """Those that are named, or all. Raises Misused."""
    known = list(known)
    for name in names:
        if name.casefold() not in known:
            near = did_you_mean(name, known)
            there = f"there are: {', '.join(known)}"
            raise Misused(f"no {name[:40]!r} in messages.to; {near}{there}; nothing was sent")
    return list(dict.fromkeys(name.casefold() for name in names)) or known


async def _sent(settings: Messages, names: list[str]) -> dict[str, Outcome]:
    """To all at once: a service that hangs must not hold up the others."""
    courier = Courier()

    async def send(name: str) -> Outcome:
        title, text = test_message(name, settings.language)
        address = settings.to[name].get_secret_value()
        return await courier.send(address, title, text, urgent=False)

    try:
        return dict(zip(names, await asyncio.gather(*map(send, names)), strict=True))
    finally:
        await courier.close()
