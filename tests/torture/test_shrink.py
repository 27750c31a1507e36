"""A failing session becomes a short story."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gasguard.cli.exits import Misused
from tests.torture.__main__ import torture
from tests.torture.hunt import ROOT, mutated
from tests.torture.plans import plan_from_data
from tests.torture.session import run

_DEFECT = "an acknowledgement is taken as proof"


@pytest.mark.long
def test_it_keeps_the_breach_and_drops_the_rest() -> None:
    found = json.loads(mutated(_DEFECT, "100"))
    rule, plan = found["rule"], found["plan"]
    actions = plan["actions"]
    assert 1 <= len(actions) <= 6
    assert mutated(_DEFECT, plan=plan) == rule
    for action in actions:
        fewer = [other for other in actions if other is not action]
        assert mutated(_DEFECT, plan={**plan, "actions": fewer}) != rule
    assert run(plan_from_data(plan)).rule is None


@pytest.mark.long
def test_the_command_prints_seed_rule_timeline_and_the_short_list() -> None:
    command = [sys.executable, "-m", "tests.torture.mutated", "an open is sent once"]
    command += ["--seed", "1", "--sessions", "2"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    told = re.search(r"^seed 1 session (\d): ", ran.stdout, re.MULTILINE)
    assert told and "timeline:" in ran.stdout and "BREACH of" in ran.stdout
    command = [*command[:-2], "--only", told[1]]
    replay = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert replay.returncode == 1 and "BREACH of" in replay.stdout


def test_the_command_says_how_many_and_how_fast() -> None:
    ran = CliRunner().invoke(torture, ["--seed", "3", "--sessions", "2"])
    assert ran.exit_code == 0
    assert re.search(r"^2 sessions .* [1-9]\d* a minute: 0 failed$", ran.stdout, re.MULTILINE)


def test_the_command_knows_its_faults() -> None:
    ran = CliRunner().invoke(torture, ["--faults", "wire,ghosts"])
    assert isinstance(ran.exception, Misused) and "ghosts" in str(ran.exception)
    assert CliRunner().invoke(torture, ["--sessions", "0"]).exit_code != 0
