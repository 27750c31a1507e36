"""Every fault in one go, with line and column, what is meant, and in plain words."""

import os
import time
from pathlib import Path

import pytest

from gasguard.config.check import check_file
from gasguard.errors import ConfigError
from tests.config.files import SOUND, TOKEN, File, place, where

SECRET = "hunter2hunter2"


# --- where ----------------------------------------------------------------------------------------


def test_every_fault_says_its_line_and_column(file: File) -> None:
    faults = file.faults(
        f"""\
mqtt:
  port: 70000
  hots: x
burners:
  left:
    relay:
      driver: miot
      host: 10.0.0.2
      token: short
    limits:
      prewarn: soon
      max_burn: 2h
  Right:
    relays:
    - driver: moit
      host: 192.168.1.300
      token: {TOKEN}
      contact: open
on_shutdown: explode
"""
    )
    found = {(place(fault), where(fault)) for fault in faults}
    assert found == {
        ("mqtt.port", (2, 9)),
        ("mqtt.hots", (3, 3)),
        ("burners.left.limits.max_burn", (12, 17)),
        ("burners.left.relay.contact", (6, 5)),
        ("burners.left.relay.token", (9, 14)),
        ("burners.left.limits.prewarn", (11, 16)),
        ("burners.Right", (13, 3)),
        ("burners.Right.relays.0.driver", (15, 15)),
        ("burners.Right.relays.0.host", (16, 13)),
        ("burners.Right.relays.0.contact", (18, 16)),
        ("on_shutdown", (19, 14)),
    }
    assert [where(fault)[0] for fault in faults] == sorted(where(fault)[0] for fault in faults)


def test_what_is_missing_altogether_has_a_place_too(file: File) -> None:
    assert where(file.fault("# a comment\nmqtt: {}\n")) == (2, 1)


def test_a_fault_between_burners_has_its_line(file: File) -> None:
    other = SOUND.partition("\n")[2].replace("left", "right")
    assert where(file.fault(SOUND + other))[0] == 5


def test_what_an_alias_brings_is_pointed_at_where_it_is_written(file: File) -> None:
    text = f"""\
burners:
  left:
    relay: &module {{driver: miot, host: a, token: {TOKEN}, contact: normally_open}}
  right:
    relay: {{<<: *module, switch: {{siid: x, piid: 1}}}}
  back:
    relay:
      <<: *module
      switch: {{siid: 4, piid: 1}}
      jog: soon
"""
    faults = {place(fault): where(fault) for fault in file.faults(text)}
    assert faults == {
        "burners.right.relay.switch.siid": (5, 41),
        "burners.back.relay.jog": (10, 12),
    }
    fault = file.faults(text.replace("host: a", "host: a b"))[0]
    assert (place(fault), where(fault)) == ("burners.left.relay.host", (3, 41))


# --- what is meant --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "of", "meant"),
    [
        ("    relys: []\n", "burners.left.relys", "relays"),
        ("    Limits: {}\n", "burners.left.Limits", "limits"),
        ("    voise: {siid: 4, piid: 1}\n", "burners.left.voise", "voice"),
        ("    limits: {rearm-after: 5s}\n", "burners.left.limits.rearm-after", "rearm_after"),
        ("    limits: {maxburn: 2h}\n", "burners.left.limits.maxburn", "max_burn"),
        ("    flame: {driver: mqtt, topc: a, topic: a}\n", "burners.left.flame.topc", "topic"),
        ("mqtt: {pasword: x}\n", "mqtt.pasword", "password"),
        ("mqtt: {home_asistant: {}}\n", "mqtt.home_asistant", "home_assistant"),
        ("hazard: {}\n", "hazard", "hazards"),
        ("statedir: x\n", "statedir", "state_dir"),
    ],
)
def test_a_misspelt_key_is_told_which_is_meant(file: File, line: str, of: str, meant: str) -> None:
    fault = file.fault(SOUND + line)
    assert fault.startswith(f"{of}: is no key that gasguard knows; did you mean {meant}?")


