"""Sensors under `sensors:` that burners refer to by name: put in where they are referred to."""

from typing import Any

from gasguard.config.faults import Fault
from gasguard.config.shape import nearest


def with_named_flames(raw: dict[str, Any]) -> tuple[dict[str, Any], list[Fault], set[str]]:
    """`raw` with the flame sensor itself in place of its name, and a fault for each name that is
    none; then the places that now hold what is described, and judged, under `sensors:`."""
    burners, sensors = raw.get("burners"), raw.get("sensors")
    if not isinstance(burners, dict):
        return raw, [], set()
    known = sensors if isinstance(sensors, dict) else {}
    resolved, faults, named = dict(burners), [], set()
    for burner_id, burner in burners.items():
        if not isinstance(burner, dict) or not isinstance(name := burner.get("flame"), str):
            continue
        place = f"burners.{burner_id}.flame"
        named.add(place)
        fault = _fault(name, known)
        if fault is not None:
            faults.append(Fault(place, fault))
        sound = fault is None and isinstance(known[name], dict)
        rest = {key: value for key, value in burner.items() if key != "flame"}
        resolved[burner_id] = {**rest, "flame": known[name] if sound else _unknown(burner_id)}
    return {**raw, "burners": resolved}, faults, named


def _unknown(burner_id: object) -> dict[str, Any]:
    """Stands for a flame sensor that is not there: what else is wrong with its burner counts."""
    return {"driver": "mqtt", "topic": f"unknown/{burner_id}"}


def _fault(name: str, known: dict[str, Any]) -> str | None:
    flames = [
        str(each)
        for each, sensor in known.items()
        if isinstance(sensor, dict) and sensor.get("kind") == "flame"
    ]
    if name not in known:
        meant = nearest(name, flames)
        there_are = f"there are: {', '.join(flames)}" if flames else "describe it there"
        told = f"did you mean {meant}?" if meant else there_are
        return f"there is no such sensor under sensors:; {told}"
    kind = known[name].get("kind") if isinstance(known[name], dict) else None
    if kind is not None and name not in flames:
        return f"{name} is a sensor of another kind; a flame needs one of kind: flame"
    return None
