"""Re-arming: by itself after an ordinary trip, by an explicit word after a latched one."""

import dataclasses

import pytest

from gasguard.core import step
from gasguard.core.instant import Instant
from gasguard.core.messages import Answer, CloseContact, Kind, Status, Tick
from gasguard.core.model import (
    OUT_SETTLES,
    REARM_LIMIT,
    REARM_WINDOW,
    STUCK_READBACKS,
    Flame,
    HazardView,
    Lock,
    Phase,
    RelayView,
    Settings,
    Source,
    State,
)
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    HAZARD_SENSORS,
    OPEN,
    Burner,
    closes,
    closing,
    latched,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    statuses,
    tells,
    trip_failed,
    tripped,
    tripping,
)

LOCAL = [Source.CLI, Source.WEB]
REMOTE = [source for source in Source if source not in LOCAL]


# --- after an ordinary trip -----------------------------------------------------------------------


def test_the_contact_closes_by_itself_after_rearm_after():
    burner = tripped(rearm_after=30.0)
    assert not closes(burner.watch(29.8, OPEN))
    assert closes(burner.watch(0.3, OPEN)) == [CloseContact()]
    assert burner.phase is Phase.TRIPPED, "until it has been read closed"
    out = burner.read(CLOSED)
    assert tells(out, Kind.REARMED)
    assert burner.phase is Phase.READY


def test_the_close_is_ordered_once_and_its_outcome_awaited():
    burner = closing()
    assert not closes(burner.wait(60))


def test_a_close_that_did_not_take_is_decided_anew_a_little_later():
    burner = closing()
    assert not closes(burner.read(OPEN))
    assert not closes(burner.wait(1.9))
    assert closes(burner.wait(0.2))


def test_a_read_back_from_before_the_close_says_nothing_about_it():
    burner = closing()
    assert burner.read(OPEN, asked_ago=1.0) == ()
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


def test_it_never_closes_while_the_flame_still_reads_lit():
    burner = tripping()
    burner.flame(Flame.LIT)
    burner.read(OPEN)
    assert not closes(burner.watch(60, OPEN))
    assert not closes(burner.flame(Flame.OUT)), "one word of a sensor that may bounce"
    assert closes(burner.watch(OUT_SETTLES, OPEN))


def test_it_never_closes_a_relay_it_cannot_read():
    burner = tripped(rearm_after=30.0)
    assert not closes(burner.wait(60))
    assert closes(burner.read(OPEN))


@pytest.mark.parametrize("source", list(Source))
def test_anybody_may_shorten_the_wait_after_an_ordinary_trip(source):
    burner = tripped()
    out = burner.rearm(source)
    assert statuses(out) == [Status.ACCEPTED]
    assert closes(out)


def test_shortening_the_wait_twice_closes_once():
    burner = tripped()
    burner.rearm()
    out = burner.rearm()
    assert statuses(out) == [Status.ACCEPTED]
    assert not closes(out)


# --- after a latched one --------------------------------------------------------------------------


@pytest.mark.parametrize("source", LOCAL)
def test_a_latched_trip_ends_by_a_local_rearm(source):
    burner = latched()
    out = burner.rearm(source)
    assert statuses(out) == [Status.ACCEPTED]
    told = only_tell(out, Kind.UNLOCKED)
    assert (told.reason, told.source) == (Lock.GAS_ALARM, source)
    assert closes(out)
    burner.read(CLOSED)
    assert burner.phase is Phase.READY


@pytest.mark.parametrize("source", REMOTE)
def test_a_remote_rearm_of_a_latched_trip_needs_permission(source):
    burner = latched()
    before = burner.state
    assert rejection(burner.rearm(source)) == "remote_rearm"
    assert burner.state == before
    permitted = latched(allow_remote_rearm=True)
    assert closes(permitted.rearm(source))


def test_no_rearm_while_the_hazard_still_reports():
    burner = locked_out(Lock.GAS_ALARM)
    assert rejection(burner.rearm()) == "hazard"
    burner.hazard(Lock.GAS_ALARM, active=False)
    assert closes(burner.rearm())


def test_a_second_hazard_holds_the_first_ones_rearm():
    burner = latched()
    burner.hazard(Lock.OVERHEAT)
    burner.now += 1
    burner.read(OPEN)
    assert rejection(burner.rearm()) == "hazard"
    burner.hazard(Lock.OVERHEAT, active=False)
    out = burner.rearm()
    assert [told.reason for told in tells(out, Kind.UNLOCKED)] == ["gas_alarm", "overheat"]


def test_no_rearm_while_the_flame_reads_lit():
    for burner in (latched(), tripped()):
        burner.flame(Flame.LIT)
        assert rejection(burner.rearm()) == "flame_lit"
        burner.goes_out()
        assert closes(burner.rearm())


def test_nothing_is_to_be_rearmed_while_it_burns_in_good_order():
    burner = ready()
    burner.flame(Flame.LIT)
    assert rejection(burner.rearm()) == "not_tripped"


