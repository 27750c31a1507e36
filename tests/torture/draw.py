"""Draws sessions: which kitchen, who cooks how, and what goes wrong when. All from one integer."""

from collections.abc import Callable
from random import Random
from typing import Any

from gasguard.simulator.seeding import stream
from tests.torture.bridge import RETURNS_AFTER
from tests.torture.kitchens import ALARMS, Kitchen, add_people, add_schedules, draw_kitchen
from tests.torture.plan import LENGTH, Action, Plan
from tests.torture.unclean import WORDS

_OLD_ANSWER = 0.05
"""Seconds by which the radio's answer may be late in a session."""
_QUIET_AT_FIRST = 8.0
"""Seconds in which the guard may find its relays."""
_ON_MQTT = (
    *("loss_in", "loss_out", "delay_s", "jitter_s", "duplicate", "offline", "unpowered"),
    *("frozen", "thaw_answers", "lying", "stuck", "welded", "refuse", "pending_s"),
)
"""What a device behind a broker can suffer: over TCP and in Zigbee's queues order is kept."""


class Drawing:
    """One session's actions, as they are drawn."""

    def __init__(self, random: Random, kitchen: Kitchen) -> None:
        self.random, self.kitchen = random, kitchen
        self.actions: list[Action] = []

    def act(self, at: float, kind: str, name: str = "", **args: Any) -> None:
        """Have something done, unless that is too late for the session."""
        if at < LENGTH - 1:
            self.actions.append(Action(round(at, 4), kind, name, args))

    def burner(self) -> str:
        """Any of them."""
        return self.random.choice(self.kitchen.burners)

    def about(self, *seconds: float, least: float = 0.0, most: float = 1.0) -> float:
        """One of these, times something between two bounds."""
        return self.random.choice(seconds) * self.random.uniform(least, most)

    def moment(self) -> float:
        """Any time, or just around something that is done: where things go wrong together."""
        if self.actions and self.random.random() < 0.65:
            near = self.random.choice(self.actions).at + self.about(0, 0, 0.01, 0.1, 1, 3)
            near -= self.random.choice([0, 0, 0.05, 2])
            return round(min(max(near, 1.0), LENGTH - 1.01), 4)
        return round(self.random.uniform(_QUIET_AT_FIRST, LENGTH - 1.01), 3)

    def duration(self) -> float:
        """Seconds that a trouble lasts."""
        return round(self.about(0.3, 3, 15, 60, 200, least=0.3, most=1.5), 3)


def draw_plan(seed: int, index: int, faults: "tuple[str, ...] | None" = None) -> Plan:
    """Session number `index` of the campaign `seed`."""
    random = stream(seed, f"session {index}")
    streams = (stream(seed, f"{name} {index}") for name in ("mqtt", "hazards", "pins"))
    kitchen = draw_kitchen(random, *streams)
    schedules, zones = (stream(seed, f"{name} {index}") for name in ("schedules", "zones"))
    add_schedules(schedules, zones, kitchen.config)
    add_people(stream(seed, f"people {index}"), kitchen.config)
    drawing = Drawing(random, kitchen)
    # A part of the sessions has one or two kinds of trouble only: what each does alone.
    troubles = [family for family in FAMILIES if faults is None or family in faults]
    if troubles and random.random() < 0.4:
        troubles = random.sample(troubles, random.randint(1, min(2, len(troubles))))
    for name in kitchen.burners:
        _cook(drawing, name)
    _come_and_go(stream(seed, f"company {index}"), drawing)
    for family in troubles:
        for _ in range(random.randint(0, 5)):
            _TROUBLE[family](drawing, drawing.moment())
    return Plan(
        seed=random.getrandbits(32),
        config=kitchen.config,
        sensors=kitchen.sensors,
        latency=random.choice([0.001, 0.003, 0.01]),
        names=_names(stream(seed, f"names {index}"), kitchen),
        actions=tuple(sorted(drawing.actions, key=lambda action: action.at)),
    )


def _names(random: Random, kitchen: Kitchen) -> dict[str, str]:
    """Some relays are known by name."""
    hosts = sorted(kitchen.hosts)
    return {
        host: f"relay{host.rpartition('.')[2]}.local" for host in hosts if random.random() < 0.3
    }


