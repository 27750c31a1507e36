"""A relay behind the broker: found at Zigbee2MQTT, or its kind and name or its topics told."""

from collections.abc import Mapping
from typing import Any

from gasguard.cli.setup.background import Background
from gasguard.cli.setup.devices import bus_of, switch_of
from gasguard.cli.setup.found import FoundRelay
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.plan import Plan
from gasguard.cli.setup.questions import KINDS, TOPIC_OPTIONS, Questions
from gasguard.cli.setup.talk import Talk
from gasguard.drivers.mqtt.zigbee2mqtt import switches
from gasguard.errors import DriverError, GasguardError

_ANSWERS_WITHIN = 5.0
TOPICS = "topics"


class MqttRelayPart:
    """Asks for a relay that listens to the broker."""

    def __init__(
        self, talk: Talk, given: Given, plan: Plan, work: Background, mqtt: Mapping[str, Any]
    ) -> None:
        """`mqtt` is the broker as it was answered."""
        self._talk, self._given, self._plan, self._work = talk, given, plan, work
        self._mqtt = mqtt
        self._questions = Questions(talk.language, plan.folder)

    def run(self, _burner: str, before: Mapping[str, Any]) -> FoundRelay:
        """The relay without its wiring. Raises Misused, GasguardError."""
        again = False
        while True:
            described = {"driver": "mqtt", **self._described(before, again)}
            where = str(described.get("device") or described.get("command_topic"))
            self._talk.say("relay_trying", where=where)
            problem = self._tried(described)
            if not problem:
                self._talk.say("relay_answers", where=where)
                return FoundRelay(described)
            again = True
            self._talk.trouble(self._talk.text("mqtt_relay_trouble", problem=problem))

    def _described(self, before: Mapping[str, Any], again: bool) -> dict[str, Any]:
        kind = self._asked_kind(before, again)
        before = before if str(before.get("kind") or TOPICS) == kind else {}
        rest = {key: one for key, one in before.items() if key not in ("contact", "channel")}
        if kind == TOPICS:
            command = self._talk.ask(
                self._questions.command_topic, before.get("command_topic"), again=again
            )
            state = self._talk.ask(
                self._questions.state_topic, before.get("state_topic"), again=again
            )
            old = before.get("query")
            query = self._talk.ask(
                self._questions.query_topic,
                old.get("topic") if isinstance(old, dict) else None,
                again=again,
            )
            return {
                **rest,
                "command_topic": command,
                "state_topic": state,
                "query": {**(old if isinstance(old, dict) else {}), "topic": query},
            }
        proposal = str(before["device"]) if before.get("device") else None
        channel = self._given.get("--channel")
        if kind == "zigbee2mqtt" and self._talk.asks and not self._given.get("--device"):
            base = str(before.get("base") or "zigbee2mqtt")
            proposal, channel = self._found(base, proposal, channel)
        described = {
            **rest,
            "kind": kind,
            "device": self._talk.ask(self._questions.device, proposal, again=again),
        }
        if channel is None and self._talk.asks and before.get("channel"):
            channel = str(before["channel"])
        if self._given.get("--channel") is not None or (channel is None and kind == "esphome"):
            channel = self._talk.ask(self._questions.channel, channel or "relay", again=again)
            channel = None if kind == "esphome" and channel == "relay" else channel
        if channel:
            described["channel"] = channel
        return described

    def _asked_kind(self, before: Mapping[str, Any], again: bool) -> str:
        if self._given.any_of(*TOPIC_OPTIONS):
            return TOPICS
        if not self._talk.asks or (self._given.get("--kind") and not again):
            return self._talk.ask(self._questions.kind, before.get("kind"))
        choices = [(kind, self._talk.text(f"kind_{kind}")) for kind in (*KINDS, TOPICS)]
        return self._talk.choose("ask_kind", choices, before.get("kind") or KINDS[0])

    def _found(
        self, base: str, proposal: str | None, channel: str | None
    ) -> tuple[str | None, str | None]:
        """What Zigbee2MQTT says that it has, for the user to choose from."""
        self._talk.say("zigbee_looking")

        async def look() -> list[tuple[str, str]]:
            return await switches(bus_of(self._mqtt, self._plan.folder), base)

        found = self._work.run(look())
        if not found:
            self._talk.say("zigbee_none")
            return proposal, channel
        labels = {f"{device} {part}".strip(): (device, part) for device, part in found}
        choices = [(label, label) for label in labels]
        choices.append(("", self._talk.text("another_device")))
        chosen = self._talk.choose("zigbee_found", choices, choices[0][0])
        if not chosen:
            return proposal, channel
        return labels[chosen][0], labels[chosen][1] or None

    def _tried(self, described: Mapping[str, Any]) -> str:
        """Why it does not answer, or nothing."""

        async def read() -> str:
            try:
                async with switch_of(described, self._mqtt, self._plan.folder) as switch:
                    await switch.is_on(_ANSWERS_WITHIN)
            except (DriverError, GasguardError) as error:
                return str(error)
            return ""

        return self._work.run(read())
