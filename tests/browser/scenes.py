"""What a daemon could say: kitchens that the page is looked at in, without any daemon."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

NOW = datetime(2026, 11, 27, 18, 34, 10, tzinfo=timezone(timedelta(hours=8)))
"""When all of them play, in the daemon's zone."""

NASTY = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
"""A text from outside that is markup, if anything takes it for that."""

Json = dict[str, Any]


@dataclass
class Scene:
    """`document` is what /api/state says; `history` what /api/history does."""

    document: Json
    events: list[Json] = field(default_factory=list)
    """Told on the stream, behind the first state."""
    history: Json = field(default_factory=lambda: {"events": [], "burns": []})


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def ago(**span: float) -> str:
    return iso(NOW - timedelta(**span))


def ahead(seconds: float) -> str:
    return iso(NOW + timedelta(seconds=seconds))


def burner(name: str, **more: Any) -> Json:
    """One that is out, and has a flame sensor that says so."""
    return {
        "name": name,
        "phase": "ready",
        "contact": "closed",
        "flame": "out",
        "flame_evidence": "measured",
        "timer": None,
        "reminders": [],
        "presets": ["3m", "8m", "20m"],
        "burning_since": None,
        "must_end_at": None,
        "last_trip": None,
        "locks": [],
        "relay": {"reachable": True, "latency_ms": 12, "problem": None},
        **more,
    }


def lit(name: str, minutes: float, **more: Any) -> Json:
    return burner(name, flame="lit", burning_since=ago(minutes=minutes), **more)


def timer(left: int, whole: int, label: str | None = None, **more: Any) -> Json:
    return {
        "ends_at": ahead(left),
        "remaining_s": left,
        "duration_s": whole,
        "label": label,
        "guaranteed": True,
        "waiting": False,
        **more,
    }


def trip(**more: Any) -> Json:
    usual = {"reason": "timer", "source": "guard", "confirmed": True, "latency_ms": 34}
    return {"at": ago(minutes=42), **usual, **more}


def document(left: Json, right: Json, **more: Any) -> Json:
    both = ["left", "right"]
    gas = {"kind": "gas_alarm", "says": "clear", "burners": both, "problem": None, "heard_s": 312}
    seen = {"kind": "presence", "says": "somebody", "burners": both, "problem": None, "heard_s": 4}
    evening = NOW.replace(minute=0, second=0)
    return {
        "burners": {"left": {**left, "burner": "left"}, "right": {**right, "burner": "right"}},
        "schedules": {
            "night": schedule(next_at=iso(evening.replace(hour=22))),
            "bedtime": schedule(next_at=iso(evening.replace(hour=23, minute=30))),
        },
        "sensors": {"kitchen_gas": gas, "kitchen_pir": seen},
        "troubles": {},
        "now": iso(NOW),
        **more,
    }


def schedule(**more: Any) -> Json:
    return {"active": False, "next_at": None, "skipped_until": None, **more}


GONE = {
    "reachable": False,
    "latency_ms": None,
    "problem": "it does not answer: check its power and the Wi-Fi",
}


def cooking(left: str, right: str, label: str) -> Scene:
    burns = lit(left, 12, timer=timer(462, 720, label), must_end_at=ahead(6480))
    return Scene(document(burns, burner(right, last_trip=trip())), history=day(label))


def idle(left: str, right: str, _label: str) -> Scene:
    unknown = burner(right, flame="unknown")
    del unknown["flame_evidence"]
    return Scene(document(burner(left), unknown))


def warning(left: str, right: str, _label: str) -> Scene:
    waits = timer(1200, 1200, waiting=True)
    scene = Scene(document(lit(left, 26), burner(right, timer=waits)))
    scene.document["sensors"]["kitchen_pir"].update(says="nobody", heard_s=601)
    scene.events = [
        {"type": "prewarning", "at": iso(NOW), "burner": "left", "reason": "unattended"}
        | {"remaining_s": 47}
    ]
    return scene


def shutting(left: str, right: str, _label: str) -> Scene:
    done = trip(at=iso(NOW), reason="remote", source="web")
    off = burner(left, phase="tripped", contact="open", last_trip=done)
    on_its_way = lit(right, 3, phase="tripping", last_trip={**done, "confirmed": False})
    return Scene(document(off, on_its_way))


def failed(left: str, right: str, _label: str) -> Scene:
    unconfirmed = trip(at=iso(NOW), confirmed=False, latency_ms=None)
    burns = lit(left, 12, phase="trip_failed", last_trip=unconfirmed, relay=GONE)
    return Scene(document(burns, burner(right, last_trip=trip())))


def unread(left: str, right: str, label: str) -> Scene:
    shaky = timer(700, 900, label, guaranteed=False)
    lost = lit(left, 12, contact="unknown", relay=GONE, timer=shaky)
    silent = burner(right, flame="unknown", untested_sensors=["kitchen_gas"])
    scene = Scene(document(lost, silent))
    scene.document["sensors"]["kitchen_gas"].update(says="silent", problem="said nothing for 25 h")
    scene.document["troubles"] = {"state": "timers cannot be saved: the disk is full"}
    return scene


