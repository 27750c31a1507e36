"""The durable record: it survives the way to disk and back, and damage never passes for data."""

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gasguard.core import recover
from gasguard.core.model import Lock, Reason, Reminder, Settings, Source, Timer, Trip, WhenLit
from gasguard.core.recovery import Record, record_from_data, record_of, record_to_data
from tests.core.burner import EVERYWHERE, stamp_at

steady = settings(derandomize=True, deadline=None)

DAMAGE = (ValueError, TypeError, KeyError)

times = st.floats(-1e9, 1e9)
timers = st.builds(
    Timer,
    deadline=times,
    duration=times,
    source=st.sampled_from(Source),
    label=st.none() | st.text(),
    warned=st.booleans(),
    extend_ids=st.lists(st.text()).map(tuple),
    outranks_until=st.none() | times,
)
waiting = st.builds(
    WhenLit,
    duration=times,
    source=st.sampled_from(Source),
    label=st.none() | st.text(),
    extend_ids=st.lists(st.text()).map(tuple),
    outranks=times,
)
reminders = st.builds(
    Reminder,
    id=st.integers(1, 10**9),
    deadline=times,
    duration=times,
    source=st.sampled_from(Source),
    label=st.none() | st.text(),
    key=st.none() | st.text(),
)
trips = st.builds(
    Trip,
    reason=st.sampled_from(Reason),
    source=st.sampled_from(Source),
    wall=times,
    began=times,
    confirmed=st.booleans(),
    latency=st.none() | times,
)
records = st.builds(
    Record,
    held_open=st.booleans(),
    locks=st.lists(st.sampled_from(Lock), unique=True).map(tuple),
    timer=st.none() | timers,
    last_trip=st.none() | trips,
    burning_since=st.none() | times,
    leased=st.booleans(),
    rearmed_at=st.lists(times).map(tuple),
    reporting=st.lists(st.text(max_size=8)).map(tuple),
    silent=st.lists(st.text(max_size=8)).map(tuple),
    unseen_since=st.none() | times,
    flame_seen=st.booleans(),
    tested=st.lists(st.text(max_size=8)).map(tuple),
    burn_granted_until=st.none() | times,
    away_allowed_until=st.none() | times,
    when_lit=st.none() | waiting,
    reminders=st.lists(reminders, max_size=3).map(tuple),
)

FULL = record_to_data(
    Record(
        held_open=True,
        locks=(Lock.CHILD,),
        timer=Timer(100.0, 60.0, Source.MQTT, "eggs", True, ("a",), 90.0),
        last_trip=Trip(Reason.TIMER, Source.MQTT, 1.0, 2.0, True, 0.5),
        burning_since=3.0,
        leased=True,
        rearmed_at=(4.0,),
        reporting=("kitchen_gas",),
        silent=("hall",),
        unseen_since=3.5,
        flame_seen=True,
        tested=("kitchen_gas",),
        burn_granted_until=5.0,
        away_allowed_until=6.0,
        when_lit=WhenLit(480.0, Source.WEB, "rice", ("b",), 420.0),
        reminders=(Reminder(1, 200.0, 60.0, Source.CLI, "stir", "c"),),
    )
)


def through_json(data: dict) -> dict:
    return json.loads(json.dumps(data))


@steady
@given(records)
def test_a_record_survives_the_way_to_disk_and_back(record):
    assert record_from_data(through_json(record_to_data(record))) == record


@pytest.mark.parametrize("place", EVERYWHERE)
def test_the_record_of_every_phase_survives_too(place):
    record = record_of(EVERYWHERE[place]().state)
    assert record_from_data(through_json(record_to_data(record))) == record


def places(data: object, path: tuple = ()) -> list[tuple]:
    if isinstance(data, tuple | list) and any(isinstance(one, dict) for one in data):
        inner = enumerate(data)
    else:
        inner = data.items() if isinstance(data, dict) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def named(path: tuple) -> str:
    return ".".join(str(part) for part in path)


def altered(path: tuple, value: object) -> object:
    """The full record as data, with one value in it replaced."""
    data = {"": through_json(FULL)}
    path = ("", *path)
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = copy.deepcopy(value)
    return data[""]


