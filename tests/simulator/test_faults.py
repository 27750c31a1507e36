"""Every fault does what its line in Faults says."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from gasguard.drivers.miio.codec import HELLO, NotJson, decode, encode
from gasguard.simulator import simtime
from gasguard.simulator.faults import FaultError, Faults, parse_fault
from gasguard.simulator.miio.relay import MiRelay
from gasguard.simulator.miio.udp import RelayServer

from .kitchen import SWITCH, TOKEN, Asker, Client, module


def faulty(**faults: Any) -> Asker:
    relay = module()
    asker = Asker(relay)
    asker.hello()
    relay.inject(Faults(**faults), 0.0)
    return asker


def test_lying() -> None:
    asker = faulty(lying=True)
    assert (asker.set(False), asker.get()) == (0, True)


def test_stuck_reads_back_as_it_is_whoever_switches() -> None:
    asker = faulty(stuck=True)
    assert (asker.set(False), asker.get()) == (0, True)
    asker.relay.mi_home_switch(2, 1, False, 0.0)
    assert asker.get() is True


def test_refusing_still_reads() -> None:
    asker = faulty(refuse=True)
    assert (asker.set(False), asker.get()) == (-4003, True)


def test_pending_executes_later() -> None:
    asker = faulty(pending_s=0.8)
    assert (asker.set(False), asker.get()) == (1, True)
    asker.now = 0.8
    assert asker.get() is False


def test_busy_is_answered_and_not_remembered() -> None:
    asker = faulty(busy=1.0)
    assert asker.ask("miIO.info", [], 5)["error"]["code"] == -9999
    asker.relay.inject(Faults(), 0.0)
    assert "result" in asker.ask("miIO.info", [], 5)


def test_wrong_token_answers_hello_only() -> None:
    asker = faulty(wrong_token=True)
    assert asker.hello()
    assert asker.ask("miIO.info", []) is None


@pytest.mark.parametrize("fault", ["obeys_busy", "obeys_silent", "obeys_garbled"])
def test_setting_may_work_whatever_is_answered(fault: str) -> None:
    relay = faulty(**{fault: True}).relay
    with contextlib.suppress(NotJson):
        Asker(relay).ask("set_properties", [{**SWITCH, "value": False}], 5)
    assert relay.value((2, 1)) is False


@pytest.mark.parametrize(
    ("fault", "reads"), [("numbers", 1), ("words", "on"), ("nonsense", "maybe")]
)
def test_switches_may_be_spelt_otherwise(fault: str, reads: object) -> None:
    assert faulty(**{fault: True}).get() == reads


def test_a_question_for_several_may_be_refused_as_a_whole() -> None:
    asker = faulty(batch_refused=True)
    assert asker.ask("get_properties", [SWITCH, SWITCH])["error"]["code"] == -5001
    assert asker.get() is True


def test_the_name_of_a_wi_fi_may_come_in_gbk() -> None:
    assert faulty(gbk=True).ask("miIO.info", [])["result"]["ap"]["ssid"] == "厨房"


def test_clock_skew_needs_a_new_hello() -> None:
    asker = faulty(clock_skew_s=3000.0)
    assert asker.ask("miIO.info", []) is None
    asker.hello()
    assert asker.ask("miIO.info", []) is not None


def test_without_deduplication_a_repeated_id_is_executed() -> None:
    asker = faulty(deduplicates=False)
    asker.set(True, message_id=1)
    asker.set(False, message_id=1)
    assert asker.get() is False


def test_unpowered_releases_the_coil_and_ends_in_a_restart() -> None:
    asker = faulty(unpowered=True)
    assert not asker.hello()
    assert asker.relay.coil((2, 1)) is False
    asker.relay.inject(Faults(), 100.0)
    asker.now = 102.0
    assert asker.hello() and asker.stamp == 2
    assert asker.relay.coil((2, 1)) is True


@pytest.mark.parametrize(
    "changes",
    [
        {"loss_in": 1.1},
        {"loss_out": -0.1},
        {"busy": float("nan")},
        {"delay_s": 61},
        {"nope": 1},
        {"clock_skew_s": float("inf")},
        {"offline": 1},
        {"loss_in": True},
        {"loss_in": "0.5"},
    ],
)
def test_values_out_of_range_change_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(FaultError):
        Faults().changed(changes)


def test_faults_as_people_write_them() -> None:
    assert parse_fault("loss", "0.2") == {"loss_in": 0.2, "loss_out": 0.2}
    assert parse_fault("busy", "on") == {"busy": 1.0}
    assert parse_fault("delay_s", "2s") == {"delay_s": 2.0}
    assert parse_fault("offline", "off") == {"offline": False}
    for name, text in (("offline", "1"), ("loss", "much"), ("nope", "on")):
        with pytest.raises(FaultError):
            parse_fault(name, text)


Story = Callable[[RelayServer, Client], Awaitable[None]]


def on_the_wire(story: Story, seed: int = 0, **faults: Any) -> MiRelay:
    """Run `story` with a client connected to a served module that has these faults."""

    async def play() -> MiRelay:
        now = asyncio.get_running_loop().time()
        server = RelayServer(module(now=now), "127.0.0.9", 54321, random=Random(seed))
        await server.start()
        server.inject(now, **faults)
        client = await Client.to("127.0.0.9")
        await story(server, client)
        await server.stop()
        return server.relay

    return simtime.run(play())


def answered(seed: int = 0, **faults: Any) -> int:
    """How many of 1,000 hellos, sent in good distance, are answered."""
    count = 0

    async def story(_server: RelayServer, client: Client) -> None:
        nonlocal count
        for _ in range(1000):
            client.send(HELLO)
            await asyncio.sleep(0.2)
        await asyncio.sleep(5)
        count = len(client.got)

    on_the_wire(story, seed, **faults)
    return count


def test_healthy_wire_loses_nothing() -> None:
    assert answered() == 1000


def test_loss_in_either_direction() -> None:
    assert 750 < answered(loss_in=0.2) < 850
    assert 750 < answered(loss_out=0.2) < 850
    assert 580 < answered(loss_in=0.2, loss_out=0.2) < 700
    assert answered(loss_in=1.0) == 0


def test_same_seed_same_losses() -> None:
    first, again = (answered(seed=4, loss_in=0.3, loss_out=0.1) for _ in range(2))
    assert first == again
    assert len({answered(seed=seed, loss_in=0.3) for seed in range(6)}) > 1


def test_duplicates() -> None:
    assert 2200 < answered(duplicate=0.5) < 2300, "(1.5)²: in both directions"


def test_offline_is_silent() -> None:
    assert answered(offline=True) == 0
    assert answered(unpowered=True) == 0


def times(count: int, gap: float, **faults: Any) -> list[float]:
    """How long each of these commands took, by the order of the answers' ids."""
    sent: dict[int, float] = {}
    took: list[tuple[int, float]] = []

    async def story(server: RelayServer, client: Client) -> None:
        loop = asyncio.get_running_loop()
        for number in range(count):
            sent[number] = loop.time()
            client.send(command(server, number))
            await asyncio.sleep(gap)
        await asyncio.sleep(10)
        for at, data in client.got:
            payload = decode(data, bytes.fromhex(TOKEN)).payload
            assert payload
            took.append((payload["id"], at - sent[payload["id"]]))

    on_the_wire(story, **faults)
    assert sorted(number for number, _ in took) == list(range(count))
    return [number + duration for number, duration in took]


