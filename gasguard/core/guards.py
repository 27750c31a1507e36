"""What watches over a burner that burns: the longest burn, nobody in the kitchen, nobody at home.

Each warns before it shuts off, and one touch answers it. Limits whose flame is not trusted only
warn. The longest burn is outranked by a longer timer that somebody has set; unattended by any
timer; away by none that was set before its warning.
"""

from gasguard.core.actions import trip
from gasguard.core.deadline import Deadline
from gasguard.core.flame import may_have_closed
from gasguard.core.messages import ExtendTimer, Kind
from gasguard.core.model import (
    CAN_BURN,
    MAX_EXTEND_IDS,
    Flame,
    Place,
    Reason,
    Source,
    State,
)
from gasguard.core.turn import Turn

_UNSEEN = (
    "no sound word of the flame: max_burn counts from the moment the burner could burn; look after "
    "the flame sensor"
)
_ALONE = "nobody was seen in the kitchen"
_AWAY = "nobody is at home"
_UNTRUSTED = "; nothing is shut off for this flame, which is not trusted (flame.trust)"

# --- the longest burn -----------------------------------------------------------------------------


def _must_end_at(state: State) -> float | None:
    """When a burner that can burn has burnt for longest."""
    end, last = state.must_end_at, state.last_trip
    if end is None or state.phase in CAN_BURN:
        return end
    if not may_have_closed(state):
        return None
    # What was tripped since, and is still lit, is a thermocouple that has to cool, or burns on.
    return end if last is None or last.began < end else None


def _burn_ends_at(state: State) -> float | None:
    return _must_end_at(state) if state.settings.flame_trusted else None


def _end_burn(turn: Turn) -> None:
    trip(turn, Reason.MAX_BURN, Source.GUARD, message=_why_unseen(turn.state))


def _why_unseen(state: State) -> str | None:
    return _UNSEEN if state.burning_since is None else None


def _burn_warns_at(state: State) -> float | None:
    end, settings = _must_end_at(state), state.settings
    if end is None or end == state.burn_warned_for:
        return None
    # Its timer warns by itself; and a limit shorter than the warning time was lit a moment ago.
    timer_is_first = state.timer is not None and state.timer.deadline <= end
    too_short = settings.max_burn is not None and settings.max_burn <= settings.prewarn
    return None if timer_is_first or too_short else end - settings.prewarn


def _warn_of_burn(turn: Turn) -> None:
    end = turn.state.must_end_at
    turn.set(burn_warned_for=end)
    _warn(turn, Reason.MAX_BURN, end or turn.now, _why_unseen(turn.state))


def _burn_is_warned(state: State) -> bool:
    end = _must_end_at(state)
    return end is not None and end == state.burn_warned_for


# --- nobody in the kitchen ------------------------------------------------------------------------


def _burns(state: State) -> bool:
    """Whether it burns: a flame was seen, and is not out for certain. One sample of out ends no
    warning."""
    # What is inferred never settles: it is out once that burn is over.
    settled = state.settings.flame_measured and not state.flame_seen
    lit = state.flame is not Flame.OUT or not settled
    return lit and state.burning_since is not None and state.phase in CAN_BURN


def _alone_from(state: State) -> float | None:
    """When nobody has been there for `unattended`; None where somebody is, nobody knows, or a timer
    says for how long."""
    limit, since = state.settings.unattended, state.burning_since
    if limit is None or since is None or state.timer is not None or not _burns(state):
        return None
    if state.anybody(Place.PRESENCE) is not False:
        return None
    return max(since, state.attended_until) + limit


def _warns_alone_at(state: State) -> float | None:
    if state.unattended_warned_at is not None or state.flame is Flame.OUT:
        return None
    return _alone_from(state)


def _warn_alone(turn: Turn) -> None:
    turn.set(unattended_warned_at=turn.now)
    _warn(turn, Reason.UNATTENDED, turn.now + turn.state.settings.prewarn, _ALONE)


def _trips_alone_at(state: State) -> float | None:
    warned, settings = state.unattended_warned_at, state.settings
    if warned is None or state.flame is Flame.OUT or not settings.flame_trusted:
        return None
    if _is_over(_alone_from(state), warned):
        return None
    return warned + settings.prewarn


def _trip_alone(turn: Turn) -> None:
    sensors = _looking(turn.state, Place.PRESENCE)
    trip(turn, Reason.UNATTENDED, Source.GUARD, message=_ALONE, sensor=sensors)


# --- nobody at home -------------------------------------------------------------------------------


def _away_from(state: State) -> float | None:
    """Since when it burns though nobody is at home, and nobody has allowed that."""
    since = state.burning_since
    if state.settings.away is None or since is None or not _burns(state):
        return None
    if state.anybody(Place.HOME) is not False:
        return None
    return max(since, state.away_allowed_until)


