"""Voice through Mi Home, in both wirings (contract, section 4), and the module's own tricks."""

import time

import pytest

from tests.support.kitchen import Kitchen, burner, relay
from tests.support.waiting import eventually, never

POLLED_WITHIN = 3.0
"""Seconds until a switching by somebody else is seen: polled at least every 2 s."""


def with_voice_channel(**limits) -> dict:
    """The four-channel module of the original design."""
    return {
        "relay": relay(contact="normally_closed", switch={"siid": 2, "piid": 1}),
        "voice": {"siid": 4, "piid": 1},
        "limits": {"rearm_after": "2s", **limits},
    }


def test_normally_open_an_off_in_mi_home_is_a_trip_by_voice(kitchen):
    stove, _, ear = kitchen.start()
    ear.send("left/timer/set", "20m")
    ear.ack("accepted")
    stove.tell("mihome left off")
    tripped = ear.until(phase="tripped", within=POLLED_WITHIN)
    trip = tripped["last_trip"]
    assert (trip["reason"], trip["source"], trip["confirmed"]) == ("voice", "mi_home", True)
    assert tripped["timer"] is None
    ear.event("timer_cancelled")


def test_normally_closed_an_off_on_the_voice_channel_opens_the_wired_one(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=with_voice_channel())
    stove, _, ear = kitchen.start()
    stove.do(lambda world: world.mi_home("left", False))
    trip = ear.until(phase="tripped", within=POLLED_WITHIN)["last_trip"]
    assert stove.circuit() == "open"
    assert (trip["reason"], trip["source"]) == ("voice", "mi_home")
    mark = ear.mark
    ear.until(phase="ready", since=mark)
    # Contact 2, voice channel 4: on again, and only then is the circuit closed.
    order = [(one.siid, one.on) for one in stove.switched]
    assert order == [(4, False), (2, True), (4, True), (2, False)]
    # And once more: the channel was set on again for that.
    mark = ear.mark
    stove.do(lambda world: world.mi_home("left", False))
    ear.until(phase="tripped", since=mark, within=POLLED_WITHIN)
    assert stove.circuit() == "open"


def test_a_voice_channel_found_off_at_the_start_is_a_demand(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=with_voice_channel(rearm_after="10m"))
    stove = kitchen.stove()
    stove.do(lambda world: world.mi_home("left", False))
    kitchen.daemon("tripped")
    assert stove.circuit() == "open"
    assert kitchen.ask()["left"]["last_trip"]["reason"] == "voice"


@pytest.mark.parametrize("wiring", ["normally_open", "normally_closed"])
def test_an_on_in_mi_home_never_clears_a_lock(make_kitchen, wiring):
    left = burner() if wiring == "normally_open" else with_voice_channel()
    kitchen: Kitchen = make_kitchen(left=left)
    stove, _, ear = kitchen.start()
    ear.send("left/lock/set", "LOCK")
    ear.until(phase="locked_out", contact="open")
    mark = ear.mark
    closing = wiring == "normally_open"  # the position of the wired switch that lets burn
    stove.do(lambda world: world.mi_home("left", closing, wired=True))
    assert stove.circuit() == "closed"
    eventually(lambda: stove.circuit() == "open", POLLED_WITHIN, "opened again")
    trip = ear.event("trip", since=mark)
    assert trip["reason"] == "lock"
    assert "locked (child)" in trip["message"]
    assert ear.state()["locks"] == ["child"]


def test_an_on_in_mi_home_after_a_trip_starts_the_wait_anew(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(limits={"rearm_after": "4s"}))
    stove, _, ear = kitchen.start()
    ear.send("left/off/set")
    ear.ack("confirmed")
    time.sleep(1.5)  # part of the wait goes by
    stove.do(lambda world: world.mi_home("left", True))
    eventually(lambda: stove.circuit() == "open", POLLED_WITHIN)
    opened = time.monotonic()
    eventually(lambda: stove.circuit() == "closed", 8, "re-armed in the end")
    assert time.monotonic() - opened > 3.5


def test_a_module_in_jog_mode_shuts_off_and_cannot_be_locked(make_kitchen):
    left = {"relay": relay(contact="normally_closed", jog="500ms"), "limits": {"rearm_after": "2s"}}
    kitchen: Kitchen = make_kitchen(left=left)
    stove, _, ear = kitchen.start(speed=20)
    stove.light()
    ear.send("left/off/set")
    ear.ack("confirmed")
    assert not stove.flame()
    eventually(lambda: stove.circuit() == "closed", 2, "it jogs back by itself")
    assert not stove.flame(), "closing again relights nothing"
    mark = ear.mark
    ear.send("left/lock/set", "LOCK")
    assert ear.ack("rejected", since=mark)["code"] == "unsupported"


def test_a_leased_relay_opens_by_itself_when_the_daemon_is_killed(make_kitchen):
    lease = {"after": "15s", "siid": 2, "piid": 3, "unit": "s", "off": -1}
    kitchen: Kitchen = make_kitchen(left={"relay": relay(lease=lease)})
    stove, daemon, _ = kitchen.start()
    countdown = stove.do(lambda world: world.relay("left").channels[2, 1])

    def left() -> int:
        return stove.do(lambda _world: countdown.countdown_left(time.monotonic()))

    eventually(lambda: left() > 0, 5, "the lease is taken out")
    never(lambda: stove.circuit() == "open", 6, "a lease that is renewed runs out")
    assert left() > 8
    daemon.kill()
    killed = time.monotonic()
    eventually(lambda: stove.circuit() == "open", 17, "the device opens by itself")
    assert time.monotonic() - killed > 5
    kitchen.daemon(None)
    state = eventually(lambda: (s := kitchen.ask()) and s["left"]["last_trip"] and s["left"])
    assert state["last_trip"]["reason"] == "lease"


def test_a_delayed_off_in_mi_home_becomes_a_timer(make_kitchen):
    """十分钟后关闭, on a relay whose countdown gasguard also holds as its lease."""
    lease = {"after": "3m", "siid": 2, "piid": 3, "unit": "s", "off": -1}
    kitchen: Kitchen = make_kitchen(left={"relay": relay(lease=lease)})
    stove, _, ear = kitchen.start()
    stove.tell("say left 十分钟后关闭")
    timer = ear.wait(
        "left/state", lambda one: one.json["timer"] is not None, within=POLLED_WITHIN
    ).json["timer"]
    assert abs(timer["remaining_s"] - 600) < 5
    assert ear.event("timer_started")["source"] == "mi_home"
    stove.do(lambda world: world.mi_home_off_in("left", 2))
    trip = ear.until(phase="tripped", within=5)["last_trip"]
    assert trip["source"] == "mi_home"
