"""Shortens a failing session: drops actions for as long as the same rule still breaks."""

from tests.torture.plan import Action, Plan
from tests.torture.session import Outcome, run

_MOST_RUNS = 400


def shrink(plan: Plan, rule: str) -> tuple[Plan, Outcome]:
    """The shortest plan that delta debugging finds to break `rule`, and what becomes of it."""
    actions, best = plan.actions, run(plan)
    runs, parts = 0, 2
    actions = _until_the_end(actions, best)
    while len(actions) > 1 and runs < _MOST_RUNS:
        size = -(-len(actions) // parts)
        for start in range(0, len(actions), size):
            fewer = actions[:start] + actions[start + size :]
            outcome = run(plan.only(fewer))
            runs += 1
            if outcome.rule == rule:
                actions, best, parts = fewer, outcome, max(2, parts - 1)
                break
        else:
            if parts >= len(actions):
                break
            parts = min(len(actions), 2 * parts)
    shortest = plan.only(actions)
    return shortest, run(shortest) if best.rule != rule else best


def _until_the_end(actions: tuple[Action, ...], outcome: Outcome) -> tuple[Action, ...]:
    """Without the actions that come after the breach anyway: each stands in the trace as begun."""
    begun = sum(1 for line in outcome.trace if line[11:].startswith("> "))
    return actions[:begun]
