"""Gas, smoke and heat alarms: they trip and latch, and their silence is an alarm of its own."""

from dataclasses import replace
from functools import partial

from gasguard.core.actions import REASON_OF_LOCK, latch, pulse, trip
from gasguard.core.deadline import for_each
from gasguard.core.hearing import falls_silent_at, judged, spoke
from gasguard.core.messages import HazardRead, HazardTested, Kind
from gasguard.core.model import Contact, HazardSensor, HazardView, Source, State
from gasguard.core.turn import Turn


def hazard_read(turn: Turn, event: HazardRead) -> None:
    """An alarm trips and latches. Its end only makes a re-arm possible."""
    for index in _indices(turn.state, event.sensor):
        view = turn.state.hazard_views[index]
        reported = turn.state.hazards
        # Only the sensor's own live word says clear: what a broker has kept may be older.
        if event.active or (event.active is False and not event.stored):
            view = replace(view, reports=event.active)
        if event.active:
            view = replace(view, tested=True)
        if not event.stored:
            view = replace(view, hearing=spoke(view.hearing, turn.now))
        _set_view(turn, index, view)
        if event.active:
            _alarm(turn, view.sensor, begins=view.sensor.kind not in reported)
        _judge(turn, index)


def hazard_tested(turn: Turn, event: HazardTested) -> None:
    """A test shows that the sensor warns. What it said before stays what it was."""
    for index in _indices(turn.state, event.sensor):
        view = turn.state.hazard_views[index]
        heard = spoke(view.hearing, turn.now)
        _set_view(turn, index, replace(view, hearing=heard, tested=True))
        _tell(turn, view.sensor, Kind.SENSOR_TESTED, "is tested: nothing is shut off for that")
        _judge(turn, index)


def hazard_garbled(turn: Turn, sensor: str, why: str) -> None:
    """It is not clear any more. An alarm stays one: it ends by a word that is understood."""
    for index in _indices(turn.state, sensor):
        view = turn.state.hazard_views[index]
        heard = spoke(view.hearing, turn.now, why)
        _set_view(turn, index, replace(view, hearing=heard))
        _judge(turn, index)


def hazard_reachable(turn: Turn, sensor: str, reachable: bool) -> None:
    """Others say whether the sensor can be heard."""
    for index in _indices(turn.state, sensor):
        view = turn.state.hazard_views[index]
        heard = replace(view.hearing, reachable=reachable)
        _set_view(turn, index, replace(view, hearing=heard))
        _judge(turn, index)


def _indices(state: State, name: str) -> list[int]:
    return [index for index, view in enumerate(state.hazard_views) if view.sensor.name == name]


def _alarm(turn: Turn, sensor: HazardSensor, *, begins: bool) -> None:
    state, kind = turn.state, sensor.kind
    begins_anew = begins and state.opening is None
    if kind not in state.locks:
        latch(turn, kind, sensor=sensor.name)
        trip(turn, REASON_OF_LOCK[kind], Source.GUARD, sensor=sensor.name)
    elif begins_anew and state.settings.jog:
        # Locked, but perhaps closed between two pulses, and a re-arm may come before the next one.
        pulse(turn)
    elif begins_anew and state.contact is not Contact.OPEN:
        # Locked, but nobody knows whether it is still open: it must be seen open before a re-arm.
        trip(turn, REASON_OF_LOCK[kind], Source.GUARD, sensor=sensor.name)


def _sensors(state: State) -> range:
    return range(len(state.hazard_views))


def _falls_silent_at(state: State, index: int) -> float | None:
    view = state.hazard_views[index]
    return falls_silent_at(view.hearing, view.sensor.expire_after)


def _judge(turn: Turn, index: int) -> None:
    """Tell whether the sensor has fallen silent, or is back; nothing is tripped for it."""
    view = turn.state.hazard_views[index]
    tell = partial(_tell_silence, turn, view.sensor)
    heard = judged(turn, view.hearing, view.sensor.expire_after, tell)
    # Whatever a silent one said before, but for an alarm, is worth nothing when it is back.
    reports = (view.reports or None) if heard.silent else view.reports
    _set_view(turn, index, replace(view, hearing=heard, reports=reports))


SILENCE = for_each(_sensors, _falls_silent_at, _judge)
"""A sensor not heard for long is told, once."""


def _tell_silence(turn: Turn, sensor: HazardSensor, kind: Kind, why: str | None) -> None:
    after = f": it may not warn of the next {sensor.kind}; look after it"
    _tell(turn, sensor, kind, None if why is None else why + after)


def _tell(turn: Turn, sensor: HazardSensor, kind: Kind, text: str | None) -> None:
    message = None if text is None else f"{sensor.name} {text}"
    turn.tell(kind, sensor=sensor.name, hazard=sensor.kind, message=message)


def _set_view(turn: Turn, index: int, view: HazardView) -> None:
    views = turn.state.hazard_views
    turn.set(hazard_views=(*views[:index], view, *views[index + 1 :]))
