"""What is no word: bytes, halves of characters and JSON that somebody puts on a device's topic."""

from collections.abc import Iterator

from gasguard.config.load import Config
from gasguard.config.relays.mqtt import MqttRelay
from gasguard.config.sensors import OnTopic

WORDS = {
    "half a character": '{"\\ud800": 1}',
    "half a character in quotes": '"\\ud800"',
    "no text": "\udcff\udcfe\udc80",
    "NULs": "\0\0\0",
    "a list": "[]",
    "an object in a list": '[{"gas": 1, "flame": 1}]',
    "an empty object": "{}",
    "half an object": '{"gas": tr',
    "nested deep": "[" * 3000,
    "no number": "NaN",
    "beyond numbers": "1e999",
    "null": "null",
}
"""By the name that plans have for it. A half character itself stands for a byte that is no text."""


def topics(config: Config, burner: str, where: str) -> Iterator[str]:
    """The topics of a place: `flame`, a relay's `state`, any `availability`, or a hazard's name.

    None where the kitchen has no such thing.
    """
    circuit = config.burners[burner]
    relays = [relay for relay in circuit.in_series if isinstance(relay, MqttRelay)]
    if where == "flame" and isinstance(circuit.flame, OnTopic):
        yield circuit.flame.topic
    elif where == "state":
        yield from (relay.state_topic for relay in relays)
    elif where == "availability":
        sensors: list[OnTopic] = list(config.hazards_of(burner).values())
        for sensor in sensors:
            yield from (part.topic for part in sensor.availability)
        yield from (relay.availability.topic for relay in relays if relay.availability is not None)
    elif where in config.hazards:
        yield config.hazards[where].topic
