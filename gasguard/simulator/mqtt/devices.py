"""How devices on MQTT behave, without broker or clock: messages in, messages out.

Each kind is written after the device, not after the driver: it understands what the real one does
of its own protocol, and says unasked what the real one says unasked.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gasguard.config.relays.mqtt import NONCE, MqttRelay
from gasguard.simulator.channels import Key
from gasguard.simulator.mqtt.module import MqttModule


class Out(NamedTuple):
    """A message that a device publishes."""

    topic: str
    payload: str
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One relay of a device, as the configuration has it."""

    key: Key
    settings: MqttRelay


class Device(ABC):
    """What every kind has. `module` does what `receive` says."""

    def __init__(self, parts: list[Part], module: MqttModule) -> None:
        self.parts, self.module = parts, module

    @property
    @abstractmethod
    def topics(self) -> list[str]:
        """What it subscribes to."""

    @abstractmethod
    def receive(self, topic: str, payload: str, now: float) -> list[Out]:
        """Carry a message out; what it says to that. Never raises."""

    @abstractmethod
    def switched(self, key: Key) -> list[Out]:
        """What it says unasked when that relay has switched."""

    def status(self, online: bool) -> list[Out]:
        """What is said of its coming and going, by itself or on its behalf."""
        availability = self.parts[0].settings.availability
        if availability is None:
            return []
        word = availability.online if online else availability.offline
        return [Out(availability.topic, word, retain=True)]

    def _word(self, key: Key) -> str:
        return "ON" if self.module.value(key) else "OFF"

    def _alive(self, part: Part, payload: str, now: float) -> None:
        keep_alive = part.settings.keep_alive
        if keep_alive is None:
            return
        number = re.search(r"\d{1,6}", payload)
        seconds = float(number.group()) if number else keep_alive.after
        self.module.keep_alive(part.key, None if payload == keep_alive.cancel else seconds, now)


class Zigbee2MqttDevice(Device):
    """A Zigbee relay behind Zigbee2MQTT, with the options of firmware_notes/mqtt_relays.md.

    With `optimistic: false` nothing but the relay's own report makes a state.
    """

    @property
    def topics(self) -> list[str]:
        base = self.parts[0].settings.state_topic
        return [f"{base}/set", f"{base}/get"]

    def receive(self, topic: str, payload: str, now: float) -> list[Out]:
        fields = _object(payload)
        known = {part.settings.state_field or "": part.key for part in self.parts}
        keys = [known[name] for name in fields if name in known]
        if topic.endswith("/get"):
            return [self._state()] if keys else []
        for name, value in fields.items():
            if name in known and str(value).upper() in ("ON", "OFF"):
                self.module.order(known[name], str(value).upper() == "ON", now)
        return []

    def switched(self, key: Key) -> list[Out]:
        return [self._state()]

    def status(self, online: bool) -> list[Out]:
        """Since 2.0 always JSON."""
        return [
            Out(out.topic, json.dumps({"state": out.payload}), out.retain)
            for out in super().status(online)
        ]

    def _state(self) -> Out:
        states = {part.settings.state_field or "": self._word(part.key) for part in self.parts}
        # Retained, as users who want states after a restart of Home Assistant set it.
        text = json.dumps({**states, "linkquality": 120})
        return Out(self.parts[0].settings.state_topic, text, retain=True)


