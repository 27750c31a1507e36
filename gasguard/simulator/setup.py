"""From a configuration to the devices and circuits that it describes."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from gasguard.config import AnyRelay, Burner, Config, MiioRelay, MiotRelay, MqttRelay
from gasguard.errors import ConfigError
from gasguard.simulator.channels import ChannelSpec, Countdown, Key
from gasguard.simulator.mqtt.setup import mqtt_address, mqtt_key
from gasguard.simulator.relay import LEGACY_SWITCH

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Wired:
    """One relay contact in a burner's circuit."""

    address: Address
    key: Key
    opens_when: bool
    """What the switch reads while the contact opens the thermocouple circuit."""


@dataclass(slots=True)
class DevicePlan:
    """One module to simulate: everything the configuration says about one host and port."""

    token: bytes
    channels: dict[Key, ChannelSpec] = field(default_factory=dict)
    roles: dict[Key, str] = field(default_factory=dict)
    """What each channel is for, in words for people."""
    legacy: Key | None = None


def wired(relay: AnyRelay) -> Wired:
    """Where this relay sits in the circuit, and which way round."""
    return Wired(address_of(relay), _key(relay), relay.contact == "normally_closed")


def address_of(relay: AnyRelay) -> Address:
    """Where this relay's module listens; localhost is 127.0.0.1, miIO knows no IPv6."""
    if isinstance(relay, MqttRelay):
        return mqtt_address(relay)
    return "127.0.0.1" if relay.host == "localhost" else relay.host, relay.port


def plan_devices(config: Config) -> dict[Address, DevicePlan]:
    """One plan per distinct host and port. Raises ConfigError if a host is not loopback."""
    faults = list(_not_loopback(config))
    if faults:
        raise ConfigError(faults)
    plans: dict[Address, DevicePlan] = {}
    for burner_id, burner in config.burners.items():
        for relay in burner.in_series:
            if isinstance(relay, MqttRelay):
                continue
            token = bytes.fromhex(relay.token.get_secret_value())
            plan = plans.setdefault(address_of(relay), DevicePlan(token))
            _add_relay(plan, burner_id, relay)
        _add_voice(plans, burner_id, burner)
    return plans


def _not_loopback(config: Config) -> Iterator[str]:
    for burner_id, burner in config.burners.items():
        for index, relay in enumerate(burner.in_series):
            place = f"burners.{burner_id}." + ("relay" if burner.relay else f"relays.{index}")
            if not isinstance(relay, MqttRelay) and not _is_loopback(relay.host):
                yield (
                    f"{place}.host: simulated relays listen on this machine only; "
                    "use 127.0.0.1 to 127.255.255.254"
                )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _key(relay: AnyRelay) -> Key:
    if isinstance(relay, MiotRelay):
        return relay.switch.siid, relay.switch.piid
    if isinstance(relay, MqttRelay):
        return mqtt_key(relay)
    return LEGACY_SWITCH


def _add_relay(plan: DevicePlan, burner_id: str, relay: MiotRelay | MiioRelay) -> None:
    key, closed = _key(relay), relay.contact == "normally_open"
    countdown = None
    if isinstance(relay, MiioRelay):
        plan.legacy = key
    elif lease := relay.lease:
        countdown = Countdown(
            lease.siid,
            lease.piid,
            unit_s=lease.unit_seconds,
            off=lease.off,
            highest=43200 // lease.unit_seconds,
        )
    plan.channels[key] = ChannelSpec(*key, rest=closed, countdown=countdown, jog=relay.jog)
    plan.roles[key] = f"{burner_id}, {'off' if closed else 'on'} opens the circuit"


def _add_voice(plans: dict[Address, DevicePlan], burner_id: str, burner: Burner) -> None:
    relay = burner.voice_relay
    if burner.voice is None or relay is None:
        return
    plan, key = plans[address_of(relay)], (burner.voice.siid, burner.voice.piid)
    # A module in jog mode jogs on every channel, the unwired ones too.
    plan.channels[key] = ChannelSpec(*key, rest=True, jog=relay.jog)
    plan.roles[key] = f"{burner_id}, voice"
