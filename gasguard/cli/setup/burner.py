"""One burner: its id and name, its relay, which way round that is wired."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gasguard.alone import is_taken
from gasguard.cli.exits import Misused
from gasguard.cli.setup.background import Background
from gasguard.cli.setup.checks import Wiring
from gasguard.cli.setup.click_test import ClickTest
from gasguard.cli.setup.devices import driver_of
from gasguard.cli.setup.found import FoundRelay
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.mi_relay import MiRelayPart
from gasguard.cli.setup.mqtt_relay import MqttRelayPart
from gasguard.cli.setup.plan import Plan, Secret
from gasguard.cli.setup.questions import (
    DEVICE_OPTIONS,
    FAMILIES,
    RELAY_PORT,
    TOPIC_OPTIONS,
    Questions,
)
from gasguard.cli.setup.talk import Talk
from gasguard.config.edit import Inline

_OF_MQTT = (*DEVICE_OPTIONS, *TOPIC_OPTIONS)
_USUAL_ID = "left"
_KEPT_BY_HAND = ("lease", "jog", "keep_alive", "echo", "fence", "availability")
"""Keys that setup does not ask for and leaves where the device stays the same."""


@dataclass(frozen=True, slots=True)
class Commissioned:
    """A burner as it was set up, for the sheet."""

    burner: str
    name: str
    model: str
    where: str
    switch: str
    wiring: str
    tested: bool
    lease: str


class BurnerPart:
    """Asks for one burner."""

    def __init__(
        self, talk: Talk, given: Given, plan: Plan, work: Background, state_dir: Path
    ) -> None:
        """`state_dir` is the daemon's: while one runs there, nobody else moves its relays."""
        self._talk, self._given, self._plan, self._work = talk, given, plan, work
        self._state_dir = state_dir
        self._questions = Questions(talk.language)

    def check_given(self) -> None:
        """Name every option that is missing where nobody is there to ask. Raises Misused."""
        there = self._plan.mapping("burners")
        if self._talk.asks or (there and not self._answered()):
            return
        burner = self._which(there, first=True)
        old = self._plan.mapping("burners", burner, "relay")
        missing = [] if old else list(self._missing())
        if missing:
            raise Misused(self._talk.text("missing", option=", ".join(missing)))

    def _missing(self) -> Iterator[str]:
        if self._given.get("--driver") == "mqtt" or self._given.any_of(*_OF_MQTT):
            by_topics = self._given.any_of(*TOPIC_OPTIONS)
            wanted: Sequence[str] = TOPIC_OPTIONS if by_topics else DEVICE_OPTIONS[:2]
        else:
            wanted = ("--relay", "--token")
        for option in (*wanted, "--wiring"):
            if self._given.get(option) is None:
                yield option

    def run(self, mqtt: Mapping[str, Any], *, first: bool = True) -> Commissioned | None:
        """Put what is answered into the plan; None where nothing was. Raises Misused."""
        there = self._plan.mapping("burners")
        self._talk.heading("head_burner")
        burner = self._which(there, first=first)
        before = self._plan.mapping("burners", burner)
        if "relays" in before:
            self._talk.say("burner_in_series", burner=burner)
            return None
        old = self._plan.mapping("burners", burner, "relay")
        place = ("burners", burner)
        self._ask_name(place, before)
        if not self._answered():
            if there and not self._talk.asks:
                return None
            if old and not self._talk.yes("ask_relay_anew", usual=False):
                return None
        elif old and not self._talk.asks and not self._finds():
            return self._rewired(place, burner, old)
        return self._relay(place, burner, old, mqtt)

    def _which(self, there: Mapping[str, Any], *, first: bool) -> str:
        usual = next(iter(there), _USUAL_ID) if first else None
        if not self._talk.asks and len(there) > 1 and self._given.get("--burner") is None:
            usual = None
        return self._talk.ask(
            self._questions.burner, usual, again=not first, known=", ".join(there) or "-"
        )

    def _ask_name(self, place: tuple[str, ...], before: Mapping[str, Any]) -> None:
        if self._given.get("--name") is None and not self._talk.asks:
            return
        name = self._talk.ask(self._questions.name, str(before.get("name") or place[-1]))
        if name != before.get("name") and name != place[-1]:
            self._plan.put((*place, "name"), name)

    def _finds(self) -> bool:
        """Whether an option says which relay it is."""
        return self._given.any_of("--driver", "--relay", "--token", "--switch", *_OF_MQTT)

    def _answered(self) -> bool:
        return self._finds() or self._given.any_of("--wiring", "--voice", "--lease")

    def _rewired(
        self, place: tuple[str, ...], burner: str, old: Mapping[str, Any]
    ) -> Commissioned | None:
        """Only what stands beside the relay is answered anew."""
        wiring = self._talk.ask(self._questions.wiring, str(old.get("contact") or "") or None)
        if wiring != old.get("contact"):
            self._plan.put((*place, "relay", "contact"), wiring)
        return None

    # --- its relay --------------------------------------------------------------------------------

    def _relay(
        self,
        place: tuple[str, ...],
        burner: str,
        old: Mapping[str, Any],
        mqtt: Mapping[str, Any],
    ) -> Commissioned:
        family = self._family(old)
        of_family = old if _family_of(old) == family else {}
        part: MiRelayPart | MqttRelayPart
        if family == "mqtt":
            part = MqttRelayPart(self._talk, self._given, self._plan, self._work, mqtt)
        else:
            part = MiRelayPart(self._talk, self._given, self._plan, self._work)
        while True:
            found = part.run(burner, of_family)
            wiring, tested = self._ask_wiring(found, of_family, mqtt)
            if wiring is not None:
                break
        lease = self._put_relay((*place, "relay"), found, old, wiring)
        if found.has_channels:
            self._ask_voice(place, wiring)
        return Commissioned(
            burner,
            str(self._plan.mapping("burners", burner).get("name") or burner),
            found.model,
            found.where,
            _switch_of(found.described),
            wiring,
            tested,
            lease,
        )

    def _family(self, old: Mapping[str, Any]) -> str:
        if self._given.get("--driver") is not None:
            return self._talk.ask(self._questions.family)
        if self._given.any_of(*_OF_MQTT):
            return "mqtt"
        if self._given.any_of("--relay", "--token"):
            return "mi"
        if not self._talk.asks:
            if old:
                return _family_of(old)
            raise Misused(self._talk.text("missing", option="--relay"))
        choices = [(family, self._talk.text(f"family_{family}")) for family in FAMILIES]
        return self._talk.choose("ask_family", choices, _family_of(old) if old else "mi")

    def _put_relay(
        self,
        place: tuple[str, ...],
        found: FoundRelay,
        old: Mapping[str, Any],
        wiring: Wiring,
    ) -> str:
        """Keys that are not asked for stay where it is the same device. Gives the lease, if any."""
        new: dict[str, Any] = {**found.described, "contact": wiring}
        if found.described.get("port") == RELAY_PORT and "port" not in old:
            new.pop("port")
        same = old.get("driver") == new["driver"]
        if lease := self._asked_lease(found, wiring, old if same else {}):
            new["lease"] = lease
        for key in old:
            if key not in new and not (same and key in _KEPT_BY_HAND):
                self._plan.drop((*place, key))
        for key, value in new.items():
            shown = Inline(value) if isinstance(value, dict) else value
            if not isinstance(value, Secret) and _told(value) == old.get(key):
                continue
            self._plan.put((*place, key), shown)
        return "" if "lease" not in new and "lease" not in old else "yes"

    def _asked_lease(
        self, found: FoundRelay, wiring: Wiring, old: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Held on a countdown that the model is known to have, where somebody wants it so."""
        if wiring != "normally_open" or found.countdown is None or "lease" in old:
            return None
        if self._given.get("--lease") is None and not (
            self._talk.asks and self._talk.yes("ask_lease_wanted", usual=False)
        ):
            return None
        after = self._talk.ask(self._questions.lease, "3m")
        count = found.countdown
        return {
            "after": after, "siid": count.siid, "piid": count.piid,
            "unit": count.unit, "off": count.off,
        }  # fmt: skip

    def _ask_voice(self, place: tuple[str, ...], wiring: Wiring) -> None:
        old = self._plan.mapping(*place, "voice")
        given = self._given.get("--voice") is not None
        if not given and (wiring == "normally_open" or not self._talk.asks):
            return
        proposal = f"{old['siid']}/{old['piid']}" if {"siid", "piid"} <= set(old) else "none"
        channel = self._talk.ask(self._questions.voice, proposal)
        if channel is None:
            if old:
                self._plan.drop((*place, "voice"))
            return
        new = {"siid": channel[0], "piid": channel[1]}
        if _told(new) != old:
            self._plan.put((*place, "voice"), Inline(new))

    # --- its wiring -------------------------------------------------------------------------------

    def _ask_wiring(
        self, found: FoundRelay, old: Mapping[str, Any], mqtt: Mapping[str, Any]
    ) -> tuple[Wiring | None, bool]:
        """The wiring, and whether it was seen. None: it is another relay after all."""
        given = self._talk.given(self._questions.wiring)
        if given is not None:
            self._talk.say("wiring_not_tested", wiring=given)
            return given, False
        known = str(old.get("contact") or "") or None
        if not self._talk.asks:
            return self._talk.ask(self._questions.wiring, known), False
        if is_taken(self._state_dir):
            self._talk.say("daemon_runs")
            return self._talk.ask(self._questions.wiring, known), False
        self._talk.say("wiring_explained")
        how = "click" if known is None else "keep"
        choices = [("click", self._talk.text("wiring_by_test"))]
        if known:
            choices.append(("keep", self._talk.text("wiring_keep", wiring=known)))
        choices.append(("told", self._talk.text("wiring_told")))
        while True:
            how = self._talk.choose("ask_how_wiring", choices, how)
            if how == "keep":
                return self._talk.ask(self._questions.wiring, known), False
            if how == "told":
                return self._talk.ask(self._questions.wiring, known), False
            make = partial(driver_of, found.described, mqtt, self._plan.folder)
            outcome = ClickTest(self._talk, self._work, make).run()
            if outcome in ("normally_open", "normally_closed"):
                wiring: Wiring = (
                    "normally_open" if outcome == "normally_open" else "normally_closed"
                )
                self._talk.say("wiring_found", wiring=wiring)
                return wiring, True
            if outcome == "other":
                return None, False
            how = "click" if outcome == "again" else "told"


def _family_of(old: Mapping[str, Any]) -> str:
    return "mqtt" if old.get("driver") == "mqtt" else "mi"


def _switch_of(described: Mapping[str, Any]) -> str:
    switch = described.get("switch")
    if isinstance(switch, dict):
        return f"{switch['siid']}/{switch['piid']}"
    return str(described.get("channel") or described.get("command_topic") or "–")


def _told(value: Any) -> Any:
    """As a file has it: texts all."""
    if isinstance(value, dict):
        return {key: _told(one) for key, one in value.items()}
    return value if isinstance(value, Secret) else str(value)
