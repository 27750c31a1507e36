"""A range hood follows the burners: whole daemons, hoods on their wires, flames by the test."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.ear import Ear
from tests.support.kitchen import TOKEN, Kitchen, burner
from tests.support.processes import free_port
from tests.support.stove import Stove
from tests.support.waiting import eventually, never

QUICK = {"off_delay": "3s", "manual_wins": "8s"}


class Home:
    """A kitchen with two burners whose flames the test lights, a hood, a gas alarm."""

    def __init__(self, kitchen: Kitchen, hood: dict[str, Any]) -> None:
        self.kitchen = kitchen
        self.outside = f"{kitchen.base}_home"
        for name in ("left", "right"):
            flame = {"driver": "mqtt", "topic": f"{self.outside}/{name}"}
            kitchen.data["burners"][name]["flame"] = flame
        kitchen.data["hazards"] = {
            "kitchen_gas": {"driver": "mqtt", "kind": "gas_alarm", "topic": f"{self.outside}/gas"},
            "bedroom_co": {
                "driver": "mqtt",
                "kind": "carbon_monoxide",
                "topic": f"{self.outside}/co",
            },
        }
        kitchen.data["hood"] = hood
        kitchen.write()
        self.stove: Stove
        self.ear: Ear

    def start(self, **more: Any) -> "Home":
        self.stove, self.daemon, self.ear = self.kitchen.start(**more)
        self.ear_outside = Ear(self.kitchen.broker.port, self.outside)
        self.kitchen._ears.append(self.ear_outside)
        eventually(self.has_read_it, 5, "the hood's state is read")
        return self

    def restart(self, phase: str = "ready") -> None:
        """Kill the daemon, and start another."""
        self.daemon.kill()
        mark = self.ear.mark
        self.daemon = self.kitchen.daemon(phase)
        self.ear.wait("status", lambda one: one.text == "online", since=mark, within=10)

    def has_read_it(self) -> bool:
        return "hood" not in (self.troubles() or {})

    def troubles(self) -> dict[str, str]:
        for answer in self.kitchen.talk({"command": "status"}):
            return answer["troubles"]
        return {}

    def flame(self, name: str, word: str) -> None:
        mark = self.ear.mark if self.ear.state(name)["flame"] != word else 0
        self.ear.publish(f"{self.outside}/{name}", word)
        self.ear.until(name, flame=word, since=mark)

    def runs(self) -> str:
        return self.stove.do(lambda world: world.hood.motor.runs)

    def until(self, word: str, within: float = 5.0) -> None:
        eventually(lambda: self.runs() == word, within, f"the hood runs {word}", every=0.05)

    def stays(self, word: str, during: float) -> None:
        never(lambda: self.runs() != word, during, f"the hood leaves {word}", every=0.05)

    def hand(self, word: str) -> None:
        self.stove.tell(f"hood {word}")

    def commands(self) -> list[str]:
        """What was sent to a hood on MQTT."""
        return [one.text for one in self.ear_outside.on("hood/set")]


@pytest.fixture
def home(make_kitchen: Callable[..., Kitchen]) -> Callable[..., Home]:
    def make(kind: str = "mqtt", broker: Any = None, **more: Any) -> Home:
        kitchen = make_kitchen(broker=broker, left=burner(), right=burner())
        outside = f"{kitchen.base}_home"
        if kind == "mqtt":
            hood = {
                "driver": "mqtt",
                "command_topic": f"{outside}/hood/set",
                "state_topic": f"{outside}/hood",
                "levels": {"1": "low", "2": "high"},
            }
        else:
            hood = {
                "driver": "miot",
                "host": "127.0.0.1",
                "port": free_port(socket.SOCK_DGRAM),
                "token": TOKEN,
                "levels": {"1": "1", "2": "3"},
            }
        return Home(kitchen, {**hood, **QUICK, **more})

    return make


WIRES = pytest.mark.parametrize(
    ("kind", "low", "high"), [("mqtt", "low", "high"), ("miot", "1", "3")]
)


@WIRES
def test_it_follows_the_burners_and_runs_on_after_the_last(home, kind, low, high):
    one = home(kind).start()
    one.flame("left", "lit")
    one.until(low)
    one.flame("right", "lit")
    one.until(high)
    one.flame("left", "out")
    one.until(low)
    one.flame("right", "out")
    out_at = time.monotonic()
    one.stays(low, 2.5)
    one.until("off")
    assert time.monotonic() - out_at < 8


@WIRES
@pytest.mark.long
def test_a_hand_on_it_wins_for_as_long_as_it_was_told(home, kind, low, high):
    one = home(kind).start()
    one.flame("left", "lit")
    one.until(low)
    time.sleep(2.5)  # what a device reads back at once after an order may be its echo
    one.hand("off")
    off_at = time.monotonic()
    time.sleep(2.5)
    one.flame("right", "lit")
    one.stays("off", 7 - (time.monotonic() - off_at))
    one.until(high, within=8)
    one.flame("left", "out")
    one.flame("right", "out")
    one.until("off", within=8)
    time.sleep(2.5)
    one.hand(high)
    one.stays(high, 7)
    one.until("off", within=8)


@pytest.mark.long
def test_a_gas_alarm_leaves_it_exactly_as_it_is_until_somebody_re_arms(home):
    one = home().start()
    one.flame("left", "lit")
    one.until("low")
    one.ear.publish(f"{one.outside}/gas", "alarm")
    one.ear.until("left", phase="locked_out")
    before = one.commands()
    one.flame("right", "lit")
    one.flame("left", "out")
    one.flame("right", "out")
    one.stays("low", 6)
    assert one.commands() == before
    one.ear.publish(f"{one.outside}/gas", "clear")
    one.ear.until("left", hazards={"kitchen_gas": "clear", "bedroom_co": "unknown"})
    one.stays("low", 3)
    assert one.commands() == before, "the alarm still latches"
    for name in ("left", "right"):
        assert one.kitchen.local("rearm", name).code == 0
    one.until("off")


@pytest.mark.long
def test_a_hood_that_comes_back_during_a_gas_alarm_is_told_nothing(home):
    one = home("miot").start()
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), offline=True))
    one.flame("left", "lit")
    one.ear.publish(f"{one.outside}/gas", "alarm")
    one.ear.until("left", phase="locked_out")
    time.sleep(0.1)
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), offline=False))
    one.stays("off", 15)


@pytest.mark.long
def test_a_gas_alarm_from_before_a_kill_still_leaves_it_as_it_is(home):
    one = home().start()
    one.flame("left", "lit")
    one.until("low")
    one.ear.publish(f"{one.outside}/gas", "alarm")
    one.ear.until("left", phase="locked_out")
    before = one.commands()
    one.restart("locked_out")
    one.flame("left", "out")
    one.stays("low", 12)
    assert one.commands() == before


@pytest.mark.long
def test_carbon_monoxide_is_no_reason_to_keep_air_away(home):
    """A spark lights gas, not so little monoxide; the hood takes it out of the kitchen."""
    one = home().start()
    one.ear.publish(f"{one.outside}/co", "alarm")
    one.ear.until("left", phase="locked_out")
    one.flame("left", "lit")
    one.until("low")


@pytest.mark.long
def test_the_shortest_configuration_sends_words_to_one_topic(home):
    one = home(state_topic=None)
    del one.kitchen.data["hood"]["state_topic"]
    one.kitchen.write()
    one.start()
    one.flame("left", "lit")
    one.ear_outside.wait("hood/set", lambda heard: heard.text == "low")
    one.flame("right", "lit")
    one.ear_outside.wait("hood/set", lambda heard: heard.text == "high")
    one.flame("left", "out")
    one.flame("right", "out")
    one.ear_outside.wait("hood/set", lambda heard: heard.text == "off", within=10)
    assert not any(heard.retain for heard in one.ear_outside.on("hood/set"))
    said = one.kitchen.local("doctor").out
    assert "a hand on it is not seen" in " ".join(said.split())


@pytest.mark.long
def test_after_a_kill_it_goes_on_as_it_was_and_fights_no_hand(home):
    one = home(manual_wins="1h").start()
    one.flame("left", "lit")
    one.until("low")
    time.sleep(2.5)
    one.hand("off")
    time.sleep(2.5)
    one.restart()
    one.flame("left", "lit")
    one.stays("off", 4)


@pytest.mark.long
def test_after_a_kill_the_run_on_still_ends(home):
    one = home(manual_wins="1h").start()
    one.flame("left", "lit")
    one.until("low")
    one.restart()
    one.flame("left", "out")
    one.until("off", within=10)


@pytest.mark.long
def test_a_burner_that_was_lit_while_no_daemon_ran_switches_it_on(home):
    one = home()
    ear = one.kitchen.ear()
    ear.publish(f"{one.outside}/left", "lit", retain=True)
    one.start()
    one.until("low")
    ear.publish(f"{one.outside}/left", b"", retain=True)


@pytest.mark.long
def test_a_timer_stands_for_a_flame_that_no_sensor_sees(home):
    one = home()
    for name in ("left", "right"):
        del one.kitchen.data["burners"][name]["flame"]
    one.kitchen.write()
    one.start()
    one.ear.send("left/timer/set", "1m")
    one.until("low")
    one.ear.send("left/timer/set", "cancel")
    one.until("off", within=8)


# --- hoods that are absent, slow, or mean harm ------------------------------------------------


def shutoff_ms(one: Home) -> float:
    """How long an off through the local socket takes until it is confirmed."""
    began = time.monotonic()
    answers = one.kitchen.order("off")
    assert answers[-1]["status"] == "confirmed", answers
    return (time.monotonic() - began) * 1000


@pytest.mark.long
def test_an_absent_hood_is_told_and_delays_no_shutoff(home):
    one = home("miot").start()
    one.flame("right", "lit")
    one.until("1")
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), unpowered=True))
    one.flame("right", "out")  # there is something to order
    for _ in range(5):
        assert shutoff_ms(one) < 1000
        one.kitchen.rearm()
    told = eventually(lambda: one.troubles().get("hood"), 20, "the hood's absence is told")
    assert "does not answer" in told and "burners are guarded all the same" in told
    said = " ".join(one.kitchen.local("doctor").out.split())
    assert "hood fail" in said
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), unpowered=False))
    eventually(lambda: "hood" not in one.troubles(), 20, "the hood is back")


@pytest.mark.long
def test_a_hood_without_its_broker_is_told_and_delays_no_shutoff(home, own_broker):
    one = home(broker=own_broker).start()
    one.flame("right", "lit")
    one.until("low")
    own_broker.stop()
    for _ in range(3):
        assert shutoff_ms(one) < 1000
        one.kitchen.rearm()
    told = eventually(lambda: one.troubles().get("hood"), 20, "the hood's absence is told")
    assert "is not connected" in told
    own_broker.start()
    eventually(lambda: "hood" not in one.troubles(), 20, "the hood is back")


@pytest.mark.long
def test_a_frozen_broker_delays_no_shutoff_either(home, own_broker):
    one = home(broker=own_broker).start()
    own_broker.freeze()
    for _ in range(3):
        assert shutoff_ms(one) < 1000
        one.kitchen.rearm()
    own_broker.thaw()


@pytest.mark.long
def test_a_hood_that_does_not_obey_is_told(home):
    one = home("miot").start()
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), lying=True))
    one.flame("left", "lit")
    told = eventually(lambda: one.troubles().get("hood"), 20, "that it does not obey")
    assert "was told 1" in told and "does not show it" in told
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), lying=False))
    one.until("1", within=20)
    eventually(lambda: "hood" not in one.troubles(), 5, "that it obeys")


@pytest.mark.long
def test_a_hood_that_refuses_is_told_with_its_reason(home):
    one = home("miot").start()
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), refuse=True))
    one.flame("left", "lit")
    told = eventually(lambda: one.troubles().get("hood"), 20, "that it refuses")
    assert "was told 1" in told and "refused to set siid 2 piid 1" in told
    assert shutoff_ms(one) < 1000


@pytest.mark.long
def test_an_echo_that_comes_5_s_late_is_no_hand(home):
    one = home("miot").start()
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), pending_s=5.0))
    one.flame("left", "lit")
    one.until("1", within=8)
    time.sleep(3)
    one.stove.do(lambda world: world.hood.server.inject(time.monotonic(), pending_s=0.0))
    one.flame("left", "out")
    one.until("off", within=8)


GARBAGE = {
    "word": "banana",
    "nothing": "",
    "null": "null",
    "json": json.dumps({"a": ["b"] * 1000}),
    "nested": "[" * 50_000,
    "bytes": b"\xff\x00\xfe",
    "digits": "9" * 9000,
}


@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.long
def test_garbage_from_a_hood_changes_nothing_and_is_told(home, said):
    one = home().start()
    one.flame("left", "lit")
    one.until("low")
    one.ear.publish(f"{one.outside}/hood", said)
    assert shutoff_ms(one) < 1000
    one.flame("left", "out")
    one.until("off", within=10)


@pytest.mark.long
def test_a_hood_that_floods_and_sends_megabytes_delays_no_shutoff(home):
    one = home().start()
    for _ in range(3):
        one.ear.publish(f"{one.outside}/hood", b"x" * 3_000_000, wait=False)
        for number in range(2000):
            word = ("low", "off", "high", "x")[number % 4]
            one.ear.publish(f"{one.outside}/hood", word, wait=False)
        assert shutoff_ms(one) < 2000
        one.kitchen.rearm()
    assert one.daemon.running


@pytest.mark.long
def test_retained_junk_on_a_hoods_topic_does_not_keep_the_daemon_from_starting(home):
    one = home()
    ear = one.kitchen.ear()
    ear.publish(f"{one.outside}/hood", "\x00junk", retain=True)
    one.kitchen.run()
    eventually(lambda: one.kitchen.ask() is not None, 15, "the daemon is up")
    told = eventually(lambda: one.troubles().get("hood"), 20, "the junk is told")
    assert "which is not understood" in told
    ear.publish(f"{one.outside}/hood", b"", retain=True)


# --- the command line -------------------------------------------------------------------------


def test_check_config_explains_what_is_wrong_with_a_hood(home):
    one = home(levels={"one": "low"}, command_topic="kitchen/left/off/set", off_delay="5h")
    one.kitchen.data["mqtt"]["base_topic"] = "kitchen"
    one.kitchen.write()
    said = one.kitchen.local("check-config")
    assert said.code == 2
    for place in ("hood.levels.one: ", "hood.off_delay: must be at least 0s and at most 1h"):
        assert place in said.err + said.out, said
    one.kitchen.data["hood"] |= {"levels": {"1": "low"}, "off_delay": "3m"}
    one.kitchen.write()
    said = one.kitchen.local("check-config")
    assert said.code == 2
    assert "hood.command_topic: kitchen/left/off/set is one of gasguard's own" in (
        said.err + said.out
    )