# --- people ---------------------------------------------------------------------------------------


def _cook(draw: Drawing, name: str) -> None:
    """Dishes, one after another; some forgotten."""
    random = draw.random
    at = random.uniform(_QUIET_AT_FIRST, 60)
    while at < LENGTH - 30:
        draw.act(at, "light", name)
        end = at + draw.about(20, 60, 200, 500, least=0.5, most=1.5)
        for _ in range(random.randint(0, 3)):
            random.choice(_COOKS)(draw, name, random.uniform(at, end))
        if random.random() < 0.6:
            draw.act(end, "turn_off", name)
        at = end + random.expovariate(1 / 60) + 5
    for _ in range(random.randint(1, 7)):
        random.choice(_COOKS)(draw, name, random.uniform(_QUIET_AT_FIRST, LENGTH - 5))
    if "lease" in draw.kitchen.config["burners"][name].get("relay", {}):
        _speak(draw, name, random.uniform(_QUIET_AT_FIRST, LENGTH - 5))


def _come_and_go(random: Random, draw: Drawing) -> None:
    """Who cooks walks away and returns, and so does who lives there."""
    for sensor in draw.kitchen.config.get("sensors", {}):
        at, there = random.uniform(1, 60), True
        while at < LENGTH - 30:
            draw.act(at, "company", sensor=sensor, there=there)
            at += random.choice([3, 20, 60, 200]) * random.uniform(0.3, 1.5)
            there = not there


def _set_timer(draw: Drawing, name: str, at: float) -> None:
    random, seconds = draw.random, round(draw.about(3, 20, 90, 400, least=0.5, most=1.5), 2)
    draw.act(at, "timer", name, seconds=seconds)
    while random.random() < 0.35:
        extra, key = round(random.uniform(5, 200), 2), random.choice(["a", "b"])
        when = at + random.uniform(0, min(seconds, 60))
        draw.act(when, "extend", name, seconds=extra, key=key)
    if random.random() < 0.35:
        draw.act(at + random.uniform(0, 1.1 * seconds), "cancel", name)


def _off(draw: Drawing, name: str, at: float) -> None:
    draw.act(at, "off", name)
    while draw.random.random() < 0.3:
        draw.act(at + draw.about(0.02, 0.3, 3), "off", name)


def _lock(draw: Drawing, name: str, at: float) -> None:
    draw.act(at, "lock", name)
    if draw.random.random() < 0.8:
        draw.act(at + draw.about(0.05, 1, 10, 120), "unlock", name)


def _off_and_rearm(draw: Drawing, name: str, at: float) -> None:
    """Off, re-armed at once, off again: the closing and the opening meet on the wire."""
    rearm = at + draw.about(0.1, 1, 2, least=0.3)
    draw.act(at, "off", name)
    draw.act(rearm, "rearm", name, source="cli")
    if draw.random.random() < 0.7:
        draw.act(rearm + draw.about(0.05, 0.2, 1), "off", name)


def _rearm(draw: Drawing, name: str, at: float) -> None:
    source = draw.random.choice(["cli", "web", "mqtt"])
    for n in range(draw.random.choice([1, 1, 1, 7])):
        draw.act(at + 0.4 * n, "rearm", name, source=source)


def _blow_out(draw: Drawing, name: str, at: float) -> None:
    draw.act(at, "blow_out", name)


def _speak(draw: Drawing, name: str, at: float) -> None:
    """Mi Home as it is meant to be used: off, or off in a while."""
    if draw.random.random() < 0.5:
        draw.act(at, "mi_home", name, on=False, wired=False)
        return
    seconds = round(draw.about(5, 60, 300, least=0.5, most=1.5), 1)
    draw.act(at, "mi_home_off_in", name, seconds=seconds)
    if draw.random.random() < 0.4:
        draw.act(at + seconds * draw.random.random(), "mi_home_forget", name)


_COOKS: list[Callable[[Drawing, str, float], None]] = [
    *(_set_timer, _set_timer, _set_timer, _off, _off),
    *(_lock, _off_and_rearm, _rearm, _blow_out, _speak),
]


