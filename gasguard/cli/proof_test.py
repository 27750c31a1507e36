"""`gasguard proof-test`."""

from pathlib import Path

import click

from gasguard.cli.connect import connect_locally
from gasguard.cli.exits import FAILED, UNREACHABLE
from gasguard.cli.options import config_option


@click.command(epilog="Example: gasguard proof-test left")
@click.argument("burner")
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether the burner is lit.")
@config_option()
@click.pass_context
def proof_test(ctx: click.Context, burner: str, yes: bool, config_path: Path | None) -> None:
    """Test that BURNER really goes out. Stand by it; needs flame sensing.

    Opens the contact, reads it back, watches the flame signal fall, waits until the circuit is
    closed again, and records the result. Repeat it twice a year.
    """
    if not yes:
        click.confirm(f"Light {burner}, stay beside it. Does it burn?", abort=True)
    passed = None
    for step in connect_locally(config_path).proof_test(burner):
        click.echo(f"{burner}: {step['text']}", err=not step["passed"])
        if step["done"]:
            passed = step["passed"]
    if passed is None:
        click.echo("gasguard: the daemon has ended", err=True)
        ctx.exit(UNREACHABLE)
    if not passed:
        ctx.exit(FAILED)
