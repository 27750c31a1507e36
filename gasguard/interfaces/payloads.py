"""What the outside reads: states, events, acknowledgements as JSON data (contract, section 3)."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from gasguard.clock import Instant, iso
from gasguard.core.messages import FLAME, Answer, Tell
from gasguard.core.model import (
    CAN_BURN,
    MEDDLING_COUNTS_FOR,
    HazardView,
    Hearing,
    RelayView,
    Reminder,
    State,
    Timer,
    Trip,
)
from gasguard.durations import format_duration
from gasguard.interfaces.meter import Totals

_RESTLESS = ("updated_at",)
_RESTLESS_INSIDE = {"timer": "remaining_s", "relay": "latency_ms", "reminders": "remaining_s"}
_NO_TROUBLES: dict[str, str] = {}


def state_payload(
    state: State,
    now: Instant,
    troubles: Mapping[str, str] = _NO_TROUBLES,
    totals: Totals | None = None,
    zone: tzinfo | None = None,
) -> dict[str, Any]:
    """A burner's state as published on `<base>/<burner>/state`.

    `troubles` is what is wrong with the daemon itself, by part; `totals` what it has burnt in all.
    Times are those of `zone`, or this machine's.
    """
    settings = state.settings
    return {
        "burner": settings.burner,
        "name": settings.name,
        "phase": state.phase.value,
        "contact": state.contact.value,
        "flame": state.flame.value,
        **({"flame_evidence": _evidence(state)} if state.flame_sensed else {}),
        "timer": _timer(state, now, zone),
        "reminders": [
            _reminder(one, now, zone)
            for one in sorted(state.reminders, key=lambda one: one.deadline)
        ],
        **({"presets": presets} if (presets := _presets(state)) else {}),
        "burning_since": _moment(state.burning_since, now, zone),
        "must_end_at": _moment(_shown_end(state), now, zone),
        "last_trip": state.last_trip and _trip(state.last_trip, zone),
        "locks": sorted(lock.value for lock in state.locks),
        "relay": _relay(state, now, zone),
        **({} if totals is None else {"totals": _totals(totals)}),
        **(_hazards(state) if state.hazard_views else {}),
        **({"people": _people(state)} if state.people_views else {}),
        **({"sensor_problems": problems} if (problems := _sensor_problems(state)) else {}),
        **({} if settings.voice_relay is None else {"voice_armed": state.voice_armed}),
        **(
            {"troubles": [f"{part}: {text}" for part, text in troubles.items()]} if troubles else {}
        ),
        "updated_at": iso(now.wall, zone),
    }


def _shown_end(state: State) -> float | None:
    """When `max_burn` shuts off: never for a flame that is not trusted. A sensor that has yet to
    speak is no flame that people ask about, and what is shut off has only to cool."""
    seen = state.burning_since is not None or state.flame_hearing.silent
    asked = seen and state.settings.flame_trusted and state.phase in CAN_BURN
    return state.must_end_at if asked else None


def _moment(boot: float | None, now: Instant, zone: tzinfo | None) -> str | None:
    return None if boot is None else iso(now.wall_at(boot), zone)


def _timer(state: State, now: Instant, zone: tzinfo | None) -> dict[str, Any] | None:
    """The one that shuts off; while it waits for the flame, all of it is left."""
    timer = state.timer or state.when_lit
    if timer is None:
        return None
    runs = isinstance(timer, Timer)
    left = timer.deadline - now.boot if isinstance(timer, Timer) else timer.duration
    return {
        "ends_at": _ends(now.wall + left, zone) if runs else None,
        "remaining_s": max(0, round(left)),
        "duration_s": round(timer.duration),
        "label": timer.label,
        "guaranteed": state.reachable,
        "waiting": not runs,
    }


def _ends(wall: float, zone: tzinfo | None) -> str:
    """To the nearest second: what was to end at 18:30 has not lost one to a millisecond."""
    return iso(round(wall), zone)


def _reminder(reminder: Reminder, now: Instant, zone: tzinfo | None) -> dict[str, Any]:
    return {
        "id": reminder.id,
        "label": reminder.label,
        "remaining_s": max(0, round(reminder.deadline - now.boot)),
        "ends_at": _ends(now.wall_at(reminder.deadline), zone),
    }


def _presets(state: State) -> list[str]:
    """As they are sent: a bare number would be minutes."""
    return [format_duration(seconds) for seconds in state.settings.presets]


def _trip(trip: Trip, zone: tzinfo | None) -> dict[str, Any]:
    return {
        "at": iso(trip.wall, zone),
        "reason": trip.reason.value,
        "source": trip.source.value,
        "confirmed": trip.confirmed,
        "latency_ms": None if trip.latency is None else round(trip.latency * 1000),
    }


def _totals(totals: Totals) -> dict[str, Any]:
    gas = None if totals.gas is None else round(totals.gas, 3)
    seconds = None if totals.seconds is None else round(totals.seconds)
    return {"burned_s": seconds, "gas_m3": gas}


def _relay(state: State, now: Instant, zone: tzinfo | None) -> dict[str, Any]:
    views = state.relays
    problems = [view.problem or _meddling(view, now, zone) for view in views]
    latencies = [view.latency for view in views if view.latency is not None]
    relay: dict[str, Any] = {
        "reachable": state.reachable,
        "latency_ms": round(max(latencies) * 1000) if latencies else None,
        "problem": next((problem for problem in problems if problem), None),
    }
    if len(views) > 1:
        relay["in_series"] = [
            {"contact": view.contact.value, "reachable": view.reachable, "problem": problem}
            for view, problem in zip(views, problems, strict=True)
        ]
    return relay


def _meddling(view: RelayView, now: Instant, zone: tzinfo | None) -> str | None:
    """That something else closes this relay against the guard, and when."""
    recent = [at for at in view.meddled_at if at > now.boot - MEDDLING_COUNTS_FOR]
    if not recent:
        return None
    times = "once" if len(recent) == 1 else f"{len(recent)} times"
    last = iso(now.wall_at(recent[-1]), zone)
    return (
        f"something else has closed it {times} within 10 min, last at {last}, and gasguard has "
        "opened it again: look for a hand or an automation in Mi Home, or a second gasguard"
    )


def _hazards(state: State) -> dict[str, Any]:
    views = state.hazard_views
    return {
        "hazards": {view.sensor.name: _hazard(view) for view in views},
        "untested_sensors": [view.sensor.name for view in views if not view.tested],
    }


def _evidence(state: State) -> str:
    return "measured" if state.settings.flame_measured else "inferred"


def _people(state: State) -> dict[str, str]:
    """What each sensor says that looks for people; unknown where it has not spoken yet."""
    words = {True: "somebody", False: "nobody", None: "unknown"}
    return {
        view.sensor.name: "silent" if view.hearing.silent else words[view.there]
        for view in state.people_views
    }


def _sensor_problems(state: State) -> dict[str, str]:
    """Of each sensor that counts as silent: why."""
    hearings = {view.sensor.name: view.hearing for view in state.hazard_views}
    hearings |= {view.sensor.name: view.hearing for view in state.people_views}
    hearings[FLAME] = state.flame_hearing
    return {name: one.wrong for name, one in hearings.items() if one.wrong is not None}


def _hazard(view: HazardView) -> str:
    """Alarm, clear, silent, or unknown where it has not spoken yet."""
    if view.reports:
        return "alarm"
    if view.hearing.silent:
        return "silent"
    # What a broker has kept may be of any age.
    return "clear" if view.reports is False and view.hearing.heard_at is not None else "unknown"


def sensor_payloads(states: Mapping[str, State], now: Instant) -> dict[str, dict[str, Any]]:
    """Every sensor by name, as the burners that it concerns know it. A burner's flame sensor is
    named for the burner."""
    found: dict[str, dict[str, Any]] = {}
    for burner, state in states.items():
        for name, kind, says, hearing in _sensors(burner, state):
            one = found.setdefault(
                name,
                {
                    "kind": kind,
                    "says": says,
                    "burners": [],
                    "problem": hearing.wrong,
                    "heard_s": _age(hearing.heard_at, now),
                },
            )
            one["burners"].append(burner)
    return found


def _sensors(burner: str, state: State) -> Iterator[tuple[str, str, str, Hearing]]:
    if state.flame_sensed:
        says = "silent" if state.flame_hearing.silent else state.flame.value
        yield f"{burner} {FLAME}", FLAME, says, state.flame_hearing
    for view in state.hazard_views:
        yield view.sensor.name, view.sensor.kind.value, _hazard(view), view.hearing
    people = _people(state)
    for one in state.people_views:
        yield one.sensor.name, one.sensor.place.value, people[one.sensor.name], one.hearing


def _age(heard_at: float | None, now: Instant) -> int | None:
    return None if heard_at is None else max(0, round(now.boot - heard_at))


def steady_part(payload: dict[str, Any]) -> dict[str, Any]:
    """The part of a state payload whose change is worth publishing: no clocks, no round trips."""
    steady = {key: value for key, value in payload.items() if key not in _RESTLESS}
    for key, restless in _RESTLESS_INSIDE.items():
        inner = steady[key]
        if isinstance(inner, list):
            steady[key] = [_without(restless, one) for one in inner]
        elif inner:
            steady[key] = _without(restless, inner)
    return steady


def _without(restless: str, inner: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inner.items() if name != restless}


def event_payload(
    tell: Tell, burner: str, at: Instant, zone: tzinfo | None = None
) -> dict[str, Any]:
    """An event as published on `<base>/<burner>/event` and kept in the journal.

    Its time is that of `zone`, or this machine's.
    """
    return {
        "type": tell.kind.value,
        "at": iso(at.wall, zone),
        "burner": burner,
        "reason": tell.reason,
        "source": tell.source and tell.source.value,
        **tell.details,
    }


def ack_payload(command: str, request_id: str | None, answer: Answer) -> dict[str, Any]:
    """An acknowledgement as published on `<base>/<burner>/ack`."""
    return {
        "command": command,
        "id": request_id,
        "status": answer.status.value,
        "code": answer.code,
        "message": answer.message,
    }
