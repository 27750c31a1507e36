"""`driver: gpio`: pins that are there, safe at boot, and nobody else's."""

import pytest

from tests.config.files import File, place, where


def pin(*more: str, line: int | str = 17, active: str = "high", contact: str = "open") -> str:
    said = ("driver: gpio", f"line: {line}", f"active: {active}", f"contact: normally_{contact}")
    return f"{{{', '.join((*said, *more))}}}"


def one(relay: str) -> str:
    return f"burners:\n  left:\n    relay: {relay}\n"


def two(left: str, right: str) -> str:
    return f"{one(left)}  right:\n    relay: {right}\n"


def test_what_a_pin_needs_and_may_have(file: File) -> None:
    relay = file.sound(one(pin())).burners["left"].relay
    assert relay is not None and (relay.opens_when, relay.held_lease) == (False, None)
    more = "chip: pinctrl-bcm2711, sense: {line: 27, active: high}, pulse: {line: 22, after: 20s}"
    relay = file.sound(one(pin(more))).burners["left"].relay
    assert relay is not None and relay.held_lease is not None
    assert relay.held_lease.after == 20


@pytest.mark.parametrize("key", ["line", "active", "contact"])
def test_nothing_about_a_pin_is_guessed(file: File, key: str) -> None:
    words = {
        "line": "line: 17, ",
        "active": "active: high, ",
        "contact": ", contact: normally_open",
    }
    text = one(pin().replace(words[key], ""))
    assert file.fault(text).startswith(f"burners.left.relay.{key}: is required")


@pytest.mark.parametrize(
    "relay",
    [
        pin(line=4),
        pin(line=2),
        pin(line=17, active="low"),
        pin("chip: pinctrl-rp1", line=8),
        pin("chip: pinctrl-bcm2835", line=27, active="low"),
    ],
)
def test_a_pin_that_would_let_it_burn_at_boot_is_a_fault(file: File, relay: str) -> None:
    fault = file.fault(one(relay))
    assert "at boot, which is on for active" in fault
    assert "take " in fault
    assert where(fault)[0] == 3


@pytest.mark.parametrize("relay", [pin(line=9), pin(line=27), pin(line=8, active="low")])
def test_pins_that_are_safe_at_boot(file: File, relay: str) -> None:
    file.sound(one(relay))


@pytest.mark.parametrize(
    "relay",
    [
        pin(line=4, contact="closed"),
        pin(line=17, active="low", contact="closed"),
        pin(line=14),
    ],
)
def test_what_only_opens_at_boot_or_may_disturb_is_a_warning(file: File, relay: str) -> None:
    (warning,) = file.warnings(one(relay))
    assert place(warning) == "burners.left.relay.line"
    assert "at boot" in warning


@pytest.mark.parametrize("line", [0, 1, 28, 40, 53])
@pytest.mark.parametrize("key", ["line", "sense.line", "pulse.line"])
def test_pins_that_no_header_has_are_told_by_their_key(file: File, key: str, line: int) -> None:
    block = key.partition(".")[0]
    relay = pin(line=line) if key == "line" else pin(f"{block}: {{line: {line}}}")
    fault = file.fault(one(relay))
    assert f"{key}: {line} " in fault


def test_another_machines_chip_has_pins_of_its_own(file: File) -> None:
    file.sound(one(pin("chip: 1c20800.pinctrl", line=224)))
    file.sound(two(pin("chip: gpio0", line=3), pin("chip: gpio3", line=3)))


@pytest.mark.parametrize("chip", ["gpiochip4", "4", "gpio/4", "pinctrl rp1"])
def test_a_chip_is_a_label_or_a_path(file: File, chip: str) -> None:
    fault = file.fault(one(pin(f"chip: {chip}")))
    assert place(fault) == "burners.left.relay.chip"
    assert "label or its path" in fault


@pytest.mark.parametrize("line", ["GPIO17", "17.5", "-1", "header 11"])
def test_a_line_is_a_number(file: File, line: str) -> None:
    assert file.fault(one(pin(line=line))).startswith("burners.left.relay.line: must be")


@pytest.mark.parametrize(
    ("left", "right", "where"),
    [
        (pin(), pin(), "line"),
        (pin(), pin("chip: pinctrl-rp1"), "line"),
        (pin("chip: /dev/gpiochip0"), pin(), "line"),
        (pin("sense: {line: 27}"), pin(line=27), "line"),
        (pin("sense: {line: 27}"), pin("sense: {line: 27}", line=22), "sense.line"),
        (pin("pulse: {line: 22}"), pin("sense: {line: 22}", line=23), "sense.line"),
        (pin("pulse: {line: 22}"), pin("pulse: {line: 22}", line=23), "pulse.line"),
    ],
)
def test_two_burners_on_one_pin_are_a_fault(file: File, left: str, right: str, where: str) -> None:
    fault = file.fault(two(left, right))
    assert place(fault) == f"burners.right.relay.{where}"
    assert "is the same pin as burners.left.relay" in fault


@pytest.mark.parametrize(
    "more", ["sense: {line: 17}", "pulse: {line: 17}", "sense: {line: 27}, pulse: {line: 27}"]
)
def test_one_pin_has_one_use(file: File, more: str) -> None:
    assert "is the same pin as" in file.fault(one(pin(more)))


def test_a_pump_can_only_release(file: File) -> None:
    fault = file.fault(one(pin("pulse: {line: 22}", contact="closed")))
    assert "pulse: needs contact: normally_open" in fault


@pytest.mark.parametrize("more", ["every: 2s", "after: 1s", "every: 0s"])
def test_a_pump_is_fed_often_enough_and_not_for_ever(file: File, more: str) -> None:
    fault = file.fault(one(pin(f"pulse: {{line: 22, {more}}}")))
    assert place(fault) == f"burners.left.relay.pulse.{more.partition(':')[0]}"


def test_a_relay_on_a_pin_has_no_voice(file: File) -> None:
    assert "driver: miot" in file.fault(one(pin()) + "    voice: {siid: 4, piid: 1}\n")


def test_limits_below_a_second_are_shown_as_they_are_written(file: File) -> None:
    fault = file.fault(one(pin("pulse: {line: 22, every: 0}")))
    assert "at least 5ms and at most 1s" in fault
