"""Home Assistant's MQTT discovery: which messages make gasguard appear there, as pure functions.

Two forms say the same. `component`: one retained message an entity, understood by every Home
Assistant. `device`: one a device, shorter, understood since 2024.11; an older one answers it with a
warning. Entities have the same `unique_id` in both, so names and areas survive a change of form.
"""

import json
import re
import socket
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from gasguard import __version__
from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.load import Config
from gasguard.durations import format_duration
from gasguard.interfaces.home_assistant.entities import (
    Entity,
    burner_entities,
    hazard_entity,
    hub_entities,
    people_entity,
    preset_entity,
    schedule_entities,
)
from gasguard.interfaces.home_assistant.words import WORDS, Words
from gasguard.mqtt.topics import Topics

Payload = dict[str, Any]

ORIGIN = "gasguard"
_HUB = "guard"
"""Key of the guard's own device; those of burners begin with `burner-`."""
_LONGEST = 100_000
"""Bytes; a message of the device form has about 15,000."""
_OPTIONAL = {
    "lock": "lock",
    "flame": "binary_sensor",
    "burning_since": "sensor",
    "burn_time": "sensor",
    "gas": "sensor",
    "must_end_at": "sensor",
    "voice": "binary_sensor",
    "rearm": "button",
}
"""Entities that not every burner has, with their platform. In the device form one that is gone is
named without content: that removes it."""


class Device(NamedTuple):
    """One device in Home Assistant and its entities."""

    key: str
    """What may come and go has one of its own: in the device form a message names all that is left
    of its device, and nothing else removes an entity."""
    place: str
    """Begins the ids of its entities: `gasguard_left`."""
    about: Payload
    entities: dict[str, Entity]


def node(base_topic: str) -> str:
    """The level of discovery topics that is this gasguard's own.

    Another one with another base topic has another; only [a-zA-Z0-9_-] may stand there.
    """
    if base_topic == ORIGIN:
        return ORIGIN
    return f"{ORIGIN}-{_plain(base_topic)}-{zlib.crc32(base_topic.encode()):08x}"


def _plain(base_topic: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "_", base_topic).strip("_")


def own_topics(mqtt: Mqtt) -> str:
    """A subscription that hears every discovery message this gasguard ever published."""
    return f"{mqtt.home_assistant.prefix}/+/{node(mqtt.base_topic)}/+/config"


def birth_topics(mqtt: Mqtt) -> list[str]:
    """Where Home Assistant says that it has started; its own default does not follow the prefix."""
    return sorted({"homeassistant/status", f"{mqtt.home_assistant.prefix}/status"})


def messages(config: Config) -> dict[str, Payload]:
    """Every message to be retained, by topic, in the order of publishing. Empty when off."""
    settings = config.mqtt.home_assistant
    if not settings.discovery:
        return {}
    found: dict[str, Payload] = {}
    for device in _devices(config):
        if settings.form == "device":
            found |= _device_form(config.mqtt, device)
        else:
            found |= _component_form(config.mqtt, device)
    return found


def entity_ids(config: Config, burner: str) -> dict[str, str]:
    """The ids that Home Assistant gives a burner's entities unless they are taken, by key."""
    device = next(one for one in _devices(config) if one.key == f"burner-{burner}")
    return {key: entity["default_entity_id"] for key, entity in _whole(config.mqtt, device).items()}


def read_own(payload: bytes) -> set[str] | None:
    """The entities that a message found on our topics announces; None when it is not gasguard's."""
    data = _object(payload)
    origin = None if data is None else data.get("origin")
    if data is None or not isinstance(origin, dict) or origin.get("name") != ORIGIN:
        return None
    return unique_ids(data)


def _object(payload: bytes) -> Payload | None:
    try:
        data = json.loads(payload) if len(payload) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def is_state_of(burner: str, payload: bytes) -> bool:
    """Whether a message found on a burner's state topic is what a gasguard publishes there."""
    data = _object(payload)
    return data is not None and data.get("burner") == burner and "phase" in data


def is_state_of_schedule(payload: bytes) -> bool:
    """Whether a message found on a schedule's state topic is what a gasguard publishes there."""
    data = _object(payload)
    return data is not None and {"active", "next_at", "skipped_until"} <= data.keys()


def unique_ids(payload: Mapping[str, Any]) -> set[str]:
    """The entities that a discovery message of either form announces."""
    inner = payload.get("components")
    parts: Iterable[Any] = inner.values() if isinstance(inner, dict) else [payload]
    ids = (part.get("unique_id") for part in parts if isinstance(part, dict))
    return {one for one in ids if isinstance(one, str)}


