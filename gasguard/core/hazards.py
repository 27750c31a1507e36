"""Gas, smoke and heat alarms: they trip and latch, and their silence is an alarm of its own."""

from dataclasses import replace

from gasguard.core.actions import REASON_OF_LOCK, latch, pulse, trip
from gasguard.core.messages import HazardRead, Kind
from gasguard.core.model import Contact, HazardSensor, Lock, SensorView, Source, State
from gasguard.core.turn import Turn

_SILENT = "has said nothing for longer than its expire_after"
_GONE = "is offline"


def hazard_read(turn: Turn, event: HazardRead) -> None:
    """An alarm trips and latches. Its end only makes a re-arm possible."""
    for index, sensor in enumerate(turn.state.settings.hazards):
        if sensor.name == event.sensor:
            _life(turn, index, sensor, event.alive)
            if event.active is not None:
                _word(turn, index, sensor.kind, reports=event.active)


def _word(turn: Turn, index: int, kind: Lock, *, reports: bool) -> None:
    before = turn.state.hazards
    _set_view(turn, index, replace(turn.state.sensors[index], reports=reports))
    if not reports:
        return
    if kind not in turn.state.locks:
        latch(turn, kind)
        trip(turn, REASON_OF_LOCK[kind], Source.GUARD)
    elif kind in before or turn.state.opening is not None:
        return
    elif turn.state.settings.jog:
        # Locked, but between two pulses: a re-arm may come before the next one.
        pulse(turn)
    elif turn.state.contact is not Contact.OPEN:
        # Locked, but nobody knows whether it is still open: no re-arm before that is seen.
        trip(turn, REASON_OF_LOCK[kind], Source.GUARD)


def _life(turn: Turn, index: int, sensor: HazardSensor, alive: bool | None) -> None:
    view = turn.state.sensors[index]
    if alive:
        _set_view(turn, index, replace(view, heard_at=turn.now, silent=False))
        if view.silent:
            turn.tell(Kind.SENSOR_RECOVERED, sensor.kind, sensor=sensor.name)
    elif alive is False and not view.silent:
        _silent(turn, index, _GONE)


def expires(turn: Turn) -> None:
    """Sensors not heard for long are told, once; nothing is tripped for it."""
    for index in range(len(turn.state.sensors)):
        due = expiry(turn.state, index)
        if due is not None and turn.now >= due:
            _silent(turn, index, _SILENT)


def expiry(state: State, index: int) -> float | None:
    """When a hazard sensor counts as silent; None if it does already, or never will."""
    sensor, view = state.settings.hazards[index], state.sensors[index]
    if sensor.expire_after is None or view.silent:
        return None
    heard = view.since if view.heard_at is None else view.heard_at
    return heard + sensor.expire_after


def _silent(turn: Turn, index: int, why: str) -> None:
    sensor = turn.state.settings.hazards[index]
    _set_view(turn, index, replace(turn.state.sensors[index], silent=True))
    message = f"{sensor.name} {why}: it may not warn of the next {sensor.kind}; look after it"
    turn.tell(Kind.SENSOR_SILENT, sensor.kind, sensor=sensor.name, message=message)


def _set_view(turn: Turn, index: int, view: SensorView) -> None:
    views = turn.state.sensors
    turn.set(sensors=(*views[:index], view, *views[index + 1 :]))
