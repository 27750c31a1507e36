"""Draws configurations: every way that a burner can be wired, alone and side by side."""

from dataclasses import dataclass
from random import Random
from typing import Any

from gasguard.simulator.simtime import FIRST_MOMENT
from tests.torture.zones import DAY, UTC, ZONES, Zone

_TOKEN = "00112233445566778899aabbccddeeff"


@dataclass(frozen=True, slots=True)
class Kitchen:
    """A configuration, and which of its burners have lit/out sensors that lag by how much."""

    config: dict[str, Any]
    sensors: dict[str, float]

    @property
    def burners(self) -> list[str]:
        return list(self.config["burners"])

    @property
    def hosts(self) -> set[str]:
        """Where modules on Wi-Fi are."""
        burners = self.config["burners"].values()
        relays = [relay for one in burners for relay in one.get("relays") or [one["relay"]]]
        return {relay["host"] for relay in relays if "host" in relay}

    @property
    def parts(self) -> set[str]:
        """What it has: `relay gpio`, `flame adc`, `clocks that change`."""
        burners = self.config["burners"].values()
        relays = (relay for one in burners for relay in one.get("relays") or [one["relay"]])
        found = {f"relay {relay['driver']}" for relay in relays}
        found |= {f"flame {one['flame']['driver']}" for one in burners if "flame" in one}
        zone = ZONES.get(self.config.get("timezone", ""), UTC)
        return found | ({"clocks that change"} if zone.offset != zone.then else set())

    @property
    def on_mqtt(self) -> list[str]:
        """Burners with a relay behind the broker."""
        return [name for name in self.burners if self.kind_on_mqtt(name, 1)]

    def kind_on_mqtt(self, name: str, number: int) -> str | None:
        """What the burner's relay of that number, or its last, is if it hangs on the broker."""
        kind = self._relay(name, number).get("kind")
        return None if kind is None else str(kind)

    def on_pins(self, name: str, number: int) -> tuple[str, ...] | None:
        """What the burner's relay of that number, or its last, can suffer if it is on a pin."""
        relay = self._relay(name, number)
        if relay["driver"] != "gpio":
            return None
        # What only the contact does is seen where it is sensed, and only there.
        apart = "pending_s" if "sense" in relay else "welded"
        return ("offline", "frozen", "lying", "stuck", "refuse", apart)

    def closes_when(self, name: str) -> bool:
        """The position of the burner's first relay's switch that lets it burn."""
        return bool(self._relay(name, 0)["contact"] == "normally_open")

    def _relay(self, name: str, number: int) -> dict[str, Any]:
        burner = self.config["burners"][name]
        relays: list[dict[str, Any]] = burner.get("relays") or [burner["relay"]]
        return relays[min(number, len(relays) - 1)]


def draw_kitchen(random: Random, mqtt: Random, hazards: Random, pins: Random) -> Kitchen:
    """One or two burners. `mqtt` decides on those with a relay behind the broker, `pins` on those
    with one on the computer's own pins, `hazards` on which alarm is expected to speak up."""
    sensors: dict[str, float] = {}
    burners = {"left": _burner(random, 10, "left", sensors)}
    if random.random() < 0.2:
        burners["right"] = _second(random, burners["left"], sensors)
    _put_on_mqtt(mqtt, burners)
    _put_on_pins(pins, burners, sensors)
    config: dict[str, Any] = {"burners": burners, "hazards": _hazards(hazards)}
    if random.random() < 0.3:
        config["allow_remote_rearm"] = True
    return Kitchen(config, sensors)


def _hazards(random: Random) -> dict[str, dict[str, Any]]:
    sensors: dict[str, dict[str, Any]] = {
        alarm: {"driver": "mqtt", "kind": alarm, "topic": f"alarm/{alarm}"} for alarm in ALARMS
    }
    speaking = random.choice(ALARMS)
    sensors[speaking]["expire_after"] = random.choice(["60s", "90s", "5m"])
    for alarm, sensor in sensors.items():
        if alarm == speaking or random.random() < 0.3:
            sensor["availability"] = {"topic": f"alarm/{alarm}/availability"}
    return sensors


