"""Draws sessions: which kitchen, who cooks how, and what goes wrong when. All from one integer."""

from collections.abc import Callable
from random import Random
from typing import Any

from gasguard.simulator.seeding import stream
from tests.torture.bridge import RETURNS_AFTER
from tests.torture.kitchens import ALARMS, Kitchen, draw_kitchen
from tests.torture.plan import LENGTH, Action, Plan

FAMILIES = ("wire", "relay", "mihome", "crash", "power", "disk", "clock", "hazard", "broker")
"""Kinds of trouble that `--faults` chooses from; without any, people only cook."""

_OLD_ANSWER = 0.05
"""Seconds by which the radio's answer may be late in a session."""
_QUIET_AT_FIRST = 8.0
"""Seconds in which the guard may find its relays."""


def draw_plan(seed: int, index: int, faults: tuple[str, ...] = FAMILIES) -> Plan:
    """Session number `index` of the campaign `seed`."""
    random = stream(seed, f"session {index}")
    kitchen = draw_kitchen(random, stream(seed, f"mqtt {index}"), stream(seed, f"hazards {index}"))
    return Plan(
        seed=random.getrandbits(32),
        config=kitchen.config,
        sensors=kitchen.sensors,
        latency=random.choice([0.001, 0.003, 0.01]),
        actions=_draw_actions(random, kitchen, faults),
    )


def _draw_actions(random: Random, kitchen: Kitchen, faults: tuple[str, ...]) -> tuple[Action, ...]:
    # A part of the sessions has one or two kinds of trouble only: what each does alone.
    troubles = [family for family in FAMILIES if family in faults]
    if troubles and random.random() < 0.4:
        troubles = random.sample(troubles, random.randint(1, min(2, len(troubles))))
    actions = [action for name in kitchen.burners for action in _cooking(random, kitchen, name)]
    for family in troubles:
        for _ in range(random.randint(0, 5)):
            moment = _moment(random, actions)
            actions += _TROUBLE[family](random, kitchen, moment)
    return tuple(sorted(actions, key=lambda action: action.at))


def _moment(random: Random, actions: list[Action]) -> float:
    """Any time, or just around something that somebody does: where things go wrong together."""
    if actions and random.random() < 0.65:
        near = random.choice(actions).at + random.choice([0, 0, 0.01, 0.1, 1, 3]) * random.random()
        return round(min(max(near - random.choice([0, 0, 0.05, 2]), 1.0), LENGTH - 1), 4)
    return round(random.uniform(_QUIET_AT_FIRST, LENGTH - 1), 3)


# --- people ---------------------------------------------------------------------------------------


def _cooking(random: Random, kitchen: Kitchen, name: str) -> list[Action]:
    """Dishes, one after another; some forgotten."""
    actions: list[Action] = []
    at = random.uniform(_QUIET_AT_FIRST, 60)
    while at < LENGTH - 30:
        actions.append(_act(at, "light", name))
        end = at + random.choice([20, 60, 200, 500]) * random.uniform(0.5, 1.5)
        for _ in range(random.randint(0, 3)):
            when = random.uniform(at, end)
            actions += random.choice(_COOKS)(random, kitchen, name, when)
        if random.random() < 0.6:
            actions.append(_act(end, "turn_off", name))
        at = end + random.expovariate(1 / 60) + 5
    for _ in range(random.randint(1, 7)):
        when = random.uniform(_QUIET_AT_FIRST, LENGTH - 5)
        actions += random.choice(_COOKS)(random, kitchen, name, when)
    if "lease" in kitchen.config["burners"][name].get("relay", {}):
        actions += _speak(random, kitchen, name, random.uniform(_QUIET_AT_FIRST, LENGTH - 5))
    return [action for action in actions if action.at < LENGTH - 1]


def _act(at: float, kind: str, name: str, **args: Any) -> Action:
    return Action(round(at, 4), kind, name, args)


