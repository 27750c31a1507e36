"""Schedules in the core: a window is a level that locks, an off shuts off what is in use."""

import pytest

from gasguard.core.messages import CalendarRead, Kind, OffIsDue
from gasguard.core.model import Calendar, Flame, Lock, Phase, Reason, Shutoff, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    OPEN,
    Burner,
    Commands,
    closes,
    latched,
    locked_out,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    starting,
    tells,
    tripped,
)

UNSENSED = {"flame_expires_after": None}


def window(burner: Burner, begins_in: float = 0.0, grace: float = 0.0) -> Calendar:
    begins_at = burner.now + begins_in
    inside = "night" if begins_in <= 0 else None
    return Calendar(inside, "night", begins_at, begins_at + grace, "06:00" if inside else "")


def begins(burner: Burner, grace: float = 0.0) -> Commands:
    return burner.send(CalendarRead(window(burner, grace=grace)))


def ends(burner: Burner, source: Source = Source.SCHEDULE) -> Commands:
    return burner.send(CalendarRead(Calendar(), source))


def lit(burner: Burner) -> Burner:
    burner.flame(Flame.LIT)
    return burner


def out(burner: Burner) -> Burner:
    burner.goes_out()
    return burner


# --- windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", EVERYWHERE)
def test_inside_a_window_the_lock_stands_wherever_the_burner_was(place):
    burner = EVERYWHERE[place](scheduled=True)
    begins(burner)
    burner.tick()
    assert Lock.SCHEDULE in burner.state.locks
    assert burner.phase in (Phase.TRIPPING, Phase.TRIP_FAILED, Phase.LOCKED_OUT)
    for _ in range(3):
        burner.now += 0.01
        burner.read(OPEN)
        assert not closes(burner.watch(60, OPEN))
    ends(burner)
    assert Lock.SCHEDULE not in burner.state.locks


def test_a_window_shuts_off_and_says_why():
    burner = lit(ready())
    heard = begins(burner)
    assert opens(heard)
    trip = only_tell(heard, Kind.TRIP)
    assert (trip.reason, trip.source) == (Reason.SCHEDULE, Source.SCHEDULE)
    assert trip.details["schedule"] == "night"
    assert only_tell(heard, Kind.LOCKED).reason is Lock.SCHEDULE


def test_the_end_of_the_window_ends_its_lock_and_no_other():
    for other in (Lock.CHILD, Lock.GAS_ALARM):
        burner = locked_out(other, scheduled=True)
        begins(burner)
        assert burner.state.locks == {other, Lock.SCHEDULE}
        heard = ends(burner)
        assert burner.state.locks == {other}
        assert only_tell(heard, Kind.UNLOCKED).reason is Lock.SCHEDULE
        assert burner.phase is Phase.LOCKED_OUT
        assert not closes(heard + burner.watch(60, OPEN))


def test_behind_the_end_of_the_window_the_circuit_is_closed():
    burner = ready()
    begins(burner)
    burner.now += 0.01
    burner.read(OPEN)
    burner.watch(3600, OPEN)
    assert closes(ends(burner))


def test_who_skipped_it_is_told():
    burner = ready()
    begins(burner)
    assert only_tell(ends(burner, Source.MQTT), Kind.UNLOCKED).source is Source.MQTT


def test_the_end_of_a_window_that_locked_nothing_is_no_news():
    assert not ends(ready())


def test_unlock_does_not_end_it_and_a_rearm_says_what_would():
    burner = ready()
    begins(burner)
    burner.now += 0.01
    burner.read(OPEN)
    burner.unlock()
    assert burner.state.locks == {Lock.SCHEDULE}
    rejected = only_tell(burner.rearm(), Kind.COMMAND_REJECTED)
    assert rejected.reason == "schedule"
    assert "night" in str(rejected.details["message"])
    assert "06:00" in str(rejected.details["message"])
    assert "skip" in str(rejected.details["message"])


def test_a_rearm_in_a_window_ends_the_latch_and_the_lock_stays():
    burner = latched()
    begins(burner)
    burner.rearm()
    assert burner.state.locks == {Lock.SCHEDULE}
    assert not closes(burner.watch(60, OPEN))


def test_what_is_closed_from_outside_in_a_window_is_opened_again():
    burner = ready()
    begins(burner)
    burner.now += 0.01
    burner.read(OPEN)
    heard = burner.watch(3, CLOSED)
    assert opens(heard)
    assert only_tell(heard, Kind.TRIP).reason is Reason.SCHEDULE