def latch_and_rearm(burner: Burner):
    burner.hazard()
    burner.now += 1
    burner.read(OPEN)
    burner.hazard(active=False)
    out = burner.rearm()
    burner.now += 1
    burner.read(CLOSED if closes(out) else OPEN)
    return out


def test_at_most_five_rearms_in_fifteen_minutes():
    burner = ready()
    for _ in range(REARM_LIMIT):
        assert closes(latch_and_rearm(burner))
    assert rejection(latch_and_rearm(burner)) == "rearm_limit"
    assert burner.phase is Phase.LOCKED_OUT
    burner.watch(REARM_WINDOW, OPEN)
    assert closes(burner.rearm()), "the first of the five is fifteen minutes ago"


def test_the_refusal_says_when_the_oldest_of_the_five_is_old_enough():
    burner = ready()
    for minutes in (0, 5, 1, 1, 1):
        burner.watch(60 * minutes, CLOSED)
        assert closes(latch_and_rearm(burner))
    [answer] = [one for one in latch_and_rearm(burner) if isinstance(one, Answer)]
    assert "again in 7 min" in answer.message


def test_refused_rearms_do_not_count():
    burner = locked_out(Lock.GAS_ALARM)
    for _ in range(20):
        assert rejection(burner.rearm()) == "hazard"
    burner.hazard(active=False)
    assert closes(burner.rearm())


def test_ending_the_wait_of_ordinary_trips_does_not_count():
    burner = tripped()
    for _ in range(REARM_LIMIT * 2):
        assert closes(burner.rearm())
        burner.read(CLOSED)
        burner.off()
        burner.now += 1
        burner.read(OPEN)
    assert burner.state.rearmed_at == ()


def test_what_is_remembered_of_rearms_is_bounded():
    burner = ready()
    for _ in range(30):
        latch_and_rearm(burner)
        burner.now += REARM_WINDOW / 3
        burner.read(CLOSED)
    assert len(burner.state.rearmed_at) <= REARM_LIMIT


def test_a_rearm_leaves_the_child_lock():
    burner = latched()
    burner.lock()
    out = burner.rearm()
    assert statuses(out) == [Status.ACCEPTED]
    assert not closes(out)
    assert burner.state.locks == {Lock.CHILD}
    assert burner.phase is Phase.LOCKED_OUT
    assert rejection(burner.rearm()) == "child_lock"
    assert closes(burner.unlock())


def test_a_rearm_before_the_contact_has_opened_does_not_drop_the_demand():
    burner = ready()
    burner.hazard()
    burner.hazard(active=False)
    assert not closes(burner.rearm())
    assert burner.phase is Phase.TRIPPING
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED


@pytest.mark.parametrize("place", ["starting", "ready", "tripping"])
def test_where_there_is_nothing_to_rearm(place):
    burner = EVERYWHERE[place]()
    before = burner.state
    assert rejection(burner.rearm()) == "not_tripped"
    assert burner.state == before


@pytest.mark.parametrize("place", ["trip_failed", "burning_on"])
def test_a_trip_that_failed_must_be_mended_first(place):
    assert rejection(EVERYWHERE[place]().rearm()) == "trip_failed"


# --- the stuck relay ------------------------------------------------------------------------------


def disobey(burner: Burner, *waits: float, answered: bool = True) -> None:
    burner.read(CLOSED, answered=answered)
    for seconds in waits:
        burner.wait(seconds)
        burner.read(CLOSED, answered=answered)


def test_a_relay_that_answers_and_does_not_obey_is_stuck():
    burner = tripping()
    disobey(burner, 2.5, 2.4)
    assert Lock.STUCK not in burner.state.locks
    burner.wait(0.2)
    out = burner.read(CLOSED, answered=True)
    assert only_tell(out, Kind.LOCKED).reason == Lock.STUCK
    assert burner.phase is Phase.TRIP_FAILED


def test_two_read_backs_are_not_enough():
    burner = tripping()
    disobey(burner, 6.0)
    assert not burner.state.locks


def test_many_read_backs_within_five_seconds_are_not_enough():
    burner = tripping()
    disobey(burner, *[0.1] * 45)
    assert not burner.state.locks


def test_read_backs_after_an_open_that_nobody_answered_do_not_count():
    burner = tripping()
    disobey(burner, *[1.0] * 20, answered=False)
    assert burner.state.opening.disobeyed == ()
    assert not burner.state.locks
    assert burner.phase is Phase.TRIP_FAILED


def test_more_offs_do_not_start_the_count_anew():
    burner = tripping()
    for _ in range(7):
        burner.read(CLOSED, answered=True)
        burner.wait(1.0)
        burner.off()
    assert Lock.STUCK in burner.state.locks


def test_it_is_told_once_that_the_relay_is_stuck():
    burner = tripping()
    disobey(burner, 3.0, 3.0)
    for _ in range(5):
        burner.wait(1.0)
        assert not tells(burner.read(CLOSED, answered=True), Kind.LOCKED)