def test_a_misspelt_key_of_a_relay_in_any_family(file: File) -> None:
    relay = (
        "{driver: mqtt, kind: esphome, device: a, contact: normally_open, keepalive: {after: 3m}}"
    )
    assert "did you mean keep_alive?" in file.fault(f"burners: {{left: {{relay: {relay}}}}}")
    assert "did you mean jog?" in file.fault(SOUND.replace("}", ", job: 1s}"))


def test_a_key_that_is_like_none_is_told_which_there_are(file: File) -> None:
    fault = file.fault(f"{SOUND}    colour: red\n")
    assert "it knows name, relay, relays, voice, flame, limits" in fault
    assert "config.example.yaml" in fault


@pytest.mark.parametrize(
    ("text", "of", "meant"),
    [
        (SOUND.replace("_open", "_opne"), "burners.left.relay.contact", "normally_open"),
        (SOUND.replace("_open", " CLOSED"), "burners.left.relay.contact", "normally_closed"),
        (SOUND.replace("miot", "moit"), "burners.left.relay.driver", "miot"),
        (f"{SOUND}on_shutdown: trip\n", "on_shutdown", "trip_if_active"),
        (f"{SOUND}    flame: {{driver: mqqt, topic: a}}\n", "burners.left.flame.driver", "mqtt"),
        (f"{SOUND}hazards: {{x: {{driver: mqtt, topic: a, kind: gas}}}}", "hazards.x.kind", "gas"),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_told_which_is_meant(file: File, text: str, of: str, meant: str) -> None:
    fault = file.fault(text)
    assert place(fault) == of
    assert f"did you mean {meant}" in fault


def test_behind_a_misspelt_driver_all_else_is_checked(file: File) -> None:
    for driver in ("driver: moit", "drvier: miot"):
        faults = file.faults(SOUND.replace("driver: miot", driver).replace(TOKEN, "x"))
        assert [place(fault) for fault in faults] == [
            "burners.left.relay.driver",
            "burners.left.relay.token",
        ]


# --- wrong kinds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("mqtt: 127.0.0.1\n", "mqtt: is a single value, where a mapping"),
        ("mqtt: [a]\n", "mqtt: is a list, where a mapping"),
        ("mqtt: {username: [a]}\n", "mqtt.username: is a list, where a single value"),
        ("mqtt: {password: {abc}}\n", "mqtt.password: is a mapping (key: value), where"),
        ("mqtt: {port: {a: b}}\n", "mqtt.port: must be a whole number"),
        ("mqtt: {port: soon}\n", "mqtt.port: must be a whole number in digits"),
        ("hazards: [a]\n", "hazards: is a list, where a mapping"),
        ("    name: ''\n", "burners.left.name: must not be empty"),
        (f"    name: {'x' * 65}\n", "burners.left.name: must have at most 64 characters"),
        ("    voice: 4\n", "burners.left.voice: is a single value, where a mapping"),
        ("    limits: {prewarn: 2h}\n", "burners.left.limits.prewarn: must be at least 0s and"),
        ("mqtt: {base_topic: a/#}\n", "mqtt.base_topic: is no topic; write for example"),
        ("mqtt: {host: 192.168.1.300}\n", "mqtt.host: is no address; write for example"),
        ("mqtt: {host: 192.168.001.050}\n", "mqtt.host: is no address; write"),
    ],
)  # fmt: skip
def test_what_is_of_the_wrong_kind(file: File, line: str, told: str) -> None:
    assert file.fault(SOUND + line).startswith(told)


_PYDANTIC = (
    "Input should",
    "should be",
    "valid",
    "should have",
    "unable to",
    "pydantic",
    "Value error",
)


