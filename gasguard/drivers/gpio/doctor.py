"""What `gasguard doctor` tells of a relay on a pin.

It only looks: a pin that is asked for its level would have to be taken, and the daemon has it.
"""

from collections.abc import Iterator

from gasguard.config.relays.gpio import PI_CHIPS, SIMULATED, GpioRelay
from gasguard.drivers.base import Finding
from gasguard.drivers.board import Board, Pins
from gasguard.drivers.gpio.kernel import said
from gasguard.errors import Unreachable

_NOTES = "see firmware_notes/pins.md"
_OURS = "gasguard"


def examine_relay(what: str, relay: GpioRelay, board: Board) -> Iterator[Finding]:
    """Its pins, what they do at boot and when gasguard ends, and what is not seen."""
    if relay.chip == SIMULATED:
        text = f"GPIO {relay.line} of a simulated Pi, which gasguard demo --pi has in itself"
        yield Finding(what, "ok", text)
        return
    try:
        pins = board.pins(relay.chip)
    except Unreachable as error:
        yield Finding(what, "fail", f"{error}; {_NOTES}")
    else:
        yield _pins(what, relay, pins)
        yield _boot(f"{what} boot", relay, pins)
        yield _end(f"{what} end", relay, pins)
    yield from _settings(what, relay)


def _pins(what: str, relay: GpioRelay, pins: Pins) -> Finding:
    taken = []
    for key, number in relay.lines():
        try:
            user = pins.look(number).used_by
        except OSError as error:
            return Finding(what, "fail", f"GPIO {number} of {pins.label}: {said(error)}")
        if user not in ("", _OURS):
            taken.append(f"GPIO {number} ({key}) is used by {user}: take another, or end that")
    if taken:
        return Finding(what, "fail", "; ".join(taken))
    proof = "a second pin senses the contact" if relay.sense else "read back at its latch"
    return Finding(what, "ok", f"GPIO {relay.line} of {pins.label} ({pins.path}), {proof}")


def _boot(what: str, relay: GpioRelay, pins: Pins) -> Finding:
    if pins.label not in PI_CHIPS:
        text = f"how {pins.label} pulls its pins at boot is not known here: look whether it clicks"
        return Finding(what, "warn", text)
    if relay.on_at_boot:
        return Finding(what, "warn", "the coil is driven from each boot until gasguard is there")
    return Finding(what, "ok", "the pin's pull keeps the coil released until gasguard is there")


def _end(what: str, relay: GpioRelay, pins: Pins) -> Finding:
    if relay.pulse:
        return Finding(what, "ok", "if gasguard or this machine dies, the pump opens the contact")
    if pins.keeps_outputs is False:
        state = "open" if relay.contact == "normally_open" else "closed"
        return Finding(what, "ok", f"if gasguard dies, its pin lets the coil go: contact {state}")
    text = "if gasguard dies while cooking, its pin keeps its level until it is started again"
    return Finding(what, "warn", f"{text}; with pulse: the contact opens ({_NOTES})")


def _settings(what: str, relay: GpioRelay) -> Iterator[Finding]:
    if relay.sense is None:
        text = "none: the read-back is what the pin was told, not what the contact does"
        yield Finding(f"{what} sense", "warn", text)
