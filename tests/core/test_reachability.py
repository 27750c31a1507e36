"""Whether a relay can be reached, and how long its last word counts."""

import pytest

from gasguard.core import next_deadline
from gasguard.core.messages import Kind
from gasguard.core.model import RelaySettings
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    OPEN,
    UNKNOWN,
    Burner,
    locked_out,
    only_tell,
    ready,
    stamp_at,
    starting,
    tells,
)


@pytest.mark.parametrize("place", EVERYWHERE)
def test_the_contact_is_unknown_after_ten_seconds_of_silence_in_every_phase(place):
    burner = EVERYWHERE[place]()
    known = burner.state.contact
    burner.now = burner.state.relays[0].heard_at
    burner.wait(9.9)
    assert burner.state.contact is known
    burner.wait(0.2)
    assert burner.state.contact is UNKNOWN


def test_silence_is_told_once_and_within_ten_seconds():
    burner = ready()
    out = burner.wait(10)
    told = only_tell(out, Kind.RELAY_UNREACHABLE)
    assert told.details["relay"] == 0
    assert not burner.state.reachable
    assert not tells(burner.wait(600), Kind.RELAY_UNREACHABLE)


def test_a_relay_never_heard_of_is_told_too():
    burner = starting()
    assert not burner.state.reachable
    assert tells(burner.wait(10), Kind.RELAY_UNREACHABLE)


def test_the_alarm_says_whether_somebody_cooks_and_whether_the_burner_is_locked():
    burner = ready()
    burner.timer(600)
    assert only_tell(burner.wait(10), Kind.RELAY_UNREACHABLE).details["burning"] is True
    details = only_tell(locked_out().wait(10), Kind.RELAY_UNREACHABLE).details
    assert (details["burning"], details["locked"]) == (False, True)


def test_the_alarm_says_what_is_wrong_where_that_is_known():
    burner = ready()
    burner.fail("wrong token")
    assert only_tell(burner.wait(10), Kind.RELAY_UNREACHABLE).details["message"] == "wrong token"


def test_one_answer_ends_the_silence():
    burner = ready()
    burner.fail("no answer")
    burner.wait(60)
    assert only_tell(burner.read(CLOSED), Kind.RELAY_RECOVERED).details == {"relay": 0}
    assert burner.state.reachable
    assert burner.state.relays[0].problem is None
    assert tells(burner.wait(10), Kind.RELAY_UNREACHABLE), "the next silence is told again"


def test_polled_relays_are_never_lost():
    burner = ready()
    out = burner.watch(600, CLOSED)
    assert not tells(out, Kind.RELAY_UNREACHABLE)
    assert burner.state.contact is CLOSED


def test_a_failed_question_alone_loses_nobody():
    burner = ready()
    assert burner.fail("busy") == ()
    assert burner.state.reachable
    assert burner.state.contact is CLOSED


def test_the_latency_shown_is_the_last_one_measured():
    burner = ready()
    burner.read(CLOSED, latency=0.012)
    burner.read(CLOSED)
    assert burner.state.relays[0].latency == 0.012


def test_a_late_answer_to_an_old_question_still_shows_that_the_relay_lives():
    burner = ready()
    burner.off()
    burner.wait(9)
    assert tells(burner.read(OPEN, asked_ago=9.5), Kind.RELAY_RECOVERED)
    assert burner.state.reachable


def test_each_relay_in_series_is_watched_by_itself():
    burner = ready(relays=(RelaySettings(), RelaySettings()))
    for _ in range(5):
        burner.wait(2)
        burner.read_one(1, CLOSED)
    assert burner.state.relays[0].contact is UNKNOWN
    assert burner.state.relays[1].contact is CLOSED
    assert burner.state.reachable
    assert burner.state.contact is UNKNOWN, "both must be closed for the circuit to be"


# Just below a power of two the sum rounds: (1019.6432955221768 + 8) - 1019.6432955221768 < 8.
@pytest.mark.parametrize("heard", [1019.6432955221768, *(1016 + n / 97 for n in range(776))])
def test_rounding_leaves_no_deadline_behind(heard):
    burner = Burner(present=stamp_at(heard), hazard_sensors=(), flame_expires_after=None)
    burner.read(CLOSED)
    for _ in range(2):
        burner.now = next_deadline(burner.state)
        burner.tick()  # holds that nothing stays due
    assert next_deadline(burner.state) is None


def test_a_relay_has_eight_seconds_after_the_start_to_be_heard_of():
    assert not tells(starting().wait(7.9), Kind.RELAY_UNREACHABLE)


def test_an_answer_that_took_very_long_shows_only_that_the_relay_lives():
    burner = ready()
    burner.watch(30, CLOSED)
    burner.now += 3
    burner.read(OPEN, asked_ago=2.1)
    assert burner.state.contact is CLOSED
    assert burner.state.relays[0].heard_at == burner.now
    burner.read(OPEN, asked_ago=1.9)
    assert burner.state.contact is OPEN