@pytest.mark.parametrize(
    "value", ["x", "''", "~", "[]", "[x]", "[[x]]", "{}", "{x: y}", "{x: [y]}", "-1", "1e400", "*a"]
)
def test_no_foreign_sentence_anywhere(file: File, value: str) -> None:
    relay = (
        "{driver: mqtt, command_topic: a, state_topic: b, query: {topic: c}, contact: normally_open"
    )
    keys = ("channel", "kind", "device", "query", "echo", "fence", "availability", "keep_alive",
            "payload_on", "state_field", "contact", "driver", "state_topic")  # fmt: skip
    texts = [
        f"a: &a {{x: y}}\nburners: {{left: {{relay: {relay}, {key}: {value}}}}}}}" for key in keys
    ]
    lines = [
        *(f"    {key}: {value}\n" for key in ("name", "relays", "voice", "flame", "limits")),
        *(f"    limits: {{{key}: {value}}}\n" for key in ("max_burn", "prewarn", "rearm_after")),
        *(f"    voice: {{siid: {value}, piid: {value}}}\n" for _ in "1"),
        *(f"    flame: {{driver: {driver}, topic: {value}, lit_above: {value}}}\n"
          for driver in ("mqtt", "thermocouple", value)),
        *(f"{key}: {value}\n" for key in ("mqtt", "bemfa", "state_dir", "hazards", "on_shutdown")),
        *(f"mqtt: {{{key}: {value}}}\n"
          for key in ("host", "port", "username", "password", "base_topic", "tls")),
        f"mqtt: {{home_assistant: {value}}}\n",
        *(f"mqtt: {{tls: {{{key}: {value}}}}}\n" for key in ("ca", "cert", "insecure")),
        f"bemfa: {{key: {value}, topics: {value}}}\n",
        f"bemfa: {{topics: {{left: {value}}}}}\n",
        f"hazards: {{x: {value}}}\n",
        *(f"hazards: {{x: {{{key}: {value}}}}}\n"
          for key in ("driver", "kind", "topic", "field", "availability", "burners")),
    ]  # fmt: skip
    texts += [f"x: &a {{x: y}}\n{SOUND}{line}" for line in lines]
    for text in texts:
        for fault in file.faults(text):
            assert not [word for word in _PYDANTIC if word in fault], (text, fault)
            where(fault)


