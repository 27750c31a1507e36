"""What must hold between the parts of the file, though each is sound by itself."""

from collections.abc import Iterator
from typing import Any

from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.relays.base import Agreement, Claim
from gasguard.config.sensors import Hazard
from gasguard.mqtt.topics import Topics


def shared_hardware(burners: dict[str, BurnerConfig]) -> Iterator[str]:
    """Two places that would move the same contact."""
    taken: list[tuple[str, Claim]] = []
    for place, claim in _claims(burners):
        other = next((first for first, known in taken if claim.clashes_with(known)), None)
        if other is not None:
            yield f"{place}: {claim.fault.format(other=other)}"
        taken.append((place, claim))


def _claims(burners: dict[str, BurnerConfig]) -> Iterator[tuple[str, Claim]]:
    for burner_id, burner in burners.items():
        for place, relay in burner.placed(burner_id):
            yield from ((f"{place}.{claim.key}", claim) for claim in relay.claims())
        if burner.voice and (module := burner.voice_relay):
            for claim in module.claims_of_voice(burner.voice):
                yield f"burners.{burner_id}.{claim.key}", claim


def disagreements(burners: dict[str, BurnerConfig]) -> Iterator[str]:
    """One device described in two ways."""
    known: dict[tuple[object, ...], tuple[str, Agreement]] = {}
    for burner_id, burner in burners.items():
        for place, relay in burner.placed(burner_id):
            for agreement in relay.agreements():
                here = f"{place}.{agreement.key}"
                key = agreement.key, agreement.device
                first, other = known.setdefault(key, (here, agreement))
                if other.value != agreement.value:
                    yield f"{here}: {agreement.fault.format(other=first)}"


def unknown_burners(raw: dict[str, Any]) -> Iterator[str]:
    """Burners that are named somewhere and described nowhere."""
    known = raw.get("burners")
    if not isinstance(known, dict):
        return
    for place, name in _named_burners(raw):
        if name not in known:
            there = ", ".join(map(str, known))
            yield f"{place}: there is no such burner; there are: {there}"


def _named_burners(raw: dict[str, Any]) -> Iterator[tuple[str, object]]:
    bemfa, hazards = raw.get("bemfa"), raw.get("hazards")
    topics = bemfa.get("topics") if isinstance(bemfa, dict) else None
    for name in topics if isinstance(topics, dict) else ():
        yield f"bemfa.topics.{name}", name
    for hazard, settings in hazards.items() if isinstance(hazards, dict) else ():
        names = settings.get("burners") if isinstance(settings, dict) else None
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str):  # pydantic has told of all else
                yield f"hazards.{hazard}.burners.{index}", name


def own_topics(
    mqtt: Mqtt, burners: dict[str, BurnerConfig], hazards: dict[str, Hazard]
) -> Iterator[str]:
    """A sensor there would swallow commands, or hear gasguard itself."""
    own, births = Topics(mqtt.base_topic), f"{mqtt.home_assistant.prefix}/status"
    for place, topic in _sensor_topics(burners, hazards):
        if own.owns(topic) or topic == births:
            yield f"{place}: {topic} is one of gasguard's own topics; a sensor needs another"


def _sensor_topics(
    burners: dict[str, BurnerConfig], hazards: dict[str, Hazard]
) -> Iterator[tuple[str, str]]:
    for burner_id, burner in burners.items():
        for key, topic in burner.flame.topics() if burner.flame else ():
            yield f"burners.{burner_id}.flame.{key}", topic
    for name, hazard in hazards.items():
        for key, topic in hazard.topics():
            yield f"hazards.{name}.{key}", topic
