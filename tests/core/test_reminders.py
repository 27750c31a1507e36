"""Reminders: told once, at their time, whatever the burner does; never confused."""

import math

import pytest

from gasguard.core.messages import Answer, Kind, Status
from gasguard.core.model import MAX_REMINDERS, Reason, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    EVERYWHERE,
    Burner,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    statuses,
    tells,
)

DAY = 24 * 3600.0


def why(out) -> str:
    (answer,) = [one for one in out if isinstance(one, Answer)]
    return answer.message


@pytest.mark.parametrize("place", EVERYWHERE)
def test_one_is_told_at_its_time_in_every_phase_and_moves_nothing(place):
    burner = EVERYWHERE[place]()
    phase_without = burner.phase
    out = burner.remind(60, "eggs", Source.WEB)
    assert burner.phase is phase_without
    assert statuses(out) == [Status.ACCEPTED]
    told = only_tell(out, Kind.REMINDER_SET)
    assert (told.source, told.details) == (Source.WEB, {"duration_s": 60, "label": "eggs"})
    assert not tells(burner.wait(59.9), Kind.REMINDER)
    told = only_tell(burner.wait(0.2), Kind.REMINDER)
    assert (told.reason, told.source, told.details) == (None, Source.WEB, {"label": "eggs"})
    assert burner.state.reminders == ()


def test_it_comes_on_the_tick_and_not_one_before():
    burner = ready()
    burner.remind(60)
    due = burner.state.reminders[0].deadline
    burner.now = math.nextafter(due, 0)
    assert not tells(burner.tick(), Kind.REMINDER)
    burner.now = due
    told = only_tell(burner.tick(), Kind.REMINDER)
    assert told.details == {}
    assert not opens(burner.wait(100))


def test_the_shortest_is_one_too():
    burner = ready()
    assert statuses(burner.remind(0.25)) == [Status.ACCEPTED]
    assert only_tell(burner.wait(0.25), Kind.REMINDER)


@pytest.mark.parametrize(
    ("late", "told"), [(0.999, {}), (1.0, {"late_s": 1}), (90, {"late_s": 90})]
)
def test_one_that_comes_late_says_how_late(late, told):
    burner = ready()
    burner.now = 1000.0  # round, so that the sums below are exact
    burner.remind(60)
    burner.now = 1060.0 + late
    assert only_tell(burner.tick(), Kind.REMINDER).details == told


def test_several_are_told_each_at_its_own_time():
    burner = ready()
    for seconds in (30, 10, 20):
        burner.remind(seconds, f"{seconds} s")
    assert [one.id for one in burner.state.reminders] == [1, 2, 3]
    told = [one.details["label"] for one in tells(burner.wait(60), Kind.REMINDER)]
    assert told == ["10 s", "20 s", "30 s"]


def test_those_that_are_due_at_one_moment_are_all_told():
    burner = ready()
    burner.remind(10, "one")
    burner.remind(10, "two")
    assert len(tells(burner.wait(10), Kind.REMINDER)) == 2


def test_a_shutoff_and_a_lock_leave_them():
    burner = ready()
    burner.remind(60, "eggs")
    burner.timer(600)
    burner.off()
    burner.lock()
    burner.cancel()
    assert tells(burner.wait(60), Kind.REMINDER)


def test_they_take_no_timers_place():
    burner = ready()
    burner.timer(600, "eggs")
    timer = burner.state.timer
    burner.remind(60, "eggs")
    assert burner.state.timer == timer
    assert statuses(burner.cancel_reminders("eggs")) == [Status.ACCEPTED]
    assert burner.state.timer == timer


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_its_duration_is_positive(seconds):
    assert rejection(ready().remind(seconds)) == "invalid_duration"


def test_it_comes_within_a_day():
    burner = ready()
    assert rejection(burner.remind(DAY + 1e-6)) == "too_long"
    assert statuses(burner.remind(DAY)) == [Status.ACCEPTED]


def test_the_twenty_first_is_refused_until_one_has_gone():
    burner = ready()
    for number in range(MAX_REMINDERS):
        assert statuses(burner.remind(100 + number)) == [Status.ACCEPTED]
    out = burner.remind(50)
    assert rejection(out) == "too_many"
    assert "20" in why(out)
    burner.wait(100)
    assert statuses(burner.remind(50)) == [Status.ACCEPTED]
    assert [one.id for one in burner.state.reminders][-1] == MAX_REMINDERS + 1


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["eggs", "Eggs", " eggs ", "ｅｇｇｓ"])
def test_two_that_would_be_confused_are_refused(again):
    burner = ready()
    burner.remind(120, "eggs")
    out = burner.remind(60, again)
    assert rejection(out) == "label_taken"
    assert "'eggs'" in why(out)
    assert "2 min" in why(out)
    assert len(burner.state.reminders) == 1