# --- what is no YAML ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told", "at"),
    [
        ("mqtt:\n\thost: a\n", "a tab; YAML is indented with blanks", (5, 1)),
        ("mqtt:\n  host: a\n  \tport: 1\n", "a tab", (6, 3)),
        ("mqtt:\n  host:10.0.0.2\n", "a blank is missing after the colon; write host:", (5, 3)),
        ("mqtt:\n  host:10.0.0.2\n  port: 1\n", "a blank is missing after the colon", (5, 7)),
        ("mqtt: {host:10.0.0.2}\n", "a blank is missing after the colon; write host:", (4, 8)),
        ("mqtt: {port: 1, host:a}\n", "a blank is missing after the colon; write host:", (4, 17)),
        ("mqtt:\n  host：10.0.0.2\n", "a blank is missing after the colon; write host:", (5, 3)),
        ("mqtt: {host: “10.0.0.2”}\n", "stands in curly quotes; write straight ones", (4, 14)),
        ("mqtt: {host: ‘10.0.0.2’}\n", "stands in curly quotes", (4, 14)),
        ("“mqtt”: {}\n", "stands in curly quotes", (4, 1)),
        ("mqtt:\n  username: “a: b”\n", "a curly quote; write straight ones", (5, 13)),
        ("mqtt: {password: !secret mqtt}\n", "write !env NAME (an environment variable)", (4, 18)),
        ("mqtt: !include mqtt.yaml\n", "the configuration is one file", (4, 7)),
        ("mqtt: !include_dir_merge_named x\n", "the configuration is one file", (4, 7)),
        ("mqtt: {host: !lambda x}\n", "is no tag that gasguard knows", (4, 14)),
        ("mqtt: !!python/object:os.system {}\n", "is no tag that gasguard knows", (4, 1)),
        ("mqtt: {host: !env [a]}\n", "!env takes one word", (4, 8)),
        ("mqtt:\n  host: a\n port: 1\n", "is not indented as the lines above", (6, 2)),
        ("mqtt:\n  host: a\n   port: 1\n", "is indented further than the line above", (6, 8)),
        ("mqtt:\n  username: a: b\n", "a second colon in one line; a text with", (5, 14)),
        ("mqtt:\n  password: \"abc\n", "the quote that opens here is never closed", (5, 13)),
        ("mqtt: {host: a\n", "the { that opens here is not closed", (4, 7)),
        ("mqtt: {host: a}\nmqtt: {port: 1}\n", "second time, first in line 4", (5, 1)),
        ("mqtt: {host: a, host: b}\n", "second time", (4, 17)),
        ("? [a]\n: b\n", "a key must be a word", (4, 3)),
        ("mqtt: {username: @a}\n", "must stand in quotes", (4, 18)),
        ("mqtt:\n  username: %a\n", "must stand in quotes", (5, 13)),
        ("---\n", "a second document begins here", (4, 1)),
        ("mqtt: {username: a\x07}\n", "a character that no text may have (U+0007)", (4, 19)),
        ("    limits: 2h\n", "for example limits: {max_burn: 2h}", (4, 13)),
        ("    flame:\n", "is empty; write for example flame: {driver: mqtt, topic: ", (4, 11)),
        ("    voice:\n", "is empty; write for example voice: {siid: 4, piid: 1}", (4, 11)),
        ("hood:\n", "is empty; write for example hood: {driver: mqtt, ", (4, 6)),
        ("messages: on\n", "for example messages: {to: {mum: ntfy://TOPIC}}", (4, 11)),
        ('schedules: {night: {lock: "22:00-06:00"}}\n', 'lock: {from: "22:00", to', (4, 27)),
        ("    limits: {<<: 5}\n", "<<: takes *name of a mapping", (4, 5)),
    ],
)  # fmt: skip
def test_the_remedy_in_plain_words(file: File, text: str, told: str, at: tuple[int, int]) -> None:
    fault = file.faults(SOUND + text)[0]
    assert told in fault
    assert where(fault) == at


@pytest.mark.parametrize(("key", "shown"), [("2", "2"), ("123", "123"), ("1234", "…")])
def test_a_count_that_stands_there_twice_is_shown_and_a_longer_number_is_not(
    file: File, key: str, shown: str
) -> None:
    hood = f"hood: {{driver: mqtt, command_topic: a, levels: {{1: a, {key}: b, {key}: c}}}}\n"
    assert f"hood.levels.{shown}" in [place(fault) for fault in file.faults(SOUND + hood)]


def test_several_tabs_are_told_at_once(file: File) -> None:
    faults = file.faults("mqtt:\n\thost: a\n\tport: 1\n\nburners:\n\tleft: {}\n")
    assert [where(fault) for fault in faults] == [(2, 1), (3, 1), (6, 1)]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("jog: 5s, lease: {after: 3m, siid: 2, piid: 3}", "lease and jog exclude each other"),
        ("lease: ", "lease: is empty; write its keys below it"),
    ],
)
def test_a_fault_of_a_whole_block_points_at_the_key_it_speaks_of(
    file: File, more: str, told: str
) -> None:
    fault = file.fault(SOUND.replace("}", f", {more}}}"))
    assert told in fault
    at = file.path.read_text().splitlines()[2].index("lease")
    assert at < where(fault)[1] < at + 9


def test_the_kind_of_a_relay_behind_the_broker(file: File) -> None:
    relay = "{driver: mqtt, kind: zigbe2mqtt, device: a, contact: normally_open}"
    fault = file.fault(f"burners:\n  left:\n    relay: {relay}\n")
    assert "did you mean zigbee2mqtt?" in fault
    assert where(fault) == (3, 33)


