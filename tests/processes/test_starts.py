"""After crashes: the guard at once, the broker later each time, without the part that crashed."""

import json
import time

import pytest

from tests.support.kitchen import Kitchen
from tests.support.listener import Listener
from tests.support.waiting import eventually, never, wait_until

_AT_IMPORT = """
import os, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "gasguard.interfaces.mqtt.interface":
            {crash}

sys.meta_path.insert(0, Finder())
"""
"""For Python's start: a part whose libraries are broken on this machine."""


@pytest.fixture
def broken(tmp_path):
    """The environment in which `crash` happens where people's MQTT is started."""

    def make(crash: str) -> dict[str, str]:
        (tmp_path / "sitecustomize.py").write_text(_AT_IMPORT.format(crash=crash))
        return {"PYTHONPATH": str(tmp_path)}

    return make


def troubles(kitchen: Kitchen) -> dict[str, str]:
    """What the daemon says is wrong with itself; nothing while it does not answer."""
    if kitchen.ask():
        for answer in kitchen.talk({"command": "status"}):
            return answer["troubles"]
    return {}


@pytest.mark.long
def test_after_crashes_the_guard_opens_at_once_and_the_broker_is_approached_later(make_kitchen):
    listener = Listener()
    try:
        kitchen: Kitchen = make_kitchen(broker=listener)
        stove, daemon = kitchen.stove(), kitchen.daemon()
        daemon.kill()
        daemon = kitchen.daemon()
        eventually(lambda: listener.connected, 3, "one crash delays nothing")
        assert not troubles(kitchen)
        kitchen.order("timer", "1s")
        set_at = time.monotonic()
        daemon.kill()
        wait_until(set_at + 1.2)
        listener.connected.clear()
        began = time.monotonic()
        daemon = kitchen.run()
        opened = eventually(lambda: stove.switched, 8, "the overdue timer opens")[0].at
        eventually(lambda: "brokers" in troubles(kitchen), 5)
        assert "the last 2 starts crashed" in troubles(kitchen)["brokers"]
        never(lambda: listener.connected, max(0.1, began + 8 - time.monotonic()), "too early")
        connected = eventually(lambda: listener.connected, 12, "then it is approached")[0]
        assert connected - opened > 7, "the guard waited with the broker"
        assert not troubles(kitchen)
        assert daemon.stop() == 0
        listener.connected.clear()
        kitchen.daemon()
        eventually(lambda: listener.connected, 4, "an end in good order is no crash")
    finally:
        listener.close()


def test_a_part_that_crashed_three_starts_is_left_out_of_the_fourth(kitchen, broken):
    stove, env = kitchen.stove(), broken("os.abort()")
    for number in range(3):
        daemon = kitchen.run(env=env)
        assert daemon.wait(20) != 0, f"start {number + 1} ends where MQTT is started"
        kitchen.daemons.remove(daemon)
    began = time.monotonic()
    daemon = kitchen.run(env=env)
    eventually(lambda: "mqtt" in troubles(kitchen), 10)
    assert "left out: 3 starts in a row crashed at it" in troubles(kitchen)["mqtt"]
    assert time.monotonic() - began < 8, "what is left out is not waited for"
    assert kitchen.ask()["left"]["troubles"][0].startswith("mqtt: left out")
    assert "mqtt                   fail left out" in kitchen.local("doctor").out
    daemon.says("mqtt: left out")
    assert kitchen.order("timer", "1s")[0]["status"] == "accepted"
    eventually(lambda: stove.circuit() == "open", 3, "the guard guards")
    assert daemon.stop() == 0
    ear = kitchen.ear()
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online", within=5)


def test_a_part_that_only_fails_is_left_out_at_once_and_the_guard_goes_on(kitchen, broken):
    kitchen.expected_errors = True
    stove = kitchen.stove()
    daemon = kitchen.run(env=broken("raise ImportError('libssl is broken')"))
    eventually(lambda: "mqtt" in troubles(kitchen), 10)
    assert "libssl is broken" in troubles(kitchen)["mqtt"]
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready", 5)
    assert kitchen.local("off").code == 0
    assert stove.circuit() == "open"
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "17", '{"boot_id": 1}', '{"crashes": "x"}', "\\ud800" * 9]
)
def test_nothing_that_the_memory_says_keeps_the_guard_from_starting(kitchen, text):
    kitchen.stove()
    kitchen.state_dir.mkdir()
    (kitchen.state_dir / "starts.json").write_text(text)
    daemon = kitchen.daemon()
    assert not troubles(kitchen)
    assert json.loads((kitchen.state_dir / "starts.json").read_text())["crashes"] == 0
    assert daemon.stop() == 0
    assert not (kitchen.state_dir / "starts.json").exists()
