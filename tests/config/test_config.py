"""The configuration file: every fault at once with its place, secrets never shown."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gasguard.config.load import Config, load_config, load_control_socket, parse_config
from gasguard.errors import ConfigError

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
HERE = Path("/somewhere")


def relay(**changes: Any) -> dict[str, Any]:
    sound = {"driver": "miot", "host": "192.168.1.50", "token": TOKEN, "contact": "normally_open"}
    return {key: value for key, value in {**sound, **changes}.items() if value is not None}


def burners(**by_id: Any) -> dict[str, Any]:
    return {"burners": by_id}


def thermocouple(**changes: Any) -> dict[str, Any]:
    return {"driver": "thermocouple", "topic": "kitchen/left/millivolts", **changes}


def one(**changes: Any) -> dict[str, Any]:
    return burners(left={"relay": relay(), **changes})


def faults(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(raw, HERE)
    assert caught.value.faults
    return caught.value.faults


def only_fault(raw: dict[str, Any]) -> str:
    (fault,) = faults(raw)
    return fault


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def file_faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return caught.value.faults


FILE = f"""
burners:
  left:
    relay: {{driver: miot, host: 10.0.0.2, token: "{TOKEN}", contact: normally_open}}
"""


# --- what is right --------------------------------------------------------------------------------


def test_the_example_is_sound():
    config = load_config(Path(__file__).parents[2] / "config.example.yaml")
    assert config.burners


def test_a_small_file_gets_the_promised_defaults(write):
    config = load_config(write(FILE))
    left = config.burners["left"]
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.base_topic) == (
        "127.0.0.1",
        1883,
        "gasguard",
    )
    assert config.on_shutdown == "trip_if_active"
    assert config.allow_remote_rearm is False
    assert left.in_series[0].port == 54321
    assert left.limits.rearm_after == 10
    assert left.limits.flame_out_within == 120
    assert left.limits.prewarn == 60
    assert left.limits.max_burn is None


def test_the_state_folder_is_relative_to_the_file(write):
    path = write(FILE + "state_dir: state\n")
    config = load_config(path)
    assert config.state_dir == path.parent / "state"
    assert config.control_socket == path.parent / "state" / "control.sock"
    assert load_control_socket(path) == config.control_socket


@pytest.mark.parametrize(
    ("written", "seconds"), [("5m", 300), ("90s", 90), ("1:30", 90), ("PT2M", 120), (2, 120)]
)
def test_durations_are_written_as_everywhere(written, seconds):
    config = parse_config(one(limits={"rearm_after": written}), HERE)
    assert config.burners["left"].limits.rearm_after == seconds


def test_jog_may_be_in_milliseconds():
    config = parse_config(burners(left={"relay": relay(jog="500ms")}), HERE)
    assert config.burners["left"].in_series[0].jog == 0.5


def test_several_burners_on_one_module_are_normal():
    raw = burners(
        left={"relay": relay(switch={"siid": 2, "piid": 1}), "voice": {"siid": 4, "piid": 1}},
        right={"relay": relay(switch={"siid": 3, "piid": 1}), "voice": {"siid": 5, "piid": 1}},
    )
    assert len(parse_config(raw, HERE).burners) == 2


def test_relays_in_series():
    raw = burners(left={"relays": [relay(), relay(host="192.168.1.51", driver="miio")]})
    assert len(parse_config(raw, HERE).burners["left"].in_series) == 2


# --- what is wrong, and where ---------------------------------------------------------------------


def test_every_fault_is_named_at_once():
    raw = {
        "mqtt": {"port": 70000, "hots": "x"},
        "burners": {
            "left": {"relay": relay(token="short", contact=None)},
            "Right": {"relay": relay(driver="carrier pigeon")},
            "back": {"relay": relay(), "limits": {"rearm_after": "1s"}},
            "front": {"relay": relay()},
        },
        "on_shutdown": "explode",
        "colour": "red",
    }
    places = {fault.partition(":")[0] for fault in faults(raw)}
    assert places == {
        "mqtt.port",
        "mqtt.hots",
        "burners.left.relay.token",
        "burners.left.relay.contact",
        "burners.Right",
        "burners.Right.relay.driver",
        "burners.back.limits.rearm_after",
        "burners.front.relay.switch",
        "on_shutdown",
        "colour",
    }


@pytest.mark.parametrize(
    ("host", "remedy"),
    [
        ("mqtt://192.168.1.20", "without mqtt://"),
        ("192.168.1.20:1883", "write port: 1883 in a line of its own"),
        (" 192.168.1.20", "and blanks"),
        ("192.168.1.300", "is no address"),
        ("192.168.1", "is no address"),
        ("fe80::zz", "is no address"),
        ("relay..local", "is no name"),
        ("192.168.1.5O", "is no address"),
        ("192.168.1.50.1", "is no address"),
        ("1９2.168.1.50", "is no address"),
        ("192,168,1,50", "is no name"),
        ("relay.local;", "is no name"),
        ("-relay", "is no name"),
        ("r" * 64, "is no name"),
        ("192.168.1.50/24", "without mqtt://"),
    ],
)
def test_a_host_is_an_address_or_a_name_and_nothing_else(host: str, remedy: str) -> None:
    assert remedy in only_fault(one(relay=relay(host=host)))
    assert remedy in only_fault({**one(relay=relay()), "mqtt": {"host": host}})


@pytest.mark.parametrize(
    "host", ["relay.local", "relay", "my_relay.lan.", "厨房.local", "10.0.0.2"]
)
def test_hosts_by_name(host: str) -> None:
    assert parse_config(one(relay=relay(host=host)), HERE).burners["left"].in_series[0].host == host


def test_relays_speak_no_ipv6_but_brokers_do() -> None:
    assert "is IPv6, which relays do not speak" in only_fault(one(relay=relay(host="fe80::1")))
    assert parse_config({**one(relay=relay()), "mqtt": {"host": "::1"}}, HERE).mqtt.host == "::1"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({}, "burners"),
        ({"burners": {}}, "burners"),
        ({"burners": None}, "burners"),
        ({"burners": ["left"]}, "burners"),
        (burners(left=None), "burners.left"),
        (burners(left={}), "burners.left"),
        (one(relay="192.168.1.50"), "burners.left.relay"),
        (one(relay={}), "burners.left.relay.driver"),
        (one(relay=relay(contact=None)), "burners.left.relay.contact"),
        (one(relay=relay(contact="open")), "burners.left.relay.contact"),
        (one(relay=relay(host="")), "burners.left.relay.host"),
        (one(relay=relay(token=None)), "burners.left.relay.token"),
        (one(relay=relay(port=0)), "burners.left.relay.port"),
        (one(relay=relay(switch={"siid": 2})), "burners.left.relay.switch.piid"),
        (one(relay=relay(jog="0s")), "burners.left.relay.jog"),
        (one(relays=[relay()]), "burners.left"),
        (burners(left={"relays": []}), "burners.left.relays"),
        (burners(left={"relays": [relay(token="x")]}), "burners.left.relays.0.token"),
        (one(limits={"max_burn": "2h"}), "burners.left.limits.max_burn"),
        (one(limits={"rearm_after": "11m"}), "burners.left.limits.rearm_after"),
        (one(limits={"prewarn": True}), "burners.left.limits.prewarn"),
        (one(limits={"prewarn": "soon"}), "burners.left.limits.prewarn"),
        (one(flame={"driver": "mqtt", "topic": "a/#"}), "burners.left.flame.topic"),
        (one(flame={"driver": "gpio"}), "burners.left.flame.driver"),
        (one(flame={"topic": "a"}), "burners.left.flame.driver"),
        (one(flame=thermocouple(topic="a/#")), "burners.left.flame.topic"),
        (one(flame=thermocouple(lit_above="hot")), "burners.left.flame.lit_above"),
        (one(flame=thermocouple(lit_above=3, out_below=3)), "burners.left.flame.out_below"),
        (one(flame=thermocouple(expire_after="1s")), "burners.left.flame.expire_after"),
        (one(voice={"siid": 4}), "burners.left.voice.piid"),
        ({**one(), "mqtt": {"base_topic": "a/+/b"}}, "mqtt.base_topic"),
        ({**one(), "mqtt": {"base_topic": "/a"}}, "mqtt.base_topic"),
        ({**one(), "allow_remote_rearm": "perhaps"}, "allow_remote_rearm"),
    ],
)
def test_each_fault_has_its_place(raw, place):
    assert {fault.partition(":")[0] for fault in faults(raw)} == {place}


@pytest.mark.parametrize(
    "name", ["all", "Left", "1st", "_x", "left-1", "left/1", "", "链", "a" * 33]
)
def test_what_is_no_burner_id(name):
    fault = only_fault(burners(**{name: {"relay": relay()}}))
    assert fault.startswith(f"burners.{name}")
    assert "front_left" in fault


def test_the_wiring_has_no_default():
    assert "required" in only_fault(one(relay=relay(contact=None)))


def test_bounds_of_durations_are_said_as_durations():
    assert "10m" in only_fault(one(limits={"rearm_after": "1h"}))


def test_unknown_keys_point_to_the_example():
    assert "config.example.yaml" in only_fault({**one(), "colour": "red"})


def test_a_driver_that_is_none_is_told_which_there_are():
    assert "miot or miio" in only_fault(one(relay=relay(driver="zigbee")))
    assert "mqtt or thermocouple" in only_fault(one(flame={"driver": "eye", "topic": "a"}))
    assert "flame.driver: is required: mqtt or" in only_fault(one(flame={"topic": "a"}))


def test_a_longest_burn_needs_a_flame_sensor():
    assert "flame" in only_fault(one(limits={"max_burn": "2h"}))
    flame = {"driver": "mqtt", "topic": "kitchen/flame"}
    parse_config(one(limits={"max_burn": "2h"}, flame=flame), HERE)


def test_a_lease_needs_the_wiring_that_opens_without_power():
    lease = {"after": "3m", "siid": 2, "piid": 3}
    parse_config(one(relay=relay(lease=lease)), HERE)
    assert "normally_open" in only_fault(one(relay=relay(contact="normally_closed", lease=lease)))
    assert "jog" in only_fault(one(relay=relay(jog="500ms", lease=lease)))


def gas(**changes):
    return {"driver": "mqtt", "kind": "gas_alarm", "topic": "zigbee2mqtt/kitchen gas", **changes}


def test_an_alarm_is_for_all_burners_unless_some_are_named():
    both = burners(left={"relay": relay()}, right={"relay": relay(host="10.0.0.2")})
    hazards = {"gas": gas(), "smoke": gas(kind="smoke_alarm", burners=["right"])}
    config = parse_config({**both, "hazards": hazards}, HERE)
    assert list(config.hazards_of("left")) == ["gas"]
    assert list(config.hazards_of("right")) == ["gas", "smoke"]


@pytest.mark.parametrize(
    ("settings", "field", "expire_after"),
    [
        ({}, "gas", 25 * 3600),
        ({"kind": "smoke_alarm"}, "smoke", 25 * 3600),
        ({"kind": "overheat", "expire_after": "5m"}, None, 300),
        ({"field": "alarm", "availability": {"topic": "a"}}, "alarm", 25 * 3600),
    ],
)
def test_what_an_alarm_is_when_little_is_said(settings, field, expire_after):
    hazard = parse_config({**one(), "hazards": {"gas": gas(**settings)}}, HERE).hazards["gas"]
    assert (hazard.word_in, hazard.expire_after) == (field, expire_after)


def test_one_topic_or_several_say_whether_an_alarm_is_there():
    bridge, device = (
        {"topic": "zigbee2mqtt/bridge/state"},
        {"topic": "zigbee2mqtt/gas/availability"},
    )
    for availability, topics in (
        (bridge, [bridge]),
        (bridge["topic"], [bridge]),
        ([bridge, device], [bridge, device]),
        ([bridge, device["topic"]], [bridge, device]),
    ):
        raw = {**one(), "hazards": {"gas": gas(availability=availability)}}
        found = parse_config(raw, HERE).hazards["gas"].availability
        assert [{"topic": each.topic} for each in found] == topics


@pytest.mark.parametrize(
    "topic", ["gasguard/left/off/set", "gasguard/status", "homeassistant/status"]
)
def test_a_sensor_among_gasguards_own_topics_would_swallow_commands(topic):
    elsewhere = "is one of gasguard's own topics; a sensor needs another"
    flame = {"driver": "mqtt", "topic": topic}
    assert only_fault(one(flame=flame)) == f"burners.left.flame.topic: {topic} {elsewhere}"
    raw = {**one(), "hazards": {"x": gas(topic=topic)}}
    assert only_fault(raw) == f"hazards.x.topic: {topic} {elsewhere}"
    raw = {**one(), "hazards": {"x": gas(availability={"topic": topic})}}
    assert only_fault(raw) == f"hazards.x.availability.topic: {topic} {elsewhere}"
    raw = {**one(), "hazards": {"x": gas(availability=["z2m/gas/lwt", topic])}}
    assert only_fault(raw) == f"hazards.x.availability.1.topic: {topic} {elsewhere}"
    parse_config(one(flame={"driver": "mqtt", "topic": "gasguard/left/flame"}), HERE)


def test_the_name_of_an_alarm_is_no_burner_id():
    fault = only_fault({**one(), "hazards": {"Kitchen Gas": gas()}})
    assert fault.startswith("hazards.Kitchen Gas: is no name;") and "kitchen_gas" in fault
    parse_config({**one(), "hazards": {"all": gas()}}, HERE)


@pytest.mark.parametrize(
    ("hazard", "fault"),
    [
        (gas(kind="gas"), "hazards.x.kind: must be gas_alarm or carbon_monoxide or"),
        (gas(topic="kitchen/#"), "hazards.x.topic: is no topic"),
        (gas(expire_after="1s"), "hazards.x.expire_after: must be at least 2s and at most 168h"),
        (gas(expire_after="soon"), "hazards.x.expire_after: is no duration"),
        (gas(burners=["lift"]), "hazards.x.burners.0: there is no such burner; did you mean left?"),
        (gas(burners=["7th"]), "hazards.x.burners.0: there is no such burner; there are: left"),
        (gas(burners=[]), "hazards.x.burners: "),
        (gas(burners=[["left"]]), "hazards.x.burners.0: is a list, where a single value"),
        (gas(volume=11), "hazards.x.volume: is no key that gasguard knows"),
        ({"driver": "mqtt", "kind": "overheat"}, "hazards.x.topic: is required"),
        (
            gas(on_above="60 °C", off_below="60"),
            "hazards.x.off_below: must be less than on_above",
        ),
        (
            gas(on_above="60 °C", off_below="45 mV"),
            "hazards.x.off_below: must be in the unit of on_above: mV and °C cannot be compared",
        ),
    ],
)
def test_an_alarm_with_a_fault_names_its_place(hazard, fault):
    assert only_fault({**one(), "hazards": {"x": hazard}}).startswith(fault)


# --- channels and tokens shared -------------------------------------------------------------------


def test_two_burners_on_one_channel():
    fault = only_fault(burners(left={"relay": relay()}, right={"relay": relay()}))
    assert fault.startswith("burners.right.relay.switch:")
    assert "burners.left.relay.switch" in fault


def test_a_voice_channel_that_is_somebodys_switch():
    raw = burners(
        left={"relay": relay(), "voice": {"siid": 3, "piid": 1}},
        right={"relay": relay(switch={"siid": 3, "piid": 1})},
    )
    assert only_fault(raw).startswith("burners.right.relay.switch:")
    assert only_fault(one(voice={"siid": 2, "piid": 1})).startswith("burners.left.voice:")


def test_two_relays_of_one_burner_on_one_channel():
    fault = only_fault(burners(left={"relays": [relay(), relay()]}))
    assert fault.startswith("burners.left.relays.1.switch:")


def test_a_module_of_the_older_kind_has_one_channel():
    raw = burners(
        left={"relay": relay(driver="miio")},
        right={"relay": relay(driver="miio")},
    )
    assert only_fault(raw).startswith("burners.right.relay.host:")


def test_the_same_channel_of_another_device_is_another_channel():
    for other in ({"host": "192.168.1.51"}, {"port": 54322}):
        raw = burners(left={"relay": relay()}, right={"relay": relay(**other)})
        assert len(parse_config(raw, HERE).burners) == 2


def test_one_device_has_one_token():
    raw = burners(
        left={"relay": relay()}, right={"relay": relay(switch={"siid": 3, "piid": 1}, token=OTHER)}
    )
    fault = only_fault(raw)
    assert fault.startswith("burners.right.relay.token:")
    assert OTHER not in fault
    assert TOKEN not in fault


def test_capitals_make_no_other_token():
    raw = burners(
        left={"relay": relay()},
        right={"relay": relay(switch={"siid": 3, "piid": 1}, token=TOKEN.upper())},
    )
    parse_config(raw, HERE)


def test_shared_channels_are_found_beside_other_faults():
    raw = burners(
        left={"relay": relay()}, right={"relay": relay()}, back={"relay": relay(token="x")}
    )
    places = {fault.partition(":")[0] for fault in faults(raw)}
    assert places == {"burners.right.relay.switch", "burners.back.relay.token"}


def test_a_burner_with_a_fault_is_held_against_the_rest_all_the_same():
    flame = {"driver": "mqtt", "topic": "kitchen/flame"}
    raw = {
        **burners(
            left={"relay": relay(), "flame": flame},
            right={
                "relay": relay(),
                "flame": {**flame, "topic": "gasguard/left/state"},
                "limits": {"unattended": "5m"},
                "rated_kw": "much",
            },
            back={"relay": relay(token="x"), "flame": flame, "voice": {"siid": 2, "piid": 1}},
        ),
        "hood": {"driver": "mqtt", "command_topic": "kitchen/flame", "levels": {"1": "low"}},
    }
    places = {fault.partition(":")[0] for fault in faults(raw)}
    assert places == {
        "burners.right.relay.switch",
        "burners.right.flame.topic",
        "burners.right.limits.unattended",
        "burners.right.rated_kw",
        "burners.back.relay.token",
        "burners.back.flame.topic",
        "hood.command_topic",
    }


# --- secrets --------------------------------------------------------------------------------------

SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    "raw",
    [
        one(relay=relay(token=SECRET)),
        one(relay=relay(token=[SECRET])),
        one(relay=relay(token={"a": SECRET})),
        {**one(), "mqtt": {"password": [SECRET]}},
        {**one(), "mqtt": {"password": {"x": SECRET}}},
        {**one(), "mqtt": {"password": SECRET, "port": "x"}},
        {**one(colour=SECRET), "mqtt": SECRET},
        one(relay=SECRET),
        burners(left=SECRET),
    ],
)
def test_no_fault_shows_a_secret(raw):
    assert SECRET not in "\n".join(faults(raw))


def test_a_broken_file_shows_nothing_of_itself(write):
    for text in (f"token: '{SECRET}", f"token: [{SECRET}\nx", f"{SECRET}: *{SECRET[:3]}\n- x"):
        assert SECRET not in "\n".join(file_faults(write(text)))


def test_a_sound_configuration_does_not_show_its_secrets():
    config = parse_config({**one(), "mqtt": {"password": SECRET}}, HERE)
    for shown in (repr(config), str(config), config.model_dump_json()):
        assert SECRET not in shown
        assert TOKEN not in shown
    assert config.mqtt.password.get_secret_value() == SECRET


# --- !env and !file -------------------------------------------------------------------------------


def test_env_and_file_stand_for_any_scalar(write, tmp_path, monkeypatch):
    monkeypatch.setenv("GASGUARD_TOKEN", TOKEN)
    monkeypatch.setenv("GASGUARD_PORT", "1884")
    (tmp_path / "password").write_text(f"{SECRET}\n")
    path = write(
        FILE.replace(f'"{TOKEN}"', "!env GASGUARD_TOKEN")
        + "mqtt: {port: !env GASGUARD_PORT, password: !file password}\n"
    )
    config = load_config(path)
    assert config.burners["left"].in_series[0].token.get_secret_value() == TOKEN
    assert config.mqtt.port == 1884
    assert config.mqtt.password.get_secret_value() == SECRET


def test_what_env_and_file_do_not_find_is_named_with_its_place_and_all_else_is_checked(write):
    path = write(
        FILE.replace(f'"{TOKEN}"', "!env GASGUARD_NOT_SET")
        + "mqtt: {password: !file missing, port: 0}\n"
    )
    found = file_faults(path)
    places = {fault.partition(":")[0]: fault for fault in found}
    assert set(places) == {"burners.left.relay.token", "mqtt.password", "mqtt.port"}
    assert len(found) == 3
    assert "GASGUARD_NOT_SET" in places["burners.left.relay.token"]
    assert "missing" in places["mqtt.password"]


def test_a_secret_file_that_is_no_text(write, tmp_path):
    (tmp_path / "password").write_bytes(b"\xff\xfe" + SECRET.encode())
    found = file_faults(write(FILE + "mqtt: {password: !file password}\n"))
    assert len(found) == 1
    assert SECRET not in found[0]


@pytest.mark.parametrize("value", ["!env [A]", "!file {a: b}", "!env", "!file", '!file "a\\0b"'])
def test_env_and_file_misused(write, value):
    assert file_faults(write(FILE + f"mqtt: {{password: {value}}}\n"))


# --- tricks of YAML -------------------------------------------------------------------------------


def test_a_key_given_twice_is_a_fault_with_its_line(write):
    found = file_faults(write(FILE + "state_dir: a\nstate_dir: b\n"))
    assert any("line 6" in fault and "state_dir" in fault for fault in found)


def test_a_burner_given_twice_is_a_fault(write):
    twice = FILE + FILE.partition("burners:\n")[2]
    assert any("left" in fault for fault in file_faults(write(twice)))


@pytest.mark.parametrize("token", ["01234567" * 4, "1" * 32, "12345e10" * 4, "0" * 32])
def test_a_token_that_looks_like_a_number_is_taken_as_it_is_written(write, token):
    for written in (token, f'"{token}"', f"'{token}'", f"!!str {token}"):
        config = load_config(write(FILE.replace(f'"{TOKEN}"', written)))
        assert config.burners["left"].in_series[0].token.get_secret_value() == token


def test_a_burner_may_be_called_off_or_no(write):
    config = load_config(write(FILE.replace("left:", "off:")))
    assert list(config.burners) == ["off"]


def test_a_merge_gives_way_to_the_keys_beside_it(write):
    text = f"""
