"""The broker's part of the file: hosts, protocol, client id, keepalive."""

from pathlib import Path
from typing import Any

import pytest

from gasguard.config.broker import Mqtt
from gasguard.config.load import parse_config
from gasguard.errors import ConfigError
from tests.support.kitchen import relay


def broker(**mqtt: Any) -> Mqtt:
    return parse_config(
        {"burners": {"left": {"relay": relay(port=54321)}}, "mqtt": mqtt}, Path()
    ).mqtt


def faults(**mqtt: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        broker(**mqtt)
    return caught.value.faults


@pytest.mark.parametrize(
    "written, hosts",
    [
        ("broker.lan", ("broker.lan",)),
        (["192.168.1.20"], ("192.168.1.20",)),
        (["broker.lan", "::1"], ("broker.lan", "::1")),
    ],
)
def test_one_host_or_several(written, hosts):
    assert broker(host=written).hosts == hosts


@pytest.mark.parametrize(
    "written, place, remedy",
    [
        ([], "mqtt.host", "names 1 to 8 hosts"),
        (["a"] * 9, "mqtt.host", "names 1 to 8 hosts"),
        (["a", "mqtt://b"], "mqtt.host.1", "without mqtt://"),
        (["a:1884", "b"], "mqtt.host.0", "port: 1884 in a line of its own"),
        (["a", ""], "mqtt.host.1", ""),
        (["a", ["b"]], "mqtt.host.1", ""),
        ({"a": 1}, "mqtt.host", ""),
        (5, "mqtt.host", ""),
    ],
)
def test_a_wrong_host_is_named_by_its_place(written, place, remedy):
    (fault,) = faults(host=written)
    assert fault.startswith(f"{place}: ")
    assert remedy in fault


@pytest.mark.parametrize(
    "written, meant",
    [
        *((one, "5") for one in (5, 5.0, "5", "5.0", " 5 ", "v5", "MQTT 5", "mqttv5")),
        *((one, "3.1.1") for one in (311, "311", "3.1.1", "v3.1.1", "MQTT 3.1.1", "MQTTv311")),
    ],
)
def test_protocols_as_people_write_them(written, meant):
    assert broker(protocol=written).protocol == meant


@pytest.mark.parametrize(
    "written", [4, "3.1", 3.1, 3, 50, "six", "", True, None, [5], "5 or 3.1.1"]
)
def test_another_protocol_is_a_fault(written):
    (fault,) = faults(protocol=written)
    assert fault.startswith("mqtt.protocol: ")
    assert fault.endswith("must be 5 or 3.1.1; left out, 5 is tried first")


@pytest.mark.parametrize("written", ["gasguard-kitchen", "küche 1", "x" * 128, 5])
def test_client_ids(written):
    assert broker(client_id=written).client_id == str(written)


@pytest.mark.parametrize("written", ["", " ", " a", "a\n", "a\0", "x" * 129, True, None, ["a"]])
def test_a_client_id_is_never_empty(written):
    (fault,) = faults(client_id=written)
    assert fault.startswith("mqtt.client_id: ")
    assert "must be 1 to 128 printable characters" in fault


@pytest.mark.parametrize(
    "written, seconds",
    [(5, 5), (120, 120), ("15", 15), ("15s", 15), ("15 seconds", 15), ("1m", 60), ("PT30S", 30)],
)
def test_a_keepalive_is_in_seconds_where_only_a_number_stands(written, seconds):
    assert broker(keepalive=written).keepalive == seconds


@pytest.mark.parametrize(
    "written", [0, 4, 121, -12, 1.5, "1.5", 12.5, "20m", "0", "soon", "", True, None, float("nan")]
)
def test_a_keepalive_out_of_range_is_a_fault(written):
    (fault,) = faults(keepalive=written)
    assert fault.startswith("mqtt.keepalive: ")
    assert "must be 5 to 120 whole seconds, for example 12 or 12s" in fault


def test_what_is_left_out():
    settings = broker()
    assert (settings.hosts, settings.protocol, settings.client_id, settings.keepalive) == (
        ("127.0.0.1",),
        None,
        None,
        12,
    )
