"""From a configuration to the devices on MQTT that it describes."""

import zlib
from dataclasses import dataclass, field

from gasguard.config.load import Config
from gasguard.config.relays.base import RelayConfig
from gasguard.config.relays.mqtt import MqttRelay
from gasguard.simulator.channels import Address, ChannelSpec, Key
from gasguard.simulator.mqtt.devices import KINDS, Device, Part, Zigbee2MqttBridge
from gasguard.simulator.mqtt.module import MqttModule
from gasguard.simulator.mqtt.network import Switchboard
from gasguard.simulator.mqtt.server import MqttServer


@dataclass(slots=True)
class MqttPlan:
    """One device on MQTT to simulate: everything the configuration says about it."""

    parts: list[Part] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    """What each relay is for, in words for people."""


def mqtt_address(relay: MqttRelay) -> Address:
    """A device is known by the topic of its state, which its relays share."""
    return relay.state_topic, 0


def mqtt_key(relay: MqttRelay) -> Key:
    """The relay in its device; the number is only the simulator's."""
    return zlib.crc32(f"{relay.command_topic} {relay.state_field}".encode()), 0


def place_of_mqtt_relay(relay: RelayConfig) -> tuple[Address, Key]:
    """The device and its relay."""
    if not isinstance(relay, MqttRelay):
        raise TypeError(f"{type(relay).__name__} is no relay behind a broker")
    return mqtt_address(relay), mqtt_key(relay)


def plan_mqtt(config: Config) -> dict[Address, MqttPlan]:
    """One plan per device on MQTT."""
    plans: dict[Address, MqttPlan] = {}
    for burner_id, burner in config.burners.items():
        for relay in burner.in_series:
            if isinstance(relay, MqttRelay):
                plan = plans.setdefault(mqtt_address(relay), MqttPlan())
                plan.parts.append(Part(mqtt_key(relay), relay))
                opens = "on" if relay.opens_when else "off"
                plan.roles.append(f"{relay.command_topic}, {burner_id}, {opens} opens the circuit")
    return plans


def build_device(plan: MqttPlan, now: float, make: type[MqttModule] = MqttModule) -> Device:
    """The device, at rest: every circuit closed."""
    channels, dead_man = [], {}
    for part in plan.parts:
        closed = not part.settings.opens_when
        channels.append(ChannelSpec(*part.key, rest=closed))
        if part.settings.keep_alive:
            dead_man[part.key] = part.settings.keep_alive.after
    module = make(channels, now=now, dead_man=dead_man)
    return KINDS[plan.parts[0].settings.kind](plan.parts, module)


def build_switchboard(
    plans: dict[Address, MqttPlan], servers: dict[Address, MqttServer]
) -> Switchboard:
    """All devices, and a Zigbee2MQTT for each base topic."""
    settings = [part.settings for plan in plans.values() for part in plan.parts]
    bases = {one.base for one in settings if one.kind == "zigbee2mqtt"}
    return Switchboard(servers.values(), [Zigbee2MqttBridge(base) for base in sorted(bases)])
