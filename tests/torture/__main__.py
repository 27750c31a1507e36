"""`make torture`: the whole guard under simulated disaster, from one integer."""

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from gasguard.cli.exits import FAILED, Misused

if TYPE_CHECKING:
    from tests.torture.campaign import Failure, Result
    from tests.torture.plan import Plan
    from tests.torture.session import Outcome

_QUIET_FOR = 1.0
"""Seconds without a word of progress: short campaigns need none."""
_WORD_EVERY = 2.0


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
@click.option("--json", "as_json", is_flag=True, help="The result as JSON on standard output.")
def torture(
    seed: int,
    sessions: int,
    first: int,
    only: int | None,
    faults: str | None,
    jobs: int,
    shrink: bool,
    as_json: bool,
) -> None:
    """Run the guard through simulated cooking while everything breaks around it.

    Controller, drivers, codec and store are the real ones; time, network, disk, relays and stove
    are simulated. After every step the safety rules are held against what the relays really did.
    Exit code 1 if a rule broke.
    """
    from tests.torture.campaign import Campaign
    from tests.torture.draw import draw_plan

    if sessions < 1 or jobs < 1 or first < 0:
        raise Misused("--sessions and --jobs are at least 1, --first at least 0")
    kinds = _families(faults)
    if only is not None:
        _replay(draw_plan(seed, only, kinds), as_json)
        return
    campaign = Campaign(seed, sessions, first, kinds, jobs)
    result = campaign.run(_Progress(sessions))
    if as_json:
        click.echo(json.dumps(_as_data(result, jobs)))
    else:
        _tell(result)
    if result.failures:
        if shrink and not as_json:
            worst = result.failures[0]
            _tell_shortest(draw_plan(seed, worst.index, kinds), worst)
        sys.exit(FAILED)


def _families(text: str | None) -> tuple[str, ...]:
    from tests.torture.draw import FAMILIES

    if text is None:
        return FAMILIES
    wanted = tuple(word.strip() for word in text.split(",") if word.strip() not in ("", "none"))
    unknown = [word for word in wanted if word not in FAMILIES]
    if unknown:
        raise Misused(f"no such faults: {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    return wanted


class _Progress:
    """Failures as they come, and a line once it takes longer than a moment; on standard error."""

    def __init__(self, sessions: int) -> None:
        self._sessions = sessions
        self._failures = 0
        self._began = self._told = time.monotonic()

    def __call__(self, result: "Result") -> None:
        now = time.monotonic()
        if now - self._began >= _QUIET_FOR:
            for failure in result.failures[self._failures :]:
                click.echo(f"session {failure.index}: {failure.rule}", err=True)
            self._failures = len(result.failures)
        if now - self._began < _QUIET_FOR or now - self._told < _WORD_EVERY:
            return
        self._told = now
        click.echo(
            f"{result.sessions}/{self._sessions} sessions, {result.per_minute:.0f} a minute, "
            f"{len(result.failures)} failed",
            err=True,
        )


def _tell(result: "Result") -> None:
    for failure in result.failures:
        click.echo(f"seed {result.seed} session {failure.index}: {failure.rule}: {failure.text}")
    hours = result.sessions / 3
    click.echo(
        f"{result.sessions} sessions ({hours:.0f} h of cooking) in {result.seconds:.0f} s, "
        f"{result.per_minute:.0f} a minute: {len(result.failures)} failed"
    )


def _as_data(result: "Result", jobs: int) -> dict[str, Any]:
    return {
        "seed": result.seed,
        "sessions": result.sessions,
        "seconds": round(result.seconds, 2),
        "sessions_per_minute": round(result.per_minute, 1),
        "jobs": jobs,
        "failures": [
            {"session": failure.index, "rule": failure.rule, "text": failure.text}
            for failure in result.failures
        ],
    }


def _replay(plan: "Plan", as_json: bool) -> None:
    from tests.torture.session import run

    outcome = run(plan)
    if as_json:
        data = {"rule": outcome.rule, "text": outcome.text, "digest": outcome.digest}
        click.echo(json.dumps({**data, "trace": outcome.trace}))
    else:
        _tell_plan(plan)
        _tell_outcome(outcome)
    if outcome.rule is not None:
        sys.exit(FAILED)


def _tell_shortest(plan: "Plan", failure: "Failure") -> None:
    from tests.torture.shrink import shrink

    click.echo(f"shortening session {failure.index} ...", err=True)
    shortest, outcome = shrink(plan, failure.rule)
    click.echo(
        f"\nsession {failure.index}, {len(shortest.actions)} of {len(plan.actions)} actions:"
    )
    _tell_plan(shortest)
    _tell_outcome(outcome)


def _tell_plan(plan: "Plan") -> None:
    click.echo(f"configuration: {json.dumps(plan.config)}")
    click.echo(f"flame sensors lag by: {json.dumps(plan.sensors)}; air: {plan.latency} s")
    for action in plan.actions:
        click.echo(f"  {action}")


def _tell_outcome(outcome: "Outcome") -> None:
    click.echo("timeline:")
    for line in outcome.trace:
        click.echo(f"  {line}")
    verdict = f"{outcome.rule}: {outcome.text}" if outcome.rule else "every rule held"
    click.echo(f"{verdict} (trace {outcome.digest[:16]})")


if __name__ == "__main__":
    torture()
