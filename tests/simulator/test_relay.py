"""The module's protocol and channels, without sockets."""

from random import Random
from typing import Any

import pytest

from gasguard.drivers.miio.codec import HELLO, decode
from gasguard.simulator.channels import ChannelSpec, Countdown, PowerOn
from gasguard.simulator.miio.relay import LEGACY_SWITCH, MiRelay

from .kitchen import SWITCH, TOKEN, Asker, module

COUNTING = ChannelSpec(2, 1, rest=True, countdown=Countdown(2, 3))


def test_hello_tells_id_and_clock_but_no_token() -> None:
    relay = module(uptime_s=100)
    (reply,) = relay.receive(HELLO, "x", 5.0)
    frame = decode(reply.data, bytes.fromhex(TOKEN))
    assert (frame.device_id.hex(), frame.stamp, frame.payload) == ("12345678", 105, None)
    assert frame.checksum == bytes(16)
    assert reply.delay == 0.020


def test_set_and_read_back() -> None:
    relay = module()
    seen: list[tuple[Any, ...]] = []
    relay.listeners.append(lambda *change: seen.append(change))
    asker = Asker(relay)
    assert asker.get() is True
    asker.now = 3.0
    assert asker.set(False) == 0
    assert asker.set(False) == 0
    assert asker.get() is False
    assert seen == [(2, 1, False, 3.0)]


def test_answers_repeat_the_property() -> None:
    answer = Asker(module()).ask("get_properties", [SWITCH, {"did": "a", "siid": 9, "piid": 9}])
    assert answer["id"] == 1
    assert answer["result"] == [
        {**SWITCH, "code": 0, "value": True},
        {"did": "a", "siid": 9, "piid": 9, "code": -4003},
    ]


@pytest.mark.parametrize("value", [1, 0, "on", None, [], {}, 1.5])
def test_bad_value_type(value: object) -> None:
    asker = Asker(module())
    assert asker.set(value) == -4005
    assert asker.get() is True


def test_unknown_property_and_method() -> None:
    asker = Asker(module())
    assert asker.set(True, siid=7) == -4003
    error = {"code": -32601, "message": "Method not found."}
    for method in ("set_power", "reboot", 5, None, ["x"]):
        assert asker.ask(method, ["on"])["error"] == error  # type: ignore[arg-type]


@pytest.mark.parametrize("params", [None, 3, "x", {"siid": 2}, [3], [[]], [{}] * 65])
def test_senseless_parameters_are_answered(params: object) -> None:
    assert Asker(module()).ask("set_properties", params)["error"]["code"] == -5001


@pytest.mark.parametrize("item", [{}, {"siid": True, "piid": 1}, {"siid": [], "piid": {}}])
def test_senseless_addresses_are_not_found(item: dict[str, Any]) -> None:
    answer = Asker(module()).ask("set_properties", [{**item, "value": False}])
    assert answer["result"][0]["code"] == -4003


def test_info() -> None:
    info = Asker(module(uptime_s=77)).ask("miIO.info", [])["result"]
    assert (info["model"], info["life"]) == ("yeelink.switch.sw1", 77)
    assert info["mac"] == "02:00:12:34:56:78" and info["fw_ver"]


def test_legacy_module() -> None:
    relay = module(ChannelSpec(*LEGACY_SWITCH), legacy=LEGACY_SWITCH)
    asker = Asker(relay)
    assert asker.ask("get_prop", ["power", "temperature"])["result"] == ["off", ""]
    assert asker.ask("set_power", ["on"])["result"] == ["ok"]
    assert asker.ask("get_prop", ["power"])["result"] == ["on"]
    assert asker.ask("set_power", ["maybe"])["error"]["code"] == -5001
    assert asker.ask("get_properties", [SWITCH])["error"]["code"] == -32601
    assert relay.value(LEGACY_SWITCH) is True


@pytest.mark.parametrize(("age", "taken"), [(0, 1), (60, 1), (61, 0), (-20, 1), (-21, 0)])
def test_stamps_outside_the_window_are_dropped(age: int, taken: int) -> None:
    asker = Asker(module(uptime_s=500))
    asker.stamp = 500 - age
    answer = asker.ask("miIO.info", [])
    assert (answer is not None) == bool(taken)


def test_foreign_token_device_and_id_are_dropped() -> None:
    relay = module()
    assert Asker(relay, token="ff" * 16).ask("miIO.info", []) is None
    for bad in ("1", None, True, 1.0, 2**70):
        asker = Asker(relay)
        assert asker.ask("miIO.info", [], message_id=bad) is None or bad is None  # type: ignore[arg-type]
    stranger = Asker(relay)
    stranger.hello()
    relay.device_id = b"\0\0\0\1"
    stranger_answer = stranger.relay.receive(b"!1" + b"\0" * 60, "x", 0.0)
    assert stranger_answer == []


def test_a_repeated_id_is_answered_from_memory_and_not_executed() -> None:
    relay = module()
    first = Asker(relay, source="192.168.1.2")
    assert first.set(True, message_id=1) == 0
    restarted = Asker(relay, source="192.168.1.2")
    assert restarted.set(False, message_id=1) == 0, "acknowledged"
    assert relay.value((2, 1)) is True, "and not executed"
    other_host = Asker(relay, source="192.168.1.3")
    assert other_host.set(False, message_id=1) == 0
    assert relay.value((2, 1)) is False