# --- trouble --------------------------------------------------------------------------------------


def _wire(draw: Drawing, at: float) -> None:
    """Loss, delay, duplication and reordering."""
    loss = round(draw.about(0.1, 0.2, 0.25, 0.6, least=0.3), 3)
    delay = round(draw.about(0.05, 0.2, 0.6, 3), 3)
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
    _fault(draw, at, draw.random.choice(kinds))


def _fault(draw: Drawing, at: float, changes: dict[str, Any]) -> str:
    """Returns the burner that suffers it."""
    name, relay = draw.burner(), draw.random.randrange(2)
    kind = draw.kitchen.kind_on_mqtt(name, relay)
    if kind is not None:
        changes = {fault: value for fault, value in changes.items() if fault in _ON_MQTT}
        if not changes:
            changes = draw.random.choice([{"offline": True}, {"loss_in": 0.2}, {"loss_out": 0.2}])
    if (able := draw.kitchen.on_pins(name, relay)) is not None:
        changes = {fault: value for fault, value in changes.items() if fault in able}
        changes = changes or {draw.random.choice(["offline", "stuck"]): True}
    if kind == "zigbee2mqtt":
        # The radio's answer to an earlier question proves nothing: see firmware_notes.
        for fault in changes.keys() & {"delay_s", "jitter_s"}:
            changes[fault] = min(changes[fault], _OLD_ANSWER)
    draw.act(at, "fault", name, relay=relay, seconds=draw.duration(), **changes)
    return name


def _relay(draw: Drawing, at: float) -> None:
    """The module itself: restarts, hangs, is busy, lies, sticks."""
    random = draw.random
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
        silent = round(draw.about(0.2, 2, 10, least=0.5), 2)
        draw.act(at, "reboot", draw.burner(), relay=random.randrange(2), silent=silent)
    elif random.random() < 0.1:
        # Off, and the flame burns on; much later somebody knocks on the relay, and it lets go.
        name = draw.burner()
        draw.act(at, "light", name)
        able = draw.kitchen.on_pins(name, 0)
        burns_on = "welded" if able is None or "welded" in able else "stuck"
        draw.act(at + 15, "fault", name, relay=0, seconds=150.0, **{burns_on: True})
        draw.act(at + 20, "off", name)
    else:
        name = _fault(draw, at, random.choice(kinds))
        if random.random() < 0.2:
            # Off, and again when nothing seems to happen.
            for _ in range(random.randint(2, 5)):
                at += random.uniform(0.05, 1.2)
                draw.act(at, "off", name)


def _mihome(draw: Drawing, at: float) -> None:
    """Somebody presses wired channels, this way and that."""
    name = draw.burner()
    for _ in range(draw.random.randint(1, 3)):
        on, wired = draw.random.random() < 0.5, draw.random.random() < 0.7
        draw.act(at, "mi_home", name, on=on, wired=wired)
        at += draw.about(0.1, 2, 15)


def _crash(draw: Drawing, at: float) -> None:
    """The guard's process dies, somewhere, and comes back."""
    _kill(draw, at, machine=False)


def _power(draw: Drawing, at: float) -> None:
    """The computer loses power, the whole house at times; what was not fsynced is gone."""
    _kill(draw, at, machine=True)


def _kill(draw: Drawing, at: float, *, machine: bool) -> None:
    random = draw.random
    where = random.choice(["step", "step", "datagram", "before a write", "after a write"])
    args: dict[str, Any] = {
        "where": where,
        "number": random.choice([0, 0, 1, 2, 5, 20, 60] if where != "step" else range(40)),
        "away": round(draw.about(0.1, 1, 1, 5, 5, 30, 300, 10000, least=0.5, most=1.5), 3),
        "machine": machine,
        "right": not machine or random.random() < 0.6,
    }
    if random.random() < 0.12:
        args["damage"] = random.choice(["torn", "torn", "zeros", "garbage", "short", "empty"])
    if machine and random.random() < 0.4:
        args["house"] = True
    draw.act(at, "kill", **args)
    if random.random() < 0.3:
        # Somebody speaks to Mi Home while the guard is away.
        when = at + random.uniform(0.1, 1) * min(args["away"], 20)
        draw.act(when, "mi_home", draw.burner(), on=random.random() < 0.2, wired=False)


