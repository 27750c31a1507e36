"""Deadlines, alone and in their order: what is due, and what of two things is done first."""

from gasguard.core import next_deadline
from gasguard.core.deadline import Deadline, for_each, in_order
from gasguard.core.instant import Instant
from gasguard.core.messages import HazardRead, Kind, OpenContact
from gasguard.core.model import (
    Contact,
    Flame,
    HazardSensor,
    Lock,
    Phase,
    Reason,
    RelaySettings,
    RelayView,
    Settings,
    State,
)
from gasguard.core.turn import Turn
from tests.core.burner import (
    OPEN,
    Burner,
    closes,
    only_tell,
    opens,
    ready,
    tells,
    tripped,
)

# --- what a deadline is ---------------------------------------------------------------------------


def heard_at(*moments: float) -> State:
    """Relays that were heard at these moments."""
    return State(Settings("left", "Left"), relays=tuple(RelayView(heard_at=at) for at in moments))


def turn_at(now: float, state: State) -> Turn:
    return Turn(state, Instant(now, now))


def relays(state: State) -> range:
    return range(len(state.relays))


def heard(state: State, relay: int) -> float | None:
    """When a relay was heard; one with a problem is asked for no more."""
    view = state.relays[relay]
    return None if view.problem else view.heard_at


def note(turn: Turn, relay: int) -> None:
    turn.set_relay(relay, RelayView(heard_at=turn.state.relays[relay].heard_at, problem="noted"))


def noted(turn: Turn) -> list[bool]:
    return [view.problem == "noted" for view in turn.state.relays]


EACH = for_each(relays, heard, note)


def test_a_deadline_for_each_is_due_with_the_first():
    assert EACH.when(heard_at(3.0, 1.0, 2.0)) == 1.0
    assert EACH.when(heard_at()) is None


def test_a_deadline_for_each_is_done_for_all_that_are_due():
    turn = turn_at(2.0, heard_at(3.0, 1.0, 2.0))
    EACH.do(turn)
    assert noted(turn) == [False, True, True]
    assert EACH.when(turn.state) == 3.0, "what is done is due no more"


def test_a_deadline_is_done_in_its_time_and_not_before():
    for now, done in ((0.9, [False, False]), (1.0, [True, False]), (5.0, [True, True])):
        turn = turn_at(now, heard_at(1.0, 2.0))
        EACH.do_if_due(turn)
        assert noted(turn) == done


def test_what_is_not_to_come_is_never_done():
    turn = turn_at(1e9, heard_at(1.0))
    Deadline(lambda _state: None, lambda turn: note(turn, 0)).do_if_due(turn)
    assert noted(turn) == [False]


def test_what_one_deadline_does_counts_for_those_after_it():
    other = Deadline(lambda state: heard(state, 0), lambda turn: turn.set(burns_on=True))
    for deadlines, both in (((EACH, other), False), ((other, EACH), True)):
        turn = turn_at(1.0, heard_at(1.0))
        together = in_order(deadlines)
        assert together.when(turn.state) == 1.0
        together.do(turn)
        assert noted(turn) == [True]
        assert turn.state.burns_on is both


# --- which of two that are due comes first --------------------------------------------------------


def late(burner: Burner, seconds: float) -> tuple:
    """One tick, so late that everything within these seconds is due at once."""
    burner.now += seconds
    return burner.tick()


def test_of_a_timer_and_a_limit_the_timer_is_the_cause():
    burner = ready(max_burn=60.0)
    burner.flame(Flame.LIT)
    burner.timer(60)
    out = late(burner, 60)
    assert only_tell(out, Kind.TRIP).reason is Reason.TIMER
    assert len(opens(out)) == 1


def test_a_contact_not_read_for_long_does_not_pass_for_open_when_a_timer_ends():
    burner = tripped(rearm_after=3600.0)
    burner.timer(30)
    out = late(burner, 30)
    assert opens(out), "whether it is still open, nobody has seen"
    assert not tells(out, Kind.TIMER_CANCELLED)


def test_a_silence_is_told_before_the_judgement_that_rests_on_it():
    burner = ready(flame_expires_after=15.0, flame_out_within=15.0)
    burner.flame(Flame.LIT)
    burner.off()
    burner.read(OPEN)
    out = late(burner, 15)
    assert burner.state.flame is Flame.UNKNOWN
    kinds = [command.kind for command in out if hasattr(command, "kind")]
    assert kinds.index(Kind.SENSOR_SILENT) < kinds.index(Kind.TRIP_FAILED)
    assert "no sensor says" in only_tell(out, Kind.TRIP_FAILED).details["message"]


def test_a_flame_out_for_long_enough_is_out_before_it_is_judged():
    burner = ready(flame_out_within=30.0)
    burner.flame(Flame.LIT)
    burner.off()
    burner.read(OPEN)
    burner.flame(Flame.OUT)
    assert not tells(late(burner, 30), Kind.TRIP_FAILED)


def test_a_relay_is_told_lost_before_a_trip_that_comes_at_the_same_moment():
    burner = ready()
    burner.timer(8)
    kinds = [command.kind for command in late(burner, 8) if hasattr(command, "kind")]
    assert kinds == [Kind.RELAY_UNREACHABLE, Kind.TRIP]


def test_nothing_is_closed_at_the_moment_at_which_a_timer_opens():
    burner = tripped(jog=True, rearm_after=5.0)
    burner.timer(5)
    out = late(burner, 5)
    assert opens(out) == [OpenContact()], "no close that it would have to overtake"
    assert not closes(out)


def test_one_late_tick_does_all_that_was_due():
    sensor = HazardSensor("kitchen_gas", Lock.GAS_ALARM, 90.0)
    burner = ready(
        relays=(RelaySettings(), RelaySettings()),
        hazard_sensors=(sensor,),
        flame_expires_after=None,
    )
    burner.send(HazardRead("kitchen_gas", False))
    burner.timer(60)
    for _ in range(3):
        burner.off(ref=burner.ref())
    out = late(burner, 100)
    told = [tell.kind for kind in Kind for tell in tells(out, kind)]
    assert sorted(told) == sorted(
        [Kind.RELAY_UNREACHABLE, Kind.RELAY_UNREACHABLE, Kind.SENSOR_SILENT, Kind.TRIP_FAILED]
    )
    assert len(out) - len(told) == 3, "three requests waited for an answer"
    assert burner.state.contact is Contact.UNKNOWN
    assert burner.phase is Phase.TRIP_FAILED
    assert next_deadline(burner.state) is None
