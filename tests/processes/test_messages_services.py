"""Services that are out of order, refuse, hang, are slow or not there."""

import time

import pytest

from tests.support.listener import Listener
from tests.support.messages import TIMERS, children, happen, kept
from tests.support.receiver import SECRET
from tests.support.waiting import eventually, never

pytestmark = pytest.mark.long


def test_a_service_out_of_order_is_tried_again_told_and_served_in_order(messaging, receiver):
    kitchen = messaging(routes=TIMERS)
    _, daemon, ear = kitchen.start()
    receiver.status = 500
    happen(kitchen, "timer")
    happen(kitchen, "timer/extend", "5m")
    failed = ear.event("message_failed", within=30)
    assert (failed["to"], failed["given_up"], failed["tries"]) == ("mum", False, 3)
    assert "HTTP 500" in failed["message"]
    assert len(kept(kitchen)) == 2
    (told,) = ear.until(timer=ear.state()["timer"], within=10).get("troubles", []) or [""]
    said = kitchen.local("doctor")
    assert "mum: the service is out of order (HTTP 500) (2 wait)" in said.out + told
    for said in (kitchen.local("status"), kitchen.remote("status")):
        assert said.out.count("messages: mum: the service is out of order (HTTP 500)") == 1, said
    receiver.status, mark = 200, len(receiver.got)
    receiver.until("its timer was extended", 40, since=mark)
    assert ["timer" in one for one in receiver.texts[mark:]] == [True, True]
    assert "a timer was set" in receiver.texts[mark]
    kinds = [event for event in ear.events() if event.startswith("message")]
    eventually(lambda: ear.events().count("message_sent") == 2, 5)
    assert kinds[0] == "message_failed" and kinds.count("message_failed") == 1
    eventually(lambda: not kept(kitchen), 3)
    eventually(lambda: "troubles" not in kitchen.ask()["left"], 5, "nothing is wrong any more")
    assert "message to mum (timer_started) not delivered yet" in daemon.output


def test_a_warning_that_comes_too_soon_after_another_is_no_fault_of_its_service(
    messaging, receiver
):
    kitchen = messaging()
    kitchen.data["burners"]["left"]["limits"] = {"prewarn": "1s", "rearm_after": "2s"}
    kitchen.write()
    _, _, ear = kitchen.start()
    happen(kitchen, "timer", "3s")
    receiver.until("when its timer ends", 10)
    happen(kitchen, "timer", "3s")
    failed = ear.event("message_failed", within=15)
    assert (failed["cause"], failed["given_up"], failed["tries"]) == ("prewarning", True, 0)
    assert failed["message"].startswith("one like it had gone less than a minute before")
    never(lambda: "troubles" in kitchen.ask()["left"], 6)


def test_a_port_that_is_closed_and_opened_again(messaging, receiver):
    receiver.close()
    kitchen = messaging(routes=TIMERS)
    _, daemon, ear = kitchen.start()
    happen(kitchen, "timer")
    eventually(lambda: children(daemon), 5)
    time.sleep(1.5)
    receiver.open()
    receiver.until("a timer was set", 20)
    assert ear.event("message_sent")["tries"] in (2, 3)
    assert "message_failed" not in ear.events()


def test_a_slow_service_gets_each_message_once(messaging, receiver):
    receiver.wait = 6
    kitchen = messaging(routes=TIMERS)
    _, _, ear = kitchen.start()
    happen(kitchen, "timer")
    assert ear.event("message_sent", within=15)["tries"] == 1
    never(lambda: len(receiver.got) > 1, 4)


def test_a_service_that_hangs_holds_up_nobody_else_and_nothing_in_the_guard(messaging, receiver):
    hanging = Listener()
    try:
        address = f"json://{hanging.host}:{hanging.port}/x"
        kitchen = messaging({"dad": address, "mum": receiver.url()})
        stove, _, ear = kitchen.start()
        ear.publish(f"{kitchen.base}_gas", "alarm")
        eventually(lambda: hanging.connected, 5, "dad's service is asked")
        eventually(lambda: len(receiver.got) == 2, 5, "mum is told of both burners")
        assert stove.circuit("left") == stove.circuit("right") == "open"
        eventually(lambda: len(hanging.connected) >= 2, 30, "it is tried again")
    finally:
        hanging.close()


def test_an_address_without_a_service_is_given_up_at_once_and_told(messaging, receiver):
    kitchen = messaging(
        {"mum": receiver.url(), "dad": f"nosuch://{SECRET}"}, routes={"trip": "dad"}
    )
    _, daemon, ear = kitchen.start()
    ear.send("left/off/set")
    failed = ear.event("message_failed")
    assert (failed["to"], failed["given_up"], failed["tries"]) == ("dad", True, 1)
    assert "Apprise has no service nosuch://" in failed["message"]
    eventually(lambda: not kept(kitchen), 3)
    assert "dad: Apprise has no service" in kitchen.local("doctor").out
    # Though nothing were to be sent, it would be told.
    daemon.says("messages.to.dad: Apprise has no service nosuch://", 20)


def test_a_robot_that_says_no_under_http_200_is_not_believed(messaging, receiver):
    receiver.answer = b'{"errcode": 310000, "errmsg": "keywords not in content"}'
    kitchen = messaging(routes=TIMERS)
    _, _, ear = kitchen.start()
    happen(kitchen, "timer")
    failed = ear.event("message_failed", within=30)
    assert not failed["given_up"]
    assert "310000 keywords not in content" in failed["message"]
    assert "message_sent" not in ear.events()