def _disk(draw: Drawing, at: float) -> None:
    """The disk hangs, refuses or is slow; at times just while something must be saved."""
    if draw.random.random() < 0.25:
        # What could not be saved must be once the disk is well: then the guard dies.
        draw.act(at, "disk", fault="refuses", seconds=1.5)
        draw.act(at + 0.3, "off", draw.burner())
        draw.act(at + 6, "kill", where="step", number=0, away=1.0, machine=False, right=True)
        return
    if draw.random.random() < 0.3:
        # The card has become read-only, and the guard must start from what can still be read.
        name, seconds = draw.burner(), round(draw.about(20, 60, least=0.8), 2)
        draw.act(at, "timer", name, seconds=seconds)
        draw.act(at + 3, "disk", fault="refuses", seconds=2 * seconds)
        away = round(draw.about(1, seconds), 2)
        machine, right = draw.random.random() < 0.3, draw.random.random() < 0.8
        draw.act(at + 5, "kill", where="step", number=0, away=away, machine=machine, right=right)
        return
    fault = draw.random.choice(["hangs", "refuses", "slow"])
    draw.act(at, "disk", fault=fault, seconds=draw.duration())


def _clock(draw: Drawing, at: float) -> None:
    jump = draw.random.choice([-86400.0, -3600.0, -300.0, -30.0, 30.0, 300.0, 3600.0, 86400.0])
    draw.act(at, "jump", seconds=jump, believed=draw.random.random() < 0.5)
    if draw.random.random() < 0.7:
        draw.act(at + draw.random.expovariate(1 / 60), "ntp")


def _schedule(draw: Drawing, at: float) -> None:
    """Somebody leaves a window or an off out, once or time and again."""
    names = list(draw.kitchen.config.get("schedules", {}))
    if not names:
        return _clock(draw, at)
    name = draw.random.choice(names)
    for n in range(draw.random.choice([1, 1, 2, 3])):
        draw.act(at + n * draw.about(0.01, 0.5, 3, 100), "skip", schedule=name)
    return None


def _people(draw: Drawing, at: float) -> None:
    """A sensor that looks for people falls silent, or bounces."""
    sensors, random = list(draw.kitchen.config.get("sensors", {})), draw.random
    if not sensors:
        return _hazard(draw, at)
    sensor = random.choice(sensors)
    if random.random() < 0.6:
        known = random.random() < 0.5
        draw.act(at, "company_silent", sensor=sensor, seconds=draw.duration(), known=known)
        return None
    for n in range(random.choice([2, 5])):
        draw.act(at + n * draw.about(0.1, 0.7, 3), "company", sensor=sensor, there=n % 2 == 0)
    return None


def _hazard(draw: Drawing, at: float) -> None:
    """A gas, smoke or heat alarm, somebody who re-arms, and a sensor that falls silent."""
    random, name, alarm = draw.random, draw.burner(), draw.random.choice(ALARMS)
    kind = random.random()
    if kind < 0.2:
        _flame_signal(draw, name, at)
    elif kind < 0.35:
        _silence(draw, name, at)
    elif kind < 0.45:
        # It comes and goes, and somebody re-arms each time: more often than he may.
        for n in range(7):
            draw.act(at + 20 * n, "hazard", name, alarm=alarm, seconds=0.5)
            draw.act(at + 20 * n + 2, "rearm", name, source="cli")
    else:
        lasts = draw.duration()
        draw.act(at, "hazard", name, alarm=alarm, seconds=lasts)
        for _ in range(random.randint(0, 2)):
            source = random.choice(["cli", "cli", "mqtt"])
            draw.act(at + lasts * random.uniform(0.2, 1.8), "rearm", name, source=source)


def _flame_signal(draw: Drawing, name: str, at: float) -> None:
    """The flame sensor dies, says so or not, or says the opposite for a moment, time and again."""
    random = draw.random
    if random.random() < 0.6:
        silently = random.random() < 0.5
        draw.act(at, "flame_unknown", name, seconds=draw.duration(), silently=silently)
        return
    every = random.choice([0.3, 2.0, 20.0])
    for n in range(random.randint(1, 12)):
        seconds = round(random.uniform(0.05, 0.9) * every, 3)
        draw.act(at + n * every, "flame_glitches", name, seconds=seconds)


