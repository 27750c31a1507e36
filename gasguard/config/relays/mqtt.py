"""Relays over MQTT in the configuration: Zigbee2MQTT, Tasmota, ESPHome, or any topics."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gasguard.config.fields import Availability, DeviceTopic, Duration, Strict
from gasguard.config.kinds import KINDS, check_kind, check_without_kind, usual
from gasguard.config.relays.base import Claim, HeldLease, RelayConfig

NONCE = "{nonce}"
"""Stands in a payload for a word that is new each time."""
SECONDS = "{seconds}"
"""Stands in the keep-alive's payload for the seconds that the relay may stay closed without it."""

Payload = Annotated[str, Field(max_length=1024)]


class Send(Strict):
    """A message that is sent to the device."""

    topic: DeviceTopic
    payload: Payload = ""


class Echo(Strict):
    """Where the device repeats the nonce of a question."""

    topic: DeviceTopic
    field: str | None = Field(None, min_length=1)
    """Of a JSON object; without it the whole payload is the nonce."""


class KeepAlive(Strict):
    """Renews the device's own dead-man: see firmware_notes/mqtt_relays.md."""

    topic: DeviceTopic
    payload: Payload = SECONDS
    cancel: Payload | None = None
    """Sent on the same topic when the renewals end in good order; None: they only end."""
    after: Duration = Field(ge=15, le=12 * 3600)


def _zigbee2mqtt(device: str, channel: str, base: str) -> dict[str, Any]:
    field = f"state_{channel}" if channel else "state"
    return {
        "command_topic": f"{base}/{device}/set",
        "payload_on": json.dumps({field: "ON"}),
        "payload_off": json.dumps({field: "OFF"}),
        "state_topic": f"{base}/{device}",
        "state_field": field,
        "query": {"topic": f"{base}/{device}/get", "payload": json.dumps({field: ""})},
        # Answered by Zigbee2MQTT itself: what it publishes behind the answer is not older.
        "fence": {
            "topic": f"{base}/bridge/request/health_check",
            "payload": json.dumps({"transaction": NONCE}),
        },
        "echo": {"topic": f"{base}/bridge/response/health_check", "field": "transaction"},
        "availability": {"topic": f"{base}/{device}/availability"},
    }


def _tasmota(device: str, channel: str, _base: str) -> dict[str, Any]:
    return {
        "command_topic": f"cmnd/{device}/POWER{channel}",
        "state_topic": f"stat/{device}/RESULT",
        "state_field": f"POWER{channel}",
        # Carried out in this order, both answers on one topic.
        "query": {
            "topic": f"cmnd/{device}/Backlog0",
            "payload": f"Var16 {NONCE}; Power{channel}",
        },
        "echo": {"topic": f"stat/{device}/RESULT", "field": "Var16"},
        "availability": {
            "topic": f"tele/{device}/LWT",
            "online": "Online",
            "offline": "Offline",
        },
        "keep_alive": {"topic": f"cmnd/{device}/RuleTimer{channel or 1}", "cancel": "0"},
    }


def _esphome(device: str, channel: str, _base: str) -> dict[str, Any]:
    relay = channel or "relay"
    return {
        "command_topic": f"{device}/switch/{relay}/command",
        # Both topics are those of the recipe in firmware_notes/mqtt_relays.md.
        "query": {"topic": f"{device}/{relay}/get", "payload": NONCE},
        "state_topic": f"{device}/{relay}/is",
        "state_field": "state",
        "echo": {"topic": f"{device}/{relay}/is", "field": "asked"},
        "availability": {"topic": f"{device}/status"},
        "keep_alive": {"topic": f"{device}/{relay}/alive"},
    }


_PRESETS = {"zigbee2mqtt": _zigbee2mqtt, "tasmota": _tasmota, "esphome": _esphome}


