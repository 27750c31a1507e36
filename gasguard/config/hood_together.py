"""What must hold between the hood and the rest of the file, though each is sound by itself."""

from collections.abc import Iterable, Iterator

from gasguard.config.broker import Mqtt
from gasguard.config.burners import BurnerConfig
from gasguard.config.faults import Fault
from gasguard.config.hood import HoodConfig
from gasguard.config.sensors import OnTopic
from gasguard.mqtt.topics import Topics


def hood_topics(
    hood: HoodConfig,
    mqtt: Mqtt,
    burners: dict[str, BurnerConfig],
    sensors: Iterable[tuple[str, OnTopic]],
) -> Iterator[Fault]:
    """A hood there would be taken for gasguard, for a sensor or for a relay, or the reverse.

    `sensors` as (place, it).
    """
    own, births = Topics(mqtt.base_topic), f"{mqtt.home_assistant.prefix}/status"
    relays = [relay for burner in burners.values() for relay in burner.in_series]
    sensed = {topic: f"{place}.{key}" for place, one in sensors for key, topic in one.topics()}
    read_back = {topic for relay in relays for topic in relay.heard_topics()}
    commanded = {topic for relay in relays for topic in relay.commanded_topics()}
    sent = [(f"hood.{key}", topic) for key, topic in hood.commanded_topics()]
    heard = [(f"hood.{key}", topic) for key, topic in hood.heard_topics()]
    for place, topic in sent + heard:
        if own.owns(topic) or topic == births:
            text = f"{topic} is one of gasguard's own topics; the hood needs another"
            yield Fault(place, f"{text}, for example zigbee2mqtt/hood/set")
    for place, topic in sent:
        if topic in sensed:
            text = f"{topic} is that of {sensed[topic]}: what is sent to the hood would be taken"
            yield Fault(place, f"{text} for that sensor's word; the hood needs another")
        if topic in read_back:
            text = f"{topic} is where a relay is read back: what is sent to the hood would be taken"
            yield Fault(place, f"{text} for the relay's word; the hood needs another")
    for place, topic in heard:
        if topic in commanded:
            text = f"{topic} is where a relay is commanded: that would be taken for the hood's word"
            yield Fault(place, f"{text}; name the topic on which the hood itself speaks")


def unreached_levels(hood: HoodConfig | None, burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """Levels for more burners than there are: worth a warning."""
    for count in hood.words if hood else ():
        if count > len(burners):
            there = "is one burner" if len(burners) == 1 else f"are {len(burners)} burners"
            yield Fault(f"hood.levels.{count}", f"has no effect: there {there}")


def unseen_burners(hood: HoodConfig | None, burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """Burners that the hood follows by their timers alone: worth a warning."""
    unseen = [name for name, burner in burners.items() if burner.flame is None]
    if hood is not None and unseen:
        yield Fault(
            "hood",
            f"follows {', '.join(unseen)} only while a timer runs there: a flame that no sensor "
            "sees is not known (flame:)",
        )
