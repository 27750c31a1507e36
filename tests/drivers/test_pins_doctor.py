"""What `doctor` and `discover` tell of pins, without taking one."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gasguard.assemble import Drivers, bus_of
from gasguard.config.load import parse_config
from gasguard.drivers.base import Finding
from gasguard.simulator.pi.chip import SimulatedChip

PIN = {"driver": "gpio", "line": 17, "active": "high", "contact": "normally_open"}
SENSE, PULSE = {"sense": {"line": 27}}, {"pulse": {"line": 22}}


def rows(header: SimulatedChip, **more: Any) -> dict[str, Finding]:
    config = parse_config({"burners": {"left": {"relay": {**PIN, **more}}}}, Path("."))
    relay = config.burners["left"].in_series[0]

    async def look() -> dict[str, Finding]:
        drivers = Drivers(partial(bus_of, config), board=header.process())
        return {one.what: one async for one in drivers.examine("relay left", relay, None)}

    return asyncio.run(look())


def test_a_pin_with_all_that_it_can_have_is_in_order() -> None:
    found = rows(SimulatedChip(), **SENSE, **PULSE)
    assert [one.verdict for one in found.values()] == ["ok"] * 3
    assert "pump opens" in found["relay left end"].text


def test_looking_takes_no_pin_and_the_daemons_own_is_no_trouble() -> None:
    chip = SimulatedChip()
    chip.process().pins("auto").hold(17, active_low=False)
    before = chip.pads[17].holder
    assert rows(chip)["relay left"].verdict == "ok"
    assert chip.pads[17].holder is before
    assert chip.pads[27].holder is None and not chip.pads[17].output


def test_what_a_pin_alone_cannot_do_is_told() -> None:
    found = rows(SimulatedChip())
    assert found["relay left sense"].verdict == "warn"
    assert "not what the contact does" in found["relay left sense"].text
    assert found["relay left end"].verdict == "warn"
    found = rows(SimulatedChip(keeps_outputs=False))
    assert found["relay left end"].verdict == "ok"
    assert "contact open" in found["relay left end"].text


@pytest.mark.parametrize(("contact", "line"), [("normally_closed", 4)])
def test_a_coil_that_is_driven_from_boot_on_is_told(contact: str, line: int) -> None:
    assert rows(SimulatedChip(), contact=contact, line=line)["relay left boot"].verdict == "warn"


def test_a_chip_that_is_not_there_fails_with_what_to_do() -> None:
    found = rows(SimulatedChip(), chip="pinctrl-bcm2711")
    assert found["relay left"].verdict == "fail"
    assert "firmware_notes/pins.md" in found["relay left"].text


def test_the_free_pins_of_a_header_are_found() -> None:
    chip = SimulatedChip()
    chip.process().pins("auto").hold(17, active_low=False)

    async def look() -> list[str]:
        drivers = Drivers(lambda: pytest.fail("no broker"), board=chip.process())
        return await drivers.discover([], 0.1, [])

    high, low = asyncio.run(look())
    assert "pinctrl-rp1" in high and "active: high: 9, 10" in high and " 17," not in high
    assert low.endswith("active: low: 4, 5, 6, 7, 8")
