"""The kitchen as a whole: circuits from the configuration, time from the loop."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gasguard.config.load import Config
from gasguard.errors import ConfigError
from gasguard.simulator import simtime
from gasguard.simulator.describe import describe
from gasguard.simulator.miio.relay import LEGACY_SWITCH
from gasguard.simulator.world import SimulatorError, World

from .kitchen import TOKEN, Client, config, miot

CLOSED_WIRING = {"relay": miot(contact="normally_closed"), "voice": {"siid": 4, "piid": 1}}


class Hand:
    """A world whose time the test moves; nothing runs by itself."""

    def __init__(self, settings: Config | None = None, **options: Any) -> None:
        self.now = 0.0
        self.world = World.from_config(settings or config(), time=lambda: self.now, **options)
        self.flames: list[tuple[str, bool]] = []
        self.world.on_flame(lambda burner_id, lit: self.flames.append((burner_id, lit)))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.world.sync()

    def cooking(self, burner_id: str = "left") -> "Hand":
        self.world.light(burner_id)
        self.wait(60)
        assert self.lit(burner_id)
        return self

    def lit(self, burner_id: str = "left") -> bool:
        return self.world.snapshot()[burner_id]["flame"]

    def circuit(self, burner_id: str = "left") -> str:
        return self.world.snapshot()[burner_id]["circuit"]


def test_lighting_takes_a_person_six_seconds() -> None:
    hand = Hand()
    hand.world.light("left")
    hand.wait(3)
    assert hand.world.snapshot()["left"]["knob"] == "pressed"
    hand.wait(57)
    left = hand.world.snapshot()["left"]
    assert (left["knob"], left["gas"], left["flame"], left["circuit"]) == (
        "on",
        True,
        True,
        "closed",
    )
    assert 300 <= left["current_ma"] <= 600 and 10 < left["thermocouple_mv"] < 20
    assert hand.flames == [("left", True)]


def test_too_short_a_hold_does_not_stay() -> None:
    hand = Hand()
    hand.world.light("left", hold_s=1.5)
    hand.wait(60)
    assert not hand.lit()


@pytest.mark.parametrize(("wiring", "opens"), [("normally_open", False), ("normally_closed", True)])
def test_either_wiring_opens_the_circuit(wiring: str, opens: bool) -> None:
    hand = Hand(config(left={"relay": miot(contact=wiring)})).cooking()
    assert hand.world.relay("left").value((2, 1)) is not opens
    hand.world.mi_home("left", opens, wired=True)
    assert hand.circuit() == "open"
    hand.wait(0.2)
    assert not hand.lit()
    hand.world.mi_home("left", not opens, wired=True)
    hand.wait(100)
    assert (hand.circuit(), hand.lit()) == ("closed", False)


def test_power_loss_as_the_wirings_promise() -> None:
    closed = Hand(config(left=CLOSED_WIRING)).cooking()
    closed.world.inject("left", unpowered=True)
    closed.wait(100)
    assert closed.lit()
    opened = Hand().cooking()
    opened.world.inject("left", unpowered=True)
    opened.wait(1)
    assert not opened.lit()


def test_any_relay_in_series_opens() -> None:
    settings = config(
        left={"relays": [miot(), {**miot(host="127.0.0.10"), "contact": "normally_closed"}]}
    )
    for index, value in ((0, False), (1, True)):
        hand = Hand(settings).cooking()
        hand.world.relay("left", index).mi_home_switch(2, 1, value, hand.now)
        hand.wait(1)
        assert not hand.lit()


def test_welded_contact_reads_back_and_burns_on() -> None:
    hand = Hand().cooking()
    hand.world.inject("left", welded=True)
    hand.world.mi_home("left", False)
    hand.wait(60)
    assert hand.world.relay("left").value((2, 1)) is False
    assert (hand.circuit(), hand.lit()) == ("closed", True)
    hand.world.inject("left", welded=False)
    hand.wait(1)
    assert (hand.circuit(), hand.lit()) == ("open", False)


def test_voice_channel_is_spoken_to_and_opens_nothing_by_itself() -> None:
    hand = Hand(config(left=CLOSED_WIRING)).cooking()
    relay = hand.world.relay("left")
    assert (relay.value((2, 1)), relay.value((4, 1))) == (False, True)
    hand.world.mi_home("left", False)
    assert (relay.value((2, 1)), relay.value((4, 1))) == (False, False)
    hand.world.mi_home("left", True)
    hand.world.mi_home_off_in("left", 600)
    hand.wait(599)
    assert relay.value((4, 1)) is True
    hand.wait(2)
    assert relay.value((4, 1)) is False
    assert hand.lit()


def test_lease_runs_on_the_clock_and_not_on_the_stoves_time() -> None:
    lease = {"after": "3m", "siid": 2, "piid": 3, "unit": "s", "off": -1}
    hand = Hand(config(left={"relay": miot(lease=lease)}), speed=10).cooking()
    hand.world.mi_home_off_in("left", 30)
    assert hand.world.relay("left").channels[2, 1].countdown_left(hand.now) == 30
    hand.wait(29)
    assert hand.lit()
    hand.wait(2)
    assert not hand.lit()


def test_jogging_contact_closes_again_and_nothing_relights() -> None:
    hand = Hand(config(left={"relay": miot(contact="normally_closed", jog="500ms")})).cooking()
    hand.world.mi_home("left", True)
    assert hand.circuit() == "open"
    hand.wait(0.6)
    assert (hand.circuit(), hand.lit()) == ("closed", False)


def test_legacy_relay() -> None:
    relay = {"driver": "miio", "host": "127.0.0.9", "token": TOKEN, "contact": "normally_open"}
    hand = Hand(config(left={"relay": relay})).cooking()
    assert hand.world.relay("left").value(LEGACY_SWITCH) is True
    hand.world.mi_home("left", False)
    hand.wait(1)
    assert not hand.lit()


def test_channels_of_one_host_are_one_device() -> None:
    right = {"relay": miot(switch={"siid": 3, "piid": 1})}
    hand = Hand(config(left={"relay": miot()}, right=right)).cooking("left").cooking("right")
    assert len(hand.world.servers) == 1
    hand.world.mi_home("left", False)
    hand.wait(1)
    assert (hand.lit("left"), hand.lit("right")) == (False, True)


def test_hands() -> None:
    hand = Hand()
    hand.world.press("left")
    hand.wait(30)
    hand.world.release("left")
    assert hand.lit()
    hand.world.blow_out("left")
    left = hand.world.snapshot()["left"]
    assert (left["gas"], left["flame"]) == (True, False)
    hand.wait(30)
    assert hand.world.snapshot()["left"]["gas"] is False
    hand.cooking()
    hand.world.turn_off("left")
    assert hand.world.snapshot()["left"]["knob"] == "off"


def test_lighting_and_changing_ones_mind() -> None:
    hand = Hand()
    hand.world.light("left")
    hand.wait(2)
    hand.world.turn_off("left")
    hand.wait(60)
    assert hand.world.snapshot()["left"]["knob"] == "off"


def test_high_resistance_does_not_hold() -> None:
    hand = Hand()
    hand.world.add_resistance("left", 80)
    hand.world.light("left")
    hand.wait(60)
    assert not hand.lit()


def test_speed_changes_the_stove_without_a_jump() -> None:
    hand = Hand(speed=10)
    hand.world.light("left")
    hand.wait(0.3)
    hand.world.set_speed(1)
    hand.wait(2.0)
    assert hand.world.snapshot()["left"]["knob"] == "pressed"
    hand.wait(1.1)
    assert hand.world.snapshot()["left"]["knob"] == "on"
    assert hand.world.speed == 1


def test_how_often_one_looks_changes_nothing() -> None:
    def outcome(step: float) -> tuple[list[tuple[str, bool]], Any]:
        hand = Hand(seed=9)
        actions: list[Callable[[], None]] = [
            lambda: hand.world.light("left"),
            lambda: hand.world.mi_home_off_in("left", 20),
            lambda: hand.world.mi_home("left", True),
            lambda: hand.world.blow_out("left"),
        ]
        for action in actions:
            action()
            end = hand.now + 25
            while hand.now + step < end:
                hand.wait(step)
            hand.wait(end - hand.now)
        return hand.flames, hand.world.snapshot()

    assert outcome(0.05) == outcome(25) == outcome(3.3)


def test_same_seed_same_kitchen() -> None:
    def burn(seed: int) -> Any:
        return Hand(seed=seed).cooking().world.snapshot()

    assert burn(1) == burn(1) != burn(2)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), 1001])
def test_senseless_speed(speed: float) -> None:
    with pytest.raises(SimulatorError):
        Hand(speed=speed)


def test_only_this_machine() -> None:
    with pytest.raises(ConfigError) as caught:
        Hand(
            config(
                left={"relay": miot(host="192.168.1.50")}, right={"relay": miot(host="relay.local")}
            )
        )
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "burners.left.relay.host",
        "burners.right.relay.host",
    ]
    Hand(config(left={"relay": miot(host="localhost")}))


def test_unknown_names() -> None:
    hand = Hand()
    calls: list[Callable[[], object]] = [
        lambda: hand.world.light("nobody"),
        lambda: hand.world.relay("left", 1),
        lambda: hand.world.relay("left", -1),
        lambda: hand.world.mi_home_off_in("left", 0),
        lambda: hand.world.add_resistance("left", float("nan")),
    ]
    for call in calls:
        with pytest.raises(SimulatorError):
            call()


def test_description_names_what_each_channel_can() -> None:
    lease = {"after": "3m", "siid": 2, "piid": 5, "unit": "min", "off": 0}
    legacy = {"driver": "miio", "host": "127.0.0.10", "token": TOKEN, "contact": "normally_open"}
    settings = config(
        left={"relay": miot(lease=lease)},
        right={"relay": miot(switch={"siid": 3, "piid": 1}, jog="500ms")},
        back={"relay": legacy},
    )
    text = "\n".join(describe(Hand(settings).world))
    for needed in ("countdown siid 2 piid 5 in min", "jogs for 0.5 s", "set_power, back"):
        assert needed in text


def test_description_has_what_a_client_needs() -> None:
    text = "\n".join(describe(Hand(config(left=CLOSED_WIRING)).world))
    for needed in ("127.0.0.9:54321", TOKEN, "siid 2 piid 1", "siid 4 piid 1", "on opens", "voice"):
        assert needed in text


def test_started_world_runs_by_itself_and_stops() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        seen: list[tuple[bool, float]] = []
        world = World.from_config(config(), speed=2)
        world.on_flame(lambda _burner, lit: seen.append((lit, loop.time() - start)))
        await world.start()
        start = loop.time()
        world.light("left")
        await asyncio.sleep(30)
        world.mi_home_off_in("left", 10)
        await asyncio.sleep(30)
        assert [lit for lit, _ in seen] == [True, False]
        assert seen[1][1] == pytest.approx(40.0, abs=0.1)
        await world.stop()
        await world.stop()
        client = await Client.to("127.0.0.9")
        client.send(bytes.fromhex("21310020" + "ff" * 28))
        await asyncio.sleep(1)
        assert client.got == []
        world.snapshot()
        again = World.from_config(config())
        await again.start()
        await again.stop()

    simtime.run(story())


def test_a_clock_behind_the_loops_delays_and_loses_nothing() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        world = World.from_config(config(), time=lambda: loop.time() - 0.5)
        seen: list[bool] = []
        world.on_flame(lambda _burner, lit: seen.append(lit))
        await world.start()
        world.light("left")
        await asyncio.sleep(30)
        assert seen == [True]
        await world.stop()

    simtime.run(story())


def test_a_taken_address_is_an_error_and_leaves_nothing_open() -> None:
    async def story() -> None:
        settings = config(left={"relays": [miot(host="127.0.0.8"), miot()]})
        first = World.from_config(config())
        await first.start()
        with pytest.raises(OSError, match="taken"):
            await World.from_config(settings).start()
        await first.stop()
        second = World.from_config(settings)
        await second.start()
        await second.stop()

    simtime.run(story())


def test_a_world_of_another_clock_does_not_start() -> None:
    with pytest.raises(SimulatorError):
        simtime.run(World.from_config(config(), time=lambda: -5.0).start())
