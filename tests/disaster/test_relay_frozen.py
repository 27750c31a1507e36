"""The relay's process stands still in the middle of a shutoff."""

import signal

from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually


def test_a_relay_that_freezes_during_an_off_is_opened_when_it_thaws(kitchen: Kitchen):
    relay = kitchen.process("simulate", "-c", str(kitchen.path))
    relay.says("127.0.0.1")
    ear = kitchen.ear()
    kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online")
    relay.send_signal(signal.SIGSTOP)
    mark = ear.mark
    ear.send("left/off/set", {"id": "frozen"})
    ear.event("trip_failed", since=mark, within=4)
    assert kitchen.ask()["left"]["phase"] == "trip_failed"
    assert ear.ack("failed", since=mark, within=7)["id"] == "frozen"
    assert not any(one.json["status"] == "confirmed" for one in ear.on("left/ack", since=mark))
    mark = ear.mark
    relay.send_signal(signal.SIGCONT)
    ear.event("trip_confirmed", since=mark, within=3)
    last = eventually(lambda: kitchen.ask()["left"]["last_trip"])
    assert (last["reason"], last["confirmed"]) == ("remote", True)
    # Late, but obeyed: an ordinary trip, which ends by itself (safety concept, rule 5).
    ear.until(phase="ready", contact="closed", locks=[], since=mark, within=8)
