"""A failing session becomes a short story."""

import re
from unittest import mock

from click.testing import CliRunner

from gasguard.core.model import Contact
from gasguard.drivers.base import CALL_WITHIN, Reading
from gasguard.guard import keeper
from tests.torture.__main__ import torture
from tests.torture.draw import draw_plan
from tests.torture.session import run
from tests.torture.shrink import shrink


async def _believes_the_acknowledgement(self: keeper.RelayKeeper) -> Reading | None:
    """The defect: no read-back."""
    await self._relay.open(CALL_WITHIN)
    reading = Reading(Contact.OPEN)
    self._report(reading, self._boot(), open_answered=True)
    return reading


_DEFECT = mock.patch.object(keeper.RelayKeeper, "_open_and_read", _believes_the_acknowledgement)


def _first_failure(seed: int) -> int:
    return next(i for i in range(100) if run(draw_plan(seed, i)).rule is not None)


def test_it_keeps_the_breach_and_drops_the_rest() -> None:
    with _DEFECT:
        index = _first_failure(3)
        plan = draw_plan(3, index)
        rule = run(plan).rule
        assert rule is not None
        left: list[int] = []
        shortest, outcome = shrink(plan, rule, told=left.append)
        assert outcome.rule == rule
        assert 1 <= len(shortest.actions) <= min(6, len(plan.actions))
        assert left == sorted(left, reverse=True)
        assert run(shortest).trace == outcome.trace
        for action in shortest.actions:
            fewer = tuple(other for other in shortest.actions if other is not action)
            assert run(shortest.only(fewer)).rule != rule
    assert run(plan).rule is None


def test_the_command_prints_seed_rule_timeline_and_the_short_list() -> None:
    with _DEFECT:
        index = _first_failure(3)
        args = ["--seed", "3", "--first", str(index), "--sessions", "1"]
        ran = CliRunner().invoke(torture, args)
        assert ran.exit_code == 1
        assert f"seed 3 session {index}: " in ran.output
        assert "timeline:" in ran.output and "BREACH of" in ran.output
        replay = CliRunner().invoke(torture, ["--seed", "3", "--only", str(index)])
        assert replay.exit_code == 1 and "BREACH of" in replay.output


def test_the_command_says_how_many_and_how_fast() -> None:
    ran = CliRunner().invoke(torture, ["--seed", "3", "--sessions", "2"])
    assert ran.exit_code == 0
    assert re.search(r"^2 sessions .* [1-9]\d* a minute: 0 failed$", ran.stdout, re.MULTILINE)


def test_the_command_knows_its_faults() -> None:
    from gasguard.cli.exits import Misused

    ran = CliRunner().invoke(torture, ["--faults", "wire,ghosts"])
    assert isinstance(ran.exception, Misused) and "ghosts" in str(ran.exception)
    assert CliRunner().invoke(torture, ["--sessions", "0"]).exit_code != 0
