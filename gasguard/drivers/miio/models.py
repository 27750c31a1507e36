"""What is known of relay models, for `doctor` and `setup` to tell people. Nothing here decides.

From the models' public MIoT specifications; vendors' enums contradict each other, so check yours.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PowerOn:
    """Where a model keeps what its switch does when power returns, and what the values mean."""

    siid: int
    piid: int
    meanings: dict[int, str]


POWER_ON: dict[str, PowerOn] = {
    "yeelink.switch.sw1": PowerOn(2, 2, {0: "off", 1: "on"}),
    "cuco.plug.v2eur": PowerOn(2, 2, {0: "last", 1: "on", 2: "off"}),
    "cuco.plug.co1": PowerOn(7, 2, {0: "on", 1: "off", 2: "last"}),
    "cuco.plug.cp1m": PowerOn(7, 2, {0: "on", 1: "off", 2: "last"}),
}

SAFE_POWER_ON = {"normally_closed": "off", "normally_open": "on"}
"""The power-on state that lets the stove burn again by itself after a power cut, by wiring."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """Where a model keeps the countdown that may be held as a lease; `unit` is `s` or `min`."""

    siid: int
    piid: int
    unit: str = "s"
    off: int = -1


@dataclass(frozen=True, slots=True)
class Model:
    """Where a model's switches are, as siid and piid; none for one of the older kind."""

    switches: tuple[tuple[int, int], ...] = ((2, 1),)
    countdown: Countdown | None = None
    """That of the first switch, where it is known to be one that can be renewed."""


MODELS: dict[str, Model] = {
    "yeelink.switch.sw1": Model(((2, 1), (3, 1)), Countdown(2, 3)),
    "cuco.plug.cp2": Model(countdown=Countdown(2, 5, "min")),
    "cuco.plug.v2eur": Model(),
    "cuco.plug.co1": Model(),
    "cuco.plug.cp1m": Model(),
    "chuangmi.plug.212a01": Model(countdown=Countdown(4, 3)),
    "babai.switch.bb101s": Model(),
    "chuangmi.plug.m1": Model(()),
    "chuangmi.plug.m3": Model(()),
    "chuangmi.plug.v3": Model(()),
}
"""The table of firmware_notes/relays.md. Only proposed: each is tried on the device."""
