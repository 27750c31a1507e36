"""What is wrong with a server, for people: told once, until something has changed."""

import logging
import time
from collections.abc import Callable, Sequence

from gasguard.mqtt.server import Server

log = logging.getLogger(__name__)

_MOST_TOLD = 100
_RIVAL_FOR = 600.0
"""Seconds that a second client with the same id is told of after it was seen last."""


class Complaints:
    """Those of one link. The hosts of its server have one each."""

    def __init__(self, server: Server, failed: Callable[[str], None] | None) -> None:
        """`failed` takes complaints in place of the log."""
        self._server, self._failed = server, failed
        self._of_host: dict[str, str] = {}
        self._told: set[str] = set()
        self._trouble = ""
        self._rival: tuple[float, str] | None = None
        self.complained = False
        """Since it was last set to false."""

    @property
    def trouble(self) -> str:
        """What is wrong at present; empty when nothing is."""
        rival = self._rival
        if not self._trouble and rival is not None and time.monotonic() < rival[0] + _RIVAL_FOR:
            return rival[1]
        return self._trouble

    def complain(self, host: str, text: str) -> None:
        """Say what is wrong; again only once something has changed."""
        before = self._of_host.get(host)
        self._of_host[host], self.complained = text, True
        address = self._server.address(host)
        self._trouble = f"broker {address}: {text}"
        if self._failed is not None:
            self._failed(text)
            return
        log.log(
            logging.DEBUG if text == before else logging.WARNING,
            "%s: broker %s: %s; trying again for ever",
            self._server.name,
            address,
            text,
        )

    def settle(self, host: str) -> None:
        """The connection is of use."""
        self._of_host.pop(host, None)
        self._trouble = ""

    def suspect_rival(self, host: str, text: str) -> bool:
        """Another client seems to use the same id. Whether that is news."""
        first = self._rival is None
        self._rival = (time.monotonic(), f"broker {self._server.address(host)}: {text}")
        return first

    def lacks(self, host: str, told: Sequence[str]) -> None:
        """What the server does without."""
        for text in told:
            log.warning("%s: broker %s %s", self._server.name, self._server.address(host), text)

    def once(self, text: str) -> None:
        """Say what need not be said again."""
        level = logging.DEBUG
        if text not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(text)
            level = logging.WARNING
        log.log(level, "%s: %s", self._server.name, text)