class MqttRelay(RelayConfig):
    """A relay behind the broker. With `kind` and `device` every topic has its usual value."""

    fills_in = frozenset({"command_topic", "state_topic", "query"})

    driver: Literal["mqtt"]
    kind: Literal["zigbee2mqtt", "tasmota", "esphome"] | None = None
    device: str | None = None
    channel: str | None = None
    """Which relay of a device with several: l1 (Zigbee2MQTT), 1 (Tasmota), an id (ESPHome)."""
    base: str = "zigbee2mqtt"
    """Zigbee2MQTT's base topic."""
    command_topic: DeviceTopic
    payload_on: Payload = "ON"
    payload_off: Payload = "OFF"
    state_topic: DeviceTopic
    state_field: str | None = Field(None, min_length=1)
    """Of a JSON object; without it the whole payload is the state."""
    state_on: str = Field("ON", min_length=1)
    state_off: str = Field("OFF", min_length=1)
    query: Send
    """Makes the device publish its state."""
    fence: Send | None = None
    """Sent before each query, to what answers with an echo where the query itself has none."""
    echo: Echo | None = None
    """States count only behind the echo of this question's nonce: proof that they are new."""
    availability: Availability | None = None
    keep_alive: KeepAlive | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, raw: Any) -> Any:  # Any: pydantic's own signature, before anything is checked
        if not isinstance(raw, dict):
            return raw
        raw = {key: value for key, value in raw.items() if value is not None}
        if raw.get("kind") is None:
            return cls._explicit(raw)
        check_kind(raw, _PRESETS, "stove")
        # The file's channels are text; data that was made elsewhere may have a number.
        if type(raw.get("channel")) is int:
            raw["channel"] = str(raw["channel"])
        filled = usual(raw, _PRESETS, cls.model_fields["base"].default)
        if "query" in raw:
            # Another question has other answers.
            filled.pop("fence", None)
            filled.pop("echo", None)
        keep_alive = filled.pop("keep_alive", {})
        if isinstance(raw.get("keep_alive"), dict):
            raw = {**raw, "keep_alive": {**keep_alive, **raw["keep_alive"]}}
        return {**filled, **raw}

    @classmethod
    def _explicit(cls, raw: dict[str, Any]) -> dict[str, Any]:
        check_without_kind(raw)
        missing = [key for key in ("command_topic", "state_topic", "query") if key not in raw]
        if missing:
            raise ValueError(
                f"needs kind: ({KINDS}) and device:, or its topics: {', '.join(missing)} missing"
            )
        return raw

    @model_validator(mode="after")
    def _tells_apart(self) -> Self:
        if self.payload_on == self.payload_off:
            raise ValueError("payload_on and payload_off must differ")
        if self.state_on.casefold() == self.state_off.casefold():
            raise ValueError("state_on and state_off must differ")
        sent, heard = {*self.commanded_topics()}, {*self.heard_topics()}
        if sent & heard:
            raise ValueError(
                f"{min(sent & heard)} is both sent to and listened to: gasguard would take its "
                "own messages for the device's"
            )
        return self

    @model_validator(mode="after")
    def _echo_has_its_nonce(self) -> Self:
        asking = self.fence or self.query
        place = "fence" if self.fence else "query"
        if self.fence and not self.echo:
            raise ValueError("fence needs echo: where its answer repeats the nonce")
        if self.echo and NONCE not in asking.payload:
            raise ValueError(f"echo needs {NONCE} in {place}.payload: the word that is repeated")
        return self

    @property
    def held_lease(self) -> HeldLease | None:
        """See `RelayConfig.held_lease`."""
        return HeldLease(self.keep_alive.after) if self.keep_alive else None

    def heard_topics(self) -> Iterator[str]:
        """See `RelayConfig.heard_topics`."""
        yield self.state_topic
        yield from (part.topic for part in (self.echo, self.availability) if part)

    def commanded_topics(self) -> Iterator[str]:
        """See `RelayConfig.commanded_topics`."""
        yield self.command_topic
        yield self.query.topic
        yield from (part.topic for part in (self.fence, self.keep_alive) if part)

    def claims(self) -> Iterator[Claim]:
        """See `RelayConfig.claims`. Topics and payloads are all that can be told apart.

        Several relays of one device have different keys in their JSON payloads.
        """
        topic, parts = commanded(self.command_topic, switched(self.payload_on, self.payload_off))
        yield Claim(
            "command_topic",
            ("command", topic),
            parts or None,
            f"{self.command_topic} commands the same relay as {{other}}; each needs one of its own "
            "(channel: tells several of a device apart)",
        )
        yield Claim(
            "state_topic",
            ("state", self.state_topic),
            frozenset({self.state_field}) if self.state_field else None,
            f"{self.state_topic} tells of the same relay as {{other}}; each needs one of its own, "
            "or a state_field",
        )


_TASMOTA = re.compile(r"(.*\bcmnd/.*)power([0-9]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(.+/set)/([^/]+)")
_ENDPOINT = re.compile(r"(.+)/(l[0-9]|left|right|center|top|bottom)/set")


def commanded(topic: str, keys: frozenset[str]) -> tuple[str, frozenset[str]]:
    """The one form of all topics and keys that command the same relay; no keys: all of a device.

    Tasmota's POWER is its POWER1, POWER0 all of them. Zigbee2MQTT takes `state_l1` also below
    `l1/set` and `set/state_l1`.
    """
    if found := _TASMOTA.fullmatch(topic):
        number = found[2] or "1"
        return f"{found[1]}POWER", frozenset() if number == "0" else frozenset({number})
    if found := _ATTRIBUTE.fullmatch(topic):
        return found[1], frozenset({found[2]})
    if keys == {"state"} and (found := _ENDPOINT.fullmatch(topic)):
        return f"{found[1]}/set", frozenset({f"state_{found[2]}"})
    return topic, keys


def switched(on: str, off: str) -> frozenset[str]:
    """The keys that say on and off, where both payloads are JSON objects."""
    on_data, off_data = _object(on), _object(off)
    switched = {key for key in on_data if key in off_data and on_data[key] != off_data[key]}
    return frozenset(switched or on_data)


def _object(payload: str) -> dict[str, Any]:
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