def _set_timer(random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    seconds = round(random.choice([3, 20, 90, 400]) * random.uniform(0.5, 1.5), 2)
    actions = [_act(at, "timer", name, seconds=seconds)]
    keys = ["a", "b"]
    while random.random() < 0.35:
        when = at + random.uniform(0, min(seconds, 60))
        extra = round(random.uniform(5, 200), 2)
        actions.append(_act(when, "extend", name, seconds=extra, key=random.choice(keys)))
    if random.random() < 0.35:
        actions.append(_act(at + random.uniform(0, 1.1 * seconds), "cancel", name))
    return actions


def _off(random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    actions = [_act(at, "off", name)]
    while random.random() < 0.3:
        actions.append(_act(at + random.choice([0.02, 0.3, 3]) * random.random(), "off", name))
    return actions


def _lock(random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    actions = [_act(at, "lock", name)]
    if random.random() < 0.8:
        after = random.choice([0.05, 1, 10, 120]) * random.random()
        actions.append(_act(at + after, "unlock", name))
    return actions


def _off_and_rearm(random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    """Off, re-armed at once, off again: the closing and the opening meet on the wire."""
    rearm = at + random.choice([0.1, 1, 2]) * random.uniform(0.3, 1)
    actions = [_act(at, "off", name), _act(rearm, "rearm", name, source="cli")]
    if random.random() < 0.7:
        actions.append(_act(rearm + random.choice([0.05, 0.2, 1]) * random.random(), "off", name))
    return actions


def _rearm(random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    source = random.choice(["cli", "web", "mqtt"])
    times = random.choice([1, 1, 1, 7])
    return [_act(at + 0.4 * n, "rearm", name, source=source) for n in range(times)]


def _blow_out(_random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    return [_act(at, "blow_out", name)]


def _speak(random: Random, _kitchen: Kitchen, name: str, at: float) -> list[Action]:
    """Mi Home as it is meant to be used: off, or off in a while."""
    if random.random() < 0.5:
        seconds = round(random.choice([5, 60, 300]) * random.uniform(0.5, 1.5), 1)
        actions = [_act(at, "mi_home_off_in", name, seconds=seconds)]
        if random.random() < 0.4:
            taken_back = at + seconds * random.random()
            actions.append(_act(taken_back, "mi_home_forget", name))
        return actions
    return [_act(at, "mi_home", name, on=False, wired=False)]


_Cook = Callable[[Random, Kitchen, str, float], list[Action]]
_COOKS: list[_Cook] = [
    _set_timer,
    _set_timer,
    _set_timer,
    _off,
    _off,
    _lock,
    _off_and_rearm,
    _rearm,
    _blow_out,
    _speak,
]


# --- trouble --------------------------------------------------------------------------------------


def _duration(random: Random) -> float:
    return round(random.choice([0.3, 3, 15, 60, 200]) * random.uniform(0.3, 1.5), 3)


def _wire(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """Loss, delay, duplication and reordering."""
    loss = round(random.choice([0.1, 0.2, 0.25, 0.6]) * random.uniform(0.3, 1), 3)
    delay = round(random.choice([0.05, 0.2, 0.6, 3]) * random.random(), 3)
    kinds: list[dict[str, Any]] = [
        {"loss_in": loss},
        {"loss_out": loss},
        {"loss_in": loss, "loss_out": loss},
        {"delay_s": delay},
        {"jitter_s": delay},
        {"duplicate": 0.4},
        {"reorder": 0.4},
        {"duplicate": 0.3, "reorder": 0.3, "loss_in": 0.15, "loss_out": 0.15, "jitter_s": 0.05},
        {"offline": True},
    ]
    return [_fault(random, kitchen, at, random.choice(kinds))]


def _fault(random: Random, kitchen: Kitchen, at: float, changes: dict[str, Any]) -> Action:
    name, relay = random.choice(kitchen.burners), random.randrange(2)
    kind = kitchen.kind_on_mqtt(name, relay)
    if kind is not None:
        changes = _on_mqtt(random, kind, changes)
    return _act(at, "fault", name, relay=relay, seconds=_duration(random), **changes)


_WIRE_ON_MQTT = ("loss_in", "loss_out", "delay_s", "jitter_s", "duplicate", "offline")
_MODULE_ON_MQTT = (
    "frozen",
    "thaw_answers",
    "lying",
    "stuck",
    "welded",
    "refuse",
    "pending_s",
    "unpowered",
)


def _on_mqtt(random: Random, kind: str, changes: dict[str, Any]) -> dict[str, Any]:
    """What such a device can suffer of these; over TCP and in Zigbee's queues order is kept."""
    possible = (*_WIRE_ON_MQTT, *_MODULE_ON_MQTT)
    left = {name: value for name, value in changes.items() if name in possible}
    if not left:
        return random.choice([{"offline": True}, {"loss_in": 0.2}, {"loss_out": 0.2}])
    if kind == "zigbee2mqtt":
        # The radio's answer to an earlier question proves nothing: see firmware_notes.
        for name in left.keys() & {"delay_s", "jitter_s"}:
            left[name] = min(left[name], _OLD_ANSWER)
    return left


def _relay(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """The module itself: restarts, hangs, is busy, lies, sticks."""
    kinds: list[dict[str, Any]] = [
        {"frozen": True, "thaw_answers": random.random() < 0.5},
        {"busy": random.choice([0.3, 0.8])},
        {"lying": True},
        {"lying": True},
        {"stuck": True},
        {"welded": True},
        {"refuse": True},
        {"wrong_token": True},
        {"pending_s": random.choice([0.1, 0.3, 2.0])},
        {"clock_skew_s": random.choice([90.0, 5000.0, 80000.0])},
        {"unpowered": True},
    ]
    if random.random() < 0.3:
        silent = round(random.choice([0.2, 2, 10]) * random.uniform(0.5, 1), 2)
        name, number = random.choice(kitchen.burners), random.randrange(2)
        return [_act(at, "reboot", name, relay=number, silent=silent)]
    if random.random() < 0.1:
        return _weld(random, kitchen, at)
    fault = _fault(random, kitchen, at, random.choice(kinds))
    return [fault, *(_impatience(random, fault) if random.random() < 0.2 else ())]


def _weld(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """Off, and the flame burns on; much later somebody knocks on the relay, and it lets go."""
    name = random.choice(kitchen.burners)
    last = LENGTH - 1
    return [
        _act(at, "light", name),
        _act(min(at + 15, last), "fault", name, relay=0, seconds=150.0, welded=True),
        _act(min(at + 20, last), "off", name),
    ]


def _impatience(random: Random, fault: Action) -> list[Action]:
    """Off, and again when nothing seems to happen."""
    at, actions = fault.at, []
    for _ in range(random.randint(2, 5)):
        at = min(at + random.uniform(0.05, 1.2), LENGTH - 1)
        actions.append(_act(at, "off", fault.burner))
    return actions


def _mihome(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """Somebody presses wired channels, this way and that."""
    name = random.choice(kitchen.burners)
    actions = []
    for _ in range(random.randint(1, 3)):
        on, wired = random.random() < 0.5, random.random() < 0.7
        actions.append(_act(at, "mi_home", name, on=on, wired=wired))
        at += random.choice([0.1, 2, 15]) * random.random()
    return actions


def _crash(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """The guard's process dies, somewhere, and comes back."""
    return _gone(random, kitchen, _kill(random, at, machine=False))


def _power(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """The computer loses power, the whole house at times; what was not fsynced is gone."""
    return _gone(random, kitchen, _kill(random, at, machine=True))


def _gone(random: Random, kitchen: Kitchen, kill: Action) -> list[Action]:
    """And at times somebody speaks to Mi Home while the guard is away."""
    if random.random() < 0.7:
        return [kill]
    when = min(kill.at + random.uniform(0.1, 1) * min(kill.args["away"], 20), LENGTH - 1)
    name = random.choice(kitchen.burners)
    return [kill, _act(when, "mi_home", name, on=random.random() < 0.2, wired=False)]


def _kill(random: Random, at: float, *, machine: bool) -> Action:
    where = random.choice(["step", "step", "datagram", "before a write", "after a write"])
    number = random.choice([0, 0, 1, 2, 5, 20, 60]) if where != "step" else random.randrange(40)
    away = random.choice([0.1, 1, 1, 5, 5, 30, 300, 10000]) * random.uniform(0.5, 1.5)
    args: dict[str, Any] = {
        "where": where,
        "number": number,
        "away": round(away, 3),
        "machine": machine,
        "right": not machine or random.random() < 0.6,
    }
    if random.random() < 0.12:
        args["damage"] = random.choice(["torn", "torn", "zeros", "garbage", "short", "empty"])
    if machine and random.random() < 0.4:
        args["house"] = True
    return _act(at, "kill", "", **args)


def _disk(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """The disk hangs, refuses or is slow; at times just while something must be saved."""
    if random.random() < 0.25:
        # What could not be saved must be once the disk is well: then the guard dies.
        off = _act(at + 0.3, "off", random.choice(kitchen.burners))
        kill = _act(at + 6, "kill", "", where="step", number=0, away=1.0, machine=False, right=True)
        return [_act(at, "disk", "", fault="refuses", seconds=1.5), off, kill]
    fault = random.choice(["hangs", "refuses", "slow"])
    return [_act(at, "disk", "", fault=fault, seconds=_duration(random))]


def _clock(random: Random, _kitchen: Kitchen, at: float) -> list[Action]:
    jump = random.choice([-86400.0, -3600.0, -30.0, 30.0, 3600.0, 86400.0])
    actions = [_act(at, "jump", "", seconds=jump)]
    if random.random() < 0.7:
        actions.append(_act(min(at + random.expovariate(1 / 60), LENGTH - 1), "ntp", ""))
    return actions


def _hazard(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """A gas, smoke or heat alarm, somebody who re-arms, and a sensor that falls silent."""
    name = random.choice(kitchen.burners)
    if random.random() < 0.2:
        return [_act(at, "flame_unknown", name, seconds=_duration(random))]
    if random.random() < 0.15:
        return _silence(random, kitchen, name, at)
    alarm = random.choice(ALARMS)
    if random.random() < 0.15:
        # An alarm that comes and goes, and somebody who re-arms each time: more often than he may.
        return [
            one
            for n in range(7)
            for one in (
                _act(at + 20 * n, "hazard", name, alarm=alarm, seconds=0.5),
                _act(at + 20 * n + 2, "rearm", name, source="cli"),
            )
            if one.at < LENGTH - 1
        ]
    lasts = _duration(random)
    actions = [_act(at, "hazard", name, alarm=alarm, seconds=lasts)]
    for _ in range(random.randint(0, 2)):
        when = min(at + lasts * random.uniform(0.2, 1.8), LENGTH - 1)
        source = random.choice(["cli", "cli", "mqtt"])
        actions.append(_act(when, "rearm", name, source=source))
    return actions


def _silence(random: Random, kitchen: Kitchen, name: str, at: float) -> list[Action]:
    """The alarm that is expected to speak up does not, at times in the midst of an alarm."""
    hazards = kitchen.config["hazards"].items()
    alarm = next(alarm for alarm, settings in hazards if "expire_after" in settings)
    lasts = round(random.choice([30, 100, 400]) * random.uniform(0.5, 1.5), 2)
    known = random.random() < 0.3
    silent = _act(
        min(at + 1, LENGTH - 1), "hazard_silent", name, alarm=alarm, seconds=lasts, known=known
    )
    if random.random() < 0.5:
        return [silent]
    begins = _act(at, "hazard", name, alarm=alarm, seconds=lasts)
    rearm = _act(min(at + 0.9 * lasts, LENGTH - 1), "rearm", name, source="cli")
    return [begins, silent, rearm]


def _broker(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """The broker is gone, hangs, drops messages, is slow, or is cut off on one side."""
    if kitchen.has_mqtt and random.random() < 0.25:
        return random.choice([_behind_its_back, _cut_in_two, _restart])(random, kitchen, at)
    seconds = _duration(random)
    loss = round(random.choice([0.1, 0.25, 0.6]) * random.uniform(0.3, 1), 3)
    delay = round(random.choice([0.02, 0.2, 1]) * random.random(), 3)
    kinds: list[dict[str, Any]] = [
        {"fault": "away"},
        {"fault": "away"},
        {"fault": "hangs"},
        {"fault": "hangs"},
        {"fault": "well", "loss": loss},
        {"fault": "well", "delay": delay, "jitter": delay},
        {"fault": "parted", "qos": 0, "unacknowledged": 0.0, "expiry": True},
        _parted(random),
        _parted(random),
        {"fault": "guard_stalls"},
        {"fault": "devices_stall"},
    ]
    if random.random() < 0.1:
        # Both ways, and one is well before the other.
        other = round(seconds * random.uniform(0.5, 2), 3)
        stalls = ("guard_stalls", seconds), ("devices_stall", other)
        return [_act(at, "broker", "", fault=fault, seconds=s) for fault, s in stalls]
    kind = random.choice(kinds)
    if kind["fault"] == "parted":
        seconds = max(seconds, RETURNS_AFTER)
    return [_act(at, "broker", "", seconds=seconds, **kind)]


def _parted(random: Random) -> dict[str, Any]:
    """A bridge at QoS 1 breaks, and comes back with all that it owes."""
    unacknowledged, expiry = random.choice([0.3, 3.0, 30.0]), random.random() < 0.5
    return {"fault": "parted", "qos": 1, "unacknowledged": unacknowledged, "expiry": expiry}


def _behind_its_back(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """Off; while nobody hears the devices somebody switches by hand, and asks for another off."""
    name, last = random.choice(kitchen.on_mqtt), LENGTH - 1
    cut = at + random.uniform(0.2, 3)
    seconds = round(random.uniform(RETURNS_AFTER, 25), 3)
    fault = random.choice([_parted(random), {"fault": "away"}])
    on = kitchen.closes_when(name) == (random.random() < 0.8)
    again = cut + max(0.5, seconds - random.choice([0.5, 8]) * random.random())
    return [
        _act(at, "off", name),
        _act(min(cut, last), "broker", "", seconds=seconds, **fault),
        _act(min(cut + 0.3, last), "mi_home", name, on=on, wired=True),
        _act(min(again, last), "off", name),
    ]


def _cut_in_two(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """A slow broker, and the devices are cut off while a closing is on its way."""
    name, last = random.choice(kitchen.on_mqtt), LENGTH - 1
    rearm, delay = at + random.uniform(1, 2.5), round(random.uniform(0.02, 0.1), 3)
    cut = rearm + delay * random.uniform(2, 5.5)
    seconds = max(_duration(random), RETURNS_AFTER)
    return [
        _act(at, "broker", "", fault="well", seconds=5.0, delay=delay, jitter=0.0),
        _act(at, "off", name),
        _act(min(rearm, last), "rearm", name, source="cli"),
        _act(min(cut, last), "broker", "", seconds=seconds, **_parted(random)),
    ]


def _restart(random: Random, kitchen: Kitchen, at: float) -> list[Action]:
    """A device is off the network, and the broker restarts: what it has kept is all there is."""
    name, away = random.choice(kitchen.on_mqtt), round(random.uniform(0.3, 5), 3)
    again = min(at + random.uniform(12, 30), LENGTH - 1)
    return [
        _act(at, "fault", name, relay=1, seconds=45.0, offline=True),
        _act(again, "broker", "", fault="away", seconds=away),
    ]


_TROUBLE: dict[str, Callable[[Random, Kitchen, float], list[Action]]] = {
    "wire": _wire,
    "relay": _relay,
    "mihome": _mihome,
    "crash": _crash,
    "power": _power,
    "disk": _disk,
    "clock": _clock,
    "hazard": _hazard,
    "broker": _broker,
}