burners:
  left:
    relay: &module {{driver: miot, host: a, token: "{TOKEN}", contact: normally_open}}
  right:
    relay:
      <<: *module
      switch: {{siid: 3, piid: 1}}
"""
    assert load_config(write(text)).burners["right"].in_series[0].host == "a"


def test_aliases_that_multiply_end_in_an_error_and_not_in_smoke(write):
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert file_faults(write("\n".join(["a0: &a0 [x, x]", *levels, FILE])))


def test_aliases_that_multiply_where_values_are_expected(write):
    levels = [
        f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(9))}}}" for n in range(1, 9)
    ]
    text = "\n".join(["a0: &a0 {x: y}", *levels, "burners: *a8"])
    assert file_faults(write(text))


def test_merges_that_multiply(write):
    levels = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    assert file_faults(write("\n".join(["a0: &a0 {x: y}", *levels, FILE])))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"~",
        b"just a word",
        b"- a\n- list\n",
        b"42",
        b"\x00\x01\x02\x03",
        b"\xff\xfe\x00b",
        b"\x89PNG\r\n\x1a\n",
        b"a: b: c",
        b"{",
        b"\t- x",
        b"a: !!python/object/apply:os.system [true]",
        b"a: !unknown x",
        b"--- {a: 1}\n--- {a: 2}\n",
        b"&a [*a]",
        b"a: &a {b: *a}\n",
        b"burners: &a {left: *a}\n",
        b"? [a, b]\n: c\n",
        b"? {a: b}\n: c\n",
        b"a: 2026-13-45",
        b"a: !!int x",
        b"a: !!binary '*'",
        b"<<: 3",
        b"<<: [1]",
        b"[" * 5000,
        b"a: " * 3000,
        b"{a: " * 3000,
    ],
)
def test_what_is_no_configuration(write, text):
    path = write(text)
    assert file_faults(path)
    with pytest.raises(ConfigError):
        load_control_socket(write(b"- no mapping"))


def test_a_file_that_is_not_there_and_one_that_is_a_folder(tmp_path):
    assert str(tmp_path / "none.yaml") in file_faults(tmp_path / "none.yaml")[0]
    assert file_faults(tmp_path)


def test_the_control_socket_is_found_though_the_rest_is_broken(write):
    path = write("state_dir: here\nburners: {left: {relay: !env NOT_SET}}\n")
    assert load_control_socket(path) == path.parent / "here" / "control.sock"
    assert load_control_socket(write("a: b")) == Path("/var/lib/gasguard/control.sock")
    for broken in ("state_dir: [a]", "state_dir: !env NOT_SET_ANYWHERE"):
        with pytest.raises(ConfigError):
            load_control_socket(write(broken))


steady = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# --- anything at all ------------------------------------------------------------------------------

keys = st.text(max_size=5) | st.sampled_from(
    ["burners", "left", "relay", "relays", "token", "host", "driver", "limits", "mqtt", "tls"]
)
words = st.sampled_from([TOKEN, "miot", "miio", "normally_open", "off", "20m", "a/b"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | words
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.dates()
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def sound_or_config_error(call, *args) -> None:
    try:
        assert isinstance(call(*args), Config)
    except ConfigError as error:
        assert error.faults
        assert TOKEN not in str(error)


@steady
@given(st.dictionaries(keys, trees, max_size=5))
def test_any_mapping_is_sound_or_a_config_error(raw):
    sound_or_config_error(parse_config, raw, HERE)


PLACES = [
    ("mqtt",), ("mqtt", "tls"), ("state_dir",), ("burners",), ("burners", "left"), ("hazards",),
    *(("burners", "left", key) for key in ("name", "relay", "relays", "voice", "flame", "limits")),
    *(("burners", "left", "relay", key) for key in ("host", "port", "contact", "switch", "lease")),
    *(("burners", "left", "limits", key) for key in ("prewarn", "max_burn", "rearm_after")),
]  # fmt: skip


@steady
@given(st.sampled_from(PLACES), trees)
def test_a_sound_file_with_anything_in_one_place(place, value):
    raw = {"mqtt": {}, **one(limits={})}
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    sound_or_config_error(parse_config, raw, HERE)


yaml_pieces = st.sampled_from(
    ["\n", " ", "  ", ": ", "- ", "? ", "---\n", "...", "%YAML 1.1\n", "\t", "\x85", "~", ",", "é"]
) | st.sampled_from(
    [
        "burners",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "<<: ",
        "!env ",
        "!file ",
        "!!set ",
        "!!binary ",
        "1_0",
    ]
)


@steady
@given(text=st.text() | st.lists(yaml_pieces, max_size=25).map("".join))
def test_any_text_is_sound_or_a_config_error(write, text):
    sound_or_config_error(load_config, write(text.encode("utf-8", "surrogatepass")))


@steady
@given(data=st.binary())
def test_any_bytes_are_sound_or_a_config_error(write, data):
    sound_or_config_error(load_config, write(data))


@steady
@given(raw=trees)
def test_any_yaml_is_sound_or_a_config_error(write, raw):
    sound_or_config_error(load_config, write(yaml.safe_dump(raw)))


# --- bemfa ----------------------------------------------------------------------------------------

KEY = "feedfacecafebeef0123456789abcdef"


def cloudy(**changes: Any) -> dict[str, Any]:
    bemfa = {"key": KEY, "topics": {"left": "gasleft002"}, **changes}
    return {"bemfa": bemfa, "burners": {"left": {"relay": relay()}}}


def test_the_cloud_is_off_unless_configured_and_then_behind_tls():
    assert parse_config(one(), HERE).bemfa is None
    bemfa = parse_config(cloudy(), HERE).bemfa
    assert bemfa is not None
    assert (bemfa.host, bemfa.port, bemfa.tls.insecure) == ("bemfa.com", 9503, False)
    assert KEY not in repr(bemfa)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"topics": {"left": "gas-left002"}}, "bemfa.topics.left: must be letters and digits"),
        ({"topics": {"left": "gasleft"}}, "bemfa.topics.left: must be letters and digits"),
        ({"topics": {"left": "gasleft003"}}, "end in 001 (outlet), 006 (switch) or 002 (light)"),
        ({"topics": {"left": "gas/left002"}}, "for example gasleft002"),
        ({"topics": {"left": 123002}}, "bemfa.topics.left: must be letters and digits"),
        ({"topics": {"lift": "gasleft002"}}, "bemfa.topics.lift: there is no such burner; did you"),
        ({"topics": {"all": "gas002"}}, "bemfa.topics.all: is no burner id"),
        ({"topics": {}}, "bemfa.topics: "),
        ({"key": "too short"}, "bemfa.key: must be the private key (私钥)"),
        ({"key": 12345678}, "bemfa.key: must be the private key (私钥)"),
        ({"port": 0}, "bemfa.port: "),
        ({"qos": 2}, "bemfa.qos: is no key that gasguard knows"),
    ],
)
def test_a_fault_about_the_cloud_has_its_place(changes, fault):
    found = "\n".join(faults(cloudy(**changes)))
    assert fault in found
    assert "too short" not in found


def test_the_example_of_the_cloud_is_sound_once_uncommented(write, monkeypatch):
    monkeypatch.setenv("GASGUARD_BEMFA_KEY", KEY)
    text = (Path(__file__).parents[2] / "config.example.yaml").read_text()
    head, block = text.split("# bemfa:\n")
    lines = block[: block.index("\n\n")].splitlines()
    uncommented = "\n".join(line.removeprefix("# ").removeprefix("#") for line in lines)
    path = write(f"{head}bemfa:\n{uncommented}\n{block[block.index('burners:') :]}")
    bemfa = load_config(path).bemfa
    assert bemfa is not None
    assert (bemfa.topics, bemfa.key.get_secret_value()) == ({"left": "gasleft002"}, KEY)


def test_two_burners_do_not_share_a_topic_of_the_cloud():
    raw = cloudy(topics={"left": "gas002", "right": "gas002"})
    raw["burners"]["right"] = {"relay": relay(host="192.168.1.51")}
    assert only_fault(raw) == "bemfa.topics: left and right share gas002; each burner needs its own"


def test_an_unknown_burner_of_the_cloud_is_named_beside_other_faults():
    raw = cloudy(topics={"lift": "gas002"})
    raw["burners"]["left"]["relay"]["contact"] = "sideways"
    found = faults(raw)
    assert any(fault.startswith("bemfa.topics.lift") for fault in found)
    assert any(fault.startswith("burners.left.relay.contact") for fault in found)