def command(server: RelayServer, message_id: int, method: str = "miIO.info") -> bytes:
    relay = server.relay
    stamp = relay.stamp(asyncio.get_running_loop().time())
    params = [{**SWITCH, "value": False}] if method == "set_properties" else []
    request = {"id": message_id, "method": method, "params": params}
    return encode(relay.token, relay.device_id, stamp, request)


def test_delay_counts_in_both_directions() -> None:
    assert times(1, 0.0) == pytest.approx([0.022])
    assert times(1, 0.0, delay_s=0.1) == pytest.approx([0.222])
    (jittered,) = times(1, 0.0, jitter_s=0.1)
    assert 0.022 < jittered < 0.222


def test_order_is_kept_unless_reordering() -> None:
    kept = [int(entry) for entry in times(50, 0.005)]
    assert kept == sorted(kept)
    mixed = [int(entry) for entry in times(50, 0.005, reorder=0.3)]
    assert mixed != sorted(mixed)


@pytest.mark.parametrize("late", [False, True])
def test_frozen_swallows_or_answers_all_late(late: bool) -> None:
    async def story(server: RelayServer, client: Client) -> None:
        loop = asyncio.get_running_loop()
        client.send(HELLO)
        client.send(command(server, 1, "set_properties"))
        await asyncio.sleep(3)
        assert client.got == []
        assert server.relay.value((2, 1)) is True
        server.inject(loop.time(), frozen=False)
        assert server.relay.value((2, 1)) is not late
        await asyncio.sleep(1)
        assert len(client.got) == (2 if late else 0)
        client.send(HELLO)
        await asyncio.sleep(1)
        assert len(client.got) == (3 if late else 1)

    on_the_wire(story, frozen=True, thaw_answers=late)


def test_what_is_in_flight_is_bounded() -> None:
    async def story(server: RelayServer, client: Client) -> None:
        for _ in range(5000):
            client.send(HELLO)
        await asyncio.sleep(59)
        assert server.relay.executed == 0
        await asyncio.sleep(120)
        assert 0 < len(client.got) <= 1024

    on_the_wire(story, delay_s=60)
