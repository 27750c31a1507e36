"""What people write to set timers and reminders, and what is told of words that mean none."""

import json

import pytest

from gasguard.core.messages import (
    CancelReminders,
    CancelTimer,
    ExtendTimer,
    Request,
    SetReminder,
    SetTimer,
)
from gasguard.core.model import Source
from gasguard.interfaces.requests import BadRequest, parse_request


def half_an_hour(text: str) -> float:
    if text != "18:30":
        raise BadRequest("malformed", f"{text!r} is no time of day")
    return 1800.0


def parsed(words: object, asks: str = "timer") -> Request:
    text = words if isinstance(words, str) else json.dumps(words)
    return parse_request(asks, text.encode(), Source.MQTT, half_an_hour).request


def refusal(words: object, asks: str = "timer") -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        parsed(words, asks)
    assert str(caught.value)
    return caught.value


MQTT = Source.MQTT


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("20m", SetTimer(MQTT, 0, 1200)),
        ("cancel", CancelTimer(MQTT)),
        ("0", CancelTimer(MQTT)),
        ({"duration": "20m"}, SetTimer(MQTT, 0, 1200)),
        ({"duration": "20m", "when": "lit"}, SetTimer(MQTT, 0, 1200, None, True)),
        ({"duration": "20m", "when": None, "remind": False}, SetTimer(MQTT, 0, 1200)),
        ({"duration": "8m", "label": "eggs"}, SetTimer(MQTT, 0, 480, "eggs")),
        ({"until": "18:30", "label": "eggs"}, SetTimer(MQTT, 0, 1800, "eggs")),
        ({"until": "18:30", "duration": None}, SetTimer(MQTT, 0, 1800)),
        ({"duration": "8m", "remind": True}, SetReminder(MQTT, 0, 480)),
        (
            {"until": "18:30", "remind": True, "label": "eggs", "id": "a"},
            SetReminder(MQTT, 0, 1800, "eggs", "a"),
        ),
        ({"duration": "8m", "label": " eggs "}, SetTimer(MQTT, 0, 480, "eggs")),
        ({"duration": "8m", "label": "番茄\u3000炒蛋"}, SetTimer(MQTT, 0, 480, "番茄 炒蛋")),
        ({"duration": "8m", "label": " \u3000"}, SetTimer(MQTT, 0, 480)),
        ({"duration": "8m", "remind": True, "id": ""}, SetReminder(MQTT, 0, 480)),
        ({"duration": "cancel"}, CancelTimer(MQTT)),
        ({"duration": 0, "id": "a"}, CancelTimer(MQTT)),
        ({"duration": "cancel", "label": "eggs"}, CancelReminders(MQTT, 0, "eggs")),
        ({"duration": "0", "label": "eggs", "remind": True}, CancelReminders(MQTT, 0, "eggs")),
        ({"duration": "cancel", "remind": True}, CancelReminders(MQTT)),
    ],
)
def test_what_each_means(words, request_):
    assert parsed(words) == request_


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ({"remind": True}, "malformed", "needs a duration"),
        ({}, "malformed", "needs a duration"),
        ({"duration": "20m", "remind": "yes"}, "malformed", "remind is true"),
        ({"duration": "20m", "remind": 1}, "malformed", "remind is true"),
        ({"duration": "20m", "remind": "true"}, "malformed", "without quotes"),
        ({"duration": "20m", "when": "later"}, "malformed", '"lit"'),
        ({"duration": "20m", "when": True}, "malformed", '"lit"'),
        ({"duration": "20m", "when": ""}, "malformed", '"lit"'),
        ({"duration": "20m", "when": ["lit"]}, "malformed", '"lit"'),
        ({"until": "25:00"}, "malformed", "25:00"),
        ({"until": 18.5}, "malformed", '"18:30"'),
        ({"until": True}, "malformed", '"18:30"'),
        ({"until": ["18:30"]}, "malformed", '"18:30"'),
        ({"until": "18:30", "duration": "20m"}, "malformed", "one of them"),
        ({"until": "18:30", "when": "lit"}, "malformed", "when goes with a duration"),
        ({"duration": "20m", "when": "lit", "remind": True}, "malformed", "waits for no flame"),
        ({"duration": "cancel", "when": "lit"}, "malformed", "leave it out"),
        ({"duration": "cancel", "label": ""}, "malformed", "names a reminder"),
        ({"duration": "cancel", "label": "eggs", "remind": False}, "malformed", "reminder"),
        ({"duration": "20m", "label": "x" * 65}, "malformed", "64"),
        ({"duration": "20m", "label": "eg\u0007gs"}, "malformed", "plain text"),
        ({"duration": "20m", "label": "eg\u202egs", "remind": True}, "malformed", "plain text"),
        ({"duration": "20m", "label": 7}, "malformed", "plain text"),
        ({"duration": "20m", "reminder": True}, "malformed", "reminder"),
        ({"duration": "20m", "When": "lit"}, "malformed", "When"),
        ({"duration": "20 eggs", "remind": True}, "invalid_duration", "20 eggs"),
        ({"duration": {"m": 20}}, "malformed", "needs a duration"),
        ('["20m"]', "invalid_duration", "20m"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_words(words, code, told):
    bad = refusal(words)
    assert bad.code == code
    assert told in str(bad)


@pytest.mark.parametrize(
    "words", [{"duration": "x", "id": "a"}, {"until": "25:00", "id": "a"}, {"when": 1, "id": "a"}]
)
def test_a_refusal_carries_the_id(words):
    assert refusal(words).request_id == "a"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"duration": "5m", "label": "eggs"}, "leave label out"),
        ({"duration": "5m", "remind": True}, "remind"),
        ({"duration": "5m", "when": "lit"}, "when"),
        ({"until": "18:30"}, "until"),
        ({"duration": "cancel"}, "more than 0"),
        ("cancel", "more than 0"),
    ],
)
def test_an_extension_is_of_the_one_timer_that_shuts_off(words, told):
    assert told in str(refusal(words, "timer/extend"))


def test_an_extension_is_a_duration_with_an_id_or_without():
    assert parsed("5m", "timer/extend") == ExtendTimer(MQTT, 0, 300)
    words = {"duration": "5m", "id": "a"}
    assert parsed(words, "timer/extend") == ExtendTimer(MQTT, 0, 300, "a")


def test_where_no_time_of_day_can_be_named_that_is_said():
    with pytest.raises(BadRequest) as caught:
        parse_request("timer", b'{"until": "18:30", "id": "a"}', Source.WEB)
    assert (caught.value.code, caught.value.request_id) == ("unsupported", "a")


def test_a_key_that_stands_there_twice_is_not_guessed_at():
    bad = refusal('{"duration": "20m", "duration": "3h"}')
    assert (bad.code, "'duration' stands there twice" in str(bad)) == ("malformed", True)
    assert refusal('{"duration": "5m", "id": "a", "id": "b"}', "timer/extend").code == "malformed"
    # Nothing in an off can be wrong.
    assert parsed('{"id": "a", "id": "b"}', "off")