WRONG = {
    "a number without end": math.inf,
    "no number": math.nan,
    "a number no float can hold": 10**400,
    "a word": "soup",
    "an empty word": "",
    "an empty list": [],
    "a list of a list": [[]],
    "an empty mapping": {},
    "a small number": 0,
    "a truth": True,
}
ALLOWED = {
    # What is sound all the same, because the field may hold it.
    ("held_open",): ["a truth"],
    ("leased",): ["a truth"],
    ("timer", "warned"): ["a truth"],
    ("last_trip", "confirmed"): ["a truth"],
    ("locks",): ["an empty list"],
    ("rearmed_at",): ["an empty list"],
    ("reporting",): ["an empty list"],
    ("silent",): ["an empty list"],
    ("tested",): ["an empty list"],
    ("flame_seen",): ["a truth"],
    ("unseen_since",): ["a small number"],
    ("burn_granted_until",): ["a small number"],
    ("away_allowed_until",): ["a small number"],
    ("timer", "outranks_until"): ["a small number"],
    ("timer", "extend_ids"): ["an empty list"],
    ("timer", "label"): ["a word", "an empty word"],
    ("burning_since",): ["a small number"],
    ("timer", "deadline"): ["a small number"],
    ("timer", "duration"): ["a small number"],
    ("last_trip", "wall"): ["a small number"],
    ("last_trip", "began"): ["a small number"],
    ("last_trip", "latency"): ["a small number"],
    ("when_lit", "duration"): ["a small number"],
    ("when_lit", "outranks"): ["a small number"],
    ("when_lit", "label"): ["a word", "an empty word"],
    ("when_lit", "extend_ids"): ["an empty list"],
    ("reminders",): ["an empty list"],
    ("reminders", 0, "deadline"): ["a small number"],
    ("reminders", 0, "duration"): ["a small number"],
    ("reminders", 0, "label"): ["a word", "an empty word"],
    ("reminders", 0, "key"): ["a word", "an empty word"],
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("path", places(FULL), ids=named)
def test_a_value_of_the_wrong_kind_is_damage(path, wrong):
    data = altered(path, WRONG[wrong])
    if wrong in ALLOWED.get(path, []):
        record_from_data(data)
    else:
        with pytest.raises(DAMAGE):
            record_from_data(data)


LATER = [
    *(("reporting",), ("silent",), ("unseen_since",), ("flame_seen",), ("tested",)),
    *(("away_allowed_until",), ("burn_granted_until",), ("timer", "outranks_until")),
    *(("when_lit",), ("reminders",)),
]
"""What records of the first days did not have."""


def test_a_record_from_before_there_were_hazard_sensors_is_sound():
    data = through_json(FULL)
    for *inside, name in LATER:
        del (data[inside[0]] if inside else data)[name]
    record = record_from_data(data)
    assert (record.reporting, record.silent, record.tested, record.leased) == ((), (), (), True)
    assert (record.when_lit, record.reminders) == (None, ())
    assert (record.unseen_since, record.flame_seen) == (None, True), "it had been seen to burn"
    data["burning_since"] = None
    assert not record_from_data(data).flame_seen


@pytest.mark.parametrize(
    "path",
    [
        place
        for place in places(FULL)
        if place and place not in LATER and not isinstance(place[-1], int)
    ],
    ids=named,
)
def test_a_missing_value_is_damage(path):
    data = through_json(FULL)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    with pytest.raises(DAMAGE):
        record_from_data(data)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_time_is_sound_within_what_a_clock_could_show(sign):
    shown = sign * 49_999_999_999.5
    assert record_from_data(altered(("burning_since",), shown)).burning_since == shown
    with pytest.raises(DAMAGE):
        record_from_data(altered(("burning_since",), sign * 5e10))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@steady
@given(st.sampled_from(places(FULL)), json_values)
def test_whatever_passes_for_a_record_can_be_recovered_from(path, value):
    try:
        record = record_from_data(altered(path, value))
    except DAMAGE:
        return
    state, _ = recover(Settings("left", "Left"), (record, stamp_at(5.0)), stamp_at(6.0))
    assert state.locks >= set(record.locks)
