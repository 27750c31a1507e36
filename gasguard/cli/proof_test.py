"""`gasguard proof-test`."""

import sys
from pathlib import Path

import click

from gasguard.cli.burners import burner_argument, known
from gasguard.cli.connect import connect_locally
from gasguard.cli.exits import FAILED, UNREACHABLE
from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.errors import GasguardError


@click.command(epilog=examples("gasguard proof-test left"))
@burner_argument()
@click.option("-y", "--yes", is_flag=True, help="Do not ask; somebody stands beside the burner.")
@config_option()
@click.pass_context
def proof_test(ctx: click.Context, burner: str, yes: bool, config_path: Path | None) -> None:
    """Test that BURNER really goes out. Light it, stand by it; needs flame sensing.

    Opens the contact, reads it back, watches the flame signal fall, waits until the circuit is
    closed again, and records the result. Repeat it twice a year.
    """
    daemon = connect_locally(config_path)
    states = daemon.states()
    (burner,) = known([burner], states)
    if problem := _hindrance(states[burner]["phase"], states[burner]["flame"]):
        raise GasguardError(f"{burner}: {problem}; nothing was done")
    if not yes and not _agreed(burner):
        click.echo("nothing was done", err=True)
        ctx.exit(FAILED)
    passed = None
    try:
        for step in daemon.proof_test(burner):
            click.echo(f"{burner}: {step['text']}", err=not step["passed"])
            if step["done"]:
                passed = step["passed"]
    except KeyboardInterrupt:
        click.echo(f"{burner}: interrupted; see: gasguard status", err=True)
        raise
    if passed is None:
        click.echo("gasguard: the daemon has ended", err=True)
        ctx.exit(UNREACHABLE)
    if not passed:
        ctx.exit(FAILED)


def _hindrance(phase: str, flame: str) -> str:
    """Why a burner in this phase cannot be tested now, and what to do; empty if it can."""
    if phase != "ready":
        return (
            f"the test begins with a closed circuit, and it is {phase}; "
            "gasguard status says why, gasguard unlock or rearm ends it"
        )
    if flame == "unknown":
        return (
            "no flame signal comes: the test needs flame: in the configuration, and its sensor "
            "must speak (see: gasguard doctor)"
        )
    if flame != "lit":
        return "no flame is seen: light it, let it burn, and call this again"
    return ""


def _agreed(burner: str) -> bool:
    """Whether somebody says yes; anything else is a no."""
    question = f"{burner} burns and will be shut off now. Do you stand beside it? [y/N]: "
    click.echo(question, nl=False)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        click.echo()
    return answer.strip().casefold() in ("y", "yes")
