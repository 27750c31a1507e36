"""One seed, one story: byte for byte, whoever runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.draw import FAMILIES, draw_plan
from tests.torture.plan import LENGTH
from tests.torture.session import run

ROOT = Path(__file__).parents[2]
_DIGESTS = """
from tests.torture.draw import draw_plan
from tests.torture.session import run
for index in range(2):
    print(run(draw_plan(5, index)).digest)
"""


def _digests(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", _DIGESTS]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return ran.stdout.decode()


def test_two_processes_tell_the_same_story() -> None:
    first = _digests("1")
    assert len(set(first.split())) == 2
    assert _digests("4711") == first


def test_a_session_leaves_nothing_behind_for_the_next() -> None:
    plan = draw_plan(5, 1)
    alone = run(plan)
    run(draw_plan(5, 2))
    assert run(plan).trace == alone.trace


def test_every_kind_of_action_and_of_kitchen_is_drawn() -> None:
    plans = [draw_plan(6, index) for index in range(150)]
    kinds = {action.kind for plan in plans for action in plan.actions}
    assert kinds == {
        *("light", "turn_off", "blow_out", "timer", "extend", "cancel", "off", "lock", "unlock"),
        *("rearm", "mi_home", "mi_home_off_in", "mi_home_forget"),
        *("hazard", "hazard_silent", "flame_unknown", "flame_glitches"),
        *("fault", "reboot", "disk", "jump", "ntp", "kill", "broker"),
        *("network", "names", "relay_moves"),
        *("unclean", "oversized", "rival", "skip"),
        *("company", "company_silent"),
    }
    burners = [burner for plan in plans for burner in plan.config["burners"].values()]
    relays = [relay for b in burners for relay in b.get("relays", [b.get("relay")])]
    assert {relay["contact"] for relay in relays} == {"normally_closed", "normally_open"}
    assert {relay["driver"] for relay in relays} == {"miot", "miio", "mqtt", "gpio"}
    assert any("sense" in relay for relay in relays) and any("pulse" in relay for relay in relays)
    assert "adc" in {burner["flame"]["driver"] for burner in burners if "flame" in burner}
    on_mqtt = [relay for relay in relays if relay["driver"] == "mqtt"]
    assert {relay["kind"] for relay in on_mqtt} == {"zigbee2mqtt", "tasmota", "esphome"}
    assert any("lease" in relay for relay in relays) and any("jog" in relay for relay in relays)
    assert any("voice" in b for b in burners) and any("relays" in b for b in burners)
    assert any("max_burn" in b["limits"] for b in burners)
    assert any(len(plan.config["burners"]) == 2 for plan in plans)
    schedules = [one for p in plans for one in p.config.get("schedules", {}).values()]
    assert any("off" in one for one in schedules) and any("grace" in one for one in schedules)


@pytest.mark.long
def test_a_burner_behind_the_broker_tells_the_same_story_again() -> None:
    plans = [draw_plan(5, index) for index in range(60)]
    plan = next(p for p in plans if any(action.kind == "broker" for action in p.actions))
    assert run(plan).trace == run(plan).trace


def test_people_alone_break_nothing_and_are_not_troubled() -> None:
    trouble = {"fault", "reboot", "disk", "jump", "ntp", "kill", "broker"}
    trouble |= {
        "hazard",
        "hazard_silent",
        "flame_unknown",
        "flame_glitches",
        "network",
        "names",
        "relay_moves",
        "unclean",
        "oversized",
        "rival",
        "skip",
        "company_silent",
    }
    for index in range(2):
        plan = draw_plan(8, index, ())
        assert not trouble & {action.kind for action in plan.actions}
        assert all(0 < action.at < LENGTH for action in plan.actions)
        assert run(plan).rule is None
    assert len(FAMILIES) == 14