def test_one_that_is_about_to_come_is_said_to_come_in_a_minute():
    burner = ready()
    burner.remind(2, "eggs")
    assert "1 min" in why(burner.remind(60, "eggs"))


def test_without_labels_there_may_be_several():
    burner = ready()
    burner.remind(60)
    assert statuses(burner.remind(60)) == [Status.ACCEPTED]
    assert len(burner.state.reminders) == 2


def test_the_label_is_free_again_once_the_reminder_has_come():
    burner = ready()
    burner.remind(10, "eggs")
    burner.wait(10)
    assert statuses(burner.remind(10, "eggs")) == [Status.ACCEPTED]


def test_the_same_id_twice_reminds_once():
    burner = ready()
    burner.remind(60, "eggs", key="a")
    out = burner.remind(60, "eggs", key="a")
    assert statuses(out) == [Status.ACCEPTED]
    assert why(out) == "this id was counted already"
    assert statuses(burner.remind(60, "rice", key="b")) == [Status.ACCEPTED]
    assert len(burner.state.reminders) == 2


# --- cancelling -----------------------------------------------------------------------------------


def test_one_is_cancelled_by_its_label():
    burner = ready()
    burner.timer(600, "rice")
    burner.remind(60, "eggs")
    burner.remind(60, "rice")
    burner.remind(60)
    out = burner.cancel_reminders("EGGS")
    assert statuses(out) == [Status.ACCEPTED]
    assert only_tell(out, Kind.REMINDER_CANCELLED).details == {"label": "eggs"}
    assert [one.label for one in burner.state.reminders] == ["rice", None]
    assert burner.state.timer is not None


def test_all_are_cancelled_at_once_also_where_there_are_none():
    burner = ready()
    burner.remind(60, "eggs")
    burner.remind(60)
    out = burner.cancel_reminders()
    assert len(tells(out, Kind.REMINDER_CANCELLED)) == 2
    assert burner.state.reminders == ()
    assert statuses(burner.cancel_reminders()) == [Status.ACCEPTED]


def test_a_label_that_none_has_is_refused_and_those_there_are_named():
    burner = ready()
    assert rejection(out := burner.cancel_reminders("eggs")) == "no_timer"
    assert "none has a label" in why(out)
    burner.remind(60, "rice")
    out = burner.cancel_reminders("eggs")
    assert rejection(out) == "no_timer"
    assert "'rice'" in why(out)


@pytest.mark.parametrize("when_lit", [False, True])
def test_the_timer_that_shuts_off_is_not_cancelled_by_its_label(when_lit):
    burner = ready()
    burner.timer(600, "eggs", when_lit=when_lit)
    out = burner.cancel_reminders("eggs")
    assert rejection(out) == "no_timer"
    assert "shuts off" in why(out)
    assert burner.state.timer or burner.state.when_lit
    out = burner.cancel_reminders("rice")
    assert "shuts off" not in why(out)


# --- restarts -------------------------------------------------------------------------------------


def restarted(gone: Burner, away: float, how: str = "same boot") -> Burner:
    saved, present = stamp_at(gone.now), stamp_at(gone.now + away)
    if how != "same boot":
        synchronised = how == "new boot"
        present = present.__class__("next", 12.5 + away, present.wall, synchronised)
    return Burner((record_of(gone.state), saved), present)


@pytest.mark.parametrize("how", ["same boot", "new boot"])
def test_one_that_is_still_to_come_goes_on(how):
    gone = ready()
    gone.remind(600, "eggs", Source.WEB, "a")
    burner = restarted(gone, 100, how)
    assert burner.first == ()
    (one,) = burner.state.reminders
    assert (one.id, one.duration, one.source, one.key) == (1, 600, Source.WEB, "a")
    assert not tells(burner.wait(499.9), Kind.REMINDER)
    assert only_tell(burner.wait(0.2), Kind.REMINDER).details == {"label": "eggs"}


@pytest.mark.parametrize("how", ["same boot", "new boot"])
def test_one_that_came_due_meanwhile_is_told_at_once_and_how_late(how):
    gone = ready()
    gone.remind(60, "eggs")
    burner = restarted(gone, 660, how)
    told = only_tell(burner.tick(), Kind.REMINDER)
    assert told.details == {"label": "eggs", "late_s": 600}


def test_where_no_clock_says_how_long_it_was_all_are_told_at_once():
    gone = ready()
    gone.remind(6000, "eggs", Source.WEB)
    gone.remind(60)
    burner = restarted(gone, 1, "clock wrong")
    told = tells(burner.first, Kind.REMINDER)
    assert [(one.reason, one.source) for one in told] == [
        (Reason.RESTART, Source.WEB),
        (Reason.RESTART, Source.MQTT),
    ]
    assert [one.details for one in told] == [{"label": "eggs"}, {}]
    assert burner.state.reminders == ()