def _second(random: Random, first: dict[str, Any], sensors: dict[str, float]) -> dict[str, Any]:
    """A second burner: on the same module where that has a channel left, else on another."""
    module = first.get("relay")
    shared = module is not None and module["driver"] == "miot" and random.random() < 0.6
    second = _burner(random, 20, "right", sensors)
    if shared and module is not None:
        second.pop("relays", None)
        second.pop("voice", None)
        relay = {**module, "switch": {"siid": 3, "piid": 1}}
        relay.pop("lease", None)
        second["relay"] = relay
    return second


def _burner(random: Random, host: int, name: str, sensors: dict[str, float]) -> dict[str, Any]:
    limits: dict[str, Any] = {"rearm_after": random.choice(["2s", "3s", "10s", "10s", "40s"])}
    burner: dict[str, Any] = {"limits": limits}
    kind = random.choice(_KINDS)
    if kind == "series":
        burner["relays"] = [_relay(host + n, random.choice(_WIRINGS)) for n in range(2)]
    elif kind == "legacy":
        burner["relay"] = _relay(host, random.choice(_WIRINGS))
        burner["relay"]["driver"] = "miio"
        del burner["relay"]["switch"]
    else:
        burner["relay"] = _relay(host, _WIRING_OF.get(kind) or random.choice(_WIRINGS))
    if kind == "voice":
        burner["voice"] = {"siid": 4, "piid": 1}
    if kind == "lease":
        after, unit = random.choice([("60s", "s"), ("3m", "s"), ("3m", "min")])
        burner["relay"]["lease"] = {"after": after, "siid": 2, "piid": 3, "unit": unit}
    if kind == "jog":
        burner["relay"]["jog"] = random.choice(["300ms", "500ms", "2s"])
    if random.random() < 0.4:
        if random.random() < 0.5:
            burner["flame"] = {"driver": "mqtt", "topic": f"flame/{name}"}
            sensors[name] = random.choice([0.2, 2.0, 8.0])
            if random.random() < 0.7:
                burner["flame"]["expire_after"] = random.choice(["60s", "90s"])
        else:
            burner["flame"] = {"driver": "thermocouple", "topic": f"flame/{name}"}
        limits["flame_out_within"] = random.choice(["40s", "90s"])
        if random.random() < 0.6:
            limits["max_burn"] = f"{random.choice([30, 120, 400])}s"
    return burner


def _put_on_mqtt(random: Random, burners: dict[str, dict[str, Any]]) -> None:
    """Some burners' only, or second, relay is one behind the broker instead."""
    shared: dict[str, Any] | None = None
    for name, burner in burners.items():
        if random.random() >= (0.5 if shared else 0.1):
            continue
        relay = _mqtt_relay(random, name)
        if shared and random.random() < 0.7:
            # Another channel of the same device.
            relay = {**relay, "kind": shared["kind"], "device": shared["device"], "channel": "2"}
            relay.pop("keep_alive", None)
            relay.pop("base", None)
        elif "relays" not in burner and relay["kind"] == "tasmota":
            shared = relay
        if "relays" in burner:
            burner["relays"][1] = relay
        else:
            burner["relay"] = relay
            burner.pop("voice", None)


def _mqtt_relay(random: Random, name: str) -> dict[str, Any]:
    kind = random.choice(["zigbee2mqtt", "tasmota", "esphome"])
    relay: dict[str, Any] = {"driver": "mqtt", "kind": kind, "device": f"stove_{name}"}
    relay["contact"] = random.choice(_WIRINGS)
    if kind == "tasmota":
        relay["channel"] = "1"
    if kind != "zigbee2mqtt" and random.random() < 0.4:
        relay["keep_alive"] = {"after": random.choice(["20s", "1m", "3m"])}
    return relay


def _put_on_pins(
    random: Random, burners: dict[str, dict[str, Any]], sensors: dict[str, float]
) -> None:
    """Some burners' only, or second, relay is on a pin; some thermocouples are on the bus."""
    for number, (name, burner) in enumerate(burners.items()):
        if random.random() >= 0.1:
            continue
        if "relays" in burner:
            burner["relays"][1] = _pin_relay(random, number)
        else:
            burner["relay"] = _pin_relay(random, number)
            burner.pop("voice", None)
        if "flame" in burner and random.random() < 0.6:
            burner["flame"] = {"driver": "adc", "channel": ("0-1", "2-3")[number]}
            sensors.pop(name, None)