class Zigbee2MqttBridge:
    """Zigbee2MQTT itself, for all its devices."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.topics = [f"{base}/bridge/request/health_check"]

    def receive(self, payload: str) -> list[Out]:
        """It answers whether the devices are there or not."""
        answer: dict[str, object] = {"data": {"healthy": True}, "status": "ok"}
        request = _object(payload)
        if "transaction" in request:
            answer["transaction"] = request["transaction"]
        return [Out(f"{self._base}/bridge/response/health_check", json.dumps(answer))]


class TasmotaDevice(Device):
    """Tasmota with the rule of firmware_notes/mqtt_relays.md. Answers every command."""

    @property
    def topics(self) -> list[str]:
        return [f"cmnd/{self._name}/#"]

    @property
    def _name(self) -> str:
        return self.parts[0].settings.state_topic.split("/", 1)[1].removesuffix("/RESULT")

    def receive(self, topic: str, payload: str, now: float) -> list[Out]:
        command = topic.removeprefix(f"cmnd/{self._name}/")
        if command.upper() == "BACKLOG0":
            orders = [part.strip().partition(" ") for part in payload.split(";")]
            return [out for c, _, value in orders for out in self._command(c, value.strip(), now)]
        return self._command(command, payload.strip(), now)

    def _command(self, command: str, value: str, now: float) -> list[Out]:
        match = re.fullmatch(r"([A-Za-z]+)(\d*)", command)
        name, number = (match[1].upper(), match[2]) if match else ("", "")
        if name == "POWER":
            return self._power(number, value, now)
        if name == "VAR" and number:
            return [self._result(f"Var{number}", value)]
        if name == "RULETIMER":
            for part in self.parts:
                keep_alive = part.settings.keep_alive
                if keep_alive and keep_alive.topic.upper().endswith(f"RULETIMER{number}"):
                    self._alive(part, value, now)
            return [self._result(f"T{number}", value)]
        return [self._result("Command", "Unknown")]

    def _power(self, number: str, value: str, now: float) -> list[Out]:
        for part in self.parts:
            field = part.settings.state_field or ""
            # POWER and POWER1 are one and the same.
            if field.removeprefix("POWER") in ({"", "1"} if number in ("", "1") else {number}):
                if value.upper() in ("ON", "1", "OFF", "0"):
                    before = self.module.value(part.key)
                    self.module.order(part.key, value.upper() in ("ON", "1"), now)
                    if self.module.value(part.key) != before:
                        return []  # said by the switching itself
                return self.switched(part.key)
        return [self._result("Command", "Unknown")]

    def switched(self, key: Key) -> list[Out]:
        field = next(part.settings.state_field or "" for part in self.parts if part.key == key)
        word = self._word(key)
        return [self._result(field, word), Out(f"stat/{self._name}/{field}", word, retain=True)]

    def _result(self, name: str, value: str) -> Out:
        return Out(f"stat/{self._name}/RESULT", json.dumps({name: value}))


class EsphomeDevice(Device):
    """ESPHome with the recipe of firmware_notes/mqtt_relays.md. By itself it tells changes only."""

    @property
    def topics(self) -> list[str]:
        settings = self.parts[0].settings
        alive = [settings.keep_alive.topic] if settings.keep_alive else []
        return [settings.command_topic, settings.query.topic, *alive]

    def receive(self, topic: str, payload: str, now: float) -> list[Out]:
        (part,) = self.parts
        settings = part.settings
        if topic == settings.query.topic:
            text = json.dumps({"state": self._word(part.key), "asked": payload})
            return [Out(settings.state_topic, text)]
        if topic == settings.command_topic and payload.upper() in ("ON", "OFF"):
            self.module.order(part.key, payload.upper() == "ON", now)
        elif settings.keep_alive and topic == settings.keep_alive.topic:
            self._alive(part, payload, now)
        return []

    def switched(self, key: Key) -> list[Out]:
        topic = self.parts[0].settings.command_topic.removesuffix("command") + "state"
        return [Out(topic, self._word(key), retain=True)]


class PlainDevice(Device):
    """Any topics: tells its state when asked, and at each change."""

    @property
    def topics(self) -> list[str]:
        wanted = set()
        for part in self.parts:
            settings = part.settings
            wanted |= {settings.command_topic, settings.query.topic}
            wanted |= {extra.topic for extra in (settings.fence, settings.keep_alive) if extra}
        return sorted(wanted)

    def receive(self, topic: str, payload: str, now: float) -> list[Out]:
        said: list[Out] = []
        for part in self.parts:
            settings = part.settings
            if topic == settings.command_topic and payload in (
                settings.payload_on,
                settings.payload_off,
            ):
                self.module.order(part.key, payload == settings.payload_on, now)
            if settings.fence and topic == settings.fence.topic:
                said += self._echo(part, settings.fence.payload, payload)
            if topic == settings.query.topic:
                said += self._echo(part, settings.query.payload, payload)
                said += self.switched(part.key)
            if settings.keep_alive and topic == settings.keep_alive.topic:
                self._alive(part, payload, now)
        return said

    def switched(self, key: Key) -> list[Out]:
        settings = next(part.settings for part in self.parts if part.key == key)
        word = settings.state_on if self.module.value(key) else settings.state_off
        text = word if settings.state_field is None else json.dumps({settings.state_field: word})
        return [Out(settings.state_topic, text, retain=True)]

    def _echo(self, part: Part, asked: str, payload: str) -> list[Out]:
        echo, (before, found, after) = part.settings.echo, asked.partition(NONCE)
        if echo is None or not found:
            return []
        nonce = payload[len(before) : len(payload) - len(after)]
        text = nonce if echo.field is None else json.dumps({echo.field: nonce})
        return [Out(echo.topic, text)]


MakeDevice = Callable[[list[Part], MqttModule], Device]
KINDS: dict[str | None, MakeDevice] = {
    "zigbee2mqtt": Zigbee2MqttDevice,
    "tasmota": TasmotaDevice,
    "esphome": EsphomeDevice,
    None: PlainDevice,
}


def _object(payload: str) -> dict[str, object]:
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
