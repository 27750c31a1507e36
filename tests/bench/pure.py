"""What needs no process: the core's steps and the codec's operations."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from typing import Any

from gasguard.core import next_deadline, recover, step
from gasguard.core.instant import Instant
from gasguard.core.messages import Event, Off, RelayRead, SetTimer, Tick
from gasguard.core.model import Contact, Phase, Settings, Source, State
from gasguard.core.recovery import Stamp
from gasguard.drivers.miio.codec import decode, encode
from tests.bench.errors import BenchError
from tests.bench.site import PIID, SIID, TOKEN

POLL_EVERY = 1.8
TRIP_EVERY = 500
"""Polls between two trips: a cooking session of a quarter of an hour."""
_WALL_AHEAD = 1_750_000_000.0
_START = 1000.0
_ROUNDS = 5

Script = list[tuple[Event, Instant]]


def measure(steps: int) -> dict[str, Any]:
    """Steps a second, microseconds a codec operation: medians of five rounds each."""
    stamp = Stamp("this boot", _START, _WALL_AHEAD + _START, True)
    state, _ = recover(Settings("left", "Left burner"), None, stamp)
    script = _sessions(steps, state)
    # By turns: noise of the machine hits both alike.
    rounds = [
        (_steps_a_second(script, state, look=False), _steps_a_second(script, state, look=True))
        for _ in range(_ROUNDS)
    ]
    bare, looking = (round(median(rates)) for rates in zip(*rounds, strict=True))

    encoding, decoding = _codec(max(200, steps // 20))
    return {
        "core steps/s": bare,
        "core steps/s, each with next_deadline": looking,
        "codec encode µs": round(encoding, 1),
        "codec decode µs": round(decoding, 1),
    }


def _steps_a_second(script: Script, state: State, *, look: bool) -> float:
    """Play `script`; with `look`, ask for the next deadline after each step as the daemon does."""
    began = time.perf_counter()
    for event, now in script:
        state, _ = step(state, event, now)
        if look:
            next_deadline(state)
    return len(script) / (time.perf_counter() - began)


def _sessions(steps: int, state: State) -> Script:
    """Cooking sessions one after the other: polls, a timer, its deadline or an off, the re-arm."""
    script: Script = []
    trips = 0
    for moment, planned in _life():
        due = next_deadline(state)
        tick = [Tick()] if due is not None and due <= moment else []
        for event in (*tick, planned):
            # A relay that obeys at once.
            if isinstance(event, RelayRead):
                event = RelayRead(0, _obeyed(state), moment, latency=0.02)
            now = Instant(moment, _WALL_AHEAD + moment)
            before = state.phase
            state, _ = step(state, event, now)
            script.append((event, now))
            trips += before is Phase.READY and state.phase is Phase.TRIPPING
        if len(script) >= steps:
            break
    if trips < steps // (2 * TRIP_EVERY):
        raise BenchError(f"the core did not trip as it should ({trips} times)")
    return script


def _life() -> Iterator[tuple[float, Event]]:
    poll = RelayRead(0, Contact.CLOSED, 0.0)
    for number in count(1):
        moment = _START + number * POLL_EVERY
        yield moment, poll
        if number % TRIP_EVERY == 10:
            yield moment, SetTimer(Source.MQTT, duration=600.0)
        elif number % TRIP_EVERY == TRIP_EVERY - 10:
            yield moment, Off(Source.MQTT)


def _obeyed(state: State) -> Contact:
    closed = state.closing is not None or state.phase in (Phase.READY, Phase.STARTING)
    return Contact.CLOSED if closed else Contact.OPEN


def _codec(times: int) -> tuple[float, float]:
    token, device = bytes.fromhex(TOKEN), bytes.fromhex("01020304")
    item = {"did": f"{SIID}-{PIID}", "siid": SIID, "piid": PIID, "value": True}
    request = {"id": 123456789, "method": "set_properties", "params": [item]}
    datagram = encode(token, device, 3600, request)
    return (
        _microseconds(lambda: encode(token, device, 3600, request), times),
        _microseconds(lambda: decode(datagram, token), times),
    )


def _microseconds(work: Callable[[], object], times: int) -> float:
    def once() -> float:
        began = time.perf_counter()
        for _ in range(times):
            work()
        return (time.perf_counter() - began) / times * 1e6

    return median(once() for _ in range(_ROUNDS))