def _pin_relay(random: Random, number: int) -> dict[str, Any]:
    """One on pins of its own."""
    high = random.random() < 0.7
    relay: dict[str, Any] = {"driver": "gpio", "active": "high" if high else "low"}
    relay["line"] = (17 if high else 5) + number
    relay["contact"] = random.choice(_WIRINGS)
    if random.random() < 0.5:
        relay["sense"] = {"line": 23 + number, "active": random.choice(["high", "low"])}
    if relay["contact"] == "normally_open" and random.random() < 0.5:
        # Slower than a real one's: it is looked at, edge by edge.
        after = random.choice(["5s", "15s"])
        relay["pulse"] = {"line": 25 + number, "every": "500ms", "after": after}
    return relay


def add_people(random: Random, config: dict[str, Any]) -> None:
    """Guards that look for people, in some kitchens where flames are sensed."""
    sensors: dict[str, dict[str, Any]] = {}
    for burner in config["burners"].values():
        jogs = "jog" in burner.get("relay", {})
        if "flame" not in burner or jogs or random.random() >= 0.7:
            continue
        limits = burner["limits"]
        if random.random() < 0.8:
            limits["unattended"] = random.choice(["10s", "30s", "90s"])
            limits["prewarn"] = random.choice(["0s", "5s", "20s", "60s"])
            sensors["pir"] = {"kind": "presence"}
        if random.random() < 0.4:
            limits["away"] = random.choice(["0s", "10s", "60s"])
            sensors["home"] = {"kind": "home"}
    for name, sensor in sensors.items():
        sensor |= {"driver": "mqtt", "topic": f"people/{name}"}
        if random.random() < 0.4:
            sensor["expire_after"] = random.choice(["60s", "90s"])
        if random.random() < 0.5:
            sensor["availability"] = {"topic": f"people/{name}/availability"}
    if sensors:
        config["sensors"] = sensors


def add_schedules(random: Random, zones: Random, config: dict[str, Any]) -> None:
    """Windows and offs within a session, in some of them. `zones` decides on whose clocks."""
    if random.random() >= 0.4:
        return
    zone = UTC if zones.random() < 0.5 else zones.choice(list(ZONES.values()))
    config["timezone"] = zone.name
    config["schedules"] = schedules = {}
    jogs = [name for name, one in config["burners"].items() if "jog" in one.get("relay", {})]
    lockable = [name for name in config["burners"] if name not in jogs]
    for name in ("first", "second")[: random.randint(1, 2)]:
        begins = _shown(zone, zones, random.randint(1, 17))
        if random.random() < 0.65 and lockable:
            ends = begins + random.choice([1, 2, 4, 8])
            one: dict[str, Any] = {"lock": {"from": _clock(begins), "to": _clock(ends)}}
            one["burners"] = random.sample(lockable, random.randint(1, len(lockable)))
            if random.random() < 0.5:
                one["grace"] = random.choice(["20s", "50s", "3m"] if ends - begins > 3 else ["20s"])
        else:
            one = {"off": _clock(begins)}
        schedules[name] = one


def _shown(zone: Zone, random: Random, minutes: int) -> int:
    """Minutes after midnight that the clock shows so long after a session begins."""
    began = zone.wall_zero + FIRST_MOMENT
    # In the night in which an hour is skipped, the second of these may be within it.
    at = zone.shown(began + 60 * minutes), zone.shown(began) + 60 * minutes
    return round(at[random.random() < 0.3] % DAY) // 60


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


ALARMS = ("gas_alarm", "smoke_alarm", "overheat")
_WIRINGS = ("normally_closed", "normally_open")
_KINDS = ("plain", "plain", "plain", "voice", "voice", "lease", "jog", "legacy", "series")
_WIRING_OF = {"voice": "normally_closed", "lease": "normally_open"}


def _relay(host: int, wiring: str) -> dict[str, Any]:
    place = {"host": f"127.0.0.{host}", "token": _TOKEN, "switch": {"siid": 2, "piid": 1}}
    return {"driver": "miot", **place, "contact": wiring}