def test_a_fault_of_a_whole_block_does_not_hide_those_of_its_parts(file: File) -> None:
    relay = "{driver: mqtt, kind: tasmota, chanel: 1, contact: open, keep_alive: {after: soon}}"
    faults = file.faults(f"burners: {{left: {{relay: {relay}}}}}\n")
    assert {place(fault).removeprefix("burners.left.relay") for fault in faults} == {
        ".kind", ".chanel", ".contact", ".keep_alive.after",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("block", "missing"),
    [
        ("hood: {driver: miot}", {"hood", "hood.host", "hood.token"}),
        ("hood: {driver: mqtt, levels: {1: low}}", {"hood"}),
        ("hood: {driver: mqtt, kind: shelly, device: a}", {"hood.kind", "hood.levels"}),
        ("hood: {driver: mqtt, kind: shelly, levels: {1: low}}", {"hood.kind"}),
        (
            "burners: {left: {relay: {driver: mqtt, kind: shelly, device: a}}}",
            {"burners.left.relay.kind", "burners.left.relay.contact"},
        ),
        (
            "burners: {left: {relay: {driver: mqtt}}}",
            {"burners.left.relay", "burners.left.relay.contact"},
        ),
    ],
)
def test_a_fault_of_a_whole_block_does_not_hide_what_is_missing_in_it(
    file: File, block: str, missing: set[str]
) -> None:
    faults = file.faults(block + ("" if "burners" in block else f"\n{SOUND}"))
    assert {place(fault) for fault in faults} == missing


@pytest.mark.parametrize(
    ("block", "places"),
    [
        (
            'schedules: {night: {lock: {from: "22:00", to: "22:00", dayz: [mon]}}}',
            {"schedules.night.lock", "schedules.night.lock.dayz"},
        ),
        (
            'schedules: {night: {lock: {from: "22:00", to: "6:00"}, off: "23:00", burner: left}}',
            {"schedules.night", "schedules.night.burner"},
        ),
        (
            "sensors: {hob: {kind: overheat, driver: mqtt, topic: hob, on_above: 60, off_below: 70,"
            " colour: red}}",
            {"sensors.hob.off_below", "sensors.hob.colour"},
        ),
        # It would be sound with the key that is meant.
        (
            "sensors: {hob: {kind: overheat, driver: mqtt, topic: t, on_abov: 60, off_below: 45}}",
            {"sensors.hob.on_abov"},
        ),
        # The same block in two places; a key that is no text.
        (
            "sensors: {a: &one {kind: presence, driver: mqtt, topic: t, 7: 8, hue: 1}, b: *one}",
            {"sensors.a.7", "sensors.a.hue", "sensors.b.7", "sensors.b.hue"},
        ),
    ],
)
def test_an_unknown_key_does_not_hide_a_fault_of_its_whole_block(
    file: File, block: str, places: set[str]
) -> None:
    assert {place(fault) for fault in file.faults(f"{SOUND}\n{block}")} == places


def test_what_is_told_of_the_form_does_not_hide_the_rest(file: File) -> None:
    faults = file.faults(
        SOUND.replace("host: 192", "host:192")
        + "mqtt: {port:x, password: !secret a, hots: b}\non_shutdown: “leave”\n"
    )
    assert [place(fault) for fault in faults] == [
        "burners.left.relay.host", "mqtt.port", "mqtt.password", "mqtt.hots", "on_shutdown",
    ]  # fmt: skip


# --- what is no file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty; it must have burners:"),
        (b"# nothing\n\n", "is empty"),
        (b"---\n...\n", "is empty"),
        (b"just a word\n", "must be a mapping (key: value) with burners:"),
        (b"- a\n", "must be a mapping"),
        (b"a: b\nc: \xff\n", "is not UTF-8 text; save it as UTF-8 (line 2, column 4)"),
        ("名: 燃气灶\n".encode("gbk"), "is not UTF-8 text; save it as UTF-8 (line 1, column 1)"),
        ("a: b\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
    ],
)
def test_what_is_no_configuration_at_all(file: File, data: bytes, told: str) -> None:
    assert file.fault(data).startswith(f"{file.path}: {told}")


