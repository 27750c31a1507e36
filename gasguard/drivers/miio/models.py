"""What is known of relay models, for `doctor` to tell people. Nothing here decides anything.

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
