"""`make torture`: the whole guard under simulated disaster, from one integer."""

import json
import sys
import time

import click

from gasguard.cli.exits import FAILED, Misused
from tests.torture.campaign import Campaign, Result
from tests.torture.draw import FAMILIES, draw_plan
from tests.torture.plan import Plan
from tests.torture.session import Outcome, run
from tests.torture.shrink import shrink as shortened

_WORD_EVERY = 2.0
"""Seconds between two words of progress."""


@click.command(
    epilog="Example: python -m tests.torture --seed 7 --sessions 3000, then --seed 7 --only 1234"
)
@click.option("--seed", default=1, show_default=True, help="What everything is drawn from.")
@click.option("--sessions", default=150, show_default=True, help="Twenty minutes of cooking each.")
@click.option("--first", default=0, show_default=True, help="Number of the first session.")
@click.option("--only", type=int, metavar="K", help="Replay session K, with its timeline.")
@click.option("--faults", metavar="LIST", help="Kinds of trouble, by commas; none: only cook.")
@click.option("--jobs", default=1, show_default=True, help="Processes to run it on.")
@click.option("--shrink/--no-shrink", default=True, help="Shorten the first failing session.")
def torture(
    seed: int,
    sessions: int,
    first: int,
    only: int | None,
    faults: str | None,
    jobs: int,
    shrink: bool,
) -> None:
    """Run the guard through simulated cooking while everything breaks around it.

    Controller, drivers, codec and store are the real ones; time, network, disk, relays and stove
    are simulated. After every step the safety rules are held against what the relays really did and
    what people were told. Exit code 1 if a rule broke.
    """
    if sessions < 1 or jobs < 1 or first < 0:
        raise Misused("--sessions and --jobs are at least 1, --first at least 0")
    kinds = _families(faults)
    if only is not None:
        plan = draw_plan(seed, only, kinds)
        outcome = run(plan)
        _tell(plan, outcome)
        sys.exit(FAILED if outcome.rule else 0)
    result = Campaign(seed, sessions, first, kinds, jobs).run(_Progress(sessions))
    for failure in result.failures:
        click.echo(f"seed {seed} session {failure.index}: {failure.rule}: {failure.text}")
    click.echo(
        f"{result.sessions} sessions ({result.sessions / 3:.0f} h of cooking) in "
        f"{result.seconds:.0f} s, {result.per_minute:.0f} a minute: {len(result.failures)} failed"
    )
    if result.failures and shrink:
        worst = result.failures[0]
        click.echo(f"shortening session {worst.index} ...", err=True)
        _tell(*shortened(draw_plan(seed, worst.index, kinds), worst.rule))
    sys.exit(FAILED if result.failures else 0)


def _families(text: str | None) -> tuple[str, ...]:
    if text is None:
        return FAMILIES
    wanted = tuple(word.strip() for word in text.split(",") if word.strip() not in ("", "none"))
    unknown = [word for word in wanted if word not in FAMILIES]
    if unknown:
        raise Misused(f"no such faults: {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    return wanted


class _Progress:
    """Failures as they come, and a line now and then; on standard error."""

    def __init__(self, sessions: int) -> None:
        self._sessions, self._failures, self._told = sessions, 0, time.monotonic()

    def __call__(self, result: Result) -> None:
        for failure in result.failures[self._failures :]:
            click.echo(f"session {failure.index}: {failure.rule}", err=True)
        self._failures, now = len(result.failures), time.monotonic()
        if now - self._told >= _WORD_EVERY:
            self._told = now
            done = f"{result.sessions}/{self._sessions} sessions"
            click.echo(f"{done}, {result.per_minute:.0f} a minute", err=True)


def _tell(plan: Plan, outcome: Outcome) -> None:
    click.echo(f"configuration: {json.dumps(plan.config)}")
    click.echo(f"flame sensors lag by: {json.dumps(plan.sensors)}; air: {plan.latency} s")
    for action in plan.actions:
        click.echo(f"  {action}")
    click.echo("timeline:")
    for line in outcome.trace:
        click.echo(f"  {line}")
    verdict = f"{outcome.rule}: {outcome.text}" if outcome.rule else "every rule held"
    click.echo(f"{verdict} (trace {outcome.digest[:16]})")


if __name__ == "__main__":
    torture()
