"""Messages to people, by a daemon as its users run it: who is told what, and when."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.kitchen import Kitchen
from tests.support.messages import TIMERS, children, happen, kept, quiet_now
from tests.support.waiting import eventually, never


def test_a_shutoff_is_told_with_burner_cause_and_what_to_do(messaging, receiver):
    kitchen = messaging()
    _, daemon, ear = kitchen.start()
    assert not children(daemon)
    ear.send("left/off/set")
    message = receiver.until("was shut off")
    assert message["title"] == "gasguard: 左灶"
    assert "somebody asked for it, by MQTT" in message["message"]
    assert "knob" in message["message"]
    sent = ear.event("message_sent")
    assert (sent["to"], sent["cause"], sent["reason"]) == ("mum", "trip", "remote")
    eventually(lambda: not kept(kitchen), 3, "delivered messages leave the disk")
    assert "message_sent" in kitchen.local("history", "left").out
    (child,) = children(daemon)
    eventually(lambda: not Path(f"/proc/{child}").exists(), 25, "the idle process ends")


def test_a_household_without_messages_has_none_of_it(kitchen):
    _, daemon, ear = kitchen.start()
    ear.send("left/off/set")
    ear.event("trip_confirmed")
    never(lambda: children(daemon), 1)
    assert not (kitchen.state_dir / "messages.json").exists()


@pytest.mark.long
def test_messages_in_chinese(messaging, receiver):
    kitchen = messaging(language="zh")
    _, _, ear = kitchen.start()
    ear.publish(f"{kitchen.base}_gas", "alarm")
    message = receiver.until("燃气报警")
    assert "不要开关任何电器" in message["message"]
    eventually(lambda: len(receiver.got) == 2, 5, "both burners are told of")
    assert [one["title"] for one in receiver.got] == ["gasguard: 左灶", "gasguard: right"]
    assert receiver.got[0]["type"] == "failure"


def test_quiet_hours_hold_back_a_shutoff_and_no_alarm(messaging, receiver):
    kitchen = messaging(quiet=quiet_now())
    _, _, ear = kitchen.start()
    ear.send("left/off/set")
    ear.event("trip_confirmed")
    eventually(lambda: kept(kitchen), 5)
    assert 'gasguard_messages_waiting{to="mum"} 1' in kitchen.local("metrics").out
    never(lambda: receiver.got, 3)
    ear.publish(f"{kitchen.base}_gas", "alarm")
    receiver.until("GAS ALARM")
    assert all("GAS ALARM" in text for text in receiver.texts)
    assert [letter["cause"] for letter in kept(kitchen) if not letter["urgent"]] == ["trip"]


@pytest.mark.long
def test_what_is_urgent_comes_in_time_a_warning_a_lost_relay_a_failure(messaging, receiver):
    kitchen = messaging(quiet=quiet_now())
    kitchen.data["burners"]["left"]["limits"] = {"prewarn": "26s"}
    kitchen.write()
    stove, _, ear = kitchen.start()
    happen(kitchen, "timer", "30s")
    receiver.until("will be shut off at", 10)
    assert "when its timer ends" in receiver.texts[0]
    assert "gasguard timer left +5m" in receiver.texts[0]
    stove.fault(frozen=True)
    receiver.until("its relay does not answer", 15)
    receiver.until("could NOT be shut off", 35)
    assert all(one["type"] == "failure" for one in receiver.got)
    stove.fault(frozen=False)
    ear.event("trip_confirmed", within=15)
    receiver.until("its relay answers again", 5)
    receiver.until("is off: its timer ended", 5)
    never(lambda: "was shut off" in receiver.texts[-1], 3, "that waits for the end of quiet hours")


@pytest.mark.long
def test_many_shutoffs_in_a_minute_are_one_message(messaging, receiver):
    kitchen = messaging()
    _, _, ear = kitchen.start()
    for _ in range(3):
        mark = ear.mark
        ear.send("left/off/set")
        ear.event("trip_confirmed", since=mark)
        kitchen.rearm()
        receiver.until("was shut off")
    never(lambda: len(receiver.got) > 1, 5)
    (rest,) = kept(kitchen)
    assert [event["type"] for event in rest["events"]] == ["trip", "trip"]


def test_messages_need_no_broker(messaging, receiver, make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker)
    kitchen.data["messages"] = {"to": {"mum": receiver.url()}}
    kitchen.write()
    kitchen.start()
    own_broker.stop()
    assert kitchen.local("off", "left").code == 0
    receiver.until("on the command line")


def test_a_daemon_that_ends_says_so_before_it_goes(messaging, receiver):
    kitchen = messaging()
    _, daemon, _ = kitchen.start()
    happen(kitchen, "timer")
    assert daemon.stop(12) == 0
    assert "gasguard is being stopped" in receiver.texts[-1]
    assert kept(kitchen) == []


@pytest.mark.long
def test_messages_of_one_address_keep_a_pace(messaging, receiver):
    kitchen = messaging(routes=TIMERS)
    kitchen.start()
    for kind, value in (("timer", "20m"), ("timer/extend", "5m"), ("timer", "cancel")):
        happen(kitchen, kind, value)
    eventually(lambda: len(receiver.got) == 3, 15)
    assert all(later["heard"] - one["heard"] > 1.5 for one, later in pairwise(receiver.got))
