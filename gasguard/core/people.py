"""Sensors that look for people: in the kitchen, or anywhere at home.

Nobody is there for silence, for what is not understood, or for what a broker has kept.
"""

from dataclasses import replace
from functools import partial

from gasguard.core.deadline import for_each
from gasguard.core.hearing import falls_silent_at, judged, spoke
from gasguard.core.messages import Kind, PeopleRead
from gasguard.core.model import PeopleSensor, PeopleView, Place, State
from gasguard.core.turn import Turn

_WAITS = {
    Place.PRESENCE: "nobody knows whether anybody is in the kitchen, and `unattended` waits for it",
    Place.HOME: "nobody knows whether anybody is at home, and `away` waits for it",
}


def people_read(turn: Turn, event: PeopleRead) -> None:
    """The sensor's own word. One that a broker has kept may say that nobody is there, no more."""
    for index in _indices(turn.state, event.sensor):
        view = turn.state.people_views[index]
        if event.there is False or (event.there and not event.stored):
            view = replace(view, there=event.there)
        if not event.stored:
            view = replace(view, hearing=spoke(view.hearing, turn.now))
        _set_view(turn, index, view)
        _judge(turn, index)


def people_garbled(turn: Turn, sensor: str, why: str) -> None:
    """It has said what nobody understands."""
    for index in _indices(turn.state, sensor):
        view = turn.state.people_views[index]
        _set_view(turn, index, replace(view, hearing=spoke(view.hearing, turn.now, why)))
        _judge(turn, index)


def people_reachable(turn: Turn, sensor: str, reachable: bool) -> None:
    """Others say whether the sensor can be heard."""
    for index in _indices(turn.state, sensor):
        view = turn.state.people_views[index]
        _set_view(turn, index, replace(view, hearing=replace(view.hearing, reachable=reachable)))
        _judge(turn, index)


def _indices(state: State, name: str) -> list[int]:
    return [index for index, view in enumerate(state.people_views) if view.sensor.name == name]


def _sensors(state: State) -> range:
    return range(len(state.people_views))


def _falls_silent_at(state: State, index: int) -> float | None:
    view = state.people_views[index]
    return falls_silent_at(view.hearing, view.sensor.expire_after)


def _judge(turn: Turn, index: int) -> None:
    view = turn.state.people_views[index]
    tell = partial(_tell, turn, view.sensor)
    heard = judged(turn, view.hearing, view.sensor.expire_after, tell)
    # Whoever was there when it fell silent may have gone the moment after.
    _set_view(turn, index, replace(view, hearing=heard, there=None if heard.silent else view.there))


SILENCE = for_each(_sensors, _falls_silent_at, _judge)
"""A sensor not heard for long is told, once."""


def _tell(turn: Turn, sensor: PeopleSensor, kind: Kind, why: str | None) -> None:
    message = None if why is None else f"{sensor.name} {why}: {_WAITS[sensor.place]}"
    turn.tell(kind, sensor=sensor.name, message=message)


def _set_view(turn: Turn, index: int, view: PeopleView) -> None:
    views = turn.state.people_views
    if views[index].there and not view.there and view.sensor.place is Place.PRESENCE:
        turn.set(attended_until=max(turn.state.attended_until, turn.now))
    turn.set(people_views=(*views[:index], view, *views[index + 1 :]))
