"""The state machine's front door.

              ┌──────────┐ all relays read closed   ┌───────┐
              │ starting ├─────────────────────────▶│ ready │◀──────────────┐
              └────┬─────┘ (a clean open is closed) └───┬───┘               │ read closed
                   │                                    │                   │ after our close
                   └───────────── demand ───────────────┤                   │
                                                        ▼                   │
   ┌─────────────┐  not confirmed in 2 s           ┌──────────┐  read open ┌┴────────┐
   │ trip_failed │◀────────────────────────────────┤ tripping ├───────────▶│ tripped │
   └──────┬──────┘                                 └──────────┘            └──┬───┬──┘
          │ read open                                ▲   │ read open,         │   │ flame burns
          │ (flame out)                              │   ▼ locks stand        │   │ on
          │                    demand, unasked close │ ┌────────────┐  unlock │   ▼
          └─────────▶ tripped or locked_out ─────────┴─┤ locked_out ├────────▶  trip_failed
                                                       └────────────┘  re-arm

A demand (off, timer, limit, voice, hazard, lock, schedule, an opening nobody ordered) is possible
everywhere. A flame that is seen lit before our close was read back leads to `tripping`, too.
"""

from collections.abc import Callable
from typing import Any

from gasguard.core import (
    deadlines,
    flame,
    guards,
    hazards,
    people,
    readings,
    reminders,
    requests,
    schedule,
    sensors,
    when_lit,
)
from gasguard.core.instant import Instant
from gasguard.core.messages import (
    CalendarRead,
    CancelReminders,
    CancelTimer,
    ChildLock,
    Command,
    Event,
    ExtendTimer,
    FlameRead,
    HazardRead,
    HazardTested,
    Off,
    OffIsDue,
    PeopleRead,
    Rearm,
    RelayFailed,
    RelayRead,
    SensorGarbled,
    SensorReachable,
    SetReminder,
    SetTimer,
    Shutdown,
    Tick,
    Unlock,
    VoiceRead,
    VoiceRestored,
)
from gasguard.core.model import State
from gasguard.core.turn import Turn

next_deadline = deadlines.next_deadline

# One handler a type of event; a test holds this table and the `Event` union together.
HANDLERS: dict[type[Any], Callable[[Turn, Any], None]] = {
    Off: requests.off,
    SetTimer: requests.set_timer,
    ExtendTimer: requests.extend_timer,
    CancelTimer: requests.cancel_timer,
    SetReminder: reminders.set_reminder,
    CancelReminders: reminders.cancel_reminders,
    ChildLock: requests.child_lock,
    Unlock: requests.unlock,
    Rearm: requests.rearm,
    RelayRead: readings.relay_read,
    RelayFailed: readings.relay_failed,
    VoiceRestored: readings.voice_restored,
    VoiceRead: readings.voice_read,
    FlameRead: flame.flame_read,
    HazardRead: hazards.hazard_read,
    HazardTested: hazards.hazard_tested,
    PeopleRead: people.people_read,
    SensorGarbled: sensors.garbled,
    SensorReachable: sensors.reachable,
    CalendarRead: schedule.calendar_read,
    OffIsDue: schedule.off_is_due,
    Tick: lambda turn, _tick: deadlines.tick(turn),
    Shutdown: requests.shutdown,
}


def step(state: State, event: Event, now: Instant) -> tuple[State, tuple[Command, ...]]:
    """The state after `event` at `now`, and the commands to carry out, in order. Never raises."""
    turn = Turn(state, now)
    HANDLERS[type(event)](turn, event)
    flame.count_unseen(turn)
    when_lit.BEGINNING.do_if_due(turn)
    guards.settle(turn)
    return turn.state, tuple(turn.out)
