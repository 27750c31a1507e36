"""Brokers that want a name and a password, and brokers behind TLS."""

import os
import re
from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto
from tests.support.certificates import make_certificates
from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually

ZIGBEE_RELAY = {
    "driver": "mqtt",
    "kind": "zigbee2mqtt",
    "device": "stove",
    "contact": "normally_open",
}
USER, PASSWORD = "gasguard", "spät & süß/:@#"


@pytest.fixture
def locked_broker(tmp_path: Path):
    broker = Mosquitto(tmp_path / "broker", users={USER: PASSWORD})
    yield broker
    broker.stop()


def test_a_broker_with_a_password(make_kitchen, locked_broker):
    login = {"username": USER, "password": PASSWORD}
    kitchen: Kitchen = make_kitchen(broker=locked_broker, top={"mqtt": login})
    stove, ear = kitchen.stove(), kitchen.ear(user=(USER, PASSWORD))
    daemon = kitchen.daemon()
    ear.wait("status", lambda one: one.text == "online")
    ear.send("left/off/set")
    ear.ack("confirmed")
    assert stove.circuit() == "open"
    assert PASSWORD not in daemon.output

    from urllib.parse import quote

    login_url = f"mqtt://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{locked_broker.port}"
    said = kitchen.cli("off", "left", "--mqtt", f"{login_url}/{kitchen.base}")
    assert said.code == 0, said
    assert "left: off, confirmed in " in said.out

    wrong = f"mqtt://{USER}:guess@127.0.0.1:{locked_broker.port}/{kitchen.base}"
    said = kitchen.cli("off", "left", "--mqtt", wrong)
    assert said.code == 3, said
    assert "refused" in said.err
    assert "guess" not in said.out + said.err


def test_a_wrong_password_is_named_and_the_burner_stays_guarded(make_kitchen, locked_broker):
    login = {"username": USER, "password": "a-wrong-secret"}
    kitchen: Kitchen = make_kitchen(broker=locked_broker, top={"mqtt": login})
    stove, daemon = kitchen.stove(), kitchen.daemon()
    daemon.says("check mqtt.username and password")
    assert "a-wrong-secret" not in daemon.output
    assert kitchen.local("off", "left").code == 0
    assert stove.circuit() == "open"


def test_a_broker_behind_tls(make_kitchen, tmp_path):
    papers = make_certificates(tmp_path / "papers")
    broker = Mosquitto(tmp_path / "broker", tls=papers)
    try:
        tls = {"tls": {"ca": str(papers / "ca.pem")}}
        kitchen: Kitchen = make_kitchen(broker=broker, top={"mqtt": tls})
        stove, ear = kitchen.stove(), kitchen.ear(ca=papers / "ca.pem")
        kitchen.daemon()
        ear.wait("status", lambda one: one.text == "online")
        ear.send("left/off/set")
        ear.ack("confirmed")
        assert stove.circuit() == "open"
        url = f"mqtts://127.0.0.1:{broker.port}/{kitchen.base}"
        trusting = {"SSL_CERT_FILE": os.fspath(papers / "ca.pem")}
        said = kitchen.cli("status", "--mqtt", url, env=trusting)
        assert said.code == 0, said
        said = kitchen.cli("status", "--mqtt", url)
        assert said.code == 3, said
        assert "certificate" in said.err.lower()
    finally:
        broker.stop()


def test_a_broker_whose_certificate_nobody_vouches_for_is_refused(make_kitchen, tmp_path):
    papers = make_certificates(tmp_path / "papers")
    other = make_certificates(tmp_path / "other")
    broker = Mosquitto(tmp_path / "broker", tls=papers)
    try:
        tls = {"tls": {"ca": str(other / "ca.pem")}}
        kitchen: Kitchen = make_kitchen(broker=broker, top={"mqtt": tls})
        kitchen.stove()
        daemon = kitchen.daemon()
        daemon.says("certificate")
        assert "connected" not in daemon.output
        assert kitchen.local("off", "left").code == 0
    finally:
        broker.stop()


def test_insecure_means_any_certificate_as_the_notes_say(make_kitchen, tmp_path):
    papers = make_certificates(tmp_path / "papers")
    broker = Mosquitto(tmp_path / "broker", tls=papers)
    try:
        kitchen: Kitchen = make_kitchen(broker=broker, top={"mqtt": {"tls": {"insecure": True}}})
        kitchen.stove()
        kitchen.daemon().says("mqtt: connected")
        assert re.search(r"broker +ok", kitchen.local("doctor").out)
    finally:
        broker.stop()


def test_a_broker_that_wants_client_certificates_sees_daemon_and_simulator(make_kitchen, tmp_path):
    papers = make_certificates(tmp_path / "papers")
    wanted = (f"cafile {papers / 'ca.pem'}", "require_certificate true")
    broker = Mosquitto(tmp_path / "broker", tls=papers, more=wanted)
    own = papers / "client.pem", papers / "client.key"
    try:
        tls = {"ca": str(papers / "ca.pem"), "cert": str(own[0]), "key": str(own[1])}
        zigbee = {"relay": ZIGBEE_RELAY, "flame": {"driver": "mqtt", "topic": "stove/flame"}}
        kitchen: Kitchen = make_kitchen(broker=broker, top={"mqtt": {"tls": tls}}, left=zigbee)
        ear = kitchen.ear(ca=papers / "ca.pem", own=own)
        kitchen.process("simulate", "-c", str(kitchen.path))
        there = f"{kitchen.base}_sim/left/state"
        eventually(lambda: [one for one in ear.heard if one.topic == there], 10, "its stove told")
        kitchen.daemon()
        ear.publish(f"{kitchen.base}_sim/console/set", "light left")
        ear.until(flame="lit", within=15)
        ear.send("left/off/set")
        ear.ack("confirmed")
    finally:
        broker.stop()
