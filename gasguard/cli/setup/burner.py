"""One burner: its id and name, its relay, which way round that is wired."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from gasguard.alone import is_taken
from gasguard.cli.exits import Misused
from gasguard.cli.setup.background import Background
from gasguard.cli.setup.checks import Wiring
from gasguard.cli.setup.click_test import ClickTest
from gasguard.cli.setup.devices import settings_of, switch_of
from gasguard.cli.setup.found import FoundRelay
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.mi_relay import MiRelayPart
from gasguard.cli.setup.mqtt_relay import MqttRelayPart
from gasguard.cli.setup.pin_relay import PinRelayPart
from gasguard.cli.setup.plan import Place, Plan
from gasguard.cli.setup.questions import (
    DEVICE_OPTIONS,
    FAMILIES,
    PIN_OPTIONS,
    RELAY_PORT,
    TOPIC_OPTIONS,
    Questions,
)
from gasguard.cli.setup.talk import Talk
from gasguard.config.edit import Inline
from gasguard.errors import GasguardError

_OF_MI = ("--relay", "--token", "--switch")
_OF_PIN = PIN_OPTIONS
_OF_MQTT = (*DEVICE_OPTIONS, *TOPIC_OPTIONS)
_USUAL_ID = "left"
_KEPT_BY_HAND = ("lease", "jog", "keep_alive", "echo", "fence", "availability")
"""Keys that setup does not ask for and leaves where the device stays the same."""


class BurnerPart:
    """Asks for one burner."""

    def __init__(
        self, talk: Talk, given: Given, plan: Plan, work: Background, state_dir: Path
    ) -> None:
        """`state_dir` is the daemon's: while one runs there, nobody else moves its relays."""
        self._talk, self._given, self._plan, self._work = talk, given, plan, work
        self._state_dir = state_dir
        self._questions = Questions(talk.language, plan.folder)

    def check_given(self) -> None:
        """Name every option that is missing where nobody is there to ask. Raises Misused."""
        there = self._plan.mapping("burners")
        self._check_agreement()
        named = self._given.any_of("--burner", "--name")
        if self._talk.asks or (there and not (self._answered() or named)):
            return
        burner = self._which(there, first=True)
        before = self._plan.mapping("burners", burner)
        if "relays" in before and self._answered():
            raise Misused(self._talk.text("burner_in_series", burner=burner))
        is_there = "relay" in before or "relays" in before
        missing = [] if is_there else list(self._missing())
        if missing:
            raise Misused(self._talk.text("missing", option=", ".join(missing)))

    def _check_agreement(self) -> None:
        """Options that speak of different relays are a mistake: none of them is left out."""
        families = {
            "mi": self._given_of(_OF_MI),
            "mqtt": self._given_of(_OF_MQTT),
            "pin": self._given_of(_OF_PIN),
        }
        driver = self._given.get("--driver")
        pairs = list(combinations(families.values(), 2))
        pairs.append((self._given_of(DEVICE_OPTIONS), self._given_of(TOPIC_OPTIONS)))
        if driver is not None:
            others = [one for family, one in families.items() if family != driver.casefold()]
            pairs += [(["--driver"], other) for other in others]
        for one, other in pairs:
            if one and other:
                both = f"{one[0]}, {other[0]}"
                raise Misused(self._talk.text("options_disagree", options=both))

    def _given_of(self, options: Sequence[str]) -> list[str]:
        return [one for one in options if self._given.get(one) is not None]

    def _missing(self) -> Iterator[str]:
        driver = self._given.get("--driver")
        if driver == "pin" or self._given.any_of(*_OF_PIN):
            wanted: Sequence[str] = PIN_OPTIONS[:2]
        elif driver == "mqtt" or self._given.any_of(*_OF_MQTT):
            by_topics = self._given.any_of(*TOPIC_OPTIONS)
            wanted = TOPIC_OPTIONS if by_topics else DEVICE_OPTIONS[:2]
        else:
            wanted = ("--relay", "--token")
        for option in (*wanted, "--wiring"):
            if self._given.get(option) is None:
                yield option

    def run(self, mqtt: Mapping[str, Any], *, first: bool = True) -> tuple[str, bool] | None:
        """Put what is answered into the plan; the burner and whether its wiring was seen.

        None where nothing of its relay was answered. Raises Misused, GasguardError.
        """
        there = self._plan.mapping("burners")
        self._talk.heading("head_burner")
        burner = self._which(there, first=first)
        before = self._plan.mapping("burners", burner)
        old = self._plan.mapping("burners", burner, "relay")
        place = ("burners", burner)
        self._ask_name(place, before)
        if "relays" in before:
            self._talk.say("burner_in_series", burner=burner)
            return None
        if not self._answered():
            if there and not self._talk.asks:
                return None
            if old and not self._talk.yes("ask_relay_anew", usual=False):
                return None
        elif old and not self._talk.asks and not self._finds():
            self._rewired(place, old)
            return None
        return burner, self._relay(place, burner, old, mqtt)

    def _which(self, there: Mapping[str, Any], *, first: bool) -> str:
        usual = next(iter(there), _USUAL_ID) if first else None
        if not self._talk.asks and len(there) > 1 and self._given.get("--burner") is None:
            usual = None
        return self._talk.ask(self._questions.burner, usual, known=", ".join(there) or "-")

    def _ask_name(self, place: Place, before: Mapping[str, Any]) -> None:
        if self._given.get("--name") is None and not self._talk.asks:
            return
        name = self._talk.ask(self._questions.name, str(before.get("name") or place[-1]))
        if name != before.get("name") and name != place[-1]:
            self._plan.put((*place, "name"), name)

    def _finds(self) -> bool:
        """Whether an option says which relay it is, or asks for what its model tells."""
        return self._given.any_of("--driver", "--lease", *_OF_MI, *_OF_MQTT, *_OF_PIN)

    def _answered(self) -> bool:
        return self._finds() or self._given.any_of("--wiring", "--voice")

    def _rewired(self, place: Place, old: Mapping[str, Any]) -> None:
        """Only what stands beside the relay is answered anew."""
        wiring = self._talk.ask(self._questions.wiring, str(old.get("contact") or "") or None)
        self._put_wiring((*place, "relay"), old, wiring)
        self._ask_voice(place, wiring, has_channels=old.get("driver") == "miot")

    def _put_wiring(self, place: Place, old: Mapping[str, Any], wiring: Wiring) -> None:
        self._plan.put((*place, "contact"), wiring)
        if wiring == "normally_closed" and "lease" in old:
            self._talk.say("lease_goes")
            self._plan.drop((*place, "lease"))

    # --- its relay --------------------------------------------------------------------------------

    def _relay(
        self, place: Place, burner: str, old: Mapping[str, Any], mqtt: Mapping[str, Any]
    ) -> bool:
        """Whether its wiring was seen."""
        family = self._family(old)
        before = old if _family_of(old) == family else {}
        talk, given = self._talk, self._given
        while True:
            part = self._part(family, talk, given, mqtt)
            found = part.run(burner, before)
            wiring, tested = self._ask_wiring(found, before, mqtt)
            if wiring is not None and self._fits(found, wiring):
                break
            before, talk, given = found.described, talk.without_options(), Given()
        self._put_relay((*place, "relay"), found, old, wiring)
        self._ask_voice(place, wiring, has_channels=found.has_channels)
        return tested

    def _fits(self, found: FoundRelay, wiring: Wiring) -> bool:
        """Whether nothing in it speaks against this wiring: a pin that is on at boot, say."""
        try:
            settings_of(found.described, self._plan.folder, wiring)
        except GasguardError as error:
            self._talk.trouble(self._talk.text("relay_trouble", problem=error))
            return False
        return True

    def _part(
        self, family: str, talk: Talk, given: Given, mqtt: Mapping[str, Any]
    ) -> MiRelayPart | MqttRelayPart | PinRelayPart:
        if family == "pin":
            runs = is_taken(self._state_dir)
            return PinRelayPart(talk, self._plan, self._work, daemon_runs=runs)
        if family == "mqtt":
            return MqttRelayPart(talk, given, self._plan, self._work, mqtt)
        return MiRelayPart(talk, given, self._plan, self._work)

    def _family(self, old: Mapping[str, Any]) -> str:
        if self._given.get("--driver") is not None:
            return self._talk.ask(self._questions.family)
        if self._given.any_of(*_OF_MQTT):
            return "mqtt"
        if self._given.any_of(*_OF_MI):
            return "mi"
        if self._given.any_of(*_OF_PIN):
            return "pin"
        if not self._talk.asks:
            if old:
                return _family_of(old)
            raise Misused(self._talk.text("missing", option="--relay"))
        choices = [(family, self._talk.text(f"family_{family}")) for family in FAMILIES]
        return self._talk.choose("ask_family", choices, _family_of(old) if old else "mi")

    def _put_relay(
        self, place: Place, found: FoundRelay, old: Mapping[str, Any], wiring: Wiring
    ) -> None:
        """Keys that are not asked for stay where it is the same kind of device."""
        new: dict[str, Any] = dict(found.described)
        if found.described.get("port") == RELAY_PORT and "port" not in old:
            new.pop("port")
        same = old.get("driver") == new["driver"]
        if lease := self._asked_lease(found, wiring, old if same else {}):
            new["lease"] = lease
        for key in old:
            if key not in (*new, "contact") and not (same and key in _KEPT_BY_HAND):
                self._plan.drop((*place, key))
        for key, value in new.items():
            self._plan.put((*place, key), Inline(value) if isinstance(value, dict) else value)
        self._put_wiring(place, old if same else {}, wiring)

    def _asked_lease(
        self, found: FoundRelay, wiring: Wiring, old: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Held on a countdown that the model is known to have, where somebody wants it so."""
        if self._given.get("--lease") and (wiring != "normally_open" or found.countdown is None):
            raise Misused(self._talk.text("lease_impossible"))
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

    def _ask_voice(self, place: Place, wiring: Wiring, *, has_channels: bool) -> None:
        old = self._plan.mapping(*place, "voice")
        given = self._given.get("--voice") is not None
        if given and not has_channels:
            raise Misused(self._talk.text("voice_impossible"))
        if not given and (wiring == "normally_open" or not has_channels or not self._talk.asks):
            return
        proposal = f"{old['siid']}/{old['piid']}" if {"siid", "piid"} <= set(old) else "none"
        channel = self._talk.ask(self._questions.voice, proposal)
        if channel is None:
            if old:
                self._plan.drop((*place, "voice"))
            return
        self._plan.put((*place, "voice"), Inline(siid=channel[0], piid=channel[1]))

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
            make = partial(switch_of, found.described, mqtt, self._plan.folder)
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
    return {"mqtt": "mqtt", "gpio": "pin"}.get(str(old.get("driver")), "mi")
