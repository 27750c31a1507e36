"""Waiting for what must happen, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(
    look: Callable[[], T], within: float = 5.0, what: str = "", every: float = 0.02
) -> T:
    """The first true value of `look`; an assertion fails when there is none in time."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or look}; last seen: {seen!r}")
        time.sleep(every)


def never(look: Callable[[], object], during: float, what: str = "", every: float = 0.02) -> None:
    """An assertion fails as soon as `look` is true; takes `during` seconds."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        seen = look()
        assert not seen, f"must not happen: {what}: {seen!r}"
        time.sleep(every)


def wait_until(moment: float) -> None:
    """Until `time.monotonic` says so, for what another process's own clock decides."""
    time.sleep(max(0.0, moment - time.monotonic()))
