"""The broker: found on this machine or where the file has it, else asked for; then tried."""

import contextlib
from collections.abc import Mapping
from typing import Any

from gasguard.cli.setup.checks import Place
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.plan import Plan, Secret, resolved
from gasguard.cli.setup.questions import BROKER_PORT, Questions
from gasguard.cli.setup.talk import Talk
from gasguard.config.broker import Mqtt
from gasguard.config.machine import unusable_files
from gasguard.config.parts import mqtt_of
from gasguard.errors import ConfigError
from gasguard.mqtt.probe import probe
from gasguard.mqtt.server import broker, reach
from gasguard.mqtt.topics import Topics

_TLS_PORT = 8883
_OPTIONS = ("--broker", "--broker-user", "--broker-password", "--broker-ca")
_REFUSED = "refused the connection"
_LOOK_WITHIN, _TRY_WITHIN = 1.0, 6.0
"""Seconds."""


class BrokerPart:
    """Asks for the broker and its login, and tries them as the daemon would."""

    def __init__(self, talk: Talk, given: Given, plan: Plan) -> None:
        self._talk, self._given, self._plan = talk, given, plan
        self._questions = Questions(talk.language, plan.folder)

    def run(self) -> None:
        """Put what is answered into the plan. Raises Misused, GasguardError."""
        self._talk.heading("head_broker")
        before = self._plan.mapping("mqtt")
        answered = self._given.any_of(*_OPTIONS) or self._given.broker_tls
        if not (self._talk.asks or self._plan.is_new or answered):
            return
        several = isinstance(before.get("host"), list) and not self._given.get("--broker")
        if several:
            self._talk.say("broker_several", hosts=", ".join(before["host"]))
        again = False
        while True:
            settings = self._settings(before, again, asks_where=not several)
            problem = self._login(settings, again)
            if not problem:
                break
            self._talk.trouble(self._talk.text("broker_trouble", problem=problem))
            again, several = True, False
        for key, value in settings.items():
            if key == "password" and before.get(key) != value:
                value = Secret(value, "mqtt.password")
            if key != "port" or not before or "port" in before or value != BROKER_PORT:
                self._plan.put(("mqtt", key), value)
        self._talk.say("broker_ok", where=self._proposed(settings))

    # --- asking -------------------------------------------------------------------------------

    def _settings(
        self, before: Mapping[str, Any], again: bool, *, asks_where: bool
    ) -> dict[str, Any]:
        settings = dict(before)
        if asks_where:
            settings["host"], settings["port"] = self._talk.ask(
                self._questions.broker, self._proposed(before), again=again
            )
        if self._given.broker_ca:
            settings["tls"] = {**self._plan.mapping("mqtt", "tls"), "ca": self._given.broker_ca}
        elif self._given.broker_tls or (settings.get("port") == _TLS_PORT and "tls" not in before):
            settings["tls"] = settings.get("tls") or {}
        if again:
            return settings
        user, password = (
            self._given.get(option) is not None for option in ("--broker-user", "--broker-password")
        )
        if user or (password and "username" not in before):
            settings["username"] = self._talk.ask(self._questions.broker_user)
        if password or (user and "password" not in before):
            settings["password"] = self._talk.ask(self._questions.broker_password)
        return settings

    def _proposed(self, before: Mapping[str, Any]) -> str | None:
        """Where the file has it, else this machine where something listens there."""
        if host := before.get("host"):
            first = host[0] if isinstance(host, list) else host
            return shown((str(first), int(before.get("port") or BROKER_PORT)))
        here = broker(Mqtt(host="127.0.0.1", port=BROKER_PORT))
        if reach(here, _LOOK_WITHIN) is None:
            self._talk.say("broker_found")
            return shown(("127.0.0.1", BROKER_PORT))
        if self._talk.asks:
            self._talk.say("broker_not_here")
        return None

    def _login(self, settings: dict[str, Any], again: bool) -> str:
        """Try it, with a login where it wants one; why it is no use, or nothing."""
        self._talk.say("broker_trying")
        problem = self._tried(settings)
        while problem.startswith(_REFUSED) and self._talk.asks:
            self._talk.say("broker_wants_login" if "username" not in settings else "broker_refuses")
            self._talk.show(f"  ({problem})")
            if not self._talk.yes("ask_other_login", usual=True):
                return problem
            settings["username"] = self._talk.ask(
                self._questions.broker_user, settings.get("username") or "gasguard", again=True
            )
            settings["password"] = self._talk.ask(self._questions.broker_password, again=True)
            problem = self._tried(settings)
        return problem

    def _tried(self, settings: Mapping[str, Any]) -> str:
        told = {key: resolved(value, self._plan.folder) for key, value in settings.items()}
        try:
            mqtt = mqtt_of(told, self._plan.folder)
        except ConfigError as error:
            return str(error)
        for fault in unusable_files("tls", mqtt.tls):
            return f"{fault.place}: {fault.text}"
        problem = ""
        with contextlib.suppress(OSError):
            found = probe(broker(mqtt), [], Topics(mqtt.base_topic).status, _TRY_WITHIN)
            problem = found.problem
        return problem


def shown(place: Place) -> str:
    """host:port, as it is typed."""
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