def test_no_timer_is_set_behind_its_lock():
    burner = ready()
    begins(burner)
    rejected = only_tell(burner.timer(60), Kind.COMMAND_REJECTED)
    assert rejected.reason == "locked_out"


def test_one_in_jog_mode_cannot_be_locked_and_is_left():
    burner = ready(jog=True)
    assert not begins(burner)
    assert burner.phase is Phase.READY


# --- grace ------------------------------------------------------------------------------------


def test_one_in_use_has_its_grace_to_the_tick():
    burner = lit(ready())
    assert not opens(begins(burner, grace=60))
    end = burner.now + 60
    burner.wait(59.999)
    assert burner.phase is Phase.READY
    heard = burner.wait(0.002)
    assert burner.now >= end
    assert only_tell(heard, Kind.TRIP).reason is Reason.SCHEDULE


@pytest.mark.parametrize("prepare", [lambda: out(lit(ready())), tripped], ids=["out", "tripped"])
def test_one_that_nobody_uses_has_none(prepare):
    burner = prepare()
    begins(burner, grace=60)
    assert Lock.SCHEDULE in burner.state.locks


def test_whether_anybody_used_it_is_told():
    assert only_tell(begins(out(lit(ready()))), Kind.TRIP).details["idle"] is True
    assert "idle" not in only_tell(begins(lit(ready())), Kind.TRIP).details


def test_one_of_whose_flame_nothing_is_known_has_it():
    burner = ready(**UNSENSED)
    begins(burner, grace=60)
    assert burner.phase is Phase.READY
    burner.wait(60)
    assert Lock.SCHEDULE in burner.state.locks


def test_whoever_is_done_within_the_grace_is_locked_then():
    burner = lit(ready())
    begins(burner, grace=600)
    burner.flame(Flame.OUT)
    burner.wait(2.9)
    assert not burner.state.locks, "one sample of out is none"
    burner.wait(0.2)
    assert burner.state.locks == {Lock.SCHEDULE}


def test_the_end_of_the_window_within_the_grace_locks_nothing():
    burner = lit(ready())
    begins(burner, grace=60)
    ends(burner)
    burner.wait(120)
    assert burner.phase is Phase.READY


def test_whose_window_it_is_is_told_with_the_lock():
    locked = only_tell(begins(out(ready())), Kind.LOCKED)
    assert (locked.reason, locked.details) == (Lock.SCHEDULE, {"schedule": "night"})


# --- warnings ---------------------------------------------------------------------------------


def warns(burner: Burner, begins_in: float, grace: float = 0.0) -> Commands:
    return burner.send(CalendarRead(window(burner, begins_in, grace)))


def test_whoever_cooks_is_warned_before_once():
    burner = lit(ready())
    heard = warns(burner, 100.0) + burner.wait(39.9)
    assert not tells(heard, Kind.PREWARNING)
    heard = burner.wait(0.2)
    warning = only_tell(heard, Kind.PREWARNING)
    assert (warning.reason, warning.source) == (Reason.SCHEDULE, Source.SCHEDULE)
    assert warning.details["remaining_s"] == 60
    assert warning.details["schedule"] == "night"
    assert not tells(burner.wait(59), Kind.PREWARNING)


def test_the_warning_says_when_it_is_shut_off_and_comes_before_the_window():
    burner = lit(ready())
    heard = warns(burner, 100.0, grace=300) + burner.wait(41)
    assert only_tell(heard, Kind.PREWARNING).details["remaining_s"] == 360


def test_nobody_is_warned_where_nobody_cooks_and_whoever_begins_late_is_at_once():
    burner = out(ready())
    assert not tells(warns(burner, 100.0) + burner.wait(70), Kind.PREWARNING)
    heard = burner.flame(Flame.LIT) + burner.tick()
    assert only_tell(heard, Kind.PREWARNING).details["remaining_s"] == 30


def test_a_timer_behind_an_open_contact_is_no_cooking_to_warn():
    burner = tripped(rearm_after=600.0)
    burner.timer(3000)
    assert not tells(warns(burner, 100.0) + burner.watch(90, OPEN), Kind.PREWARNING)


def test_what_is_told_at_the_last_moment_is_told_to_a_tenth_of_a_second():
    burner = lit(ready())
    heard = warns(burner, 0.25) + burner.tick()
    assert only_tell(heard, Kind.PREWARNING).details["remaining_s"] == 0.2


def test_half_a_minute_later_is_another_moment():
    burner = lit(ready())
    for begins_at, times in ((2060.0, 1), (2089.5, 0), (2090.0, 1)):
        burner.now = 2048.0
        heard = burner.send(CalendarRead(Calendar(None, "night", begins_at, begins_at)))
        assert len(tells(heard + burner.tick(), Kind.PREWARNING)) == times