def test_a_stuck_relay_that_opens_at_last_stays_latched_until_a_rearm():
    burner = tripping()
    disobey(burner, 3.0, 3.0)
    burner.wait(60.0)
    burner.read(OPEN)
    assert burner.phase is Phase.LOCKED_OUT
    assert not closes(burner.watch(60, OPEN))
    assert closes(burner.rearm())


def test_a_stuck_relay_closed_from_outside_later_is_opened_again():
    burner = tripping()
    disobey(burner, 3.0, 3.0)
    burner.read(OPEN)
    burner.now += 1
    told = only_tell(burner.read(CLOSED), Kind.TRIP)
    assert "not re-armed" in told.details["message"]


def test_disobedience_of_an_earlier_trip_does_not_count_against_the_next():
    burner = tripping()
    disobey(burner, 1.0)
    burner.read(OPEN)
    burner.watch(600, OPEN)
    burner.read(CLOSED)
    burner.off()
    burner.now += 0.1
    burner.read(CLOSED, answered=True)
    assert not burner.state.locks


def test_a_relay_nobody_could_reach_is_late_not_stuck():
    burner = trip_failed()
    burner.wait(300)
    burner.read(OPEN)
    assert burner.phase is Phase.TRIPPED
    assert not burner.state.locks


# --- rule 4, whatever else goes wrong -------------------------------------------------------------

UNASKED = {
    "behind a lock": {"locks": frozenset({Lock.CHILD})},
    "while a hazard reports": {"hazard_views": (HazardView(HAZARD_SENSORS[0], reports=True),)},
    "behind a flame": {"flame_seen": True},
    "a second time": {"closing": 0.0},
    "closed already": {"phase": Phase.STARTING, "relays": (RelayView(CLOSED, 5.0),)},
    **{
        f"while {phase}": {"phase": phase}
        for phase in Phase
        if phase not in (Phase.TRIPPED, Phase.STARTING)
    },
}


def held_open(**changes: object) -> State:
    """Tripped, confirmed, and the wait is over."""
    settings = Settings("left", "Left", hazard_sensors=HAZARD_SENSORS[:1])
    views = (RelayView(OPEN, 5.0),)
    state = State(settings, Phase.TRIPPED, views, hazard_views=(HazardView(HAZARD_SENSORS[0]),))
    return dataclasses.replace(state, **changes)


@pytest.mark.parametrize("where", UNASKED)
def test_no_state_that_should_never_be_leads_to_a_closing(where):
    assert closes(step(held_open(), Tick(), Instant(6.0, 6.0))[1])
    assert not closes(step(held_open(**UNASKED[where]), Tick(), Instant(6.0, 6.0))[1])


def test_an_off_after_the_rearm_overtakes_nothing_any_more():
    burner = closing()
    burner.read(CLOSED)
    (order,) = opens(burner.off())
    assert not order.overtakes_close


def test_disobedience_over_just_five_seconds_makes_a_stuck_relay():
    burner = tripping()
    burner.now = 2000.0
    disobey(burner, 2.5)
    assert not burner.state.locks
    disobey(burner, 2.5)
    assert burner.state.locks == {Lock.STUCK}


def test_what_is_remembered_of_disobedience_is_bounded():
    burner = tripping()
    disobey(burner, *[1.0] * 20)
    assert len(burner.state.opening.disobeyed) == STUCK_READBACKS


def rearmed_five_times() -> Burner:
    """At 2000 s for the first time, and with the sixth latched trip at 2010 s."""
    burner = ready()
    burner.now = 1999.0
    for _ in range(REARM_LIMIT):
        assert closes(latch_and_rearm(burner))
    assert burner.state.rearmed_at[0] == 2000.0
    burner.hazard()
    burner.read(OPEN)
    burner.hazard(active=False)
    return burner


@pytest.mark.parametrize(("after", "minutes"), [(180.0, 12), (300.0, 10), (899.0, 1)])
def test_the_sixth_rearm_is_told_when_to_come_again(after, minutes):
    burner = rearmed_five_times()
    burner.now = 2000.0 + after
    out = burner.rearm()
    assert rejection(out) == "rearm_limit"
    message = only_tell(out, Kind.COMMAND_REJECTED).details["message"]
    assert message.endswith(f"again in {minutes} min")


def test_after_fifteen_minutes_to_the_second_a_rearm_is_forgotten():
    burner = rearmed_five_times()
    burner.now = 2000.0 + REARM_WINDOW
    assert statuses(burner.rearm()) == [Status.ACCEPTED]
    assert len(burner.state.rearmed_at) == REARM_LIMIT
    assert 2000.0 not in burner.state.rearmed_at


def test_five_latched_trips_do_not_hold_an_ordinary_one():
    burner = ready()
    for _ in range(REARM_LIMIT):
        latch_and_rearm(burner)
    burner.off()
    burner.now += 1
    burner.read(OPEN)
    assert statuses(burner.rearm()) == [Status.ACCEPTED]
