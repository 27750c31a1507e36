"""`hood:` in the configuration: what it stands for, and what is wrong with it in words."""

import re
from pathlib import Path
from typing import Any

import pytest

from gasguard.config.check import check_file
from gasguard.config.hood import HoodConfig
from gasguard.config.load import parse_config
from gasguard.errors import ConfigError
from tests.config.files import SOUND, TOKEN, File, place, where

MQTT = {"driver": "mqtt", "command_topic": "hood/set", "levels": {"1": "low", "2": "high"}}
MIOT = {
    "driver": "miot",
    "host": "192.168.1.60",
    "token": TOKEN[::-1],
    "levels": {"1": "1", "2": "3"},
}
ZIGBEE = {"driver": "mqtt", "kind": "zigbee2mqtt", "device": "hood", "levels": {"1": "low"}}
RELAY = {"driver": "miot", "host": "192.168.1.50", "token": TOKEN, "contact": "normally_open"}
GAS = {"driver": "mqtt", "kind": "gas_alarm", "topic": "zigbee2mqtt/gas"}


def parse(hood: dict[str, Any], **more: Any) -> HoodConfig:
    raw = {"burners": {"left": {"relay": RELAY}}, "hood": hood, **more}
    found = parse_config(raw, Path(".")).hood
    assert found is not None
    return found


