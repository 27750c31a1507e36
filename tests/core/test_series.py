"""Several relays in series: any one open takes the flame away, all closed give it back."""

from gasguard.core.messages import Answer, CloseContact, Kind, Status
from gasguard.core.model import Lock, Phase, Reason, RelaySettings, Source
from gasguard.core.recovery import Record
from tests.core.burner import (
    CLOSED,
    OPEN,
    START,
    Burner,
    closes,
    closing,
    only_tell,
    opens,
    ready,
    stamp_at,
    starting,
    statuses,
    tells,
    tripped,
    tripping,
)

TWO = {"relays": (RelaySettings(), RelaySettings())}


def test_ready_needs_every_relay_closed():
    burner = starting(**TWO)
    burner.read_one(0, CLOSED)
    assert burner.phase is Phase.STARTING
    burner.read_one(1, CLOSED)
    assert burner.phase is Phase.READY


def test_a_clean_start_closes_the_one_that_is_open_once_both_are_known():
    burner = starting(**TWO)
    assert not closes(burner.read_one(0, OPEN))
    assert closes(burner.read_one(1, CLOSED)) == [CloseContact()]


def test_any_one_read_open_confirms_the_trip():
    burner = ready(**TWO)
    burner.off(ref=7)
    burner.now += 0.1
    assert statuses(burner.read_one(0, CLOSED, answered=True)) == []
    assert statuses(burner.read_one(1, OPEN), 7) == [Status.CONFIRMED]
    assert burner.phase is Phase.TRIPPED
    assert burner.state.contact is OPEN


def test_the_confirmation_of_one_does_not_alarm_about_the_other_as_stuck():
    burner = tripping(**TWO)
    burner.read_one(1, OPEN)
    for _ in range(10):
        burner.now += 1
        burner.read_one(0, CLOSED, answered=True)
        burner.read_one(1, OPEN)
    assert not burner.state.locks
    assert burner.phase is Phase.TRIPPED


def test_two_that_disobey_are_stuck():
    burner = tripping(**TWO)
    for _ in range(4):
        burner.read_one(0, CLOSED, answered=True)
        burner.read_one(1, CLOSED, answered=True)
        burner.wait(2)
    assert burner.state.locks == {Lock.STUCK}


def test_it_closes_only_when_both_can_be_read():
    burner = tripped(**TWO)
    for _ in range(10):
        burner.wait(2)
        assert not closes(burner.read_one(0, OPEN))
    assert closes(burner.read_one(1, OPEN))


def test_rearmed_means_both_read_closed():
    burner = closing(**TWO)
    assert not tells(burner.read_one(0, CLOSED), Kind.REARMED)
    assert burner.phase is Phase.TRIPPED
    assert tells(burner.read_one(1, CLOSED), Kind.REARMED)
    assert burner.phase is Phase.READY


def test_one_opened_from_outside_is_a_trip():
    burner = ready(**TWO)
    told = only_tell(burner.read_one(1, OPEN), Kind.TRIP)
    assert told.reason is Reason.VOICE


def test_one_closed_from_outside_is_opened_again():
    burner = tripped(**TWO)
    assert opens(burner.read_one(0, CLOSED))
    burner.now += 0.1
    burner.read_one(1, OPEN)
    assert burner.phase is Phase.TRIPPED


def test_a_trip_from_tripped_does_not_count_the_relay_that_was_closed_as_disobeying():
    burner = tripping(**TWO)
    burner.read_one(1, OPEN)
    burner.off()
    for _ in range(4):
        burner.now += 2
        burner.read_one(0, CLOSED, answered=True)
    assert not burner.state.locks


def test_the_one_that_did_not_open_is_an_alarm_of_its_own_once_a_trip():
    burner = tripping(**TWO)
    burner.read_one(1, OPEN)
    out = []
    for _ in range(4):
        burner.now += 0.1
        out += burner.read_one(0, CLOSED, answered=True)
        out += burner.wait(0.9)
        out += burner.read_one(1, OPEN)
    told = only_tell(out, Kind.TRIP_FAILED)
    assert told.details["relay"] == 0
    assert burner.phase is Phase.TRIPPED
    out = burner.off()
    burner.now += 0.1
    burner.read_one(1, OPEN)
    assert only_tell(burner.wait(2.5), Kind.TRIP_FAILED).details["relay"] == 0


def test_no_alarm_where_both_have_opened():
    burner = tripping(**TWO)
    burner.read_one(1, OPEN)
    burner.read_one(0, OPEN)
    assert not tells(burner.watch(5, OPEN, OPEN), Kind.TRIP_FAILED)


def test_the_alarm_needs_no_trip_on_record():
    burner = Burner((Record(held_open=True), stamp_at(START)), stamp_at(START + 1), **TWO)
    burner.read(CLOSED, OPEN)
    assert not tells(burner.tick(), Kind.TRIP_FAILED)
    assert only_tell(burner.wait(2), Kind.TRIP_FAILED).details["relay"] == 0


def test_the_alarm_about_one_of_several_names_the_trip_it_failed():
    burner = tripping(**TWO)
    burner.read_one(1, OPEN)
    burner.read_one(0, CLOSED)
    told = only_tell(burner.wait(2), Kind.TRIP_FAILED)
    assert (told.reason, told.source) == (Reason.REMOTE, Source.MQTT)


def test_the_failed_answer_names_the_relay_that_has_a_problem():
    burner = ready(**TWO)
    burner.off(ref=7)
    burner.fail("wrong token", relay=1)
    (answer,) = [one for one in burner.wait(5) if isinstance(one, Answer)]
    assert "wrong token" in answer.message


def test_the_alarm_about_one_of_several_gives_it_two_seconds():
    burner = tripping(**TWO)
    burner.read(CLOSED, OPEN)
    assert not tells(burner.tick(), Kind.TRIP_FAILED)
    told = only_tell(burner.wait(2), Kind.TRIP_FAILED)
    assert "relay 0 did not open; another in series did" in told.details["message"]


def test_one_that_has_closed_before_the_other_is_no_alarm():
    burner = closing(**TWO)
    burner.read_one(0, CLOSED)
    assert not tells(burner.wait(5), Kind.TRIP_FAILED)


def test_one_found_open_at_start_is_no_alarm_about_the_other():
    burner = starting(**TWO)
    burner.read(OPEN, CLOSED)
    burner.now += 0.5
    burner.read(OPEN, CLOSED)
    assert not tells(burner.wait(1.9), Kind.TRIP_FAILED)


def test_the_failure_names_the_relay_that_has_a_problem():
    burner = tripping(**TWO)
    burner.fail("wrong token", relay=1)
    assert "wrong token" in only_tell(burner.wait(2), Kind.TRIP_FAILED).details["message"]
