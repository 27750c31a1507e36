"""One module under two names: only the module itself can tell, by the id in whatever it says."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from gasguard.config.relays.base import Claim
from gasguard.drivers.miio.transport import Device

log = logging.getLogger(__name__)

_NO_IDS = (b"\0" * 4, b"\xff" * 4)
"""What stands where a device does not tell its id."""


@dataclass(frozen=True, slots=True)
class Twins:
    """Two hosts of the configuration that are one module."""

    text: str
    """For people."""
    on_one_contact: bool
    """Two relays, or a relay and a voice channel, that need one each have the same channel."""


class Modules:
    """All modules of one process. Lives on the event loop."""

    def __init__(self) -> None:
        self._claims: dict[Device, list[Claim]] = {}
        self._told = ""

    def add(self, device: Device, claims: Iterator[Claim]) -> None:
        """A relay on this module needs these of its parts."""
        self._claims.setdefault(device, []).extend(claims)

    def twins(self) -> Iterator[Twins]:
        """What their ids show now."""
        for one, other in combinations(self._claims, 2):
            number = one.clock.device_id
            if number is None or number in _NO_IDS or number != other.clock.device_id:
                continue
            clash = any(
                replace(mine, device=theirs.device).clashes_with(theirs)
                for mine in self._claims[one]
                for theirs in self._claims[other]
            )
            yield Twins(_in_words(one, other, clash=clash), clash)

    def shared(self) -> str:
        """Which contacts are configured twice, in words for people, or nothing."""
        return "; ".join(twins.text for twins in self.twins() if twins.on_one_contact)

    def look(self) -> None:
        """A module has said who it is: tell what that shows, once."""
        shared = self.shared()
        if shared and shared != self._told:
            log.error("%s", shared)
        self._told = shared


def _in_words(one: Device, other: Device, *, clash: bool) -> str:
    number = (one.clock.device_id or b"").hex()
    text = f"{one.place.named} and {other.place.named} are one device (id {number})"
    if clash:
        return f"{text}, and both use the same channel of it: give each burner a contact of its own"
    return f"{text}: write the same host for both"