def _silence(draw: Drawing, name: str, at: float) -> None:
    """The alarm that is expected to speak up does not, at times in the midst of an alarm."""
    hazards = draw.kitchen.config["hazards"].items()
    alarm = next(alarm for alarm, settings in hazards if "expire_after" in settings)
    lasts = round(draw.about(30, 100, 400, least=0.5, most=1.5), 2)
    known = draw.random.random() < 0.3
    draw.act(at + 1, "hazard_silent", name, alarm=alarm, seconds=lasts, known=known)
    if draw.random.random() < 0.2:
        draw.act(at + 0.4 * lasts, "broker", fault="away", seconds=90.0)
    if draw.random.random() < 0.5:
        draw.act(at, "hazard", name, alarm=alarm, seconds=lasts)
        draw.act(at + 0.9 * lasts, "rearm", name, source="cli")


def _broker(draw: Drawing, at: float) -> None:
    """The broker is gone, hangs, drops messages, is slow, or is cut off on one side."""
    random, seconds = draw.random, draw.duration()
    if draw.kitchen.on_mqtt and random.random() < 0.25:
        random.choice([_behind_its_back, _cut_in_two, _restart])(draw, at)
        return
    if random.random() < 0.1:
        # Both ways stall, and one is well before the other.
        draw.act(at, "broker", fault="guard_stalls", seconds=seconds)
        other = round(seconds * random.uniform(0.5, 2), 3)
        draw.act(at, "broker", fault="devices_stall", seconds=other)
        return
    loss = round(draw.about(0.1, 0.25, 0.6, least=0.3), 3)
    delay = round(draw.about(0.02, 0.2, 1), 3)
    kinds: list[dict[str, Any]] = [
        *({"fault": "away"}, {"fault": "away"}, {"fault": "hangs"}, {"fault": "hangs"}),
        {"fault": "well", "loss": loss},
        {"fault": "well", "delay": delay, "jitter": delay},
        {"fault": "parted", "qos": 0, "unacknowledged": 0.0, "expiry": True},
        *(_parted(random), _parted(random)),
        *({"fault": "guard_stalls"}, {"fault": "devices_stall"}),
    ]
    kind = random.choice(kinds)
    if kind["fault"] == "parted":
        seconds = max(seconds, RETURNS_AFTER)
    draw.act(at, "broker", seconds=seconds, **kind)


def _parted(random: Random) -> dict[str, Any]:
    """A bridge at QoS 1 breaks, and comes back with all that it owes."""
    unacknowledged, expiry = random.choice([0.3, 3.0, 30.0]), random.random() < 0.5
    return {"fault": "parted", "qos": 1, "unacknowledged": unacknowledged, "expiry": expiry}


def _behind_its_back(draw: Drawing, at: float) -> None:
    """Off; while nobody hears the devices somebody switches by hand, and asks for another off."""
    random, name = draw.random, draw.random.choice(draw.kitchen.on_mqtt)
    cut, seconds = at + random.uniform(0.2, 3), round(random.uniform(RETURNS_AFTER, 25), 3)
    on = draw.kitchen.closes_when(name) == (random.random() < 0.8)
    draw.act(at, "off", name)
    draw.act(cut, "broker", seconds=seconds, **random.choice([_parted(random), {"fault": "away"}]))
    draw.act(cut + 0.3, "mi_home", name, on=on, wired=True)
    draw.act(cut + max(0.5, seconds - draw.about(0.5, 8)), "off", name)


def _cut_in_two(draw: Drawing, at: float) -> None:
    """A slow broker, and the devices are cut off while a closing is on its way."""
    random, name = draw.random, draw.random.choice(draw.kitchen.on_mqtt)
    rearm, delay = at + random.uniform(1, 2.5), round(random.uniform(0.02, 0.1), 3)
    seconds = max(draw.duration(), RETURNS_AFTER)
    draw.act(at, "broker", fault="well", seconds=5.0, delay=delay, jitter=0.0)
    draw.act(at, "off", name)
    draw.act(rearm, "rearm", name, source="cli")
    draw.act(rearm + delay * random.uniform(2, 5.5), "broker", seconds=seconds, **_parted(random))


