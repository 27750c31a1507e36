"""Messages that wait are on disk: over kills, restarts, and a card that is read-only."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.messages import TIMERS, children, happen, kept
from tests.support.waiting import eventually, never

pytestmark = pytest.mark.long


@pytest.mark.parametrize("whom", ["daemon", "child"])
def test_what_is_under_way_at_a_kill_is_delivered_all_the_same(messaging, receiver, whom):
    receiver.wait = 8
    kitchen = messaging(routes=TIMERS)
    _, daemon, ear = kitchen.start()
    happen(kitchen, "timer")
    eventually(lambda: receiver.got and kept(kitchen), 10, "it is under way, and on disk")
    (child,) = children(daemon)
    if whom == "daemon":
        daemon.kill()
        eventually(lambda: not Path(f"/proc/{child}").exists(), 5, "no child outlives its parent")
        receiver.wait = 0
        kitchen.daemon(None)
    else:
        receiver.wait = 0
        os.kill(child, signal.SIGKILL)
    eventually(lambda: len(receiver.got) > 1, 15, "it is sent again")
    assert "a timer was set" in receiver.texts[1]
    ear.event("message_sent", within=10)
    eventually(lambda: not kept(kitchen), 3)


def test_what_waits_survives_restarts_in_order_with_its_own_time(messaging, receiver):
    receiver.close()
    kitchen = messaging(routes=TIMERS)
    _, daemon, ear = kitchen.start()
    for kind, value in (("timer", "20m"), ("timer/extend", "5m"), ("timer", "cancel")):
        happen(kitchen, kind, value)
    began = time.strftime("%H:%M")
    eventually(lambda: len(kept(kitchen)) == 3, 5)
    daemon.kill()
    letters = kept(kitchen)
    data = json.loads((kitchen.state_dir / "messages.json").read_text())
    old = {**letters[0], "id": "0", "to": "mum", "burner": "right", "key": "old"}
    old["stamp"] = {**old["stamp"], "boot": old["stamp"]["boot"] - 25 * 3600}
    gone = {**letters[0], "id": "1", "to": "nobody", "key": "gone"}
    data["letters"] = [old, gone, *letters]
    (kitchen.state_dir / "messages.json").write_text(json.dumps(data))
    receiver.open()
    mark = ear.mark
    kitchen.daemon(None)
    eventually(lambda: len(receiver.got) == 3, 20, "all are delivered")
    words = ("a timer was set", "its timer was extended", "its timer was cancelled")
    for text, wanted in zip(receiver.texts, words, strict=True):
        assert wanted in text
        assert f"Time: {began}" in text or time.strftime("%H:%M") != began
    assert ear.event("message_failed", "right", since=mark)["given_up"]
    assert "called so in messages.to" in ear.event("message_failed", since=mark)["message"]


def test_who_was_called_to_the_knob_is_told_when_it_is_over_by_the_next_daemon(messaging, receiver):
    kitchen = messaging()
    stove, daemon, ear = kitchen.start()
    stove.fault(frozen=True)
    ear.send("left/off/set")
    receiver.until("could NOT be shut off", 10)
    file = kitchen.state_dir / "messages.json"
    eventually(
        lambda: "mum" in json.loads(file.read_text())["alarmed"].get("left trip_failed", ()), 5
    )
    daemon.kill()
    stove.fault(frozen=False)
    kitchen.daemon(None)
    receiver.until("is off: somebody asked for it", 15)


def test_a_card_that_is_read_only_holds_no_message_back(messaging, receiver, read_only):
    kitchen = messaging()
    _, daemon, ear = kitchen.start()
    daemon.kill()
    read_only(kitchen)
    mark = ear.mark
    daemon = kitchen.run()
    ear.until(phase="ready", since=mark, within=15)
    ear.send("left/off/set")
    receiver.until("was shut off")
    assert ear.event("message_sent", since=mark)["to"] == "mum"
    daemon.says("messages.json cannot be written")
    never(lambda: len(receiver.got) > 1, 3)