def test_ids_are_forgotten_at_a_reboot_and_beyond_the_bound() -> None:
    relay = module(memory=4)
    asker = Asker(relay)
    asker.set(True, message_id=1)
    relay.reboot(0.0, silent_for=0.0)
    asker.hello()
    asker.set(False, message_id=1)
    assert relay.value((2, 1)) is False
    for message_id in range(2, 6):
        asker.ask("miIO.info", [], message_id)
    asker.set(True, message_id=1)
    assert relay.value((2, 1)) is True


def test_countdown_counts_once_and_switches_off() -> None:
    relay = module(COUNTING)
    asker = Asker(relay)
    assert asker.get(piid=3) == -1
    assert asker.set(30, piid=3) == 0
    assert asker.get(piid=3) == 30
    asker.now = 10.5
    assert (asker.get(piid=3), relay.next_event()) == (20, 30.0)
    asker.now = 30.0
    assert (asker.get(), asker.get(piid=3), relay.next_event()) == (False, -1, None)
    asker.set(True)
    asker.now = 300.0
    asker.hello()
    assert asker.get() is True


def test_switching_off_clears_the_countdown_and_so_does_its_off_value() -> None:
    asker = Asker(module(COUNTING))
    asker.set(30, piid=3)
    asker.set(False)
    assert asker.get(piid=3) == -1
    asker.set(30, piid=3)
    asker.set(-1, piid=3)
    assert asker.get(piid=3) == -1


@pytest.mark.parametrize("value", [0, -2, 43201, True, "30", 1.0, None])
def test_countdown_takes_only_its_range(value: object) -> None:
    asker = Asker(module(COUNTING))
    assert asker.set(value, piid=3) == -4005
    assert asker.get(piid=3) == -1


def test_countdown_in_minutes() -> None:
    countdown = Countdown(2, 5, unit_s=60, off=0, highest=720)
    asker = Asker(module(ChannelSpec(2, 1, rest=True, countdown=countdown)))
    asker.set(2, piid=5)
    asker.now = 50.0
    assert asker.get(piid=5) == 2
    asker.now, asker.stamp = 61.0, None
    assert asker.get(piid=5) == 1
    asker.now, asker.stamp = 120.0, None
    assert (asker.get(), asker.get(piid=5)) == (False, 0)


def test_the_dangerous_countdown_toggles() -> None:
    relay = module(ChannelSpec(2, 1, countdown=Countdown(2, 3, toggles=True)))
    Asker(relay).set(30, piid=3)
    relay.advance(31.0)
    assert relay.value((2, 1)) is True


def test_delayed_off_from_mi_home() -> None:
    relay = module(COUNTING, ChannelSpec(4, 1, rest=True))
    relay.mi_home_off_in(2, 1, 600, 0.0)
    relay.mi_home_off_in(4, 1, 600, 0.0)
    assert Asker(relay).get(piid=3) == 600
    relay.advance(599.0)
    assert relay.value((2, 1)) and relay.value((4, 1))
    relay.advance(600.0)
    assert not relay.value((2, 1)) and not relay.value((4, 1))


def test_jog_falls_back_by_itself() -> None:
    relay = module(ChannelSpec(2, 1, jog=0.5))
    changes: list[tuple[bool, float]] = []
    relay.listeners.append(lambda _s, _p, value, at: changes.append((value, at)))
    relay.mi_home_switch(2, 1, True, 1.0)
    relay.mi_home_switch(2, 1, True, 1.3)
    relay.advance(9.0)
    assert changes == [(True, 1.0), (False, 1.8)]


@pytest.mark.parametrize(
    ("power_on", "expected"), [(PowerOn.ON, True), (PowerOn.OFF, False), (PowerOn.LAST, False)]
)
def test_reboot(power_on: PowerOn, expected: bool) -> None:
    relay = module(ChannelSpec(2, 1, rest=True, power_on=power_on, countdown=Countdown(2, 3)))
    asker = Asker(relay)
    asker.set(False)
    asker.set(50, piid=3)
    asker.now = 10.0
    relay.reboot(10.0, silent_for=2.0)
    assert relay.value((2, 1)) is expected
    assert not asker.hello()
    asker.now = 12.0
    assert asker.ask("miIO.info", []) is None, "stamps of the time before"
    assert asker.hello() and asker.stamp == 2
    assert asker.get(piid=3) == -1


def test_ten_thousand_random_datagrams_change_nothing() -> None:
    relay = module()
    random = Random(11)
    sound = Asker(relay)
    sound.hello()
    for number in range(10_000):
        data = random.randbytes(random.randrange(0, 200))
        if number % 2:
            data = HELLO[:2] + len(data).to_bytes(2, "big") + data[4:]
        relay.receive(data, random.random(), 0.0)
    assert relay.executed == 0
    assert sound.get() is True


def test_device_ids_wrap() -> None:
    relay = MiRelay(bytes(16), 2**40 + 5, [ChannelSpec(2, 1)], random=Random(0))
    assert relay.device_id == b"\0\0\0\5"