def test_nobody_is_warned_of_what_is_happening_already():
    burner = lit(ready())
    heard = begins(burner) + burner.tick()
    assert opens(heard)
    assert not tells(heard, Kind.PREWARNING)


def test_a_clock_that_is_being_set_warns_no_second_time_and_another_night_does():
    burner = lit(ready())
    warns(burner, 50.0)
    assert tells(burner.tick(), Kind.PREWARNING)
    assert not tells(warns(burner, 51.0) + burner.wait(5), Kind.PREWARNING)
    assert not tells(warns(burner, 3600.0) + burner.wait(3000), Kind.PREWARNING)
    assert tells(burner.wait(600), Kind.PREWARNING)


def test_within_the_grace_of_one_schedule_another_one_is_warned_of_too():
    burner = lit(ready())
    night, bedtime = burner.now + 100, burner.now + 400
    besides = (Shutoff("night", night, night + 600),)
    burner.send(CalendarRead(Calendar(None, "bedtime", bedtime, bedtime, "", besides)))
    first = only_tell(burner.wait(100), Kind.PREWARNING).details
    assert (first["schedule"], first["remaining_s"]) == ("night", 660)
    besides = (Shutoff("bedtime", bedtime, bedtime),)
    burner.send(CalendarRead(Calendar("night", "night", night, night + 600, "06:00", besides)))
    assert not tells(burner.wait(239), Kind.PREWARNING)
    assert "schedule night skip" in refusal(burner)
    second = only_tell(burner.wait(2), Kind.PREWARNING).details
    assert (second["schedule"], second["remaining_s"]) == ("bedtime", 60)
    assert "schedule bedtime skip" in refusal(burner)
    assert not tells(burner.wait(50), Kind.PREWARNING), "neither is told of again"


def refusal(burner: Burner) -> str:
    return str(only_tell(burner.extend(300), Kind.COMMAND_REJECTED).details["message"])


# --- offs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prepare",
    [lambda: lit(ready()), lambda: ready(**UNSENSED), starting],
    ids=["lit", "nothing is known", "starting"],
)
def test_an_off_shuts_off_what_is_in_use(prepare):
    burner = prepare()
    heard = burner.send(OffIsDue("bedtime"))
    assert opens(heard)
    trip = only_tell(heard, Kind.TRIP)
    assert (trip.reason, trip.source) == (Reason.SCHEDULE, Source.SCHEDULE)
    assert trip.details["schedule"] == "bedtime"
    burner.now += 0.01
    burner.read(OPEN)
    assert closes(burner.goes_out() + burner.watch(20, OPEN)), "it re-arms by itself"


def test_an_off_shuts_off_a_timer_before_the_flame_is_lit():
    burner = out(ready())
    burner.timer(600)
    assert opens(burner.send(OffIsDue("bedtime")))


@pytest.mark.parametrize("prepare", [lambda: out(ready()), tripped, locked_out])
def test_an_off_leaves_alone_what_nobody_uses(prepare):
    burner = prepare()
    assert not burner.send(OffIsDue("bedtime"))


# --- restarts ---------------------------------------------------------------------------------


def restarted(burner: Burner, **settings: object) -> Burner:
    saved = (record_of(burner.state), stamp_at(burner.now))
    return Burner(saved, stamp_at(burner.now + 60), **settings)


def test_a_lock_outlives_the_daemon_until_the_calendar_speaks():
    burner = ready()
    begins(burner)
    again = restarted(burner, scheduled=True)
    assert again.state.locks == {Lock.SCHEDULE}
    again.read(OPEN)
    assert not closes(again.watch(3600, OPEN))
    assert "clock" in str(only_tell(again.rearm(), Kind.COMMAND_REJECTED).details["message"])
    assert closes(ends(again))


def test_a_lock_whose_schedule_is_gone_from_the_configuration_is_gone():
    burner = ready()
    begins(burner)
    again = restarted(burner)
    assert not again.state.locks


def test_an_extension_puts_off_no_schedule_and_is_told_what_does():
    burner = lit(ready())
    burner.send(CalendarRead(window(burner, begins_in=30)))
    assert only_tell(burner.tick(), Kind.PREWARNING).details["schedule"] == "night"
    heard = burner.extend(300)
    assert rejection(heard) == "no_timer"
    assert (
        "gasguard schedule night skip" in only_tell(heard, Kind.COMMAND_REJECTED).details["message"]
    )
