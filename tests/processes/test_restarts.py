"""kill -9 and start again: timers, locks and latches go on, cancelled ones do not come back."""

import time

from tests.support.kitchen import Kitchen, burner
from tests.support.listener import Listener
from tests.support.waiting import eventually, never, wait_until


def accepted(kitchen: Kitchen, command: str, value: str = "") -> float:
    """Order over the local socket; when it was acknowledged."""
    (ack, *_) = kitchen.order(command, value)
    assert ack["status"] == "accepted", ack
    return time.monotonic()


def test_a_timer_goes_on_after_kill_9_and_ends_on_time(kitchen):
    stove, daemon = kitchen.stove(), kitchen.daemon()
    began = accepted(kitchen, "timer", "5s")
    wait_until(began + 2)
    daemon.kill()
    wait_until(began + 4)
    kitchen.run()
    moved = eventually(lambda: stove.switched, 3)
    assert not moved[0].on
    assert -0.1 < moved[0].at - (began + 5) < 1.0  # late only by what a busy machine adds
    state = eventually(lambda: (s := kitchen.ask()) and s["left"]["phase"] == "tripped" and s)
    assert state["left"]["last_trip"]["reason"] == "timer"


def test_a_timer_that_ended_meanwhile_opens_before_the_broker_is_even_asked(make_kitchen):
    listener = Listener()
    try:
        kitchen: Kitchen = make_kitchen(broker=listener)
        stove, daemon = kitchen.stove(), kitchen.daemon()
        began = accepted(kitchen, "timer", "2s")
        eventually(lambda: listener.connected, 3, "it connects in ordinary times")
        wait_until(began + 0.5)
        daemon.kill()
        wait_until(began + 3.5)
        assert stove.circuit() == "closed"
        listener.connected.clear()
        kitchen.run()
        opened = eventually(lambda: stove.switched, 5)[0].at
        connected = eventually(lambda: listener.connected, 5)[0]
        assert opened < connected
        state = eventually(lambda: (s := kitchen.ask()) and s["left"]["last_trip"] and s)
        assert state["left"]["last_trip"]["reason"] == "timer"
    finally:
        listener.close()


def test_a_shutoff_from_before_there_was_a_broker_is_told_behind_online(kitchen):
    """It is over before gasguard connects: an automation that waits for the trip hears it still."""
    _, daemon, ear = kitchen.start()
    began = accepted(kitchen, "timer", "1s")
    daemon.kill()
    wait_until(began + 1.2)
    mark = ear.mark
    kitchen.run()
    assert ear.event("trip", since=mark)["reason"] == "timer"
    ear.event("trip_confirmed", since=mark)
    assert ear.events(since=mark).count("trip") == 1


def test_an_unreachable_relay_does_not_keep_the_daemon_from_the_broker(kitchen):
    """Opening first has its time; a demand that cannot be met must not make gasguard deaf."""
    stove, daemon, ear = kitchen.start()
    accepted(kitchen, "timer", "1s")
    daemon.kill()
    stove.fault(offline=True)
    time.sleep(1)
    mark = ear.mark
    kitchen.run()
    ear.wait("status", lambda one: one.text == "online", since=mark, within=6)
    stove.fault(offline=False)
    eventually(lambda: stove.circuit() == "open", 3, "opens once the relay is back")


def test_a_cancelled_timer_does_not_come_back(kitchen):
    stove, daemon = kitchen.stove(), kitchen.daemon()
    accepted(kitchen, "timer", "2s")
    accepted(kitchen, "timer", "cancel")
    daemon.kill()
    kitchen.daemon()
    assert kitchen.ask()["left"]["timer"] is None
    never(lambda: stove.switched, 2.0, "the cancelled timer shut off")


def test_a_lock_survives_and_an_unlock_too(kitchen):
    stove, daemon = kitchen.stove(), kitchen.daemon()
    accepted(kitchen, "lock", "LOCK")
    daemon.kill()
    daemon = kitchen.daemon("locked_out")
    assert kitchen.ask()["left"]["locks"] == ["child"]
    assert stove.circuit() == "open"
    accepted(kitchen, "lock", "UNLOCK")
    daemon.kill()
    kitchen.daemon()
    assert kitchen.ask()["left"]["locks"] == []
    assert stove.circuit() == "closed"


def test_a_lock_whose_relay_was_closed_meanwhile_opens_again(kitchen):
    stove, daemon = kitchen.stove(), kitchen.daemon()
    accepted(kitchen, "lock", "LOCK")
    eventually(lambda: stove.circuit() == "open")
    daemon.kill()
    stove.tell("mihome left wired on")
    assert stove.circuit() == "closed"
    kitchen.daemon("locked_out")
    eventually(lambda: stove.circuit() == "open", 2)


def test_an_off_that_was_not_confirmed_is_carried_out_after_the_restart(kitchen):
    stove, daemon, ear = kitchen.start()
    stove.fault(offline=True)
    ear.send("left/off/set")
    ear.ack("accepted")
    daemon.kill()
    stove.fault(offline=False)
    kitchen.run()
    eventually(lambda: stove.circuit() == "open", 3, "the demand survived")


def test_the_rest_of_a_trip_survives(make_kitchen):
    """Tripped, not yet re-armed: after a restart it is still open, and re-arms as usual."""
    kitchen: Kitchen = make_kitchen(left=burner(limits={"rearm_after": "3s"}))
    stove, daemon = kitchen.stove(), kitchen.daemon()
    kitchen.order("off")
    daemon.kill()
    kitchen.daemon("tripped")
    assert stove.circuit() == "open"
    eventually(lambda: stove.circuit() == "closed", 5, "re-arms by itself")


def test_two_daemons_do_not_share_a_state_folder(kitchen):
    kitchen.stove()
    kitchen.daemon()
    second = kitchen.cli("run", "-c", str(kitchen.path))
    assert second.code == 2, second
    assert "another gasguard is running" in second.err
    assert kitchen.ask()["left"]["phase"] == "ready"


def test_a_latched_trip_survives_kill_9_until_it_is_rearmed_locally(kitchen):
    stove, daemon, ear = kitchen.start()
    stove.fault(stuck=True)
    ear.send("left/off/set")
    ear.until(phase="trip_failed", locks=["stuck"], within=10)
    daemon.kill()
    stove.fault(stuck=False)
    kitchen.daemon("locked_out")
    assert kitchen.ask()["left"]["locks"] == ["stuck"]
    eventually(lambda: stove.circuit() == "open", 3)
    accepted(kitchen, "rearm", "REARM")
    eventually(lambda: stove.circuit() == "closed", 4)