def test_a_byte_order_mark_is_no_fault(file: File) -> None:
    file.sound("\ufeff" + SOUND)


def test_a_file_that_cannot_be_read(file: File, tmp_path: Path) -> None:
    file(SOUND)
    file.path = tmp_path / "none.yaml"
    file.path.symlink_to(file.path)
    assert f"{file.path}: " in _unreadable(file.path)
    assert "Is a directory" in _unreadable(tmp_path)
    assert "No such file" in _unreadable(tmp_path / "other.yaml")


def _unreadable(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        check_file(path)
    return str(caught.value)


# --- anchors --------------------------------------------------------------------------------------


def test_anchors_and_several_merges_work(file: File) -> None:
    text = f"""\
burners:
  left:
    relay: &left
      driver: miot
      host: 10.0.0.2
      token: {TOKEN}
      contact: normally_open
    limits: &limits {{prewarn: 30s}}
  right:
    relay:
      <<: {{port: 54322, host: 10.0.0.3}}
      <<: *left
      switch: {{siid: 3, piid: 1}}
    limits: *limits
  back:
    relay: {{<<: [{{port: 54323}}, *left]}}
"""
    config = file.sound(text)
    ports = {name: one.in_series[0] for name, one in config.burners.items()}
    assert [getattr(relay, "port", None) for relay in ports.values()] == [54321, 54322, 54323]
    assert getattr(ports["right"], "host", None) == "10.0.0.3"
    assert config.burners["right"].limits.prewarn == 30


@pytest.mark.parametrize("merged", [True, False])
def test_laughter_by_the_billion_ends_at_once(file: File, merged: bool) -> None:
    begin, end = ("{<<: [", "]}") if merged else ("[", "]")
    lines = [f"a{n}: &a{n} {begin}{', '.join([f'*a{n - 1}'] * 9)}{end}" for n in range(1, 40)]
    before = time.monotonic()
    fault = file.fault("\n".join(["a0: &a0 {x: y}", *lines, SOUND]))
    assert "its aliases (*name) multiply" in fault
    assert time.monotonic() - before < 5


@pytest.mark.parametrize(
    "text", ["a: &a [*a]\n", "a: &a {b: *a}\n", "a: &a {<<: *a}\n", "a: " + "[" * 3000]
)
def test_what_holds_itself(file: File, text: str) -> None:
    for fault in file.faults(SOUND + text):
        where(fault)


# --- secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"mqtt: {{password: [{SECRET}]}}",
        f"mqtt: {{password: {{{SECRET}}}}}",
        f"mqtt: {{password: !{SECRET}}}",
        f"mqtt:\n  password: !{SECRET}",
        f"mqtt: {{password: &{SECRET}}}",
        f"mqtt: {{password: *{SECRET}}}",
        f"mqtt: {{password: @{SECRET}}}",
        f"mqtt: {{password: !x!{SECRET} a}}",
        f"mqtt: {{password: “{SECRET}”, port: x}}",
        f"mqtt: {{password:{SECRET}}}",
        f"mqtt: {{password：{SECRET}}}",
        f"mqtt:\n  password:{SECRET}",
        f"mqtt:\n  password:{SECRET}\n  port: 1",
        f"mqtt:\n  password {SECRET}\n  port: 1",
        f"mqtt: {{password {SECRET}}}",
        f"mqtt: {{{SECRET}}}",
        f"mqtt: {{{TOKEN}}}",
        f"mqtt: {{{SECRET}: x, {SECRET}: y}}",
        f"mqtt: {{password: '{SECRET}}}",
        f"mqtt:\n  password: {SECRET}: x",
        f"mqtt: {{password: !env {SECRET.upper()}-}}",
        f"mqtt: {{password: !env {TOKEN}}}",
        f"mqtt: {{host: 'a:{SECRET}'}}",
        f"mqtt: {{host: 'mqtt://me:{SECRET}@host'}}",
        f"mqtt: {{port: {SECRET}, tls: {SECRET}, base_topic: '/{SECRET}'}}",
        f"on_shutdown: {SECRET}",
        f"bemfa: {{key: '{SECRET} ', topics: {{left: {SECRET}}}}}",
    ],
)
def test_no_fault_repeats_a_secret(file: File, line: str) -> None:
    told = "\n".join(file.faults(f"{SOUND}{line}\n"))
    assert SECRET not in told.lower()
    assert TOKEN not in told


