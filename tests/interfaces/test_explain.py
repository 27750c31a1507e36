"""Why a burner went out, told from made-up histories: chains, both languages, what is not known."""

import re
import string
from datetime import datetime, timedelta
from typing import Any

import pytest

from gasguard.core.messages import Kind
from gasguard.core.model import Contact, Lock, Phase, Reason, Source
from gasguard.interfaces.explain.chain import story_of
from gasguard.interfaces.explain.sentences import Explanation, explain
from gasguard.interfaces.explain.words import TEXTS

DAY = datetime.fromisoformat("2026-11-26T18:00:00+08:00")
LANGUAGES = ("en", "zh")
every_language = pytest.mark.parametrize("language", LANGUAGES)


def at(seconds: float) -> str:
    return (DAY + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def event(seconds: float, kind: str, reason: str | None = None, source: str | None = None, **more):
    about = {"type": kind, "at": at(seconds), "burner": "left", "reason": reason}
    return {**about, "source": source, **more}


def state(**changes: Any) -> dict[str, Any]:
    return {
        "burner": "left",
        "name": "Left",
        "phase": "ready",
        "contact": "closed",
        "flame": "out",
        "timer": None,
        "burning_since": None,
        "must_end_at": None,
        "last_trip": None,
        "locks": [],
        "relay": {"reachable": True, "latency_ms": 12, "problem": None},
        "updated_at": at(3600),
        **changes,
    }


def trip(seconds: float, reason: str, source: str = "guard", *, confirmed: bool = True, **more):
    """A shutoff as the state has it, and its events."""
    last = {"at": at(seconds), "reason": reason, "source": source, "confirmed": confirmed}
    events = [event(seconds, "trip", reason, source, **more)]
    if confirmed:
        last["latency_ms"] = 48
        events.append(event(seconds, "trip_confirmed", reason, source, latency_ms=48))
    return last, events


def told(said: Explanation) -> str:
    return "\n".join([*said.now, *said.why, *(step.text for step in said.chain)])


def kinds(last: dict[str, Any] | None, events: list[dict[str, Any]], **changes: Any) -> list[str]:
    story = story_of(state(last_trip=last, **changes), events)
    shutoff = [story.trip] if story.trip else []
    return [one["type"] for one in (*story.before, *shutoff, *story.after)]


# --- the one sentence -----------------------------------------------------------------------------


def test_the_sentence_of_the_contract():
    last, shutoff = trip(3600, "timer", "mqtt")
    events = [
        event(2390, "flame_lit"),
        event(2400, "timer_started", None, "mqtt", duration_s=1200.0, label="eggs"),
        *shutoff,
        event(3605, "flame_out"),
    ]
    said = explain(state(last_trip=last, updated_at=at(3700)), events, "en")
    assert said.why == [
        'Left went out at 19:00:00 because its 20-minute timer "eggs", set by MQTT at 18:40, '
        "ended; the relay confirmed after 48 ms."
    ]
    assert said.is_whole


def test_a_shutoff_of_another_day_says_which():
    last, shutoff = trip(0, "remote", "cli")
    said = explain(state(last_trip=last, updated_at=at(90000)), shutoff, "en")
    assert said.why == [
        "Left was shut off on 2026-11-26 at 18:00:00 because an off came by the command line; "
        "the relay confirmed after 48 ms."
    ]


@every_language
@pytest.mark.parametrize("reason", [*Reason, "prewarned_by_a_later_version"])
def test_every_reason_has_its_sentence(language, reason):
    last, shutoff = trip(10, reason, Source.CLI)
    said = explain(state(last_trip=last), shutoff, language)
    (why,) = said.why
    written = why.replace("max_burn", "limit").replace("on_shutdown", "key")
    assert not re.search(r"[{}_]|None|  ", written)
    other = explain(state(last_trip={**last, "reason": "lease"}), trip(10, "lease")[1], language)
    assert reason == "lease" or why != other.why[0]


@every_language
@pytest.mark.parametrize("kind", [*Kind, "guard_started", "guard_stopped", "reminder",
                                  "message_failed", "something_later"])  # fmt: skip
def test_every_event_has_its_sentence(language, kind):
    last, shutoff = trip(10, "remote", "mqtt")
    details = {"sensor": "gas", "duration_s": 90.0, "extended_s": 60.0, "latency_ms": 5}
    reason = None if kind == "timer_cancelled" else "overheat"
    one = event(12, kind, reason, "mqtt", code="hazard", **details)
    said = explain(state(last_trip=last), [*shutoff, one], language)
    text = next(step.text for step in said.chain if step.at == at(12))
    assert not re.search(r"[{}_]|None|  |\?", text), text


@every_language
def test_no_event_of_this_version_is_told_by_its_name_alone(language):
    assert {kind.value for kind in Kind} <= set(TEXTS[language].events)


def test_a_flame_that_is_inferred_is_told_as_such():
    lit = {"flame": "lit", "flame_evidence": "inferred"}
    assert (
        "Left seems to burn, as inferred by its flame sensor."
        in explain(state(**lit), [], "en").now
    )
    assert "推断" in explain(state(**lit), [], "zh").now[0]
    assert "seems" not in explain(state(**{**lit, "flame_evidence": "measured"}), [], "en").now[0]


@every_language
def test_what_became_of_a_message(language):
    last, shutoff = trip(10, "remote", "mqtt")
    about = {"to": "mum", "cause": "trip"}
    later = [
        event(12, "message_failed", "remote", tries=3, given_up=False, message="HTTP 500", **about),
        event(13, "message_failed", "remote", tries=9, given_up=True, message="HTTP 500", **about),
        event(14, "message_sent", "remote", tries=4, **about),
    ]
    said = explain(state(last_trip=last), [*shutoff, *later], language)
    assert [step.text for step in said.chain if step.at >= at(12)] == {
        "en": [
            "A message to mum could not be delivered (HTTP 500); it is tried again.",
            "A message to mum could not be delivered (HTTP 500).",
            "A message to mum was delivered.",
        ],
        "zh": [
            "给 mum 的消息未能送达（HTTP 500），继续重试。",
            "给 mum 的消息未能送达（HTTP 500）。",
            "给 mum 的消息已送达。",
        ],
    }[language]


@every_language
def test_an_event_that_nobody_wrote_a_sentence_for_says_what_it_is(language):
    last, shutoff = trip(10, "unknown_reason", "mqtt")
    later = event(5, "pot_boiled_over", "soup", "web", message="mind the milk")
    said = explain(state(last_trip=last), [later, *shutoff], language)
    assert "Pot boiled over" in told(said) and "mind the milk" in told(said)
    assert "Unknown reason" in said.why[0]


FREE = {"by", "who"}
"""Who it was stands at another place in each language."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same():
    one, other = (TEXTS[language] for language in LANGUAGES)
    for part in ("events", "causes", "parts", "now"):
        assert set(getattr(one, part)) == set(getattr(other, part)), part
    assert set(one.names.sources) == set(other.names.sources)
    for part in ("events", "causes", "parts", "now"):
        for key, text in getattr(one, part).items():
            assert placeholders(text) - FREE == placeholders(getattr(other, part)[key]) - FREE, key


# --- chains ---------------------------------------------------------------------------------------


def test_sensor_warning_extension_shutoff():
    last, shutoff = trip(900, "unattended", sensor="kitchen_pir")
    events = [
        event(-9000, "flame_lit"),
        event(-8000, "flame_out"),
        event(0, "flame_lit"),
        event(300, "prewarning", "unattended", "guard", remaining_s=60),
        event(330, "timer_extended", "unattended", "cli", extended_s=300.0),
        event(840, "prewarning", "unattended", "guard", remaining_s=60),
        *shutoff,
        event(910, "flame_out"),
        event(915, "rearmed"),
        event(1000, "timer_started", None, "mqtt", duration_s=60.0),
    ]
    assert kinds(last, events) == [
        "flame_lit",
        "prewarning",
        "timer_extended",
        "prewarning",
        "trip",
        "trip_confirmed",
        "flame_out",
        "rearmed",
    ]
    said = told(explain(state(last_trip=last), events, "en"))
    assert "nobody was near the stove (kitchen_pir)" in said
    assert "It warned that nobody was near the stove, 60 seconds before." in said


def test_the_timer_that_ended_is_the_last_one_set_even_before_the_re_arm():
    last, shutoff = trip(700, "timer", "cli")
    events = [
        *trip(-100, "remote", "mqtt")[1],
        event(-99, "timer_started", None, "mqtt", duration_s=60.0, label="old"),
        event(-98, "timer_started", None, "cli", duration_s=600.0, label="new"),
        event(-90, "rearmed"),
        event(100, "timer_extended", None, "cli", extended_s=120.0),
        event(200, "timer_extended", None, "mqtt", extended_s=60.0),
        *shutoff,
    ]
    (why,) = explain(state(last_trip=last), events, "en").why
    assert '10-minute timer "new", set by the command line at 17:58' in why
    assert "extended by 3 minutes in all, ended" in why
    assert "old" not in why


def test_a_timer_that_was_cancelled_did_not_end():
    last, shutoff = trip(700, "timer", "mi_home")
    events = [
        event(0, "timer_started", None, "cli", duration_s=600.0),
        event(10, "timer_cancelled", None, "cli"),
        *shutoff,
    ]
    (why,) = explain(state(last_trip=last), events, "en").why
    assert "10-minute" not in why
    assert "its timer (set by Mi Home; when is not in the history) ended" in why


def test_alarm_latched_refused_re_armed():
    last, shutoff = trip(0, "gas_alarm", sensor="kitchen_gas")
    locked = event(0, "locked", "gas_alarm", "guard", sensor="kitchen_gas")
    refused = event(60, "command_rejected", "hazard", "cli", code="hazard", message="reports")
    noise = event(61, "command_rejected", "malformed", "mqtt", code="malformed", message="bad")
    events = [locked, *shutoff, refused, noise]
    held = state(
        last_trip=last,
        phase="locked_out",
        contact="open",
        locks=["gas_alarm"],
        hazards={"kitchen_gas": "alarm", "hall": "clear"},
    )
    said = explain(held, events, "en")
    assert said.now == [
        "Left is kept off by: Gas alarm; its circuit was read back open.",
        "Gas alarm since 18:00:00 (kitchen_gas).",
        "No re-arm while kitchen_gas still reports.",
        "Look at the stove, then end it at the Pi: gasguard rearm left.",
    ]
    assert "Refused: an alarm still reports (a command by the command line)." in told(said)
    assert "not understood" not in told(said)
    lifted = event(120, "unlocked", "gas_alarm", "cli")
    after = kinds(last, [*events, lifted, event(121, "rearmed")])
    assert after[-2:] == ["unlocked", "rearmed"]


def test_what_only_opened_again_leads_to_the_first_cause():
    first, shutoff = trip(100, "timer", "mqtt")
    again = event(130, "trip", "timer", "guard", message="closed from outside", closed_outside=True)
    last = {**first, "at": at(130), "source": "guard"}
    events = [
        event(0, "timer_started", None, "mqtt", duration_s=100.0),
        *shutoff,
        again,
        event(130, "trip_confirmed", "timer", "guard", latency_ms=5),
    ]
    said = explain(state(last_trip=last, phase="tripped", contact="open"), events, "en")
    assert "because something else had closed the circuit" in said.why[0]
    assert said.why[1] == (
        "It had been shut off before, at 18:01:40, because its 100-second timer, set by MQTT at "
        "18:00, ended."
    )


def test_a_relay_that_was_lost_during_the_shutoff():
    last, shutoff = trip(0, "remote", "mqtt", confirmed=False)
    last |= {"confirmed": True, "latency_ms": 12300}
    events = [
        *shutoff,
        event(2, "trip_failed", "remote", "mqtt", message="no answer"),
        event(8, "relay_unreachable", None, None, relay=0),
        event(12, "relay_recovered", None, None, relay=0),
        event(12, "trip_confirmed", "remote", "mqtt", latency_ms=12300),
    ]
    said = explain(state(last_trip=last), events, "en")
    assert said.why[0].endswith(
        "that was not confirmed in time (no answer), and the relay confirmed after 12.3 s."
    )


def test_a_flame_that_burnt_on_did_not_go_out():
    last, shutoff = trip(0, "remote", "mqtt")
    events = [
        event(-60, "flame_lit"),
        *shutoff,
        event(120, "locked", "stuck", "guard"),
        event(120, "trip_failed", "remote", "mqtt", message="the flame burns on"),
    ]
    held = state(last_trip=last, phase="trip_failed", contact="open", flame="lit", locks=["stuck"])
    said = explain(held, events, "en")
    assert "went out" not in told(said)
    assert "the circuit is open, but the shutoff failed (the flame burns on)" in said.why[0]
    assert "COULD NOT BE SHUT OFF" in said.now[0]


def test_one_of_two_relays_that_stayed_closed_is_no_failure_of_the_shutoff():
    last, shutoff = trip(0, "remote", "mqtt")
    events = [*shutoff, event(2, "trip_failed", "remote", "mqtt", relay=1, message="relay 1")]
    said = explain(state(last_trip=last), events, "en")
    assert said.why[0].endswith("the relay confirmed after 48 ms.")
    assert "relay 1" in told(said)


def test_a_flame_that_went_out_by_itself_after_the_last_shutoff():
    last, shutoff = trip(-5000, "remote", "mqtt")
    events = [*shutoff, event(-4990, "rearmed"), event(0, "flame_lit"), event(600, "flame_out")]
    said = explain(state(last_trip=last), events, "en")
    assert said.why[0].startswith("Left went out at 18:10:00 without gasguard")
    assert "an off came by MQTT" in said.why[1]
    lit_again = explain(state(last_trip=last, flame="lit"), events, "en")
    assert "without gasguard" not in told(lit_again)


def test_the_longest_burn_says_since_when_and_whether_anybody_saw_it():
    last, shutoff = trip(7200, "max_burn")
    events = [event(0, "flame_lit"), *shutoff]
    (why,) = explain(state(last_trip=last, updated_at=at(7300)), events, "en").why
    assert "as long as max_burn allows, since 18:00:00;" in why
    last, shutoff = trip(7200, "max_burn", message="no sound word of the flame")
    (why,) = explain(state(last_trip=last), shutoff, "en").why
    assert "counted although no sound word of its flame came" in why


@pytest.mark.parametrize(
    ("reason", "says"),
    [("crash", "without a word"), ("reboot", "power cut"), ("stopped", "had been stopped")],
)
def test_how_gasguard_had_ended_in_between(reason, says):
    last, shutoff = trip(600, "timer", "mqtt")
    events = [
        event(0, "timer_started", None, "mqtt", duration_s=600.0),
        event(300, "guard_started", reason, "guard", last_entry=at(0), starts=3),
        *shutoff,
    ]
    said = told(explain(state(last_trip=last), events, "en"))
    assert says in said
    assert "set by MQTT at 18:00" in said


# --- what is not known ----------------------------------------------------------------------------


def test_without_a_shutoff_none_is_made_up():
    said = explain(state(), [event(0, "timer_started", None, "mqtt", duration_s=60.0)], "en")
    assert said.why == ["No shutoff of Left is on record."]
    assert said.chain == [] and said.is_whole


@pytest.mark.parametrize(
    "events",
    [
        [],
        [event(-9000, "trip", "remote", "mqtt"), event(-8990, "rearmed")],
        [event(100, "trip", "remote", "mqtt")],
    ],
)
def test_a_shutoff_that_the_history_does_not_have_is_told_from_the_state_and_no_more(events):
    last, _ = trip(100, "timer", "mqtt")
    said = explain(state(last_trip=last), events, "en")
    assert "its timer (set by MQTT" in said.why[0]
    assert "confirmed after 48 ms" in said.why[0]
    assert "not found in the history" in said.why[1]
    assert not said.is_whole


def test_a_read_back_that_only_the_state_still_knows_counts():
    """A crash within a second of it lost that event, and the state was on disk."""
    last, shutoff = trip(100, "timer", "mqtt")
    said = explain(state(last_trip=last), shutoff[:1], "en")
    assert said.why[0].endswith("; the relay confirmed after 48 ms.")


def test_a_history_that_cannot_be_read_is_said_to_be():
    last, _ = trip(100, "timer", "mqtt")
    said = explain(state(last_trip=last), [], "en", unread="the disk refused")
    assert said.why[-1] == (
        "The history cannot be read, so what led to it is not known: the disk refused."
    )
    assert not said.is_whole


def test_what_is_not_confirmed_is_not_claimed():
    last, shutoff = trip(0, "timer", "mqtt", confirmed=False)
    now = state(last_trip=last, phase="tripping", contact="closed", flame="lit")
    said = explain(now, [event(-9, "flame_lit"), *shutoff], "en")
    assert said.why[0].startswith("Left was told to shut off at")
    assert "no read-back has confirmed" in said.why[0]
    assert "went out" not in told(said) and "was shut off" not in told(said)


@every_language
@pytest.mark.parametrize("phase", [*Phase, "asleep"])
@pytest.mark.parametrize("contact", Contact)
@pytest.mark.parametrize("flame", ["lit", "out", "unknown"])
def test_no_state_is_told_with_more_than_was_read(language, phase, contact, flame):
    locks = ["child"] if phase == "locked_out" else []
    now = state(phase=phase, contact=contact, flame=flame, locks=locks)
    first = explain(now, [], language).now[0]
    assert not re.search(r"[{}]|None|  ", first)
    opened, closed = ("read back open", "read back closed") if language == "en" else (
        "读回回路断开", "读回回路闭合",
    )  # fmt: skip
    assert contact == "open" or opened not in first
    assert contact == "closed" or closed not in first


@every_language
def test_what_ends_each_lock_is_said(language):
    locks = [lock.value for lock in Lock] + ["schedule"]
    now = state(phase="locked_out", contact="open", locks=locks)
    said = "\n".join(explain(now, [], language).now)
    assert "gasguard rearm left" in said and "gasguard unlock left" in said
    for lock in Lock:
        assert TEXTS[language].names.shown(lock) in said
    child = "\n".join(explain(state(phase="locked_out", locks=["child"]), [], language).now)
    assert "gasguard rearm" not in child


def test_the_schedule_that_locks_is_named():
    last, shutoff = trip(70, "schedule", "schedule", schedule="night")
    events = [
        event(0, "flame_lit"),
        event(10, "prewarning", "schedule", "schedule", schedule="night", remaining_s=60.0),
        event(70, "locked", "schedule", "schedule", schedule="night"),
        *shutoff,
    ]
    now = state(phase="locked_out", contact="open", locks=["schedule"], last_trip=last)
    english, chinese = explain(now, events, "en"), explain(now, events, "zh")
    assert 'The schedule "night" has locked it since 18:01:10.' in english.now
    assert "日程“night”自 18:01:10 起锁定。" in chinese.now
    warned = 'It warned that the schedule "night" would shut it off, 60 seconds before.'
    assert warned in told(english) and "预警：日程“night”即将关火" in told(chinese)
    assert 'The schedule "night" locked it.' in told(english)


def test_what_is_wrong_with_sensors_relay_and_gasguard_itself_is_said():
    now = state(
        relay={"reachable": False, "problem": "no answer"},
        sensor_problems={"flame": "has said nothing"},
        troubles=["state: events are lost"],
        timer={"ends_at": at(4000), "duration_s": 600, "label": "soup", "guaranteed": False},
    )
    said = "\n".join(explain(now, [], "en").now)
    assert 'Its 10-minute timer "soup" ends at 19:06:40, which cannot be promised' in said
    for part in ("cannot be reached (no answer)", "Sensor flame: it has said", "events are lost"):
        assert part in said


# --- a long history -------------------------------------------------------------------------------


def test_a_sensor_that_bounces_does_not_fill_the_page():
    last, shutoff = trip(3000, "timer", "mqtt")
    bounces = [event(n, "flame_out" if n % 2 else "flame_lit") for n in range(900)]
    started = event(0, "timer_started", None, "mqtt", duration_s=3000.0)
    found = kinds(last, [started, *bounces, *shutoff, event(3001, "rearmed")])
    assert len(found) <= 12
    assert found[0] == "timer_started" and found[-1] == "rearmed"


def test_of_many_events_the_first_and_the_last_are_told_and_how_many_are_not():
    last, shutoff = trip(3000, "remote", "mqtt")
    events = [event(n, "timer_extended", None, "mqtt", extended_s=60.0) for n in range(100)]
    said = explain(state(last_trip=last), [*events, *shutoff], "en")
    assert len(said.chain) == 12
    assert any(step.text == "(91 more events: gasguard history)." for step in said.chain)


def test_garbage_among_the_events_is_told_or_left_out_and_nothing_is_raised():
    last, shutoff = trip(3000, "timer", "mqtt")
    rubbish = [
        {"type": "timer_started", "at": None, "duration_s": "x", "label": 5},
        {"type": None},
        {},
        {"type": "trip_failed", "message": ["{", "}"]},
        {"type": "command_rejected", "code": None},
    ]
    for language in LANGUAGES:
        explain(state(last_trip=last), [*rubbish, *shutoff, *rubbish], language)
        explain({"burner": "left"}, rubbish, language)


# --- timers for cooking ---------------------------------------------------------------------------


def test_a_timer_that_began_with_the_flame_says_both():
    last, shutoff = trip(1000, "timer", "mqtt")
    waits = {"duration_s": 480.0, "label": "eggs"}
    events = [
        event(100, "timer_started", "when_lit", "mqtt", waiting=True, **waits),
        event(520, "timer_started", "flame_lit", "mqtt", **waits),
        event(520, "flame_lit"),
        *shutoff,
        event(1010, "flame_out"),
    ]
    said = explain(state(last_trip=last), events, "en")
    assert said.why == [
        'Left went out at 18:16:40 because its 8-minute timer "eggs", set by MQTT and begun at '
        "18:08, ended; the relay confirmed after 48 ms."
    ]
    assert 'The 8-minute timer "eggs" set by MQTT began, as the flame was lit.' in told(said)


def test_one_that_was_set_to_begin_with_the_flame_says_so():
    last, shutoff = trip(1000, "remote", "mqtt")
    waits = event(900, "timer_started", "when_lit", "mqtt", duration_s=480.0, waiting=True)
    said = explain(state(last_trip=last), [waits, *shutoff], "en")
    assert "A 8-minute timer was set by MQTT, to begin when the flame is seen." in told(said)


@every_language
def test_a_timer_that_waits_and_reminders_are_part_of_how_it_stands(language):
    waiting = {
        "ends_at": None,
        "remaining_s": 480,
        "duration_s": 480,
        "label": "eggs",
        "guaranteed": True,
        "waiting": True,
    }
    reminders = [{"id": 1, "label": "rice", "remaining_s": 60, "ends_at": at(3660)}]
    said = explain(state(timer=waiting, reminders=reminders), [], language)
    text = "\n".join(said.now)
    assert "eggs" in text and "rice" in text and "19:01:00" in text
    assert "None" not in text and "{" not in text


@every_language
@pytest.mark.parametrize("kind", ["reminder", "reminder_set", "reminder_cancelled"])
def test_a_reminder_is_told_with_its_label(language, kind):
    last, shutoff = trip(10, "remote", "mqtt")
    one = event(12, kind, None, "web", label="rice", duration_s=720.0)
    said = explain(state(last_trip=last), [*shutoff, one], language)
    assert "rice" in told(said)


def test_a_late_reminder_says_how_late():
    last, shutoff = trip(10, "remote", "mqtt")
    late = event(12, "reminder", None, "mqtt", label="rice", late_s=600)
    unsure = event(13, "reminder", "restart", "mqtt", label="soup")
    said = told(explain(state(last_trip=last), [*shutoff, late, unsure], "en"))
    assert 'A reminder came "rice", 10 minutes late.' in said
    assert '"soup" as gasguard started again' in said
