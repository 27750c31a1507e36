"""Who is logged in: the hashes of the cookies that were handed out. Pure; the time is handed in."""

import hashlib
import json
import logging
import math
from random import Random
from typing import Any

log = logging.getLogger(__name__)

LASTS = 90 * 86_400
"""Seconds."""
MOST = 64
"""Sessions at a time: a family's phones. One more ends the oldest."""


class Sessions:
    """Each by the hash of its cookie, with the moment it began (Unix time).

    A thief of the file cannot log in with it. A clock that was wrong ends none: a Pi begins with an
    old time, and a session that begins in the future lasts.
    """

    def __init__(self, began: dict[str, float] | None = None) -> None:
        self._began = dict(began or {})

    def open(self, now: float, luck: Random) -> str:
        """A new one's cookie: 256 random bits, never one that somebody has brought along."""
        cookie = f"{luck.getrandbits(256):064x}"
        self._began[_hash(cookie)] = now
        for key in sorted(self._began, key=self._began.__getitem__)[:-MOST]:
            del self._began[key]
        return cookie

    def is_open(self, cookie: str, now: float) -> bool:
        """Whether it is the cookie of a session that has not ended."""
        began = self._began.get(_hash(cookie))
        return began is not None and now - began < LASTS

    def close(self, cookie: str) -> bool:
        """End it; whether there was one."""
        return self._began.pop(_hash(cookie), None) is not None

    def to_text(self) -> str:
        return json.dumps(self._began)

    @classmethod
    def from_text(cls, text: str) -> "Sessions":
        """Where it is not understood, nobody is logged in."""
        try:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise ValueError("no sessions")
            began = {key: float(moment) for key, moment in data.items() if _is_hash(key)}
        except (ValueError, TypeError, RecursionError) as error:
            log.warning("the sessions are not understood (%s): everybody logs in anew", error)
            return cls()
        return cls({key: moment for key, moment in began.items() if math.isfinite(moment)})


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()


def _is_hash(key: Any) -> bool:
    return isinstance(key, str) and len(key) == 64
