"""Acknowledgements over MQTT: which are one's own, and when all have come."""

import time
from collections.abc import Mapping
from typing import Any

_SETTLE = 0.3
"""Seconds without another burner after which, where nobody knows how many there are, all have
accepted: they do so one right after the other."""


class Answers:
    """The acknowledgements of one request, counted by its id."""

    def __init__(self, asks: str, request_id: str, named: list[str]) -> None:
        """`named` are the burners; none means all, as many as there are."""
        self.id = request_id
        self._asks, self._named = asks, named
        self._heard: set[str] = set()
        self._final: set[str] = set()
        self._last_new = float("inf")
        """When a burner was heard of for the first time, for the last time."""
        self.unknown: dict[str, str] = {}
        """Of those named, what the daemon does not know, and what it says of it."""

    @property
    def heard(self) -> bool:
        """Somebody has answered."""
        return bool(self._heard)

    def takes(self, name: str, ack: Mapping[str, Any]) -> bool:
        """Whether this answers the request, for a burner that waits, and is to be told."""
        # LOCK, UNLOCK and REARM carry no id: there the command's name must do.
        ids = (self.id, None) if self._asks in ("lock", "rearm") else (self.id,)
        ours = ack.get("command") == self._asks and ack.get("id") in ids
        if not ours or name in self._final or (self._named and name not in self._named):
            return False
        if name not in self._heard:
            self._heard.add(name)
            self._last_new = time.monotonic()
        if self._asks != "off" or ack.get("status") != "accepted":
            self._final.add(name)
        if self._asks == "off" and ack.get("code") == "unknown_burner":
            self.unknown[name] = str(ack.get("message"))
            return False
        return True

    def complete(self, states: Mapping[str, object]) -> bool:
        """Whether everybody has answered for good; `states` are known of the burners."""
        if self._named:
            return self._final >= set(self._named)
        if not self._final >= {*states, *self._heard} or not self._final:
            return False
        return bool(states) or time.monotonic() > self._last_new + _SETTLE

    def missing(self, states: Mapping[str, object]) -> list[str]:
        """Burners that are known, or named, and of which nothing was heard."""
        return [name for name in self._named or states if name not in self._heard]