def _warns_away_at(state: State) -> float | None:
    if state.away_warned_at is not None or state.flame is Flame.OUT:
        return None
    return _away_from(state)


def _warn_away(turn: Turn) -> None:
    turn.set(away_warned_at=turn.now)
    ends = turn.now + (turn.state.settings.away or 0.0)
    _warn(turn, Reason.UNATTENDED, ends, _AWAY, away=True)


def _trips_away_at(state: State) -> float | None:
    warned, settings = state.away_warned_at, state.settings
    if warned is None or settings.away is None or state.flame is Flame.OUT:
        return None
    if not settings.flame_trusted:
        return None
    return None if _is_over(_away_from(state), warned) else warned + settings.away


def _trip_away(turn: Turn) -> None:
    sensors = _looking(turn.state, Place.HOME)
    trip(turn, Reason.UNATTENDED, Source.GUARD, message=_AWAY, away=True, sensor=sensors)


# --- warnings and their answers -------------------------------------------------------------------


def _warn(
    turn: Turn, reason: Reason, ends_at: float, why: str | None, *, away: bool | None = None
) -> None:
    trusted = turn.state.settings.flame_trusted
    remaining = round(max(0.0, ends_at - turn.now), 1)
    turn.tell(
        Kind.PREWARNING,
        reason,
        Source.GUARD,
        remaining_s=remaining if trusted else None,
        shuts_off=None if trusted else False,
        message=why if trusted else f"{why or 'it has burnt for long'}{_UNTRUSTED}",
        away=away,
    )


def _looking(state: State, place: Place) -> str:
    """The names of those that saw nobody."""
    views = (view for view in state.people_views if view.sensor.place is place)
    return ", ".join(view.sensor.name for view in views)


def _is_over(since: float | None, warned: float) -> bool:
    """Whether what was warned of then has ended."""
    return since is None or since > warned


def touch(turn: Turn) -> None:
    """Somebody is at this burner's controls."""
    turn.set(attended_until=max(turn.state.attended_until, turn.now))


def allow(turn: Turn, until: float) -> None:
    """Whoever sets a timer after the warning that nobody is at home knows what burns."""
    if turn.state.away_warned_at is not None:
        turn.set(away_allowed_until=until)


def disallow(turn: Turn) -> None:
    """The timer that is cancelled allows nothing any more."""
    timer, until = turn.state.timer, turn.state.away_allowed_until
    if timer is not None and turn.now < until <= timer.deadline:
        turn.set(away_allowed_until=turn.now)


def is_warned(state: State) -> bool:
    """Whether there is a warning that an extension would answer."""
    warned = state.unattended_warned_at, state.away_warned_at
    return warned != (None, None) or _burn_is_warned(state)


def answer(turn: Turn, request: ExtendTimer) -> Reason:
    """All that was warned of waits for so much longer. Returns what it was, the strictest first."""
    state, more = turn.state, request.duration
    if state.unattended_warned_at is not None:
        waits = max(0.0, more - (state.settings.unattended or 0.0))
        turn.set(attended_until=turn.now + waits)
    if state.away_warned_at is not None:
        turn.set(away_allowed_until=turn.now + more)
    if request.key is not None:
        turn.set(answer_ids=(*state.answer_ids, request.key)[-MAX_EXTEND_IDS:])
    if state.must_end_at is None or not _burn_is_warned(state):
        return Reason.UNATTENDED
    # Its end may be over, where it only warns or the relay cannot be reached: more is from now on.
    turn.set(burn_granted_until=max(state.must_end_at, turn.now) + more)
    return Reason.MAX_BURN


def fall_back(turn: Turn, held_until: float | None) -> None:
    """A timer that had outranked the longest burn until `held_until` is cancelled, or another has
    taken its place: that burn, which may be over already, is warned of first."""
    end, soon = turn.state.must_end_at, turn.now + turn.state.settings.prewarn
    if end is not None and held_until is not None and end < min(held_until, soon):
        turn.set(burn_granted_until=min(held_until, soon))


def settle(turn: Turn) -> None:
    """Forget warnings of what has ended, and what was granted to a burn that is over."""
    state = turn.state
    warned = state.unattended_warned_at
    if warned is not None and _is_over(_alone_from(state), warned):
        turn.set(unattended_warned_at=None)
    warned = state.away_warned_at
    if warned is not None and _is_over(_away_from(state), warned):
        turn.set(away_warned_at=None)
    if state.burn_granted_until is not None and _must_end_at(state) is None:
        turn.set(burn_granted_until=None)


LIMITS = (
    Deadline(_burn_ends_at, _end_burn),
    Deadline(_burn_warns_at, _warn_of_burn),
    Deadline(_warns_alone_at, _warn_alone),
    Deadline(_trips_alone_at, _trip_alone),
    Deadline(_warns_away_at, _warn_away),
    Deadline(_trips_away_at, _trip_away),
)
"""Who looks for people trips behind the warning, so that no time to warn is one, too."""
