"""How the daemon ends: on_shutdown, and how it is told."""

import signal

import pytest

from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually


def with_flame(kitchen: Kitchen) -> None:
    kitchen.data["burners"]["left"]["flame"] = {
        "driver": "mqtt",
        "topic": f"{kitchen.base}_sim/left/flame",
    }
    kitchen.write()


@pytest.mark.parametrize("active", ["timer", "flame", None])
@pytest.mark.parametrize("setting", ["trip_if_active", "leave"])
def test_ending_trips_what_is_active_unless_told_to_leave(make_kitchen, setting, active):
    kitchen: Kitchen = make_kitchen(left=burner(), top={"on_shutdown": setting})
    with_flame(kitchen)
    stove, daemon, ear = kitchen.start()
    if active == "timer":
        ear.send("left/timer/set", "20m")
        ear.ack("accepted")
    elif active == "flame":
        ear.base, base = f"{kitchen.base}_sim", ear.base
        ear.send("left/flame", "lit", retain=True)
        ear.base = base
        ear.until(flame="lit")
    mark = ear.mark
    assert daemon.stop() == 0
    ear.wait("status", lambda one: one.text == "offline", since=mark)
    trips = setting == "trip_if_active" and active is not None
    assert stove.circuit() == ("open" if trips else "closed")
    if trips:
        last = ear.state()["last_trip"]
        assert (last["reason"], last["source"], last["confirmed"]) == ("shutdown", "guard", True)
        assert "trip_confirmed" in ear.events(since=mark)
    assert not kitchen.socket_path.exists()


def test_what_was_tripped_at_the_end_is_rearmed_after_the_next_start(kitchen):
    stove, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    daemon.stop()
    assert stove.circuit() == "open"
    kitchen.run()
    eventually(lambda: stove.circuit() == "closed", 6)
    assert kitchen.ask()["left"]["timer"] is None


def test_left_alone_a_timer_goes_on_in_the_next_life(make_kitchen):
    kitchen: Kitchen = make_kitchen(top={"on_shutdown": "leave"})
    stove, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    daemon.stop()
    kitchen.daemon()
    assert kitchen.ask()["left"]["timer"]["duration_s"] == 1200
    assert not stove.switched


def test_at_sighup_it_ends_in_order_and_the_next_life_goes_on_with_the_timer(kitchen):
    stove, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    mark = ear.mark
    daemon.send_signal(signal.SIGHUP)
    assert daemon.wait() == 0
    ear.wait("status", lambda one: one.text == "offline", since=mark)
    kitchen.daemon()
    assert kitchen.ask()["left"]["timer"]["duration_s"] == 1200
    assert not stove.switched


def test_whoever_stops_it_shuts_off_though_a_terminal_is_closed_too(kitchen):
    stove, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    daemon.send_signal(signal.SIGTERM)
    daemon.send_signal(signal.SIGHUP)
    assert daemon.wait() == 0
    assert stove.circuit() == "open"