def _restart(draw: Drawing, at: float) -> None:
    """A device is off the network, and the broker restarts: what it has kept is all there is."""
    name, away = draw.random.choice(draw.kitchen.on_mqtt), round(draw.random.uniform(0.3, 5), 3)
    draw.act(at, "fault", name, relay=1, seconds=45.0, offline=True)
    draw.act(at + draw.random.uniform(12, 30), "broker", fault="away", seconds=away)


def _network(draw: Drawing, at: float) -> None:
    """The machine loses its network, or is another one in it; names and relays move."""
    random, kind = draw.random, draw.random.random()
    if kind < 0.3:
        draw.act(at, "network", fault="away", seconds=draw.duration())
    elif kind < 0.55:
        # Another router, or from Wi-Fi to cable: gone for a moment, and somebody else then.
        away = round(draw.about(0.05, 2, 20, least=0.3), 3)
        draw.act(at, "network", fault="away", seconds=away)
        draw.act(at + away, "network", fault="moves")
    elif kind < 0.7:
        draw.act(at, "network", fault=random.choice(["moves", "forgets"]))
    elif kind < 0.85:
        fault = random.choice(["silent", "slow", "fails"])
        draw.act(at, "names", fault=fault, seconds=draw.duration())
    else:
        after = round(draw.about(0, 1, 20, 120), 3)
        draw.act(at, "relay_moves", draw.burner(), relay=random.randrange(2), after=after)


def _rival(draw: Drawing, at: float) -> None:
    """A second controller: what the guard opens it closes again, and the guard must be quicker."""
    name, seconds = draw.burner(), round(draw.about(2, 10, 40, least=0.5), 2)
    draw.act(at, draw.random.choice(["off", "off", "lock"]), name)
    draw.act(at + draw.about(0.01, 1, 10), "rival", name, seconds=seconds)
    if draw.random.random() < 0.3:
        draw.act(at + seconds, "unlock", name)


def _unclean(draw: Drawing, at: float) -> None:
    """Somebody puts what is no word on a sensor's or a relay's topic, at times again and again."""
    random, name, alarm = draw.random, draw.burner(), draw.random.choice(ALARMS)
    if random.random() < 0.15:
        draw.act(at, "oversized")
        return
    if random.random() < 0.15:
        # A guard that has just started has understood nobody yet.
        name = random.choice(list(draw.kitchen.sensors) or [name])
        word = random.choice(["half a character", *random.sample(list(WORDS), 2)])
        soon = at + random.uniform(1.4, 10)
        draw.act(at, "kill", where="step", number=0, away=1.0, machine=False, right=True)
        draw.act(soon, "unclean", name, where="flame", word=word, keep=False)
        return
    where = random.choice(["flame", "flame", alarm, alarm, "availability"])
    if draw.kitchen.kind_on_mqtt(name, 1) and random.random() < 0.4:
        where = "state"
    if where == alarm and random.random() < 0.4:
        # It warns, and somebody drowns it out.
        draw.act(at - random.choice([0.3, 2.0]), "hazard", name, alarm=alarm, seconds=60.0)
        draw.act(at + 30, "rearm", name, source="cli")
    every = random.choice([0.1, 0.7, 5.0, 40.0])
    for n in range(random.choice([1, 1, 2, 5])):
        word, keep = random.choice(list(WORDS)), random.random() < 0.3
        draw.act(at + n * every, "unclean", name, where=where, word=word, keep=keep)


_TROUBLE: dict[str, Callable[[Drawing, float], None]] = {
    "wire": _wire,
    "relay": _relay,
    "mihome": _mihome,
    "crash": _crash,
    "power": _power,
    "disk": _disk,
    "clock": _clock,
    "hazard": _hazard,
    "broker": _broker,
    "network": _network,
    "unclean": _unclean,
    "rival": _rival,
    "schedule": _schedule,
    "people": _people,
}
FAMILIES = tuple(_TROUBLE)
"""Kinds of trouble that `--faults` chooses from; without any, people only cook."""
