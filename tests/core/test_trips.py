"""A demand to open: possible everywhere, confirmed only by a read-back asked after it."""

import pytest

from gasguard.core.messages import Answer, Kind, OpenContact, Shutdown, Status, Tell
from gasguard.core.model import MAX_WAITING, Contact, Flame, Phase, Reason, Source
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    OPEN,
    UNKNOWN,
    closing,
    only_tell,
    opens,
    ready,
    starting,
    statuses,
    tells,
    tripped,
    tripping,
)


@pytest.mark.parametrize("place", EVERYWHERE)
@pytest.mark.parametrize("source", list(Source))
def test_an_off_from_any_way_in_orders_an_opening_in_every_phase(place, source):
    burner = EVERYWHERE[place]()
    out = burner.off(source, ref=7)
    assert opens(out)
    assert statuses(out, 7) == [Status.ACCEPTED]
    assert burner.phase in (Phase.TRIPPING, Phase.TRIP_FAILED)


@pytest.mark.parametrize("place", EVERYWHERE)
def test_an_off_is_not_confirmed_by_a_read_back_asked_before_it(place):
    burner = EVERYWHERE[place]()
    burner.off(ref=7)
    burner.now += 0.05
    out = burner.read(OPEN, asked_ago=0.06)
    assert statuses(out, 7) == []
    assert burner.phase in (Phase.TRIPPING, Phase.TRIP_FAILED)


@pytest.mark.parametrize("place", [place for place in EVERYWHERE if place != "burning_on"])
def test_an_off_is_confirmed_by_a_read_back_asked_after_it(place):
    burner = EVERYWHERE[place]()
    burner.off(ref=7)
    burner.now += 0.05
    out = burner.read(OPEN, asked_ago=0.04)
    assert statuses(out, 7) == [Status.CONFIRMED]
    assert burner.phase in (Phase.TRIPPED, Phase.LOCKED_OUT)
    assert burner.state.contact is OPEN


def test_a_confirmed_off_hears_no_more():
    burner = ready()
    burner.off(ref=7)
    burner.read(OPEN)
    assert statuses(burner.watch(20, OPEN), 7) == []
    assert burner.off(ref=8)
    assert statuses(burner.read(OPEN)) == [Status.CONFIRMED], "the second one alone was waiting"


def test_a_stale_read_back_does_not_change_the_contact_shown():
    burner = tripping()
    burner.read(OPEN, asked_ago=1.0)
    assert burner.state.contact is CLOSED


def test_an_acknowledged_open_that_reads_closed_confirms_nothing():
    burner = tripping()
    assert statuses(burner.read(CLOSED, answered=True)) == []
    assert burner.phase is Phase.TRIPPING
    assert burner.state.contact is CLOSED


def test_a_trip_is_told_with_its_reason_and_source_and_then_its_latency():
    burner = ready()
    told = only_tell(burner.off(Source.BEMFA), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.REMOTE, Source.BEMFA)
    burner.now += 0.034
    told = only_tell(burner.read(OPEN), Kind.TRIP_CONFIRMED)
    assert (told.reason, told.source) == (Reason.REMOTE, Source.BEMFA)
    assert told.details["latency_ms"] == 34
    last = burner.state.last_trip
    assert last and last.confirmed and last.latency == pytest.approx(0.034)


def test_a_second_off_opens_again_and_waits_for_its_own_read_back():
    burner = ready()
    burner.off(ref=1)
    burner.now += 0.5
    out = burner.off(Source.WEB, ref=2)
    assert opens(out)
    assert not tells(out, Kind.TRIP), "one demand is under way: it is one trip"
    burner.now += 0.1
    assert statuses(burner.read(OPEN, asked_ago=0.3)) == []
    out = burner.read(OPEN)
    assert statuses(out, 1) == statuses(out, 2) == [Status.CONFIRMED]
    assert burner.state.last_trip.source is Source.MQTT, "the first cause stays on record"


def test_an_off_that_wants_no_answer_gets_none():
    burner = ready()
    assert statuses(burner.off(ref=0)) == []
    assert statuses(burner.read(OPEN)) == []


def test_a_trip_not_confirmed_within_two_seconds_has_failed_and_goes_on():
    burner = ready()
    burner.off()
    assert not tells(burner.wait(1.99), Kind.TRIP_FAILED)
    assert burner.phase is Phase.TRIPPING
    told = only_tell(burner.wait(0.02), Kind.TRIP_FAILED)
    assert "no answer" in told.details["message"]
    assert (told.reason, told.source) == (Reason.REMOTE, Source.MQTT)
    assert burner.phase is Phase.TRIP_FAILED


def test_more_offs_do_not_postpone_the_failure():
    burner = ready()
    burner.off()
    burner.wait(1.5)
    burner.off()
    assert tells(burner.wait(0.5), Kind.TRIP_FAILED)


def test_the_failure_names_what_is_wrong_with_the_relay():
    burner = tripping()
    burner.fail("wrong token")
    assert "wrong token" in only_tell(burner.wait(2), Kind.TRIP_FAILED).details["message"]


def test_the_failure_says_so_when_the_relay_answers_but_stays_closed():
    burner = tripping()
    burner.read(CLOSED, answered=True)
    assert "reads closed" in only_tell(burner.wait(2), Kind.TRIP_FAILED).details["message"]


