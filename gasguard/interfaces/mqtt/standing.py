"""What the broker keeps from us, for the log once and for `doctor` as long as it lasts."""

import logging
import secrets

from gasguard.mqtt.refusals import RULES, Refusals

log = logging.getLogger(__name__)

ECHO_WITHIN = 10.0
"""Seconds in which our own `online` must come back."""
_RIVAL_AFTER = 5.0
"""Seconds of a connection in which an earlier one's unmarked word may still come."""
_RIVAL_FOR = 150.0
"""Seconds that another gasguard is told of after it was heard last; it speaks every minute."""


class Standing:
    """Of the people's connection. Runs on the event loop; `now` is in seconds since boot."""

    def __init__(self, status: str) -> None:
        """`status` is the topic on which `online` is told."""
        self._status = status
        self.refusals = Refusals()
        self._due: float | None = None
        """When `online` must have come back."""
        self.mark = secrets.token_bytes(8)
        """Correlation data of our own words, where there is MQTT 5."""
        self._ours = 0
        """Our own words that have not come back yet."""
        self._began = 0.0
        self._rival_at = float("-inf")
        self._rival = self._told_rival = False
        self._deaf = self._told_deaf = False

    def connected(self, now: float) -> None:
        """Another connection begins."""
        self._began, self._ours = now, 0

    def lost(self) -> None:
        """The connection is gone: what it was refused, the next one may be granted."""
        self.refusals.forget()
        self._due = None
        self._deaf = False

    def said_online(self, now: float) -> None:
        """It is told, and must come back: brokers have rules that refuse without a word."""
        self._ours += 1
        if self._due is None:
            self._due = now + ECHO_WITHIN

    def heard_online(self, now: float, mark: bytes | None, *, marked: bool) -> None:
        """It has come back, or another gasguard says it. `marked`: ours has its mark."""
        self._due, self._deaf = None, False
        if mark == self.mark or (not marked and self._ours):
            self._ours = max(0, self._ours - 1)
        elif marked or now > self._began + _RIVAL_AFTER:
            self._rival, self._rival_at = True, now
            if not self._told_rival:
                self._told_rival = True
                log.error("mqtt: %s", self._rival_said)

    def look(self, now: float) -> None:
        """To be called every few seconds."""
        self._rival = now < self._rival_at + _RIVAL_FOR
        if self._due is None or now < self._due or self._deaf:
            return
        if not self.refusals.hears(self._status):
            return  # refused in words, and told of
        self._deaf = True
        if not self._told_deaf:
            self._told_deaf = True
            log.error("mqtt: %s", self._deaf_said)

    @property
    def _deaf_said(self) -> str:
        return (
            f"`online` on {self._status} does not come back: the broker keeps messages from this "
            f"account without a word, and commands may not be heard; {RULES}"
        )

    @property
    def _rival_said(self) -> str:
        return (
            f"another gasguard says `online` on {self._status}: two must not share a "
            "mqtt.base_topic (nor a mqtt.client_id); both carry out what is sent there"
        )

    @property
    def trouble(self) -> str:
        """What is wrong, in words for people; empty when nothing is."""
        if self._deaf:
            return self._deaf_said
        if self._rival:
            return self._rival_said
        return self.refusals.trouble
