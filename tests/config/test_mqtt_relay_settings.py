"""`driver: mqtt` in the configuration: what two lines stand for, and what is wrong in words."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gasguard.config.load import parse_config
from gasguard.config.relays.mqtt import MqttRelay
from gasguard.errors import ConfigError

ZIGBEE = {
    "driver": "mqtt",
    "kind": "zigbee2mqtt",
    "device": "gas stove",
    "contact": "normally_open",
}
PLAIN = {
    "driver": "mqtt",
    "command_topic": "relay/set",
    "state_topic": "relay/state",
    "query": {"topic": "relay/get"},
    "contact": "normally_open",
}


def parse(**relays: dict[str, Any]) -> list[MqttRelay]:
    raw = {"burners": {name: {"relay": relay} for name, relay in relays.items()}}
    relays_read = [burner.relay for burner in parse_config(raw, Path(".")).burners.values()]
    assert all(isinstance(relay, MqttRelay) for relay in relays_read)
    return relays_read


def faults(**relays: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(**relays)
    return caught.value.faults


def test_zigbee2mqtt_in_two_lines():
    (relay,) = parse(left=ZIGBEE)
    assert relay.command_topic == "zigbee2mqtt/gas stove/set"
    assert (relay.payload_on, relay.payload_off) == ('{"state": "ON"}', '{"state": "OFF"}')
    assert (relay.state_topic, relay.state_field) == ("zigbee2mqtt/gas stove", "state")
    assert (relay.query.topic, relay.query.payload) == (
        "zigbee2mqtt/gas stove/get",
        '{"state": ""}',
    )
    assert relay.fence.topic == "zigbee2mqtt/bridge/request/health_check"
    assert relay.availability.topic == "zigbee2mqtt/gas stove/availability"


def test_tasmota_and_esphome_in_two_lines():
    tasmota, second, esphome = parse(
        left={**ZIGBEE, "kind": "tasmota", "device": "stove"},
        right={**ZIGBEE, "kind": "tasmota", "device": "stove", "channel": 2},
        back={**ZIGBEE, "kind": "esphome", "device": "stove"},
    )
    assert (tasmota.command_topic, tasmota.state_field) == ("cmnd/stove/POWER", "POWER")
    assert (second.command_topic, second.state_field) == ("cmnd/stove/POWER2", "POWER2")
    assert esphome.command_topic == "stove/switch/relay/command"


def test_a_single_topic_of_a_kind_may_be_another():
    (relay,) = parse(left={**ZIGBEE, "base": "z2m", "availability": {"topic": "else/where"}})
    assert relay.command_topic == "z2m/gas stove/set"
    assert relay.availability.topic == "else/where"


def test_another_question_brings_its_own_proof_or_none():
    query = {"topic": "a/get", "payload": "{nonce}"}
    (relay,) = parse(left={**ZIGBEE, "query": query})
    assert relay.echo is None and relay.fence is None
    (relay,) = parse(left={**ZIGBEE, "query": query, "echo": {"topic": "a/is"}})
    assert relay.echo.topic == "a/is" and relay.fence is None


def test_the_keep_alive_of_a_kind_needs_only_its_time():
    (relay,) = parse(left={**ZIGBEE, "kind": "tasmota", "keep_alive": {"after": "3m"}})
    keep_alive = relay.keep_alive
    assert (keep_alive.topic, keep_alive.payload, keep_alive.cancel, keep_alive.after) == (
        "cmnd/gas stove/RuleTimer1",
        "{seconds}",
        "0",
        180,
    )
    assert faults(left={**ZIGBEE, "keep_alive": {"after": "3m"}}) == [
        "burners.left.relay.keep_alive.topic: is required"
    ]


@pytest.mark.parametrize(
    ("relay", "told"),
    [
        ({**ZIGBEE, "kind": "zwave"}, "relay.kind: must be zigbee2mqtt, tasmota or esphome"),
        ({**ZIGBEE, "kind": ["zigbee2mqtt"]}, "relay.kind: must be zigbee2mqtt"),
        ({**ZIGBEE, "device": None}, "needs device: with its name, for example device: stove"),
        ({**ZIGBEE, "device": "a/+/b"}, "relay.device: must be as in the device's topics"),
        ({**ZIGBEE, "contact": None}, "relay.contact: "),
        ({**ZIGBEE, "kind": "tasmota", "base": "x"}, "base: belongs to kind: zigbee2mqtt"),
        ({**ZIGBEE, "qos": 2}, "relay.qos: is no key that gasguard knows"),
        ({**PLAIN, "device": "stove"}, "device: needs kind: zigbee2mqtt, tasmota or esphome"),
        (
            {"driver": "mqtt", "contact": "normally_open", "state_topic": "a"},
            "or its topics: command_topic, query missing",
        ),
        ({**PLAIN, "command_topic": "relay/#"}, "relay.command_topic: is no topic"),
        ({**PLAIN, "payload_on": "OFF"}, "payload_on and payload_off must differ"),
        ({**PLAIN, "state_on": "off"}, "state_on and state_off must differ"),
        ({**PLAIN, "state_topic": "relay/set"}, "relay/set is both sent to and listened to"),
        ({**PLAIN, "echo": {"topic": "relay/is"}}, "echo: needs {nonce} in query.payload"),
        ({**PLAIN, "fence": {"topic": "ping"}}, "fence: needs echo"),
        ({**PLAIN, "keep_alive": {"topic": "a", "after": "5s"}}, "keep_alive.after: "),
    ],
)
def test_each_fault_is_told_with_its_place_and_what_is_right(relay, told):
    (fault,) = faults(left={key: value for key, value in relay.items() if value is not None})
    assert fault.startswith("burners.left.relay")
    assert told in fault


def test_two_burners_on_one_relay_are_a_fault_and_on_two_of_one_device_are_not():
    (fault,) = faults(left=ZIGBEE, right=ZIGBEE)
    assert fault.startswith("burners.right.relay.command_topic: zigbee2mqtt/gas stove/set commands")
    assert "burners.left.relay" in fault
    parse(left={**ZIGBEE, "channel": "l1"}, right={**ZIGBEE, "channel": "l2"})
    # Other words for the same command.
    on = {"payload_on": '{"state":"ON","transition":0}', "payload_off": '{"state":"OFF"}'}
    assert len(faults(left=ZIGBEE, right={**ZIGBEE, **on})) == 1
    assert len(faults(left=PLAIN, right={**PLAIN, "payload_on": "1", "payload_off": "0"})) == 1


def test_relays_of_two_burners_and_in_series_are_compared_too():
    raw = {"burners": {"left": {"relays": [ZIGBEE, PLAIN]}, "right": {"relay": PLAIN}}}
    with pytest.raises(ConfigError, match=r"burners\.right\.relay\.command_topic.*left\.relays\.1"):
        parse_config(raw, Path("."))


@pytest.mark.parametrize("name", ["mqtt_relays.md", "mqtt_relays.zh-CN.md"])
def test_every_example_of_the_notes_is_sound(name):
    text = (Path(__file__).parents[2] / "firmware_notes" / name).read_text()
    examples = re.findall(r"```yaml\n(relay:.*?)```", text, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        parse_config({"burners": {"left": yaml.safe_load(example)}}, Path("."))
