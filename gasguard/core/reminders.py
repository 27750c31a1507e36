"""Reminders: as many as people like, each told once. None of them moves the contact.

So no phase refuses one, and no trip, lock or cancelled timer takes one away. But whoever sets or
cancels one is there: that is a touch of the burner's controls.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from gasguard.core import guards
from gasguard.core.deadline import for_each
from gasguard.core.messages import CancelReminders, Kind, SetReminder, Status
from gasguard.core.model import MAX_REMINDERS, MAX_TIMER, Reason, Reminder, State
from gasguard.core.turn import Turn

_LATE = 1.0
"""Seconds from which on it is told how late one comes."""


def set_reminder(turn: Turn, request: SetReminder) -> None:
    """Add one. Two with the same label would be confused: the second is refused."""
    guards.touch(turn)
    state = turn.state
    if request.key is not None and any(one.key == request.key for one in state.reminders):
        turn.answer(request.ref, Status.ACCEPTED, None, "this id was counted already")
        return
    refusal = _refusal(turn, request)
    if refusal is not None:
        turn.reject(request.ref, request.source, *refusal)
        return
    reminder = Reminder(
        1 + max((one.id for one in state.reminders), default=0),
        turn.now + request.duration,
        request.duration,
        request.source,
        request.label,
        request.key,
    )
    turn.set(reminders=(*state.reminders, reminder))
    turn.answer(request.ref, Status.ACCEPTED)
    turn.tell(
        Kind.REMINDER_SET,
        None,
        request.source,
        duration_s=request.duration,
        label=request.label,
    )


def _refusal(turn: Turn, request: SetReminder) -> tuple[str, str] | None:
    if not request.duration > 0:  # also true of NaN
        return "invalid_duration", "a duration must be positive, for example 20m"
    if request.duration > MAX_TIMER:
        return "too_long", "a reminder comes within 24h"
    same = _called(turn.state, request.label)
    if same:
        minutes = max(1, round((same[0].deadline - turn.now) / 60))
        return (
            "label_taken",
            f"a reminder {same[0].label!r} is set already and comes in about {minutes} min; "
            "give this one another label, or cancel that one first",
        )
    if len(turn.state.reminders) >= MAX_REMINDERS:
        return "too_many", f"{MAX_REMINDERS} reminders are set already; cancel one first"
    return None


def cancel_reminders(turn: Turn, request: CancelReminders) -> None:
    """Drop the one with that label, or all. The timer that shuts off stays, whatever its label."""
    guards.touch(turn)
    state = turn.state
    found = state.reminders if request.label is None else _called(state, request.label)
    if request.label is not None and not found:
        turn.reject(request.ref, request.source, "no_timer", _no_such(state, request.label))
        return
    turn.set(reminders=tuple(one for one in state.reminders if one not in found))
    turn.answer(request.ref, Status.ACCEPTED)
    for one in found:
        turn.tell(Kind.REMINDER_CANCELLED, None, request.source, label=one.label)


def _no_such(state: State, label: str) -> str:
    known = [repr(one.label) for one in state.reminders if one.label is not None]
    there = f"there are: {', '.join(known)}" if known else "none has a label"
    shuts_off = state.timer or state.when_lit
    if shuts_off and shuts_off.label is not None and _same(shuts_off.label, label):
        return f"{label!r} is the timer that shuts off, and no reminder: cancel it without a label"
    return f"there is no reminder {label!r}; {there}"


def _called(state: State, label: str | None) -> Sequence[Reminder]:
    return [
        one
        for one in state.reminders
        if label is not None and one.label is not None and _same(one.label, label)
    ]


def _same(one: str, other: str) -> bool:
    """Whether people who read or hear both would take them for one."""
    return _plain(one) == _plain(other)


def _plain(label: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


# --- their time -----------------------------------------------------------------------------------


def _reminders(state: State) -> Sequence[Reminder]:
    return state.reminders


def _is_due_at(_state: State, reminder: Reminder) -> float:
    return reminder.deadline


def _remind(turn: Turn, reminder: Reminder) -> None:
    late = turn.now - reminder.deadline
    turn.set(reminders=tuple(one for one in turn.state.reminders if one is not reminder))
    turn.tell(
        Kind.REMINDER,
        None,
        reminder.source,
        label=reminder.label,
        late_s=round(late) if late >= _LATE else None,
    )


DUE = for_each(_reminders, _is_due_at, _remind)
"""One that came due while the guard was away is told at once, and how late it is."""


def resume(turn: Turn, saved: Sequence[Reminder], shift: float | None) -> None:
    """Go on with those that were saved, on a clock that reads `shift` more than theirs.

    None: nobody knows how much time has passed, so all are told now rather than never.
    """
    if shift is not None:
        turn.set(reminders=tuple(replace(one, deadline=one.deadline + shift) for one in saved))
        return
    for one in saved:
        turn.tell(Kind.REMINDER, Reason.RESTART, one.source, label=one.label)
