"""The range hood in the configuration: a fan behind the broker, or a Mi Home one."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gasguard.config.fields import DeviceTopic, Duration, RelayHost, Strict, Token, Whole, same_host
from gasguard.config.kinds import KINDS, check_kind, check_without_kind, usual
from gasguard.config.relays.base import Agreement, Channel, Claim
from gasguard.config.relays.mqtt import Payload, commanded, switched
from gasguard.config.sensors import Availabilities

LEVEL = "{level}"
"""Stands in a payload for the word of a level."""
_OFF = "off"
_MOST_LEVELS = 16
_MOST_BURNERS = 256
_COUNT = re.compile("[1-9][0-9]{0,2}")
_LONGEST_WORD = 64
_SAME = "is what {other} switches; the hood needs a device of its own"


def _burners(value: object) -> object:
    # 01 beside 1 would be the same number twice.
    number = int(value) if isinstance(value, str) and _COUNT.fullmatch(value) else value
    if type(number) is not int or not 1 <= number <= _MOST_BURNERS:
        raise ValueError("is how many burners are lit, 1 or more; write for example {1: low, 2: 3}")
    return number


def _word(value: object) -> object:
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if isinstance(value, bool) or not 0 < len(text) <= _LONGEST_WORD or not text.isprintable():
        raise ValueError(
            f"is the device's word or number for a level, at most {_LONGEST_WORD} characters; "
            "write for example low, or 3"
        )
    return text


Burners = Annotated[int, BeforeValidator(_burners)]
Word = Annotated[str, BeforeValidator(_word)]


class HoodConfig(Strict, ABC):
    """A hood that follows the burners; a family adds how it is reached."""

    driver: str
    off_delay: Duration = Field(180.0, ge=0, le=3600)
    """How long it runs on after the last burner."""
    manual_wins: Duration = Field(1800.0, ge=1, le=24 * 3600)
    """How long a hand on the hood wins."""

    @property
    @abstractmethod
    def words(self) -> dict[int, str]:
        """The device's word for the level, by how many burners are lit. There is one for 1."""

    @abstractmethod
    def claims(self) -> Iterator[Claim]:
        """What it needs for itself."""

    def agreements(self) -> Iterator[Agreement]:
        """What must be the same for all that is on its device."""
        yield from ()

    def commanded_topics(self) -> Iterator[tuple[str, str]]:
        """Where it is commanded on the broker, as (key in the file, topic)."""
        yield from ()

    def heard_topics(self) -> Iterator[tuple[str, str]]:
        """Where it is listened to on the broker, as (key in the file, topic)."""
        yield from ()

    @model_validator(mode="before")
    @classmethod
    def _has_levels(cls, raw: Any) -> Any:  # Any: pydantic's own signature, before any check
        if isinstance(raw, dict):
            levels = raw.get("levels")
            if levels in (None, {}):
                raise ValueError(
                    "needs levels: the device's word or number for each number of lit burners, "
                    "for example levels: {1: 1, 2: 3}"
                )
            if isinstance(levels, dict) and not {"1", 1} & {*levels} and _are_counts(levels):
                raise ValueError(
                    "levels needs 1: the level for a single burner, for example {1: 1, 2: 3}"
                )
        return raw


def _are_counts(levels: dict[Any, Any]) -> bool:
    """Whether nothing else is wrong with the keys."""
    return all(_COUNT.fullmatch(str(key)) for key in levels)


class MiotHood(HoodConfig):
    """A Mi Home hood whose power and level are MIoT properties (viomi, cykj, xiaomi.hood.*)."""

    driver: Literal["miot"]
    host: RelayHost
    port: Whole = Field(54321, ge=1, le=65535)
    token: Token
    power: Channel = Field(Channel(siid=2, piid=1), examples=["power: {siid: 2, piid: 1}"])
    level: Channel = Field(Channel(siid=2, piid=2), examples=["level: {siid: 2, piid: 2}"])
    levels: dict[Burners, Annotated[Whole, Field(ge=0, le=65535)]] = Field(
        max_length=_MOST_LEVELS, examples=["levels: {1: 1, 2: 3}"]
    )
    """Values of the level property, by how many burners are lit."""

    @property
    def words(self) -> dict[int, str]:
        """See `HoodConfig.words`."""
        return {burners: str(level) for burners, level in self.levels.items()}

    @property
    def _device(self) -> tuple[str, int]:
        return same_host(self.host), self.port

    def claims(self) -> Iterator[Claim]:
        """See `HoodConfig.claims`."""
        for key, channel in (("power", self.power), ("level", self.level)):
            yield Claim(key, self._device, frozenset({(channel.siid, channel.piid)}), _SAME)

    def agreements(self) -> Iterator[Agreement]:
        """See `HoodConfig.agreements`."""
        token = self.token.get_secret_value().lower()
        yield Agreement(
            "token", self._device, token, "differs from {other}, but a device has one token"
        )

    @model_validator(mode="after")
    def _two_properties(self) -> Self:
        if self.power == self.level:
            raise ValueError("level is the same property as power; write for example piid: 2")
        return self


