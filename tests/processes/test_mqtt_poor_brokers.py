"""Brokers that keep nothing, take QoS 0 only, or want every client to have a name."""

import threading

import pytest

from tests.support.brokers import Mosquitto
from tests.support.kitchen import Kitchen, burner

pytestmark = pytest.mark.long


@pytest.fixture
def poor(tmp_path, make_kitchen):
    """A kitchen with two burners on a mosquitto with an option."""
    brokers = []

    def make(*options: str, **top: object) -> Kitchen:
        brokers.append(Mosquitto(tmp_path / "poor", more=options))
        return make_kitchen(broker=brokers[-1], top=top, left=burner(), right=burner())

    yield make
    for broker in brokers:
        broker.stop()


def test_where_nothing_is_kept_the_command_line_shuts_off_and_sets_timers(poor):
    kitchen = poor("retain_available false")
    stove, daemon = kitchen.stove(), kitchen.daemon()
    daemon.says("keeps no messages")
    daemon.says("mqtt: connected")
    said = kitchen.remote("timer", "left", "20m")
    assert said.code == 0, said
    for words in ((), ("all",), ("LEFT", "right")):
        said = kitchen.remote("off", *words)
        assert said.code == 0, said
        assert sorted(line.split(":")[0] for line in said.out.splitlines()) == ["left", "right"]
    assert stove.circuit() == "open"
    assert said.took < 5
    said = kitchen.remote("off", "left", "lft", "a/b")
    assert said.code == 2, said
    assert "left: off, confirmed" in said.out
    assert "no burner 'lft'" in said.err
    assert kitchen.remote("timer", "lft", "20m").code != 0
    looked = kitchen.local("doctor")
    assert "keeps no messages" in looked.out


def test_an_off_that_nobody_hears_is_sent_and_said_to_be_unanswered(poor):
    kitchen = poor("retain_available false")
    ear = kitchen.ear()
    for words, topic in (((), "all/off/set"), (("left",), "left/off/set")):
        said = kitchen.remote("off", *words)
        assert said.code == 3, said
        assert "by hand" in said.err
        assert said.took < 8
        assert ear.on(topic)


def test_an_off_reaches_a_daemon_that_comes_online_meanwhile(poor):
    kitchen = poor("retain_available false")
    stove = kitchen.stove()
    daemon = kitchen.run()
    # Sent while it starts: in time or not, the answer is the daemon's.
    said = kitchen.remote("off")
    assert said.code == 0, said
    assert stove.circuit() == "open"
    assert daemon.running


def test_where_only_qos_0_is_taken_everything_works(poor):
    kitchen = poor("max_qos 0")
    stove, ear = kitchen.stove(), kitchen.ear()
    daemon = kitchen.daemon()
    daemon.says("QoS 0 only")
    ear.wait("status", lambda one: one.text == "online")
    said = kitchen.remote("off", "left")
    assert said.code == 0, said
    assert stove.circuit() == "open"


def test_no_client_is_without_a_name(poor):
    flame = {"driver": "mqtt", "topic": "poor/flame"}
    kitchen = poor("allow_zero_length_clientid false")
    kitchen.data["burners"]["left"]["flame"] = flame
    kitchen.write()
    kitchen.stove()
    daemon = kitchen.daemon()
    for name in ("mqtt", "mqtt devices"):
        daemon.says(f"{name}: connected, protocol 5")
    assert kitchen.remote("off", "left").code == 0
    looked = kitchen.local("doctor")
    assert looked.code == 0, looked


def test_answers_to_others_are_not_taken_for_ones_own(kitchen):
    stove, _, ear = kitchen.start()
    stove.fault(stuck=True)
    lie = {"command": "off", "status": "confirmed", "code": None, "message": "a lie"}
    stop = threading.Event()

    def lying() -> None:
        while not stop.wait(0.1):
            for request_id in (None, "another"):
                ear.send("left/ack", {**lie, "id": request_id}, wait=False)

    liar = threading.Thread(target=lying)
    liar.start()
    try:
        said = kitchen.remote("off", "left")
    finally:
        stop.set()
        liar.join()
    assert said.code == 1, said
    assert "a lie" not in said.out + said.err
