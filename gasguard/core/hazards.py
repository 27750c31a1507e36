"""Gas, smoke and heat alarms: they trip and latch, and their silence is an alarm of its own."""

from dataclasses import replace

from gasguard.core.actions import REASON_OF_LOCK, latch, pulse, trip
from gasguard.core.deadline import for_each
from gasguard.core.messages import HazardReachable, HazardRead, Kind
from gasguard.core.model import Contact, HazardView, Lock, Source, State
from gasguard.core.turn import Turn

_EXPIRED = "has said nothing for longer than its expire_after"
_UNREACHABLE = "cannot be heard: it, or the broker, is offline"


def hazard_read(turn: Turn, event: HazardRead) -> None:
    """An alarm trips and latches. Its end only makes a re-arm possible."""
    for index in _indices(turn.state, event.sensor):
        view = turn.state.hazard_views[index]
        reported = turn.state.hazards
        # Only the sensor's own live word ends an alarm: what a broker has kept may be older.
        ends = event.active is False and not (event.stored and view.reports)
        if event.active or ends:
            view = replace(view, reports=event.active)
        if not event.stored:
            view = replace(view, heard_at=turn.now, reachable=True)
        _set_view(turn, index, view)
        if event.active:
            _alarm(turn, view.sensor.kind, begins=view.sensor.kind not in reported)
        _recover(turn, index)


def hazard_reachable(turn: Turn, event: HazardReachable) -> None:
    """A sensor that cannot be heard is silent at once. Being reachable again is no word from it."""
    for index in _indices(turn.state, event.sensor):
        view = replace(turn.state.hazard_views[index], reachable=event.reachable)
        _set_view(turn, index, view)
        if not event.reachable and not view.silent:
            _fall_silent(turn, index, _UNREACHABLE)
        _recover(turn, index)


def _indices(state: State, name: str) -> list[int]:
    return [index for index, view in enumerate(state.hazard_views) if view.sensor.name == name]


def _alarm(turn: Turn, kind: Lock, *, begins: bool) -> None:
    state = turn.state
    begins_anew = begins and state.opening is None
    if kind not in state.locks:
        latch(turn, kind)
        trip(turn, REASON_OF_LOCK[kind], Source.GUARD)
    elif begins_anew and state.settings.jog:
        # Locked, but perhaps closed between two pulses, and a re-arm may come before the next one.
        pulse(turn)
    elif begins_anew and state.contact is not Contact.OPEN:
        # Locked, but nobody knows whether it is still open: it must be seen open before a re-arm.
        trip(turn, REASON_OF_LOCK[kind], Source.GUARD)


def _sensors(state: State) -> range:
    return range(len(state.hazard_views))


def _falls_silent_at(state: State, index: int) -> float | None:
    view = state.hazard_views[index]
    return None if view.silent else _expires_at(view)


def _expire(turn: Turn, index: int) -> None:
    """A sensor not heard for long is told, once; nothing is tripped for it."""
    _fall_silent(turn, index, _EXPIRED)


SILENCE = for_each(_sensors, _falls_silent_at, _expire)


def _expires_at(view: HazardView) -> float:
    heard_at = view.since if view.heard_at is None else view.heard_at
    return heard_at + view.sensor.expire_after


def _fall_silent(turn: Turn, index: int, why: str) -> None:
    view = turn.state.hazard_views[index]
    sensor = view.sensor
    _set_view(turn, index, replace(view, silent=True))
    message = f"{sensor.name} {why}: it may not warn of the next {sensor.kind}; look after it"
    turn.tell(Kind.SENSOR_SILENT, sensor=sensor.name, hazard=sensor.kind, message=message)


def _recover(turn: Turn, index: int) -> None:
    view = turn.state.hazard_views[index]
    if view.silent and view.reachable and turn.now < _expires_at(view):
        _set_view(turn, index, replace(view, silent=False))
        turn.tell(Kind.SENSOR_RECOVERED, sensor=view.sensor.name, hazard=view.sensor.kind)


def _set_view(turn: Turn, index: int, view: HazardView) -> None:
    views = turn.state.hazard_views
    turn.set(hazard_views=(*views[:index], view, *views[index + 1 :]))
