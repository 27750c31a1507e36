"""Rows of the store: a Record, or one of the errors that set the file aside."""

import copy
import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gasguard.core import recover
from gasguard.core.instant import Instant
from gasguard.core.model import (
    Lock,
    Reason,
    RelaySettings,
    Reminder,
    Settings,
    Source,
    Timer,
    Trip,
    WhenLit,
)
from gasguard.core.recovery import Record, Stamp, record_from_data, record_of, record_to_data
from gasguard.interfaces.payloads import state_payload
from tests.fuzz.test_commands import json_values

DAMAGE = (ValueError, TypeError, KeyError)
FULL = record_to_data(
    Record(
        held_open=True,
        locks=(Lock.CHILD, Lock.STUCK),
        timer=Timer(5000.0, 1200.0, Source.MQTT, "eggs", False, ("a",)),
        last_trip=Trip(Reason.TIMER, Source.CLI, 1.7e9, 900.0, True, 0.03),
        burning_since=800.0,
        leased=True,
        rearmed_at=(1.0, 2.0),
        when_lit=WhenLit(480.0, Source.WEB, "rice", ("b",), 480.0),
        reminders=(
            Reminder(1, 5100.0, 720.0, Source.CLI, "noodles", "c"),
            Reminder(2, 9.0, 9.0, Source.WEB),
        ),
    )
)
SETTINGS = Settings(
    "left", "left", relays=(RelaySettings(lease=60.0),), max_burn=7200.0, scheduled=True
)
numbers = st.floats(-1e16, 1e16) | st.integers(-(10**17), 10**17)
leaves = json_values | numbers | st.sampled_from([*Lock, *Reason, *Source])


def places(data, path=()):
    """Every place in nested data."""
    yield path
    inner = {}
    if isinstance(data, dict):
        inner = data
    elif isinstance(data, list):
        inner = dict(enumerate(data))
    for key, value in inner.items():
        yield from places(value, (*path, key))


PLAIN = json.loads(json.dumps(FULL))


def bent(path, value):
    data = copy.deepcopy(PLAIN)
    if not path:
        return value
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return data


rows = st.builds(bent, st.sampled_from(list(places(PLAIN))), leaves) | json_values


@settings(max_examples=500, deadline=None, derandomize=True)
@given(data=rows, boot=st.floats(0, 1e8), same=st.booleans(), sync=st.booleans())
@example(data=PLAIN, boot=5.0, same=True, sync=True)
@example(data=bent(("timer", "deadline"), 10**400), boot=5.0, same=True, sync=True)
@example(data=bent(("timer", "deadline"), float("nan")), boot=5.0, same=True, sync=True)
@example(data=bent(("locks",), "child"), boot=5.0, same=True, sync=True)
@example(data=bent(("locks", 0), []), boot=5.0, same=True, sync=True)
@example(data=bent(("timer",), []), boot=5.0, same=True, sync=True)
@example(data=bent(("timer",), "timer"), boot=5.0, same=True, sync=True)
@example(data=bent(("last_trip",), 7), boot=5.0, same=True, sync=True)
@example(data=bent(("timer", "deadline"), 1e15), boot=5.0, same=True, sync=True)
@example(data=bent(("last_trip", "wall"), -9e15), boot=5.0, same=True, sync=True)
@example(data=bent(("last_trip", "latency"), 1e15), boot=5.0, same=True, sync=True)
@example(data=[], boot=5.0, same=True, sync=True)
@example(data=None, boot=5.0, same=True, sync=True)
def test_a_row_is_a_record_or_damaged(data, boot, same, sync):
    try:
        record = record_from_data(data)
    except DAMAGE:
        return
    assert record_from_data(json.loads(json.dumps(record_to_data(record)))) == record
    saved = Stamp("boot", boot, 1.7e9, sync)
    now = Stamp("boot" if same else "later boot", boot + 10, 1.7e9 + 10, sync)
    state, _ = recover(SETTINGS, (record, saved), now)
    record_of(state)
    told = state_payload(state, Instant(now.boot, now.wall))
    json.dumps(told, allow_nan=False)
    if record.locks:
        assert state.locks >= set(record.locks), "no lock is ever lost"
        assert state.opening is not None
