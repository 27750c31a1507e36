"""OpenMetrics text, read back as Prometheus reads it."""

from enum import StrEnum

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families

from gasguard.core.model import Contact, Flame, Phase
from gasguard.interfaces.metrics.text import open_metrics

STATE = {
    "phase": "tripped",
    "contact": "open",
    "flame": "out",
    "locks": ["child"],
    "timer": {"remaining_s": 90, "guaranteed": False},
    "relay": {"reachable": True},
    "burning_since": "2026-11-22T12:20:00+08:00",
    "totals": {"burned_s": 3600, "gas_m3": 0.4},
}
COUNT = {
    "events": {"trip": 3, "message_sent": 2},
    "trips": {"timer": 2, "remote": 1},
    "confirmed": {"buckets": [0.1, 1.0], "within": [2, 3], "count": 3, "seconds": 0.5},
    "relays": [{"answered": 90, "unanswered": 10, "seconds": 1.8}],
}
ANSWER = {
    "states": {"left": STATE},
    "sensors": {
        'a "kitchen\\\n': {"kind": "gas_alarm", "says": "silent", "heard_s": 70},
        "never heard": {"kind": "presence", "says": "unknown", "heard_s": None},
    },
    "troubles": {"mqtt": "no broker"},
    "messages_waiting": {"mum": 2},
    "counts": {"left": COUNT},
    "started_at": 1_700_000_000.25,
    "version": "0.1.0",
}


def samples(answer: dict | None) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families(open_metrics(answer))
        for sample in family.samples
    }


def value(name: str, **labels: str) -> float:
    return samples(ANSWER)[(name, tuple(sorted(labels.items())))]


def test_every_family_is_understood():
    kinds = {family.name: family.type for family in families(open_metrics(ANSWER))}
    assert kinds["gasguard_trips"] == "counter"
    assert kinds["gasguard_trip_confirmation_seconds"] == "histogram"
    # node_exporter refuses the whole file where there is any other type in it.
    assert set(kinds.values()) == {"counter", "gauge", "histogram", "summary"}
    assert all(family.documentation for family in families(open_metrics(ANSWER)))


def test_what_is_counted():
    assert value("gasguard_up") == 1
    assert value("gasguard_trips_total", burner="left", reason="timer") == 2
    assert value("gasguard_events_total", burner="left", type="message_sent") == 2
    assert value("gasguard_trip_confirmation_seconds_bucket", burner="left", le="1.0") == 3
    assert value("gasguard_trip_confirmation_seconds_sum", burner="left") == 0.5
    lost = {"burner": "left", "relay": "0", "outcome": "unanswered"}
    assert value("gasguard_relay_questions_total", **lost) == 10
    assert value("gasguard_relay_round_trip_seconds_sum", burner="left", relay="0") == 1.8


def test_how_things_stand():
    held = {"burner": "left", "phase": "tripped"}
    assert value("gasguard_burner_phase", **held) == 1
    assert value("gasguard_burner_phase", **{**held, "phase": "ready"}) == 0
    assert value("gasguard_timer_remaining_seconds", burner="left") == 90
    assert value("gasguard_timer_guaranteed", burner="left") == 0
    assert value("gasguard_burnt_seconds_total", burner="left") == 3600
    assert value("gasguard_burning_since_seconds", burner="left") == 1_795_321_200
    assert value("gasguard_troubles", part="mqtt") == 1
    assert value("gasguard_messages_waiting", to="mum") == 2
    assert value("gasguard_build_info", version="0.1.0") == 1


def test_names_from_outside_cannot_write_lines_of_their_own():
    assert value("gasguard_sensor_silent", sensor='a "kitchen\\\n', kind="gas_alarm") == 1
    ages = [labels for name, labels in samples(ANSWER) if name == "gasguard_sensor_age_seconds"]
    assert len(ages) == 1, "of what never spoke there is no age"


def test_a_daemon_that_was_not_reached_is_told_and_nothing_else():
    assert samples(None) == {("gasguard_up", ()): 0}


@pytest.mark.parametrize(
    ("family", "words"), [("phase", Phase), ("contact", Contact), ("flame", Flame)]
)
def test_each_word_of_the_core_has_a_line_of_its_own(family: str, words: type[StrEnum]):
    name = f"gasguard_burner_{family}"
    told = {dict(labels)[family] for told, labels in samples(ANSWER) if told == name}
    assert told == set(words)