def faults(hood: Any, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(hood, **more)
    return caught.value.faults


def test_the_contracts_own_line():
    hood = parse({**MQTT, "off_delay": "3m", "manual_wins": "30m"})
    assert (hood.words, hood.off_delay, hood.manual_wins) == ({1: "low", 2: "high"}, 180, 1800)
    assert [*hood.commanded_topics()] == [("command_topic", "hood/set")]
    assert (hood.payload_for("low"), hood.off_payload) == ("low", "off")
    assert [*hood.heard_topics()] == []
    assert parse(MQTT) == hood, "both durations are the usual ones"


def test_a_mi_home_hood_has_power_and_level_where_most_have_them():
    hood = parse(MIOT)
    assert (hood.port, hood.power.siid, hood.power.piid) == (54321, 2, 1)
    assert (hood.level.siid, hood.level.piid, hood.words) == (2, 2, {1: "1", 2: "3"})
    assert TOKEN[::-1] not in repr(hood)


def test_each_kind_in_two_lines():
    zigbee = parse(ZIGBEE)
    assert zigbee.command_topic == "zigbee2mqtt/hood/set"
    assert zigbee.payload_for("low") == '{"fan_mode": "low"}'
    assert zigbee.off_payload == '{"fan_mode": "off"}'
    assert (zigbee.state_topic, zigbee.state_field) == ("zigbee2mqtt/hood", "fan_mode")
    tasmota = parse({**ZIGBEE, "kind": "tasmota", "levels": {"1": "1"}})
    assert (tasmota.command_topic, tasmota.off_payload) == ("cmnd/hood/FanSpeed", "0")
    assert (tasmota.state_topic, tasmota.state_field) == ("stat/hood/RESULT", "FanSpeed")
    esphome = parse({**ZIGBEE, "kind": "esphome", "device": "kitchen", "channel": "fan"})
    assert [topic for _, topic in esphome.commanded_topics()] == [
        "kitchen/fan/fan/command",
        "kitchen/fan/fan/speed_level/command",
    ]
    assert (esphome.payload_on, esphome.off_payload) == ("ON", "OFF")


def test_a_single_topic_of_a_kind_may_be_another():
    hood = parse({**ZIGBEE, "base": "z2m", "state_topic": "else/where"})
    assert (hood.command_topic, hood.state_topic) == ("z2m/hood/set", "else/where")


@pytest.mark.parametrize(
    ("hood", "told"),
    [
        ({**MQTT, "levels": None}, "hood: needs levels: the device's word or number for each"),
        ({**MQTT, "levels": {}}, "hood: needs levels: "),
        ({**MQTT, "levels": {"one": "low"}}, "hood.levels.one: is how many burners are lit"),
        ({**MQTT, "levels": {"0": "low"}}, "hood.levels.0: is how many burners are lit"),
        ({**MQTT, "levels": {"1.5": "low"}}, "hood.levels.1.5: is how many burners are lit"),
        ({**MIOT, "levels": {"1": "-1"}}, "hood.levels.1: must be at least 0"),
        ({**MQTT, "levels": {"-1": "low"}}, "hood.levels.-1: is how many burners are lit"),
        ({**MQTT, "levels": {"1": "a", "01": "b"}}, "hood.levels.01: is how many burners"),
        ({**MQTT, "levels": {"2": "low"}}, "hood.levels: needs 1: the level for a single burner"),
        ({**MQTT, "levels": {"1": ["low"]}}, "hood.levels.1: is the device's word or number"),
        ({**MQTT, "levels": {"1": "x" * 65}}, "hood.levels.1: is the device's word or number"),
        ({**MQTT, "levels": {"1": "a\nb"}}, "hood.levels.1: is the device's word or number"),
        ({**MQTT, "levels": ["low", "high"]}, "hood.levels: is a list, where a mapping"),
        ({**MQTT, "levels": "low"}, "hood.levels: is a single value, where a mapping"),
        ({**MQTT, "levels": {"1": "off"}}, "payload_off must differ from what is sent for each"),
        ({**MQTT, "command_topic": None}, "hood: needs command_topic: where it is commanded"),
        ({**MQTT, "command_topic": "hood/#"}, "hood.command_topic: is no topic"),
        ({**MQTT, "off_delay": "5h"}, "hood.off_delay: must be at least 0s and at most 1h"),
        ({**MQTT, "off_delay": "-1m"}, "hood.off_delay: is no duration; write for example"),
        ({**MQTT, "manual_wins": "0s"}, "hood.manual_wins: must be at least 1s and at most 24h"),
        ({**MQTT, "manual_wins": "ever"}, "hood.manual_wins: is no duration"),
        ({**MQTT, "delay": "3m"}, "hood.delay: is no key that gasguard knows"),
        ({**MQTT, "qos": "2"}, "hood.qos: is no key that gasguard knows"),
        ({**MQTT, "device": "hood"}, "hood.device: needs kind: zigbee2mqtt, tasmota or esphome"),
        ({**ZIGBEE, "kind": "zigbee"}, "hood.kind: must be zigbee2mqtt, tasmota or esphome; did"),
        ({**ZIGBEE, "device": None}, "hood.kind: zigbee2mqtt needs device: with its name"),
        ({**ZIGBEE, "device": "a/+"}, "hood.device: must be as in the device's topics"),
        ({**ZIGBEE, "channel": "x"}, "hood.channel: belongs to kind: esphome"),
        ({**MQTT, "payload_level": "on"}, "hood.payload_level: needs {level}"),
        (
            {**MQTT, "payload_level": '{"a": {level}}'},
            "payload_level: is no JSON with the word low",
        ),
        ({**MQTT, "payload_on": "off"}, "hood: payload_on and payload_off must differ"),
        ({**MQTT, "state_field": "a"}, "hood.state_field: needs state_topic: where the hood says"),
        ({**MQTT, "state_topic": "hood/set"}, "hood/set is both sent to and listened to"),
        ({**MQTT, "state_topic": "s", "state_off": "LOW"}, "state_off: must differ from the words"),
        ({**MQTT, "driver": "zwave"}, "hood.driver: must be miot or mqtt"),
        ({**MQTT, "driver": None}, "hood.driver: is required: miot or mqtt"),
        ({**MIOT, "token": "0123"}, "hood.token: must be 32 hexadecimal digits"),
        ({**MIOT, "host": "fan.l0cal:1"}, "hood.host: is an address or a name alone"),
        ({**MIOT, "levels": {"1": "low"}}, "hood.levels.1: must be a whole number in digits"),
        ({**MIOT, "level": {"siid": "2", "piid": "1"}}, "level: is the same property as power"),
        ("mqtt", "hood: is a single value, where a mapping"),
    ],
)
def test_each_fault_is_told_with_its_place_and_what_is_right(hood, told):
    if isinstance(hood, dict):
        hood = {key: value for key, value in hood.items() if value is not None}
    (fault,) = faults(hood)
    assert told in fault
    assert fault.startswith("hood")


def test_several_faults_are_told_in_one_go_beside_those_of_burners():
    hood = {**MQTT, "off_delay": "soon", "levels": {"x": "low"}, "speed": "3"}
    found = faults(hood, state_dir="", burners={"left": {"relay": {**RELAY, "token": "1"}}})
    for told in ("hood.off_delay: ", "hood.levels.x: ", "hood.speed: ", "burners.left.relay.token"):
        assert any(told in fault for fault in found), found


@pytest.mark.parametrize(
    "topic",
    ["gasguard/left/off/set", "gasguard/status", "gasguard/left/state", "homeassistant/status"],
)  # fmt: skip
def test_topics_of_gasguards_own_are_none_for_a_hood(topic):
    (fault,) = faults({**MQTT, "command_topic": topic})
    assert fault.startswith(
        f"hood.command_topic: {topic} is one of gasguard's own topics; the hood"
    )
    (fault,) = faults({**MQTT, "state_topic": topic})
    assert fault.startswith(f"hood.state_topic: {topic} is one of gasguard's own topics")


def test_a_hood_is_not_commanded_where_a_sensor_or_a_relay_speaks():
    """Its `off` would be the gas alarm's all-clear."""
    (fault,) = faults({**MQTT, "command_topic": "zigbee2mqtt/gas"}, hazards={"gas": GAS})
    assert "zigbee2mqtt/gas is that of hazards.gas.topic" in fault
    relay = {"driver": "mqtt", "kind": "zigbee2mqtt", "device": "stove", "contact": "normally_open"}
    on_mqtt = {"burners": {"left": {"relay": relay}}}
    (fault,) = faults({**MQTT, "command_topic": "zigbee2mqtt/stove"}, **on_mqtt)
    assert "is where a relay is read back" in fault
    (fault,) = faults({**MQTT, "state_topic": "zigbee2mqtt/stove/set"}, **on_mqtt)
    assert "is where a relay is commanded" in fault


def test_a_hood_is_no_burners_relay():
    """Else following the flame would switch the gas."""
    relay = {"driver": "mqtt", "kind": "tasmota", "device": "stove", "contact": "normally_open"}
    found = faults(
        {**MQTT, "command_topic": "cmnd/stove/POWER1"}, burners={"left": {"relay": relay}}
    )
    assert any(
        "hood.command_topic: cmnd/stove/POWER1 is what burners.left.relay" in f for f in found
    )
    (fault,) = faults({**MIOT, "host": "192.168.1.50", "token": TOKEN})
    assert fault.startswith("hood.power: is what burners.left.relay.switch switches")
    (fault,) = faults({**MIOT, "host": "192.168.1.50", "power": {"siid": "9", "piid": "1"}})
    assert fault.startswith("hood.token: differs from burners.left.relay.token")
    assert TOKEN not in fault and TOKEN[::-1] not in fault


def test_a_relay_and_a_fan_of_one_zigbee_device_are_two_things():
    relay = {"driver": "mqtt", "kind": "zigbee2mqtt", "device": "both", "contact": "normally_open"}
    parse({**ZIGBEE, "device": "both"}, burners={"left": {"relay": relay}})
    power = {"payload_on": '{"state": "ON"}', "payload_off": '{"state": "OFF"}'}
    found = faults({**ZIGBEE, "device": "both", **power}, burners={"left": {"relay": relay}})
    assert found[0].startswith(
        "hood.command_topic: zigbee2mqtt/both/set is what burners.left.relay"
    )


def test_a_fault_points_at_its_line(file: File):
    fault = file.fault(
        SOUND + "hood:\n  driver: mqtt\n  command_topic: a/set\n  levels: {1: low, two: high}\n"
    )
    assert (place(fault), where(fault)[0]) == ("hood.levels.two", 7)


def test_what_has_no_effect_is_a_warning(file: File):
    lit = "    flame: {driver: mqtt, topic: kitchen/left}\n"
    hood = "hood: {driver: mqtt, command_topic: a/set, levels: {1: low, 3: high}}\n"
    (warning,) = file.warnings(SOUND + lit + hood)
    assert warning.startswith("hood.levels.3: has no effect: there is one burner")
    (warning,) = file.warnings(SOUND + hood.replace(", 3: high", ""))
    assert warning.startswith("hood: follows left only while a timer runs there")


def test_a_token_may_come_from_a_file(file: File):
    (file.folder / "token").write_text(TOKEN[::-1] + "\n")
    lit = "    flame: {driver: mqtt, topic: kitchen/left}\n"
    text = "hood: {driver: miot, host: 192.168.1.60, token: !file token, levels: {1: 1}}\n"
    assert file.sound(SOUND + lit + text).hood.token.get_secret_value() == TOKEN[::-1]


@pytest.mark.parametrize("name", ["hood.md", "hood.zh-CN.md"])
def test_every_example_of_the_notes_is_sound(name, file: File, monkeypatch):
    monkeypatch.setenv("GASGUARD_HOOD_TOKEN", TOKEN[::-1])
    text = (Path(__file__).parents[2] / "firmware_notes" / name).read_text()
    examples = re.findall(r"```yaml\n(hood:.*?)```", text, re.DOTALL)
    assert len(examples) == 6
    for example in examples:
        assert check_file(file(SOUND + example))[0].hood is not None
