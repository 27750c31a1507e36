"""From a configuration to the Mi Home modules that it describes."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from gasguard.config.burners import BurnerConfig
from gasguard.config.load import Config
from gasguard.config.relays.base import RelayConfig
from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.errors import ConfigError
from gasguard.simulator.channels import Address, ChannelSpec, Countdown, Key
from gasguard.simulator.miio.relay import LEGACY_SWITCH


@dataclass(slots=True)
class DevicePlan:
    """One module to simulate: everything the configuration says about one host and port."""

    token: bytes
    channels: dict[Key, ChannelSpec] = field(default_factory=dict)
    roles: dict[Key, str] = field(default_factory=dict)
    """What each channel is for, in words for people."""
    legacy: Key | None = None


def address_of(relay: MiotRelay | MiioRelay) -> Address:
    """Where this relay's module listens; localhost is 127.0.0.1, miIO knows no IPv6."""
    return "127.0.0.1" if relay.host == "localhost" else relay.host, relay.port


def place_of_mi_relay(relay: RelayConfig) -> tuple[Address, Key]:
    """The module and its channel."""
    if not isinstance(relay, MiotRelay | MiioRelay):
        raise TypeError(f"{type(relay).__name__} is no Mi Home relay")
    return address_of(relay), _key(relay)


def plan_devices(config: Config) -> dict[Address, DevicePlan]:
    """One plan per distinct host and port. Raises ConfigError if a host is not loopback."""
    faults = list(_not_loopback(config))
    if faults:
        raise ConfigError(faults)
    plans: dict[Address, DevicePlan] = {}
    for burner_id, burner in config.burners.items():
        for relay in burner.in_series:
            if not isinstance(relay, MiotRelay | MiioRelay):
                continue
            token = bytes.fromhex(relay.token.get_secret_value())
            plan = plans.setdefault(address_of(relay), DevicePlan(token))
            _add_relay(plan, burner_id, relay)
        _add_voice(plans, burner_id, burner)
    return plans


def _not_loopback(config: Config) -> Iterator[str]:
    for burner_id, burner in config.burners.items():
        for place, relay in burner.placed(burner_id):
            if isinstance(relay, MiotRelay | MiioRelay) and not is_loopback(relay.host):
                yield (
                    f"{place}.host: simulated relays listen on this machine only; "
                    "use 127.0.0.1 to 127.255.255.254"
                )


def is_loopback(host: str) -> bool:
    """Whether it is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _key(relay: MiotRelay | MiioRelay) -> Key:
    if isinstance(relay, MiotRelay):
        return relay.switch.siid, relay.switch.piid
    return LEGACY_SWITCH


def _add_relay(plan: DevicePlan, burner_id: str, relay: MiotRelay | MiioRelay) -> None:
    key, closed = _key(relay), not relay.opens_when
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


def _add_voice(plans: dict[Address, DevicePlan], burner_id: str, burner: BurnerConfig) -> None:
    relay = burner.voice_relay
    if burner.voice is None or not isinstance(relay, MiotRelay):
        return
    plan, key = plans[address_of(relay)], (burner.voice.siid, burner.voice.piid)
    # A module in jog mode jogs on every channel, the unwired ones too.
    plan.channels[key] = ChannelSpec(*key, rest=True, jog=relay.jog)
    plan.roles[key] = f"{burner_id}, voice"
