"""The broker's rows in `doctor`: what is refused is named, whoever listens there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gasguard.cli.doctor_broker import broker_findings
from gasguard.config.load import parse_config
from gasguard.drivers.base import Finding
from tests.mqtt.scripted5 import NOT_AUTHORIZED, SUCCESS, Broker5
from tests.support.kitchen import relay


@pytest.fixture
def broker() -> Iterator[Broker5]:
    broker = Broker5()
    yield broker
    broker.close()


def findings(broker: Broker5, **mqtt: Any) -> list[Finding]:
    raw = {
        "mqtt": {"port": broker.port, "base_topic": "stove", **mqtt},
        "burners": {
            "left": {"relay": relay(port=54321), "flame": {"driver": "mqtt", "topic": "k/flame"}}
        },
        "hazards": {"gas": {"driver": "mqtt", "kind": "gas_alarm", "topic": "k/gas"}},
    }
    return broker_findings(parse_config(raw, Path()))


def test_a_broker_that_takes_everything(broker):
    (row,) = findings(broker)
    assert (row.what, row.verdict, row.text) == ("broker", "ok", f"127.0.0.1:{broker.port}")
    assert {"k/flame", "k/gas", "stove/+/off/set", "stove/status"} <= set(broker.subscribed)
    (asked,) = broker.connects
    assert (asked.will, asked.will_retain, asked.keepalive) == ("stove/status", True, 12)


@pytest.mark.parametrize("topic", ["k/flame", "k/gas", "stove/+/off/set", "stove/+/lock/set"])
@pytest.mark.parametrize("reason", [0x80, NOT_AUTHORIZED, 0x8F])
def test_each_refused_subscription_is_a_row(broker, topic, reason):
    broker.refuses_topics = {topic: reason}
    broker_row, row = findings(broker)
    assert broker_row.verdict == "ok"
    assert row.verdict == "fail"
    assert f"the subscription to {topic}:" in row.text


def test_what_is_published_and_refused_is_a_row(broker):
    broker.refuses_messages = {"stove/status": NOT_AUTHORIZED}
    _, row = findings(broker)
    assert row.verdict == "fail"
    assert "published on stove/status (Not authorized)" in row.text
    assert not any(one.payload or one.retain for one in broker.published), "it changes nothing"


def test_what_a_broker_lacks_is_a_warning(broker):
    broker.lets_in = lambda asked: (NOT_AUTHORIZED if asked.will else SUCCESS, b"\x25\x00")
    (row,) = findings(broker)
    assert row.verdict == "warn"
    assert "no last will" in row.text
    assert "keeps no messages" in row.text


def test_the_daemons_own_client_id_is_left_alone(broker):
    findings(broker, client_id="kitchen", protocol="3.1.1", keepalive=30)
    (asked,) = broker.connects
    assert asked.client_id.startswith("kitchen-")
    assert (asked.level, asked.keepalive) == (4, 30)


def test_a_wrong_login_and_a_wrong_id_say_what_to_check(broker):
    broker.lets_in = lambda _: (0x86, b"")
    (row,) = findings(broker)
    assert row.verdict == "fail"
    assert "check mqtt.username and password" in row.text
    broker.lets_in = lambda _: (0x85, b"")
    (row,) = findings(broker)
    assert "check mqtt.client_id" in row.text
