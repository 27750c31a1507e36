"""Twelve months of a kitchen on disk: how long questions take, and a burner's state beside them."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gasguard.core.recovery import Record, Stamp
from gasguard.guard.burns import Burn, Total
from gasguard.guard.database import connect
from gasguard.guard.store import FILE_NAME, Store
from gasguard.interfaces.burn_days import Calendar, Known, lines
from gasguard.interfaces.explain.sentences import explain
from tests.bench.errors import BenchError
from tests.bench.figures import Figures

DAYS = 365
BURNERS = ("left", "right")
BURNS_A_DAY = 9
"""Three meals, a burner and a half each, lit twice: more than most households cook."""
_NOISE_A_DAY = 15
"""Rejected commands, sensors and relays that were away for a moment."""
_ZONE = ZoneInfo("Europe/Berlin")
_NOW = datetime(2026, 11, 26, 20, tzinfo=UTC).timestamp()
_DAY = 86400.0
_SIZE = 1 << 20

Row = tuple[float, str, dict[str, Any]]


async def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Milliseconds by question, megabytes and rows."""
    place = folder / "past"
    rows, burns = await _lived_in(place)
    began = time.perf_counter()
    store = Store.open(place)
    opening = time.perf_counter() - began
    try:
        found = {name: await _asked(ask, rounds) for name, ask in _questions(store).items()}
        waited = await _saved_beside(store, rounds)
    finally:
        await store.aclose()
    size = sum(file.stat().st_size for file in place.glob(f"{FILE_NAME}*"))
    return {
        "questions": found,
        "a state saved while questions are answered": waited,
        "open": Figures.of([opening]).data(),
        "megabytes": round(size / _SIZE, 1),
        "rows": rows,
        "burns": burns,
    }


async def _asked(ask: Callable[[], Awaitable[int]], rounds: int) -> dict[str, Any]:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        if not await ask():
            raise BenchError("a question about twelve months found nothing")
        took.append(time.perf_counter() - began)
    return Figures.of(took).data()


def _questions(store: Store) -> dict[str, Callable[[], Awaitable[int]]]:
    known = {name: Known(sensed=True, since=0.0) for name in BURNERS}
    state = {"burner": "left", "phase": "ready", "contact": "closed", "flame": "out"}

    async def history(burner: str | None, days: float) -> int:
        return len(await store.history(burner, _NOW - days * _DAY, 5000))

    async def burns(days: float) -> int:
        since = _NOW - days * _DAY
        burnt = await store.burnt(None, since)
        return len(await asyncio.to_thread(lines, burnt, known, since, Calendar(_ZONE), str))

    async def story() -> int:
        events = [json.loads(text) for text in await store.history("left", 0.0, 1000)]
        return len(explain(state, events, "en").why)

    return {
        "history --since 24h": lambda: history(None, 1),
        "history --since 30d": lambda: history(None, 30),
        "history --since 365d (the newest 5000)": lambda: history(None, DAYS),
        "history right --since 365d": lambda: history("right", DAYS),
        "history --burns --since 7d": lambda: burns(7),
        "history --burns --since 365d": lambda: burns(DAYS),
        "explain left": story,
    }


async def _saved_beside(store: Store, rounds: int) -> dict[str, Any]:
    """The write that a shutoff's news waits for, while somebody asks without a pause."""
    asking = True

    async def ask() -> None:
        while asking:
            await store.history(None, 0.0, 5000)

    task = asyncio.create_task(ask())
    took = []
    for number in range(rounds):
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        stamp = Stamp("bench", float(number), _NOW, True)
        await store.save("left", Record(held_open=bool(number % 2)), stamp)
        took.append(time.perf_counter() - began)
    asking = False
    await task
    return Figures.of(took).data()


# --- twelve months --------------------------------------------------------------------------------


async def _lived_in(place: Path) -> tuple[int, int]:
    """Write them; how many rows and burns."""
    await Store.open(place).aclose()
    draw = random.Random(1)
    rows = sorted(_rows(draw), key=lambda row: row[0])
    burns = list(_burns(rows))
    db = connect(place / FILE_NAME)
    with db:
        db.executemany(
            "INSERT INTO journal (at, burner, event) VALUES (?, ?, ?)",
            ((at, burner, _text(event)) for at, burner, event in rows),
        )
        db.executemany("INSERT INTO burns VALUES (?, ?, ?, ?, ?, ?, ?)", burns)
        totals = [Total(name, 1e6, 100.0, _NOW - DAYS * _DAY) for name in BURNERS]
        db.executemany("INSERT INTO totals VALUES (?, ?, ?, ?)", totals)
    db.close()
    return len(rows), len(burns)


def _text(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False)


def _rows(draw: random.Random) -> Iterator[Row]:
    for day in range(DAYS):
        midnight = _NOW - (DAYS - day) * _DAY
        for number in range(BURNS_A_DAY):
            hour = (7, 12, 18)[number % 3] + draw.random()
            yield from _burn(draw, midnight + hour * 3600, BURNERS[number % len(BURNERS)])
        for _ in range(_NOISE_A_DAY):
            at = midnight + draw.random() * _DAY
            yield _row(
                at,
                draw.choice(BURNERS),
                draw.choice(("command_rejected", "relay_unreachable", "sensor_silent")),
                message="192.168.1.50 does not answer: is it powered and on this network?",
            )


def _burn(draw: random.Random, began: float, burner: str) -> Iterator[Row]:
    took = draw.uniform(240, 2400)
    yield _row(began, burner, "flame_lit")
    if draw.random() < 0.6:
        yield _row(began + 5, burner, "timer_started", source="mqtt", duration_s=took, label="soup")
        yield _row(began + took - 60, burner, "prewarning", "timer", "mqtt", remaining_s=60)
        yield _row(began + took, burner, "trip", "timer", "mqtt")
        yield _row(began + took, burner, "trip_confirmed", "timer", "mqtt", latency_ms=41)
        yield _row(began + took + 15, burner, "rearmed")
    yield _row(began + took + 8, burner, "flame_out")


def _row(
    at: float,
    burner: str,
    kind: str,
    reason: str | None = None,
    source: str | None = None,
    **more: object,
) -> Row:
    moment = datetime.fromtimestamp(at, _ZONE).isoformat(timespec="seconds")
    about = {"type": kind, "at": moment, "burner": burner, "reason": reason, "source": source}
    return at, burner, {**about, **more}


def _burns(rows: list[Row]) -> Iterator[Burn]:
    lit: dict[str, float] = {}
    number = 0
    for at, burner, event in rows:
        if event["type"] == "flame_lit":
            lit[burner] = at
        elif event["type"] == "flame_out" and burner in lit:
            number += 1
            began = lit.pop(burner)
            yield Burn(number, burner, began, at, at - began, (at - began) * 1.1e-4, "out")