def _zigbee2mqtt(device: str, _channel: str, base: str) -> dict[str, Any]:
    return {
        "command_topic": f"{base}/{device}/set",
        "payload_level": json.dumps({"fan_mode": LEVEL}),
        "state_topic": f"{base}/{device}",
        "state_field": "fan_mode",
        "availability": {"topic": f"{base}/{device}/availability"},
    }


def _tasmota(device: str, _channel: str, _base: str) -> dict[str, Any]:
    return {
        "command_topic": f"cmnd/{device}/FanSpeed",
        "payload_off": "0",
        "state_topic": f"stat/{device}/RESULT",
        "state_field": "FanSpeed",
        "availability": {"topic": f"tele/{device}/LWT", "online": "Online", "offline": "Offline"},
    }


def _esphome(device: str, channel: str, _base: str) -> dict[str, Any]:
    fan = f"{device}/fan/{channel or 'hood'}"
    return {
        "command_topic": f"{fan}/command",
        "payload_on": "ON",
        "payload_off": "OFF",
        "level_topic": f"{fan}/speed_level/command",
        "state_topic": f"{fan}/state",
        "level_state_topic": f"{fan}/speed_level/state",
        "availability": {"topic": f"{device}/status"},
    }


_PRESETS = {"zigbee2mqtt": _zigbee2mqtt, "tasmota": _tasmota, "esphome": _esphome}


