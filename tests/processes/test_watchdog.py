"""systemd's watchdog is fed, and deadlines are kept, however much the guard has to listen to."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest

from gasguard.assemble import circuits
from gasguard.clock import SystemClock
from gasguard.core.messages import FlameRead, SetTimer
from gasguard.core.model import Flame, Phase, Source
from gasguard.guard.controller import Controller
from gasguard.guard.store import Store
from tests.support.ear import Ear
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually


@pytest.fixture
def chatty(make_kitchen) -> Kitchen:
    """A burner whose flame sensor may say "lit" as often as it likes."""
    left = burner(flame={"driver": "mqtt", "topic": "set below"})
    kitchen: Kitchen = make_kitchen(left=left)
    left["flame"]["topic"] = f"{kitchen.base}_sensors/flame"
    kitchen.write()
    return kitchen


@contextmanager
def saying_lit(kitchen: Kitchen, pause: float):
    """The sensor talks, on a connection of its own, until the block ends."""
    sensor = Ear(kitchen.broker.port, f"{kitchen.base}_sensors")
    enough = threading.Event()

    def talk() -> None:
        while not enough.is_set():
            for _ in range(1 if pause else 20):
                sensor.send("flame", "lit", wait=False)
            enough.wait(pause or 0.001)

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield
    finally:
        enough.set()
        talker.join()
        sensor.close()


def test_a_timer_ends_on_time_while_a_sensor_floods_the_guard(chatty):
    stove, _, ear = chatty.start()
    ear.send("left/timer/set", "2s")
    began = ear.wait("left/ack").at
    with saying_lit(chatty, pause=0):
        opened = eventually(lambda: stove.switched, 5, "the timer shuts off")[0].at
    assert opened - began < 2.5


def test_events_without_a_pause_do_not_put_a_deadline_off(kitchen):
    """In this process, as no broker delivers so densely: an event in every turn of the loop."""
    stove = kitchen.stove()

    async def guard() -> float:
        clock, store = SystemClock(), Store.open(kitchen.state_dir)
        controller = Controller(circuits(kitchen.config), store, clock)
        controller.start()

        def phase() -> Phase:
            return controller.states()["left"].phase

        while phase() is not Phase.READY:
            await asyncio.sleep(0.01)
        controller.request("left", SetTimer(Source.MQTT, duration=0.5))
        began = time.monotonic()
        while phase() is Phase.READY and time.monotonic() < began + 3:
            controller.post("left", FlameRead(Flame.LIT))
            await asyncio.sleep(0)
        took = time.monotonic() - began
        await controller.stop(trip_if_active=False)
        await store.aclose()
        return took

    assert asyncio.run(guard()) < 1
    assert stove.switched


def test_a_sensor_that_talks_twice_a_second_does_not_starve_the_watchdog(chatty, tmp_path):
    chatty.stove()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(3)
        chatty.run(env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        fed: list[float] = []
        with saying_lit(chatty, pause=0.4):
            until = time.monotonic() + 18
            while time.monotonic() < until:
                said = systemd.recv(1000).decode().splitlines()
                assert not any(line.startswith("STATUS=late") for line in said), said
                if "WATCHDOG=1" in said:
                    fed.append(time.monotonic())
        assert max(after - before for before, after in pairwise(fed)) < 3
