"""The broker is stopped or frozen: the guard goes on, and comes back by itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_timers_and_the_local_off_work_without_a_broker(make_kitchen, own_broker, how):
    """A frozen broker is the longer test: silence is noticed only after two keepalives."""
    kitchen: Kitchen = make_kitchen(broker=own_broker)
    stove, daemon, ear = kitchen.start()
    ear.send("left/timer/set", "2s")
    began = ear.wait("left/ack").at
    own_broker.stop() if how == "stopped" else own_broker.freeze()

    away = kitchen.remote("off", "left")
    assert away.code == 3, away
    assert f"127.0.0.1:{own_broker.port}" in away.err

    moved = eventually(lambda: stove.switched, 4, "the timer shuts off")
    assert -0.1 < moved[0].at - (began + 2) < 1.0  # late only by what a busy machine adds
    eventually(lambda: stove.circuit() == "closed", 5, "re-arms")

    said = kitchen.local("off", "left")
    assert said.code == 0, said
    assert stove.circuit() == "open"

    mark = ear.mark
    if how == "frozen":
        daemon.says("trying again for ever", within=30)
        own_broker.thaw()
    else:
        own_broker.start()
        # This broker keeps nothing: what it has retained now, gasguard has sent again.
        later = kitchen.ear()
        later.wait("status", lambda one: one.text == "online", within=13)
        assert later.state()["phase"] in ("ready", "tripped")
    ear.until(phase="ready", since=mark, within=15)
    mark = ear.mark
    ear.send("left/off/set", {"id": "back"})
    assert ear.ack("confirmed", since=mark)["id"] == "back"


def test_a_daemon_that_finds_no_broker_guards_all_the_same(make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker)
    own_broker.stop()
    stove, daemon = kitchen.stove(), kitchen.daemon()
    daemon.says("trying again for ever")
    assert kitchen.local("off").code == 0
    assert stove.circuit() == "open"


def test_a_broker_without_a_daemon_is_told_apart(kitchen):
    commands = (("off",), ("status",), ("timer", "left", "5m"))
    with ThreadPoolExecutor(3) as pool:
        for said in pool.map(lambda words: kitchen.remote(*words), commands):
            assert said.code == 3, said
            assert "broker" in said.err
            assert "daemon" in said.err
            assert f"{kitchen.base}/status" in said.err