class MqttHood(HoodConfig):
    """A hood behind the broker. With `kind` and `device` every topic has its usual value."""

    fills_in = frozenset({"command_topic"})

    driver: Literal["mqtt"]
    kind: Literal["zigbee2mqtt", "tasmota", "esphome"] | None = None
    device: str | None = None
    channel: str | None = None
    """ESPHome: the fan's id, by default hood."""
    base: str = "zigbee2mqtt"
    """Zigbee2MQTT's base topic."""
    levels: dict[Burners, Word] = Field(
        max_length=_MOST_LEVELS, examples=["levels: {1: low, 2: high}"]
    )
    """The device's words, by how many burners are lit."""
    command_topic: DeviceTopic
    payload_level: Payload = LEVEL
    """What is sent for a level; its word stands in for `{level}`."""
    payload_off: Payload | None = None
    """None: `payload_level` with the word off."""
    payload_on: Payload | None = None
    """Sent to `command_topic` before each level, to fans that a level alone does not switch on."""
    level_topic: DeviceTopic | None = None
    """Where levels go; None: to `command_topic` as well."""
    state_topic: DeviceTopic | None = None
    """Where it says how it stands. None: a hand on it is not seen."""
    state_field: str | None = Field(None, min_length=1)
    """Key of a JSON object, or a dotted path to it; without it the whole payload is the word."""
    state_on: Word | None = None
    state_off: Word | None = None
    """Words beside those of the levels, of the payloads, and on/off, true/false, 1/0."""
    level_state_topic: DeviceTopic | None = None
    """Where it says at which level, if not along with `state_topic`."""
    level_state_field: str | None = Field(None, min_length=1)
    availability: Availabilities = Field([])
    """Each must say online for the hood to count as reachable."""

    @property
    def words(self) -> dict[int, str]:
        """See `HoodConfig.words`."""
        return dict(self.levels)

    def payload_for(self, word: str) -> str:
        """What is sent for that level."""
        return _filled(self.payload_level, word)

    @property
    def off_payload(self) -> str:
        """What is sent for off."""
        return self.payload_for(_OFF) if self.payload_off is None else self.payload_off

    @property
    def has_own_level(self) -> bool:
        """Whether the level is told apart from the power."""
        return self.level_state_topic is not None or self.level_state_field is not None

    @property
    def level_told_on(self) -> str | None:
        """The topic that tells the level."""
        return self.level_state_topic or self.state_topic

    def commanded_topics(self) -> Iterator[tuple[str, str]]:
        """See `HoodConfig.commanded_topics`."""
        yield "command_topic", self.command_topic
        if self.level_topic is not None:
            yield "level_topic", self.level_topic

    def heard_topics(self) -> Iterator[tuple[str, str]]:
        """See `HoodConfig.heard_topics`."""
        for key in ("state_topic", "level_state_topic"):
            if (topic := getattr(self, key)) is not None:
                yield key, topic
        for index, part in enumerate(self.availability):
            several = f".{index}" if len(self.availability) > 1 else ""
            yield f"availability{several}.topic", part.topic

    def claims(self) -> Iterator[Claim]:
        """See `HoodConfig.claims`."""
        keys = switched(self.payload_for(self.levels[1]), self.off_payload)
        if keys and self.payload_on is not None:
            power = switched(self.payload_on, self.payload_on)
            keys = keys | power if power else power
        for key, topic in self.commanded_topics():
            place, parts = commanded(topic, keys)
            yield Claim(key, ("command", place), parts or None, f"{topic} {_SAME}")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, raw: Any) -> Any:  # Any: as above
        if not isinstance(raw, dict):
            return raw
        raw = {key: value for key, value in raw.items() if value is not None}
        if raw.get("kind") is None:
            return cls._explicit(raw)
        check_kind(raw, _PRESETS, "hood")
        if "channel" in raw and raw["kind"] != "esphome":
            raise ValueError("channel belongs to kind: esphome, the id of its fan")
        return {**usual(raw, _PRESETS, cls.model_fields["base"].default), **raw}

    @classmethod
    def _explicit(cls, raw: dict[str, Any]) -> dict[str, Any]:
        check_without_kind(raw)
        if "command_topic" not in raw:
            raise ValueError(
                f"needs command_topic: where it is commanded, or kind: ({KINDS}) and device:"
            )
        return raw

    @model_validator(mode="after")
    def _can_be_commanded(self) -> Self:
        if LEVEL not in self.payload_level:
            raise ValueError(
                f"payload_level needs {LEVEL}, in whose place the level's word is sent; "
                f'for example {{"fan_mode": "{LEVEL}"}}'
            )
        if self.payload_level.lstrip().startswith("{") and self.payload_level != LEVEL:
            for word in self.levels.values():
                if not _is_json(self.payload_for(word)):
                    raise ValueError(
                        f"payload_level is no JSON with the word {word} in it; "
                        f'write for example {{"speed": {LEVEL}}} for numbers alone, '
                        f'{{"fan_mode": "{LEVEL}"}} for words'
                    )
        same_topic = self.level_topic in (None, self.command_topic)
        if same_topic and self.off_payload in map(self.payload_for, self.levels.values()):
            raise ValueError("payload_off must differ from what is sent for each of levels")
        if self.payload_on is not None and self.payload_on == self.off_payload:
            raise ValueError("payload_on and payload_off must differ")
        return self

    @model_validator(mode="after")
    def _can_be_understood(self) -> Self:
        about = ("state_field", "state_on", "state_off", "level_state_topic", "level_state_field")
        for key in about if self.state_topic is None else ():
            if getattr(self, key) is not None:
                raise ValueError(f"{key} needs state_topic: where the hood says whether it is on")
        words = [word.casefold() for word in self.levels.values()]
        if self.state_off is not None and self.state_off.casefold() in words:
            raise ValueError("state_off must differ from the words of levels")
        if self.state_on and self.state_off and self.state_on.lower() == self.state_off.lower():
            raise ValueError("state_on and state_off must differ")
        sent = {topic for _, topic in self.commanded_topics()}
        both = sent & {topic for _, topic in self.heard_topics()}
        if both:
            raise ValueError(
                f"{min(both)} is both sent to and listened to: gasguard would take its own "
                "messages for the hood's"
            )
        return self


def _filled(payload: str, word: str) -> str:
    """The word in its place; in a JSON text as JSON has it."""
    quoted = f'"{LEVEL}"' in payload and payload.lstrip().startswith("{")
    return payload.replace(LEVEL, json.dumps(word, ensure_ascii=False)[1:-1] if quoted else word)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


AnyHood = Annotated[MiotHood | MqttHood, Field(discriminator="driver")]
