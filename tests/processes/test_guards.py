"""Limits of a running daemon: nobody in the kitchen or at home, the longest burn; and answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.stove import Stove
from tests.support.waiting import eventually, never

FLAME = {"driver": "mqtt", "kind": "flame"}


class Cooking:
    """A kitchen whose sensors a test speaks for."""

    def __init__(self, kitchen: Kitchen) -> None:
        self.kitchen = kitchen
        self.place = f"{kitchen.base}_sensors"
        self.stove: Stove
        self.ear: Ear

    def start(self, kept: dict[str, Any]) -> "Cooking":
        self.ear = self.kitchen.ear()
        for sensor, payload in kept.items():
            self.says(sensor, payload, retain=True)
        self.stove, _, self.ear = self.kitchen.start()
        return self

    def says(self, sensor: str, payload: Any, *, retain: bool = False) -> None:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self.ear.publish(f"{self.place}/{sensor}", text, retain=retain)

    def lit(self, payload: Any = "lit") -> None:
        self.stove.light()
        self.says("flame", payload)
        self.ear.until(flame="lit")

    def warned(self, since: Any = None) -> dict:
        return self.ear.event("prewarning", since=since)


@pytest.fixture
def cooking(make_kitchen: Callable[..., Kitchen]) -> Callable[..., Cooking]:
    def make(sensors: dict | None = None, kept: dict | None = None, **limits: Any) -> Cooking:
        limits = {"prewarn": "2s", **limits}
        one = Cooking(make_kitchen(left=burner(limits=limits, flame="flame")))
        named = {"flame": {**FLAME}, **(sensors or {})}
        one.kitchen.data["sensors"] = {
            name: {"driver": "mqtt", "topic": f"{one.place}/{name}", **settings}
            for name, settings in named.items()
        }
        one.kitchen.write()
        return one.start(kept or {})

    return make


PIR = {"pir": {"kind": "presence"}}
HOME = {"home": {"kind": "home"}}


def test_nobody_in_the_kitchen_is_warned_of_and_shut_off(cooking):
    one = cooking(PIR, unattended="2s")
    one.says("pir", {"occupancy": True})
    one.ear.until(people={"pir": "somebody"})
    one.lit()
    mark = one.ear.mark
    one.says("pir", {"occupancy": False})
    warning = one.warned(mark)
    assert (warning["reason"], warning["source"]) == ("unattended", "guard")
    assert warning["remaining_s"] == 2.0
    trip = one.ear.event("trip", since=mark)
    assert trip["reason"] == "unattended"
    one.ear.until(contact="open")
    eventually(lambda: not one.stove.flame(), 5, "the flame is out")
    said = one.kitchen.local("explain", "left")
    assert "nobody" in said.out, said


@pytest.mark.long
def test_whoever_returns_in_time_goes_on_cooking(cooking):
    one = cooking(PIR, unattended="2s", prewarn="3s")
    one.says("pir", {"occupancy": False})
    one.lit()
    mark = one.ear.mark
    one.warned(mark)
    one.says("pir", {"occupancy": True})
    never(lambda: one.kitchen.ask()["left"]["phase"] != "ready", 4, "shut off all the same")


@pytest.mark.parametrize("way", ["mqtt", "cli"])
@pytest.mark.long
def test_one_touch_answers_the_warning(cooking, way):
    one = cooking(PIR, unattended="2s", prewarn="20s")
    one.lit()
    mark = one.ear.mark
    one.warned(mark)
    if way == "mqtt":
        one.ear.publish(f"{one.kitchen.base}/left/timer/extend/set", "20s")
    else:
        assert one.kitchen.local("timer", "left", "+20s").code == 0
    extended = one.ear.event("timer_extended", since=mark)
    assert (extended["reason"], extended["extended_s"]) == ("unattended", 20.0)
    never(lambda: one.kitchen.ask()["left"]["phase"] != "ready", 10, "shut off all the same")


@pytest.mark.long
def test_a_presence_sensor_that_goes_offline_suspends_it_and_is_told(cooking):
    one = cooking(
        {"pir": {"kind": "presence", "availability": {"topic": "zigbee/pir/availability"}}},
        unattended="2s",
    )
    one.says("pir", {"occupancy": True})
    one.lit()
    mark = one.ear.mark
    one.ear.publish("zigbee/pir/availability", "offline")
    told = one.ear.event("sensor_silent", since=mark)
    assert told["sensor"] == "pir"
    assert "unattended" in told["message"]
    never(lambda: one.kitchen.ask()["left"]["phase"] != "ready", 5, "shut off all the same")
    report = one.kitchen.local("doctor")
    assert "presence pir" in report.out
    one.says("pir", {"occupancy": False})
    one.ear.event("sensor_recovered", since=mark)
    assert one.ear.event("trip", since=mark)["reason"] == "unattended"


@pytest.mark.parametrize("payload", ["soup", {"motion": True}, "", "\x00\xff"])
def test_a_presence_sensor_that_talks_nonsense_is_nobody_and_is_told(cooking, payload):
    one = cooking(PIR, unattended="60s")
    mark = one.ear.mark
    one.says("pir", payload)
    told = one.ear.event("sensor_silent", since=mark)
    assert told["sensor"] == "pir"
    one.ear.until(people={"pir": "silent"})


@pytest.mark.long
def test_a_kept_word_is_nobody_in_the_kitchen(cooking):
    one = cooking(PIR, unattended="2s", kept={"pir": {"occupancy": True}})
    one.lit()
    one.warned()
    assert one.ear.state()["people"] == {"pir": "unknown"}
    one.ear.publish(f"{one.place}/pir", b"", retain=True)


def test_nobody_at_home_is_warned_of_at_once_and_shut_off(cooking):
    one = cooking(HOME, away="3s")
    one.says("home", "home")
    one.lit()
    mark = one.ear.mark
    one.says("home", "not_home")
    warning = one.warned(mark)
    assert (warning["reason"], warning["away"], warning["remaining_s"]) == ("unattended", True, 3.0)
    trip = one.ear.event("trip", since=mark)
    assert (trip["reason"], trip["away"]) == ("unattended", True)


@pytest.mark.long
def test_the_longest_burn_is_warned_of_extended_and_ends(cooking):
    one = cooking(max_burn="10s", prewarn="5s")
    one.lit()
    mark = one.ear.mark
    assert one.warned(mark)["reason"] == "max_burn"
    assert one.kitchen.local("timer", "left", "+4s").code == 0
    assert one.ear.event("timer_extended", since=mark)["reason"] == "max_burn"
    assert one.ear.event("trip", since=mark, within=15)["reason"] == "max_burn"


@pytest.mark.long
def test_a_flame_is_limited_to_two_hours_where_nobody_says_otherwise(cooking):
    one = cooking()
    one.lit()
    assert one.ear.state()["must_end_at"] is not None


@pytest.mark.long
def test_an_inferred_flame_warns_and_shuts_nothing_off_until_it_is_trusted(cooking):
    one = cooking({"flame": {**FLAME, "evidence": "inferred"}}, max_burn="10s", prewarn="7s")
    one.lit()
    assert one.ear.state()["flame_evidence"] == "inferred"
    mark = one.ear.mark
    warning = one.warned(mark)
    assert warning["shuts_off"] is False
    assert "flame.trust" in warning["message"]
    never(lambda: one.kitchen.ask()["left"]["phase"] != "ready", 11, "shut off all the same")


@pytest.mark.long
def test_an_inferred_flame_that_is_trusted_shuts_off(cooking):
    trusted = {**FLAME, "evidence": "inferred", "trust": "shutoff"}
    one = cooking({"flame": trusted}, max_burn="10s")
    one.lit()
    assert one.ear.event("trip", within=15)["reason"] == "max_burn"