def _devices(config: Config) -> list[Device]:
    base, settings = config.mqtt.base_topic, config.mqtt.home_assistant
    words, own = WORDS[settings.language], node(config.mqtt.base_topic)
    about = {"manufacturer": "gasguard", "sw_version": __version__, **_page(config)}
    place = ORIGIN if base == ORIGIN else f"{ORIGIN}_{_plain(base).lower()}"
    topics = Topics(base)
    hub = {"identifiers": [own], "name": base, "model": "gasguard", **about}
    return [
        Device(_HUB, place, hub, hub_entities(topics, words)),
        *(
            Device(
                f"hazard-{name}",
                f"{place}_{name}",
                hub,
                {"alarm": hazard_entity(topics.of(heeding), name, hazard.kind, words)},
            )
            for name, hazard in config.alarms.items()
            # All that heed it say the same of it.
            for heeding in [one for one in config.burners if name in config.hazards_of(one)][:1]
        ),
        *(
            Device(
                f"people-{name}",
                f"{place}_{name}",
                hub,
                {one.kind: people_entity(topics.of(concerned), name, one.kind, words)},
            )
            for name, one in config.people.items()
            for concerned in [burner for burner in config.burners if one.concerns(burner)][:1]
        ),
        *(
            Device(
                f"schedule-{name}",
                f"{place}_schedule_{name}",
                hub,
                schedule_entities(topics, name, words),
            )
            for name in config.schedules
        ),
        *(
            device
            for name, burner in config.burners.items()
            for device in _of_burner(config, name, burner, words, place, own)
        ),
    ]


def _of_burner(
    config: Config, name: str, burner: BurnerConfig, words: Words, place: str, own: str
) -> Iterator[Device]:
    """The burner's device, and each of its presets as one that may go by itself."""
    topics = Topics(config.mqtt.base_topic)
    about = {
        "identifiers": [f"{own}-burner-{name}"],
        "name": burner.name or name,
        "model": words.model,
        "via_device": own,
        "manufacturer": "gasguard",
        "sw_version": __version__,
        **_page(config),
    }
    rearms = config.allow_remote_rearm
    entities = burner_entities(topics, name, burner, words, allow_remote_rearm=rearms)
    yield Device(f"burner-{name}", f"{place}_{name}", about, entities)
    for seconds in burner.presets:
        key = format_duration(seconds).replace(" ", "")
        button = preset_entity(topics.of(name), seconds, words)
        yield Device(f"preset-{name}-{key}", f"{place}_{name}", about, {f"timer_{key}": button})


def _page(config: Config) -> dict[str, str]:
    """Where Home Assistant's "Visit" leads, if there is a page."""
    web = config.web
    return {} if web is None else {"configuration_url": web.url(socket.gethostname())}


def _whole(mqtt: Mqtt, device: Device) -> dict[str, Entity]:
    """The device's entities with the ids that tie them to what users made of them."""
    own = node(mqtt.base_topic)
    found = {}
    for key, entity in device.entities.items():
        object_id = f"{device.place}_{key}"
        found[key] = {
            **entity,
            "unique_id": f"{own}-{device.key}-{key}",
            # The first is for Home Assistant until 2025.9, the second from 2025.10 on.
            "object_id": object_id,
            "default_entity_id": f"{entity['platform']}.{object_id}",
        }
    return found


def _origin() -> Payload:
    return {"name": ORIGIN, "sw_version": __version__}


def _component_form(mqtt: Mqtt, device: Device) -> dict[str, Payload]:
    prefix, own = mqtt.home_assistant.prefix, node(mqtt.base_topic)
    return {
        f"{prefix}/{entity['platform']}/{own}/{device.key}-{key}/config": {
            **{name: value for name, value in entity.items() if name != "platform"},
            "device": device.about,
            "origin": _origin(),
        }
        for key, entity in _whole(mqtt, device).items()
    }


def _device_form(mqtt: Mqtt, device: Device) -> dict[str, Payload]:
    prefix, own = mqtt.home_assistant.prefix, node(mqtt.base_topic)
    entities = _whole(mqtt, device)
    gone = (
        {}
        if not device.key.startswith("burner-")
        else {
            key: {"platform": platform}
            for key, platform in _OPTIONAL.items()
            if key not in entities
        }
    )
    return {
        f"{prefix}/device/{own}/{device.key}/config": {
            "device": device.about,
            "origin": _origin(),
            "components": {**entities, **gone},
        }
    }
