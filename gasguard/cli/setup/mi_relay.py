"""A Mi Home relay: found on the network, its token tried, its model read, its numbers proposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gasguard.cli.exits import Misused
from gasguard.cli.setup.background import Background
from gasguard.cli.setup.broker import shown
from gasguard.cli.setup.checks import Channel, Place
from gasguard.cli.setup.devices import settings_of
from gasguard.cli.setup.found import FoundRelay
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.plan import Plan, Secret, resolved
from gasguard.cli.setup.questions import RELAY_PORT, Questions
from gasguard.cli.setup.talk import Talk
from gasguard.config.edit import FromFile
from gasguard.drivers.base import Site
from gasguard.drivers.bus import Bus
from gasguard.drivers.miio.discover import ask_around
from gasguard.drivers.miio.family import Family
from gasguard.drivers.miio.models import MODELS, Model
from gasguard.errors import Cause, DriverError, GasguardError, Refused, Unreachable
from gasguard.luck import LUCK

_EVERYBODY = "255.255.255.255"
_LISTEN_FOR = 3.0
_ANSWERS_WITHIN = 4.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came of a question to the device."""

    model: str = ""
    problem: str = ""
    cause: Cause | None = None


class MiRelayPart:
    """Asks for a relay that speaks miIO."""

    def __init__(self, talk: Talk, given: Given, plan: Plan, work: Background) -> None:
        self._talk, self._given, self._plan, self._work = talk, given, plan, work
        self._questions = Questions(talk.language, plan.folder)

    def run(self, burner: str, before: Mapping[str, Any]) -> FoundRelay:
        """The relay without its wiring. Raises Misused, GasguardError."""
        proposal = self._proposed(before)
        place, token, seen = self._reached(burner, proposal, before)
        self._talk.say("relay_model", where=shown(place), model=seen.model or "?")
        model = MODELS.get(seen.model)
        if model is None:
            self._talk.say("model_unknown", model=seen.model or "?")
        legacy = model is not None and not model.switches
        if legacy and self._given.get("--switch") is not None:
            raise Misused(self._talk.text("switch_impossible"))
        described: dict[str, Any] = {
            "driver": "miio" if legacy else "miot",
            "host": place[0],
            "port": place[1],
            "token": token,
        }
        if not legacy:
            described["switch"] = self._numbers(described, model, before)
        return FoundRelay(
            described,
            countdown=model.countdown if model else None,
            has_channels=not legacy,
        )

    # --- where and with which token ---------------------------------------------------------------

    def _proposed(self, before: Mapping[str, Any]) -> str | None:
        if before.get("host"):
            return shown((str(before["host"]), int(before.get("port") or RELAY_PORT)))
        if self._given.get("--relay") is not None or not self._talk.asks:
            return None
        self._talk.say("relay_looking", seconds=f"{_LISTEN_FOR:g}")
        heard = self._work.run(ask_around([_EVERYBODY], _LISTEN_FOR, list(self._known())))
        if not heard:
            self._talk.say("relay_none_found")
            return None
        choices = [
            (shown(place), f"{shown(place)}  id {number}")
            for place, number in sorted(heard.items())
        ]
        if len(choices) == 1:
            self._talk.say("relay_one_found", where=choices[0][1])
            return choices[0][0]
        choices.append(("", self._talk.text("another_address")))
        return self._talk.choose("relay_several_found", choices, choices[0][0]) or None

    def _known(self) -> dict[Place, object]:
        """Modules of all burners with their tokens: one module may have channels for several."""
        return {
            (str(relay["host"]), int(relay.get("port") or RELAY_PORT)): relay.get("token")
            for relay in self._relays()
            if "host" in relay
        }

    def _relays(self) -> list[dict[str, Any]]:
        burners = self._plan.mapping("burners").values()
        relays = [burner.get("relay") for burner in burners if isinstance(burner, dict)]
        return [relay for relay in relays if isinstance(relay, dict)]

    def _reached(
        self, burner: str, proposal: str | None, before: Mapping[str, Any]
    ) -> tuple[Place, Any, _Seen]:
        """Address and token with which it answers."""
        again = False
        while True:
            place = self._talk.ask(self._questions.relay, proposal, again=again)
            token, seen = self._let_in(burner, place, before)
            if token is not None:
                return place, token, seen
            again = True
            proposal = shown(place)

    def _let_in(self, burner: str, place: Place, before: Mapping[str, Any]) -> tuple[Any, _Seen]:
        """The token that it takes; None where another address is wanted."""
        known = before.get("token") or self._known().get(place)
        kept = str(resolved(known, self._plan.folder)) if known else None
        said: str | FromFile | None = self._talk.ask(
            self._questions.token, kept, shown=self._talk.text("keep") if kept else None
        )
        while said is not None:
            own = before.get("token") if said == kept else None
            token = own or Secret(said, f"{burner}.token")
            self._talk.say("relay_trying", where=shown(place))
            seen = self._look(
                {"driver": "miot", "host": place[0], "port": place[1], "token": token}
            )
            if not seen.problem:
                return token, seen
            wrong = seen.cause is Cause.WRONG_TOKEN
            key = "token_wrong" if wrong else "relay_trouble"
            self._talk.trouble(self._talk.text(key, where=shown(place), problem=seen.problem))
            # Not the address again: who has just mistyped a token types that, and not in sight.
            said = (
                self._talk.ask(
                    self._questions.token_again,
                    "",
                    shown=self._talk.text("another_address"),
                    again=True,
                )
                if wrong
                else None
            )
        return None, _Seen()

    def _look(self, described: Mapping[str, Any]) -> _Seen:
        async def model() -> _Seen:
            relay = Family(_site()).relay(settings_of(described, self._plan.folder), None)
            try:
                return _Seen(await relay.model(_ANSWERS_WITHIN))
            except Refused:
                return _Seen("")
            except Unreachable as error:
                return _Seen(problem=str(error), cause=error.cause)
            finally:
                await relay.aclose()

        return self._work.run(model())

    # --- its numbers ------------------------------------------------------------------------------

    def _numbers(
        self, described: Mapping[str, Any], model: Model | None, before: Mapping[str, Any]
    ) -> dict[str, int]:
        """Those of a switch that the device has."""
        proposal = self._proposed_switch(described, model, before)
        again = False
        while True:
            siid, piid = self._talk.ask(self._questions.switch, proposal, again=again)
            switch = {"siid": siid, "piid": piid}
            problem = self._tried({**described, "switch": switch})
            if not problem:
                return switch
            again = True
            self._talk.trouble(
                self._talk.text("switch_trouble", switch=f"{siid}/{piid}", problem=problem)
            )

    def _proposed_switch(
        self, described: Mapping[str, Any], model: Model | None, before: Mapping[str, Any]
    ) -> str:
        old = before.get("switch")
        if isinstance(old, dict) and {"siid", "piid"} <= set(old):
            return f"{old['siid']}/{old['piid']}"
        switches = (model.switches if model else ()) or ((2, 1),)
        taken = self._taken((described["host"], described["port"]))
        free = [one for one in switches if one not in taken] or list(switches)
        if len(switches) > 1 and self._talk.asks:
            several = ", ".join(f"{siid}/{piid}" for siid, piid in switches)
            self._talk.say("model_has_several", switches=several)
        return f"{free[0][0]}/{free[0][1]}"

    def _taken(self, place: Place) -> set[Channel]:
        """Channels of this module that other burners have."""
        switches = [
            relay.get("switch")
            for relay in self._relays()
            if (relay.get("host"), int(relay.get("port") or RELAY_PORT)) == place
        ]
        return {
            (int(one["siid"]), int(one["piid"]))
            for one in switches
            if isinstance(one, dict) and str(one.get("siid", "")).isdigit()
        }

    def _tried(self, described: Mapping[str, Any]) -> str:
        """Why there is no switch at these numbers, or nothing."""

        async def read() -> str:
            relay = Family(_site()).relay(settings_of(described, self._plan.folder), None)
            try:
                await relay.read(_ANSWERS_WITHIN)
            except DriverError as error:
                return str(error)
            finally:
                await relay.aclose()
            return ""

        return self._work.run(read())


def _site() -> Site:
    return Site(LUCK, _no_bus)


def _no_bus() -> Bus:
    raise GasguardError("a Mi Home relay has no broker")