def test_nor_one_from_the_environment_or_a_file(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GG_SECRET", SECRET)
    (file.folder / "secret").write_text(SECRET)
    for tag in ("!env GG_SECRET", "!file secret"):
        text = SOUND.replace(TOKEN, tag) + f"mqtt: {{port: {tag}, username: [{tag}]}}\n"
        faults = file.faults(text)
        assert {place(fault) for fault in faults} == {
            "burners.left.relay.token",
            "mqtt.port",
            "mqtt.username",
        }
        assert SECRET not in "\n".join(faults)


def test_a_pipe_or_an_endless_file_in_place_of_a_secret_holds_nothing_up(file: File) -> None:
    os.mkfifo(file.folder / "pipe")
    for path in ("pipe", "/dev/zero", "."):
        assert "is not a file" in file.fault(SOUND.replace(TOKEN, f"!file {path}"))
    (file.folder / "long").write_text("a" * 100_000)
    assert "is longer than" in file.fault(SOUND.replace(TOKEN, "!file long"))


# --- the burner's power ---------------------------------------------------------------------------

SEEN = "    flame: {driver: mqtt, topic: stove/left}\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("3.8", 3.8), ("'3.8'", 3.8), ("3.8 kW", 3.8), ("3800W", 3.8), ("4", 4.0), ("50", 50.0)],
)
def test_a_power_is_understood_as_people_write_it(file: File, written: str, meant: float) -> None:
    config = file.sound(f"{SOUND}{SEEN}    rated_kw: {written}\n")
    assert config.burners["left"].rated_kw == pytest.approx(meant)


@pytest.mark.parametrize(
    "written",
    ["0", "-1", "3800", "51", "true", "nan", "3,8", "1e1", "3.8 hp", "[3.8]", "{kw: 3.8}", "''"],
)
def test_what_is_no_power_of_a_burner_is_told_with_a_right_one(file: File, written: str) -> None:
    fault = file.fault(f"{SOUND}{SEEN}    rated_kw: {written}\n")
    assert place(fault) == "burners.left.rated_kw"
    assert where(fault)[0] == 5
    assert "in kW" in fault and "3.8" in fault


def test_a_power_without_a_flame_sensor_is_worth_a_warning(file: File) -> None:
    (warning,) = file.warnings(f"{SOUND}    rated_kw: 3.8\n")
    assert place(warning) == "burners.left.rated_kw"
    assert where(warning)[0] == 4
    assert "flame" in warning


@pytest.mark.parametrize(
    ("text", "at", "block"),
    [
        (f"{SOUND}    max_burn: 2h\n", "burners.left.max_burn", "limits:"),
        (
            SOUND + 'schedules:\n  bedtime: {off: "23:30", days: [sat]}\n',
            "schedules.bedtime.days",
            "lock: or off:",
        ),
    ],
)
def test_a_key_in_the_wrong_block_is_shown_the_right_one(file, text, at, block):
    fault = file.fault(text)
    assert place(fault) == at
    assert f"it belongs below {block}; see" in fault
