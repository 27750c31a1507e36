"""What Home Assistant is told of this configuration: the messages themselves."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gasguard.config.load import parse_config
from gasguard.config.web import Web
from gasguard.core.messages import Kind
from gasguard.core.model import Contact, Lock, Phase, Reason
from gasguard.errors import ConfigError
from gasguard.interfaces.home_assistant.discovery import (
    messages,
    node,
    own_topics,
    read_own,
    unique_ids,
)
from gasguard.interfaces.home_assistant.words import WORDS
from tests.support.kitchen import relay

FULL = {
    "relay": relay(),
    "name": "Left burner",
    "voice": {"siid": 4, "piid": 1},
    "flame": {"driver": "mqtt", "topic": "kitchen/flame"},
    "limits": {"max_burn": "2h"},
    "rated_kw": 3.8,
}


SCHEDULES = {"night": {"lock": {"from": "22:00", "to": "06:00"}}, "bedtime": {"off": "23:30"}}

# Contract, section 3; written out a second time on purpose.
CODES = """accepted confirmed not_confirmed flame_burns_on
    invalid_duration too_long malformed no_timer locked_out trip_failed unsupported remote_rearm
    rearm_limit hazard flame_lit child_lock schedule not_tripped retained unknown_burner
    unknown_schedule not_saved busy overtaken mi_home_countdown label_taken too_many clock_unset"""


def rendered(template: str, state: dict[str, Any]) -> str:
    """As Home Assistant does it."""
    environment = ImmutableSandboxedEnvironment()
    environment.filters["to_json"] = json.dumps
    return environment.from_string(template).render(value_json=state)


def config(
    *,
    base="gasguard",
    rearm=False,
    burners=None,
    hazards=None,
    schedules=None,
    **home_assistant: Any,
):
    return parse_config(
        {
            "mqtt": {"base_topic": base, "home_assistant": home_assistant},
            "burners": burners or {"left": FULL, "right": {"relay": relay()}},
            "hazards": hazards or {},
            "schedules": schedules or {},
            "allow_remote_rearm": rearm,
        },
        Path(),
    )


def announced(**options: Any) -> dict[str, dict[str, Any]]:
    """Entities by unique id, whatever the form; `platform` is in each."""
    found: dict[str, dict[str, Any]] = {}
    for topic, payload in messages(config(**options)).items():
        parts = payload.get("components") or {"": {**payload, "platform": topic.split("/")[1]}}
        for part in parts.values():
            if "unique_id" in part:
                assert part["unique_id"] not in found
                found[part["unique_id"]] = {"device": payload["device"], **part}
    return found


def left(key: str, **options: Any) -> dict[str, Any]:
    return announced(**options)[f"gasguard-burner-left-{key}"]


def test_both_forms_announce_the_same_entities():
    one, other = announced(rearm=True, form="component"), announced(rearm=True, form="device")
    strip = ("origin",)
    assert {k: {n: v for n, v in e.items() if n not in strip} for k, e in one.items()} == other
    assert len(one) > 35


def test_topics_are_such_as_home_assistant_takes():
    for form in ("component", "device"):
        for base in ("gasguard", "home/küche 1".replace(" ", "_"), "a_b", "a/b", "a-b"):
            for topic in messages(config(base=base, form=form)):
                assert re.fullmatch(r"homeassistant/\w+/[\w-]+/[\w-]+/config", topic, re.ASCII)


def test_another_base_topic_is_another_gasguard():
    bases = ["gasguard", "kitchen", "a/b", "a_b", "a-b", "gasguard/2", "gasguard2", "灶", "台"]
    assert len({node(base) for base in bases}) == len(bases)
    assert not announced(base="kitchen").keys() & announced(base="kitchen2").keys()


def test_topics_of_burners_never_meet():
    """A burner `left_timer` with `cancel`, and a burner `left` with `timer_cancel`."""
    burners = {name: {"relay": relay()} for name in ("left", "left_timer", "guard", "off", "x")}
    for form in ("component", "device"):
        found = messages(config(burners=burners, form=form))
        ids = [one for payload in found.values() for one in unique_ids(payload)]
        assert len(ids) == len(set(ids)) == 5 * 17 + 2
        assert len({payload["device"]["identifiers"][0] for payload in found.values()}) == 6


def test_entity_ids_do_not_depend_on_the_language():
    english, chinese = announced(), announced(language="zh")
    assert english.keys() == chinese.keys()
    for key, entity in english.items():
        assert chinese[key]["default_entity_id"] == entity["default_entity_id"]
        assert chinese[key]["object_id"] == entity["object_id"]
        assert chinese[key]["name"] != entity["name"]
    assert left("off")["default_entity_id"] == "button.gasguard_left_off"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_entity_and_every_word_has_its_text(language):
    words = WORDS[language]
    keys = {one.rpartition("-")[2] for one in announced(rearm=True, schedules=SCHEDULES)}
    assert keys == set(words.names)
    for kind in (Phase, Contact, Reason, Lock):
        shown = [words.shown(word) for word in kind]
        assert len(set(shown)) == len(kind)
        assert not [word for word in shown if "_" in word or word in list(kind)]
        if language == "zh":
            assert not [word for word in shown if word.isascii()]
    assert set(CODES.split()) <= set(words.answers)
    assert len(set(words.answers.values())) == len(words.answers)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("key", "kind", "state"),
    [
        ("phase", Phase, lambda word: {"phase": word}),
        ("contact", Contact, lambda word: {"contact": word}),
        ("last_trip", Reason, lambda word: {"last_trip": {"reason": word}}),
    ],
)
def test_what_a_sensor_shows_is_one_of_its_options(key, kind, state, language):
    entity = left(key, language=language)
    shown = [rendered(entity["value_template"], state(word.value)) for word in kind]
    assert shown == [WORDS[language].shown(word) for word in kind]
    assert entity["device_class"] == "enum"
    assert set(shown) <= set(entity["options"])
    assert len(set(entity["options"])) == len(entity["options"])


def test_a_word_that_a_later_version_knows_is_shown_as_it_is():
    assert rendered(left("phase")["value_template"], {"phase": "asleep"}) == "asleep"


@pytest.mark.parametrize(
    ("language", "locks", "shown"),
    [
        ("en", [], "Not locked"),
        ("en", ["gas_alarm"], "Gas alarm"),
        ("en", ["child", "stuck"], "Child lock, Shutoff had failed"),
        ("zh", [], "未锁定"),
        ("zh", ["child", "smoke_alarm", "later"], "童锁、烟雾报警、later"),
    ],
)
def test_every_lock_is_named(language, locks, shown):
    entity = left("locks", language=language)
    assert rendered(entity["value_template"], {"locks": locks}) == shown
    assert json.loads(rendered(entity["json_attributes_template"], {"locks": locks})) == {
        "locks": locks
    }


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"status": "accepted", "code": None}, "Accepted"),
        ({"status": "failed", "code": "flame_burns_on"}, "Failed: the flame burns on"),
        ({"status": "rejected", "code": "no_timer"}, "Refused: no timer is running"),
        ({"status": "rejected", "code": "locked_out"}, "Refused: the burner is locked"),
        ({"status": "rejected", "code": "later"}, "later"),
    ],
)
def test_the_answer_to_a_command_reaches_people(answer, shown):
    entity = left("answer")
    assert entity["state_topic"] == entity["json_attributes_topic"] == "gasguard/left/ack"
    assert rendered(entity["value_template"], answer) == shown


HAZARDS = {
    "kitchen_gas": {"driver": "mqtt", "kind": "gas_alarm", "topic": "z/gas"},
    "hall": {"driver": "mqtt", "kind": "smoke_alarm", "topic": "z/hall", "burners": ["right"]},
    "hob": {"driver": "mqtt", "kind": "overheat", "topic": "z/hob", "field": "hot"},
    "co": {"driver": "mqtt", "kind": "carbon_monoxide", "topic": "z/co"},
}


@pytest.mark.parametrize("form", ["component", "device"])
@pytest.mark.parametrize(
    ("hazard", "device_class", "topic", "name"),
    [
        ("kitchen_gas", "gas", "gasguard/left/state", "Gas alarm (kitchen_gas)"),
        ("hall", "smoke", "gasguard/right/state", "Smoke alarm (hall)"),
        ("hob", "heat", "gasguard/left/state", "Overheated (hob)"),
        ("co", "carbon_monoxide", "gasguard/left/state", "Carbon monoxide alarm (co)"),
    ],
)
def test_each_alarm_is_an_entity_of_the_guard(hazard, device_class, topic, name, form):
    entity = announced(hazards=HAZARDS, form=form)[f"gasguard-hazard-{hazard}-alarm"]
    assert (entity["platform"], entity["device_class"]) == ("binary_sensor", device_class)
    assert (entity["state_topic"], entity["name"]) == (topic, name)
    assert entity["device"]["identifiers"] == ["gasguard"]
    assert entity["default_entity_id"] == f"binary_sensor.gasguard_{hazard}_alarm"
    template = entity["value_template"]
    for said, shown in {"alarm": "ON", "clear": "OFF", "silent": "None", "unknown": "None"}.items():
        problem = "is silent" if said == "silent" else None
        state = {"hazards": {hazard: said}, "sensor_problems": {hazard: problem}}
        assert rendered(template, state) == shown
        attributes = json.loads(rendered(entity["json_attributes_template"], state))
        assert attributes == {"says": said, "problem": problem}
    assert rendered(template, {}) == "None"


def test_an_alarm_that_is_gone_takes_its_message_along():
    for form in ("component", "device"):
        with_it, without = (
            messages(config(hazards=hazards, form=form)) for hazards in (HAZARDS, {})
        )
        assert len(with_it) == len(without) + len(HAZARDS)
        assert without.items() <= with_it.items()


def test_burners_hang_on_the_guards_own_device():
    for base in ("gasguard", "kitchen"):
        found = announced(base=base)
        hub = next(one for key, one in found.items() if key.endswith("-guard-online"))["device"]
        burners = [one["device"] for key, one in found.items() if "-burner-" in key]
        assert burners
        assert {one["via_device"] for one in burners} == {*hub["identifiers"]}
        assert "via_device" not in hub


def test_off_depends_on_the_daemon_alone():
    for key in ("off", "valve"):
        entity = left(key)
        assert entity["command_topic"] == "gasguard/left/off/set"
        assert [one["topic"] for one in entity["availability"]] == ["gasguard/status"]


def test_no_command_is_retained_or_could_be_switched_on():
    entities = announced(rearm=True)
    assert not any(entity.get("retain") for entity in entities.values())
    platforms = {entity["platform"] for entity in entities.values()}
    assert platforms == {
        "button", "valve", "number", "sensor", "binary_sensor", "event", "lock",
    }  # fmt: skip
    assert left("valve")["payload_open"] is None


def test_rearming_is_offered_only_where_the_configuration_allows_it():
    assert "gasguard-burner-left-rearm" not in announced()
    assert left("rearm", rearm=True)["platform"] == "button"


def test_a_burner_has_only_what_it_has():
    jog = {"relay": relay(jog="500ms")}
    keys = {
        one.removeprefix("gasguard-burner-right-")
        for one in announced(burners={"right": jog})
        if "right" in one
    }
    assert not keys & {"lock", "flame", "burning_since", "must_end_at", "voice", "rearm"}
    assert "gasguard-burner-left-flame" in announced()


def test_the_device_form_names_what_is_gone():
    """Home Assistant removes an entity that is named without content."""
    parts = messages(config(form="device"))["homeassistant/device/gasguard/burner-right/config"][
        "components"
    ]
    assert parts["flame"] == {"platform": "binary_sensor"}
    assert parts["rearm"] == {"platform": "button"}
    assert set(parts["lock"]) > {"platform", "unique_id"}
    wanted = announced(rearm=True)
    for key, part in parts.items():
        twin = wanted.get(f"gasguard-burner-left-{key}")
        assert twin is None or twin["platform"] == part["platform"]


def test_every_event_type_of_the_contract_is_one_of_the_entity():
    assert left("event")["event_types"] == [kind.value for kind in Kind]


def test_discovery_off_announces_nothing_but_still_knows_its_topics():
    assert messages(config(discovery=False)) == {}
    assert own_topics(config(prefix="ha").mqtt) == "ha/+/gasguard/+/config"


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[" * 100_000, b"null", b"7", b'{"origin": 7}', b'{"origin": {"name": "other"}}'],
)
def test_what_another_program_put_there_is_not_ours(payload):
    assert read_own(payload) is None


@pytest.mark.parametrize(
    "parts", [7, [1], {"a": 7}, {"a": {"unique_id": {}}}, {"a": {"unique_id": 7}}]
)
def test_what_is_ours_but_damaged_announces_nothing(parts):
    data = {"origin": {"name": "gasguard"}, "components": parts}
    assert read_own(json.dumps(data).encode()) == set()


def test_our_own_messages_are_known_again():
    for form in ("component", "device"):
        for payload in messages(config(form=form)).values():
            assert read_own(json.dumps(payload).encode()) == unique_ids(payload) != set()


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [("form", "both", "component or device"), ("language", "de", "en or zh")],
)
def test_a_wrong_option_is_named_with_the_right_ones(key, value, right):
    with pytest.raises(ConfigError, match=rf"mqtt\.home_assistant\.{key}: must be {right}"):
        config(**{key: value})


@pytest.mark.parametrize(
    ("totals", "minutes", "cubic_metres"),
    [
        ({"burned_s": 90, "gas_m3": 0.01}, "1.5", "0.01"),
        ({"burned_s": 0, "gas_m3": 0.0}, "0.0", "0.0"),
        # Not read from the disk yet, the power of the burner not known, an older state: unknown.
        ({"burned_s": None, "gas_m3": None}, "None", "None"),
        ({"burned_s": 90, "gas_m3": None}, "1.5", "None"),
        (None, "None", "None"),
    ],
)
def test_burn_time_and_gas_are_totals_for_the_energy_page(totals, minutes, cubic_metres):
    state = {} if totals is None else {"totals": totals}
    assert rendered(left("burn_time")["value_template"], state) == minutes
    assert rendered(left("gas")["value_template"], state) == cubic_metres
    for key, kind, unit in (("burn_time", "duration", "min"), ("gas", "gas", "m³")):
        entity = left(key)
        assert (entity["device_class"], entity["unit_of_measurement"]) == (kind, unit)
        assert entity["state_class"] == "total_increasing"


def test_without_a_power_there_is_no_gas_and_without_a_flame_sensor_no_burn_time():
    plain = {name: value for name, value in FULL.items() if name != "rated_kw"}
    blind = {"relay": relay(), "rated_kw": 3.8}
    found = announced(burners={"left": plain, "right": blind})
    assert "gasguard-burner-left-burn_time" in found
    assert not [one for one in found if one.endswith("-gas")]
    assert "gasguard-burner-right-burn_time" not in found


# --- schedules --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["component", "device"])
def test_a_schedule_is_told_of_and_skipped_and_is_no_switch(form):
    found = {
        key: entity
        for key, entity in announced(schedules=SCHEDULES, form=form).items()
        if "-schedule-" in key
    }
    assert {key.rpartition("-schedule-")[2] for key in found} == {
        f"{name}-{key}" for name in SCHEDULES for key in ("active", "next", "skip")
    }
    assert {entity["platform"] for entity in found.values()} == {
        "binary_sensor",
        "sensor",
        "button",
    }
    skip = found["gasguard-schedule-night-skip"]
    assert skip["command_topic"] == "gasguard/schedule/night/skip/set"
    assert skip["default_entity_id"] == "button.gasguard_schedule_night_skip"
    active = found["gasguard-schedule-night-active"]
    assert active["state_topic"] == "gasguard/schedule/night/state"
    for holds, shown in ((True, "ON"), (False, "OFF")):
        assert rendered(active["value_template"], {"active": holds}) == shown


@pytest.mark.parametrize("form", ["component", "device"])
def test_a_schedule_that_is_gone_takes_nothing_else_with_it(form):
    with_it, without = (
        messages(config(schedules=schedules, form=form)) for schedules in (SCHEDULES, {})
    )
    assert without.items() <= with_it.items()
    assert all("schedule" in topic for topic in with_it.keys() - without.keys())


def test_the_lock_of_a_schedule_is_no_problem():
    state = {
        "phase": "locked_out",
        "locks": ["schedule", "child"],
        "relay": {"reachable": True, "problem": None},
    }
    assert rendered(left("problem")["value_template"], state) == "OFF"
    assert rendered(left("problem")["value_template"], {**state, "locks": ["stuck"]}) == "ON"


PRESETS = {"left": {"relay": relay(), "presets": ["8m", "90s", "1h30"]}}


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Timer 8 min", "Timer 1 min 30 s", "Timer 1 h 30 min"]),
        ("zh", ["定时 8 分钟", "定时 1 分钟 30 秒", "定时 1 小时 30 分钟"]),
    ],
)
@pytest.mark.parametrize("form", ["component", "device"])
def test_each_preset_is_a_button_that_sets_the_timer(form, language, names):
    found = announced(burners=PRESETS, form=form, language=language)
    buttons = [one for key, one in found.items() if "-preset-" in key]
    assert [one["name"] for one in buttons] == names
    assert [one["payload_press"] for one in buttons] == ["8m", "1m 30s", "1h 30m"]
    assert {one["command_topic"] for one in buttons} == {"gasguard/left/timer/set"}
    assert {one["platform"] for one in buttons} == {"button"}
    assert buttons[0]["default_entity_id"] == "button.gasguard_left_timer_8m"
    burners = found["gasguard-burner-left-off"]["device"]
    assert all(one["device"] == burners for one in buttons)


@pytest.mark.parametrize("form", ["component", "device"])
def test_a_preset_that_is_gone_takes_its_message_along(form):
    fewer = {"left": {"relay": relay(), "presets": ["8m"]}}
    with_it, without = (
        messages(config(burners=burners, form=form)) for burners in (PRESETS, fewer)
    )
    assert len(with_it) == len(without) + 2
    assert without.keys() < with_it.keys()


def test_a_timer_that_waits_shows_its_minutes_and_no_end():
    timer = {"ends_at": None, "remaining_s": 480, "duration_s": 480, "guaranteed": True}
    state = {"timer": {**timer, "waiting": True}, "updated_at": "now", "reminders": [{"id": 1}]}
    assert rendered(left("timer")["value_template"], state) == "8"
    attributes = json.loads(rendered(left("timer")["json_attributes_template"], state))
    assert attributes == {"waiting": True, "reminders": [{"id": 1}]}
    _, ends = left("ends_at")["availability"]
    assert rendered(ends["value_template"], state) == "offline"
    runs = {**state, "timer": {**timer, "ends_at": "then", "waiting": False}}
    assert rendered(ends["value_template"], runs) == "online"
    assert rendered(left("ends_at")["value_template"], runs) == "then"
    none = json.loads(rendered(left("timer")["json_attributes_template"], {"timer": None}))
    assert none == {"waiting": False, "reminders": []}


@pytest.mark.parametrize("form", ["component", "device"])
def test_every_device_leads_to_the_page_where_there_is_one(form):
    assert not any("configuration_url" in payload["device"] for payload in devices(None, form))
    urls = {payload["device"]["configuration_url"] for payload in devices({"port": "8421"}, form)}
    assert urls == {f"http://{socket.gethostname().partition('.')[0]}.local:8421/"}


@pytest.mark.parametrize(
    ("web", "url"),
    [
        ({}, "http://pi.local:8420/"),
        ({"host": "::"}, "http://pi.local:8420/"),
        ({"names": ["stove.home", "gasguard.local"]}, "http://stove.home:8420/"),
        ({"names": []}, "http://pi.local:8420/"),
        ({"host": "192.168.1.5", "names": ["stove.home"]}, "http://192.168.1.5:8420/"),
        ({"host": "fd00::5", "port": 80}, "http://[fd00::5]:80/"),
    ],
)
def test_the_page_is_named_as_people_elsewhere_find_it(web, url):
    assert Web.model_validate(web).url("pi.example.org") == url


def devices(web: dict[str, Any] | None, form: str) -> list[dict[str, Any]]:
    """The messages that bring a device with them."""
    raw = {
        "mqtt": {"home_assistant": {"form": form}},
        "burners": {"left": FULL, "right": {"relay": relay()}},
        "hazards": HAZARDS,
        **({} if web is None else {"web": web}),
    }
    found = messages(parse_config(raw, Path())).values()
    return [payload for payload in found if "device" in payload]
