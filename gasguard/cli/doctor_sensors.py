"""What `gasguard doctor` tells of sensors, and of who else switches the relays.

It asks no sensor: what they said, and what is wrong with them, the running daemon knows.
"""

from collections.abc import Iterator
from typing import Any

from gasguard.config.load import Config
from gasguard.core.messages import FLAME
from gasguard.drivers.base import Finding

States = dict[str, dict[str, Any]]

_HAZARD_WORDS = {
    "clear": ("ok", "clear"),
    "alarm": ("fail", "alarm: look why; re-arm once it is over"),
    "unknown": ("warn", "not heard since the daemon's start: press its test button"),
}
_FLAME_WORDS = {
    "lit": ("ok", "lit"),
    "out": ("ok", "out"),
    "unknown": ("warn", "not heard since the daemon's start: light the burner, then put it out"),
}
_PEOPLE_WORDS = {
    "somebody": ("ok", "somebody is there"),
    "nobody": ("ok", "nobody is there"),
    "unknown": ("warn", "not heard since the daemon's start: walk past it"),
}
_BEHIND_THE_BROKER = "its words, its battery, its radio and the broker"
_ON_ITS_BUS = "its wires, and see firmware_notes/pins.md"
_INFERRED = {
    True: "inferred; limits shut off on its word (flame.trust: shutoff)",
    False: "inferred; limits only warn, until flame.trust says shutoff",
}
_UNTESTED = "has never warned: press its test button and see the burners go off"


def sensor_rows(config: Config, states: States) -> Iterator[Finding]:
    """A row for each flame sensor, for each alarm, and for each relay that others switch."""
    for name, burner in config.burners.items():
        state = states.get(name, {})
        if burner.flame is None:
            yield Finding(f"flame {name}", "warn", "not sensed: a welded contact stays unnoticed")
        else:
            word = state.get("flame", "unknown")
            verdict, text = _FLAME_WORDS[word]
            if burner.flame.evidence == "inferred":
                text = f"{text}; {_INFERRED[burner.flame.shuts_off]}"
            own_bus = burner.flame.i2c_bus() is not None
            look_after = _ON_ITS_BUS if own_bus else _BEHIND_THE_BROKER
            yield _row(f"flame {name}", FLAME, (verdict, text), state, look_after)
        if (problem := state.get("relay", {}).get("problem")) and "closed it" in problem:
            yield Finding(f"relay {name} switched", "warn", problem)
    for name in config.alarms:
        heeding = [state for state in states.values() if name in state.get("hazards", {})]
        state = heeding[0] if heeding else {}
        word = state.get("hazards", {}).get(name, "unknown")
        verdict, text = _HAZARD_WORDS.get(word, _HAZARD_WORDS["unknown"])
        if verdict == "ok" and name in state.get("untested_sensors", []):
            verdict, text = "warn", f"{text}, but {_UNTESTED}"
        yield _row(f"hazard {name}", name, (verdict, text), state)
    for name, sensor in config.people.items():
        seeing = [state for state in states.values() if name in state.get("people", {})]
        state = seeing[0] if seeing else {}
        word = state.get("people", {}).get(name, "unknown")
        sound = _PEOPLE_WORDS.get(word, _PEOPLE_WORDS["unknown"])
        yield _row(f"{sensor.kind} {name}", name, sound, state)


def _row(
    what: str,
    sensor: str,
    sound: tuple[str, str],
    state: dict[str, Any],
    look_after: str = _BEHIND_THE_BROKER,
) -> Finding:
    problem = state.get("sensor_problems", {}).get(sensor)
    if problem is None:
        return Finding(what, *sound)
    text = f"{problem}: look after {look_after}"
    if sound[0] == "fail":
        text = f"{sound[1]}; and it {text}"
    return Finding(what, "fail", text)
