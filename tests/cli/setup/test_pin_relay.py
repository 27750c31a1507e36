"""A relay on pins in setup's hands, on a simulated Pi."""

from pathlib import Path
from typing import Any

import pytest

from gasguard.cli.setup.background import Background
from gasguard.cli.setup.comments import comments_of, header_of
from gasguard.cli.setup.devices import switch_of
from gasguard.cli.setup.pin_relay import PinRelayPart
from gasguard.cli.setup.plan import Plan
from gasguard.cli.setup.talk import Talk
from gasguard.config.load import parse_config
from gasguard.errors import GasguardError
from gasguard.simulator.world import World

OPTIONS = {"--pin": "17", "--active": "high"}


def world(contact: str) -> World:
    relay = {"driver": "gpio", "line": 17, "active": "high", "contact": contact}
    return World.from_config(parse_config({"burners": {"left": {"relay": relay}}}, Path(".")))


def part(tmp_path: Path, work: Background, board: Any, **options: str) -> PinRelayPart:
    plan = Plan(tmp_path / "config.yaml", comments_of("en"), header_of("en"))
    return PinRelayPart(Talk("en", {**OPTIONS, **options}, asks=False), plan, work, board=board)


@pytest.mark.parametrize("contact", ["normally_open", "normally_closed"])
def test_its_pin_is_tried_and_then_switched_both_ways(tmp_path, contact):
    kitchen = world(contact)
    board = kitchen.chip.process()
    with Background() as work:
        found = part(tmp_path, work, board).run("left", {})
        assert found.described == {"driver": "gpio", "line": 17, "active": "high"}

        async def move() -> list[tuple[bool, str]]:
            seen = []
            async with switch_of(found.described, {}, tmp_path, board) as switch:
                for on in (True, False):
                    await switch.set(on, 1.0)
                    circuit = kitchen.snapshot()["left"]["circuit"]
                    seen.append((await switch.is_on(1.0), circuit))
            return seen

        on, off = ("closed", "open") if contact == "normally_open" else ("open", "closed")
        assert work.run(move()) == [(True, on), (False, off)]


def test_one_that_is_no_pin_of_a_header_is_told(tmp_path):
    board = world("normally_open").chip.process()
    with Background() as work, pytest.raises(GasguardError, match="header"):
        part(tmp_path, work, board, **{"--pin": "40"}).run("left", {})


def test_a_pin_that_another_program_holds_is_told(tmp_path):
    kitchen = world("normally_open")
    kitchen.chip.process().pins("auto").hold(17, active_low=False)
    with Background() as work, pytest.raises(GasguardError, match="GPIO 17"):
        part(tmp_path, work, kitchen.chip.process()).run("left", {})


def test_keys_that_setup_does_not_ask_for_stay(tmp_path):
    kitchen = world("normally_open")
    before = {"driver": "gpio", "line": "17", "active": "high", "sense": {"line": "27"}}
    with Background() as work:
        found = part(tmp_path, work, kitchen.chip.process()).run("left", before)
    assert found.described["sense"] == {"line": "27"}