def test_a_waiting_off_is_told_after_five_seconds_that_it_is_not_confirmed():
    burner = ready()
    burner.off(ref=7)
    assert statuses(burner.wait(4.99), 7) == []
    out = burner.wait(0.02)
    assert statuses(out, 7) == [Status.FAILED]
    (answer,) = [command for command in out if isinstance(command, Answer)]
    assert answer.message == "not confirmed; still trying"
    assert statuses(burner.read(OPEN), 7) == [], "one off has one outcome"


def test_each_waiting_off_has_its_own_five_seconds():
    burner = ready()
    burner.off(ref=1)
    burner.wait(3)
    burner.off(ref=2)
    assert statuses(burner.wait(2.5)) == [Status.FAILED]
    out = burner.read(OPEN)
    assert statuses(out, 2) == [Status.CONFIRMED]


def test_the_failed_answer_says_why_where_that_is_known():
    burner = ready()
    burner.off(ref=7)
    burner.fail("wrong token")
    (answer,) = [command for command in burner.wait(5) if isinstance(command, Answer)]
    assert answer.code == "not_confirmed"
    assert "wrong token" in answer.message


def test_the_number_of_waiting_offs_is_bounded_and_nobody_is_forgotten():
    burner = ready()
    answered = []
    for ref in range(1, MAX_WAITING + 11):
        answered += statuses_by_ref(burner.off(ref=ref))
    answered += statuses_by_ref(burner.read(OPEN))
    failed = [ref for ref, status in answered if status is Status.FAILED]
    confirmed = [ref for ref, status in answered if status is Status.CONFIRMED]
    assert failed == list(range(1, 11))
    assert confirmed == list(range(11, MAX_WAITING + 11))


def statuses_by_ref(out):
    return [(command.ref, command.status) for command in out if isinstance(command, Answer)]


def test_a_late_confirmation_ends_a_failed_trip_as_an_ordinary_one():
    burner = tripping()
    for _ in range(30):
        burner.wait(1.0)
        burner.fail("no answer")
    assert burner.phase is Phase.TRIP_FAILED
    out = burner.read(OPEN)
    assert tells(out, Kind.TRIP_CONFIRMED)
    assert burner.phase is Phase.TRIPPED
    assert not burner.state.locks
    burner.watch(10, OPEN)
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


def test_an_off_during_an_unanswered_close_says_that_it_overtakes_it():
    burner = closing()
    assert opens(burner.off()) == [OpenContact(overtakes_close=True)]
    assert opens(ready().off()) == [OpenContact(overtakes_close=False)]


def test_starting_becomes_ready_when_the_circuit_reads_closed():
    burner = starting()
    assert burner.state.contact is UNKNOWN
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


def test_a_clean_start_with_an_open_circuit_closes_it():
    burner = starting()
    out = burner.read(OPEN)
    assert not opens(out)
    assert burner.phase is Phase.STARTING
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


@pytest.mark.parametrize("contact", [OPEN, CLOSED])
def test_a_read_back_of_a_relay_that_does_not_exist_is_ignored(contact: Contact):
    burner = ready()
    before = burner.state
    for relay in (-1, 1, 99):
        assert burner.read_one(relay, contact) == ()
        assert burner.fail(relay=relay) == ()
    assert burner.state == before


def test_shutdown_trips_where_somebody_may_be_cooking():
    with_timer, with_flame, idle = ready(), ready(), ready()
    with_timer.timer(600)
    with_flame.flame(Flame.LIT)
    for burner in (with_timer, with_flame):
        out = burner.send(Shutdown())
        assert opens(out)
        told = only_tell(out, Kind.TRIP)
        assert (told.reason, told.source) == (Reason.SHUTDOWN, Source.GUARD)
    assert idle.send(Shutdown()) == ()
    assert idle.phase is Phase.READY


def test_shutdown_goes_on_with_an_unfinished_opening_and_leaves_a_finished_one():
    assert opens(tripping().send(Shutdown()))
    assert tripped().send(Shutdown()) == ()


def test_a_failure_is_told_once_however_long_it_lasts():
    burner = tripping()
    assert len(tells(burner.wait(3600), Kind.TRIP_FAILED)) == 1


def test_the_confirmation_says_how_long_it_took():
    burner = ready()
    burner.off(ref=7)
    burner.now += 0.034
    (answer,) = [one for one in burner.read(OPEN) if isinstance(one, Answer)]
    assert answer.message == "confirmed in 34 ms"


def test_offs_that_want_no_answer_crowd_out_nobody():
    burner = ready()
    burner.off(ref=7)
    for _ in range(MAX_WAITING):
        assert statuses(burner.off(ref=0)) == []
    assert statuses(burner.read(OPEN), 7) == [Status.CONFIRMED]


def test_a_trip_cancels_no_countdown_where_there_is_none():
    burner = ready()
    burner.off()
    burner.now += 0.1
    kinds = {type(command) for command in burner.read(OPEN)}
    assert kinds == {Tell}


def test_a_trip_that_nobody_asked_for_answers_nobody():
    burner = ready()
    assert statuses(burner.hazard()) == []
    burner.now += 0.1
    assert statuses(burner.read(OPEN)) == []


def test_while_opening_only_an_answered_open_shows_a_relay_mended():
    for answered, problem in ((False, "wrong token"), (True, None)):
        burner = tripping()
        burner.fail("wrong token")
        burner.read(OPEN, answered=answered)
        assert burner.state.relays[0].problem == problem


def test_a_start_behind_a_closed_circuit_is_no_rearm():
    assert starting().read(CLOSED) == ()