def night(left: str, right: str, _label: str) -> Scene:
    shut = trip(reason="schedule", source="schedule")
    one = burner(left, phase="locked_out", contact="open", locks=["schedule"], last_trip=shut)
    other = burner(right, phase="locked_out", contact="open", locks=["child", "schedule"])
    until = iso((NOW + timedelta(days=1)).replace(hour=6, minute=0, second=0))
    scene = Scene(document(one, other, now=iso(NOW.replace(hour=22, minute=40))))
    scene.document["schedules"]["night"] = schedule(active=True, until=until, next_at=until)
    return scene


def gas(left: str, right: str, _label: str) -> Scene:
    shut = trip(reason="gas_alarm", at=iso(NOW))
    latched = {"phase": "locked_out", "contact": "open", "locks": ["gas_alarm"], "last_trip": shut}
    scene = Scene(document(burner(left, **latched), burner(right, **latched)))
    scene.document["sensors"]["kitchen_gas"].update(says="alarm", heard_s=2)
    return scene


def nasty(_left: str, _right: str, _label: str) -> Scene:
    """Markup in every text that comes from outside."""
    relay = {"reachable": True, "latency_ms": 9, "problem": NASTY}
    remembered = [{"id": 1, "label": NASTY, "remaining_s": 60, "ends_at": ahead(60)}]
    burns = lit(NASTY, 1, timer=timer(60, 90, NASTY), reminders=remembered, relay=relay)
    other = burner(NASTY, relay=relay, presets=[NASTY], locks=[NASTY], last_trip=trip(reason=NASTY))
    scene = Scene(document(burns, other), history=day(NASTY, NASTY))
    sensor = {"kind": NASTY, "says": NASTY, "burners": [NASTY], "problem": NASTY, "heard_s": 1}
    scene.document["sensors"][NASTY] = sensor
    scene.document["schedules"][NASTY] = schedule(active=True, until=NASTY)
    scene.document["troubles"] = {NASTY: NASTY}
    about = {"at": iso(NOW), "burner": "left"}
    scene.events = [
        {"type": "prewarning", "reason": NASTY, "remaining_s": 30, **about},
        {"type": "reminder", "label": NASTY, **about},
    ]
    return scene


SCENES: dict[str, Callable[[str, str, str], Scene]] = {
    one.__name__: one for one in (cooking, idle, warning, shutting, failed, unread, night, gas)
}
NAMES = {"en": ("Left burner", "Right burner", "eggs"), "zh": ("左灶", "右灶", "鸡蛋")}


def scene(name: str, language: str) -> Scene:
    return SCENES[name](*NAMES[language])


# --- a day, and a fortnight ------------------------------------------------------------------


def day(label: str, message: str = "not open within 2 s") -> Json:
    midnight = NOW.replace(hour=0, minute=0, second=0)
    events: list[Json] = []

    def at(hour: int, minute: int, kind: str, burner: str = "left", **more: Any) -> None:
        when = iso(midnight + timedelta(hours=hour, minutes=minute))
        about = {"type": kind, "at": when, "burner": burner, "reason": None, "source": "guard"}
        events.append({**about, **more})

    for one in ("left", "right"):
        at(-2, 0, "locked", one, reason="schedule", source="schedule")
        at(6, 0, "unlocked", one, reason="schedule", source="schedule")
    at(7, 5, "flame_lit")
    at(7, 6, "timer_started", duration_s=480, label=label, source="web")
    at(7, 14, "trip", reason="timer")
    at(7, 14, "trip_confirmed", latency_ms=34)
    at(7, 14, "flame_out")
    at(11, 10, "flame_lit")
    at(11, 25, "flame_lit", "right")
    at(11, 26, "timer_started", "right", duration_s=2400, source="cli")
    at(12, 1, "timer_cancelled", "right", source="web")
    at(12, 20, "flame_out", "right")
    at(12, 38, "trip", reason="unattended", sensor="kitchen_pir")
    at(12, 38, "trip_confirmed", latency_ms=61)
    at(12, 38, "flame_out")
    at(16, 40, "flame_lit", "right")
    at(17, 52, "trip", "right", reason="remote", source="web")
    at(17, 52, "trip_failed", "right", message=message)
    at(17, 53, "trip_confirmed", "right", latency_ms=5210)
    at(17, 53, "flame_out", "right")
    at(18, 22, "flame_lit")
    at(18, 30, "timer_started", duration_s=720, label=label, source="web")
    events.sort(key=lambda event: event["at"])
    return {"events": events, "burns": fortnight()}


def fortnight() -> list[Json]:
    lines: list[Json] = []
    for back in range(13, -1, -1):
        day = (NOW - timedelta(days=back)).date().isoformat()
        for number, one in enumerate(("left", "right")):
            minutes = (back * 37 + number * 53) % 70 + 12
            if (back + number) % 5:
                lines.append(burnt(day, one, minutes * 60, round(minutes / 60 * 0.38, 3)))
    return [*lines, *(burnt(None, one, 1, 1.0) for one in ("left", "right"))]


def burnt(day: str | None, burner: str, seconds: int, gas: float) -> Json:
    known = {"burns": 2, "unseen_ends": 0, "burning": False}
    return {"day": day, "burner": burner, "burned_s": seconds, "gas_m3": gas, **known}
