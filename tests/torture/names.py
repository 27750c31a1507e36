"""Names on the simulated network: where each relay is, and what the name server says of it."""

import asyncio
from collections.abc import Callable, Sequence

from gasguard.simulator.channels import Address

TRIES = 2
TRY_LASTS = 5.0
"""Seconds: so the operating system's resolver asks a silent server (resolv.conf(5))."""
SLOW = 3.0
"""Seconds that a slow one takes: longer than any call of the guard."""
FOUND_WITHIN = 8.5
"""Seconds in which the guard must have found a relay whose right address can be had: 1.5 of silence
and 2 between two look-ups, one try of a resolver, and its own rounds."""


class Names:
    """Relays with names, and those who look them up. Names need not be given: then all is fixed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, names: dict[str, str]) -> None:
        """`names` are by the numeric host that the simulated house has."""
        self._loop = loop
        self.hosts = {name: host for host, name in names.items()}
        """The house's own, by name."""
        self._at = dict(self.hosts)
        """Where each really is now."""
        self._known = dict(self.hosts)
        """What the server says of it."""
        self._told: dict[str, str] = {}
        """What the living guard was told last."""
        self._moves = 0
        self.fault = ""
        """The server is `silent`, `slow` or `fails`."""
        self.on_changed: Callable[[], None] = lambda: None

    async def look_up(self, name: str) -> Sequence[str]:
        """As `gasguard.drivers.names.look_up`."""
        if self.fault == "slow":
            await asyncio.sleep(SLOW)
        for _ in range(TRIES):
            if self.fault == "silent":
                await asyncio.sleep(TRY_LASTS)
        if self.fault in ("silent", "fails"):
            raise OSError(-3, "Temporary failure in name resolution")
        if self._told.get(name) != self._known[name]:
            self._told[name] = self._known[name]
            self.on_changed()
        return [self._known[name]]

    def move(self, host: str, after: float) -> None:
        """This relay gets another address now; the server learns of it so many seconds later."""
        name = next(name for name, own in self.hosts.items() if own == host)
        self._moves += 1
        self._at[name] = f"127.1.{self._moves % 256}.{host.rpartition('.')[2]}"
        self._loop.call_later(after, self._learn, name)
        self.on_changed()

    def _learn(self, name: str) -> None:
        self._known[name] = self._at[name]
        self.on_changed()

    def suffer(self, fault: str) -> None:
        """Something is wrong with the server, or with nothing any more."""
        self.fault = fault
        self.on_changed()

    def forget(self) -> None:
        """A new guard knows nothing."""
        self._told.clear()

    def found(self, host: str) -> tuple[bool, bool]:
        """Whether the guard can find this relay, and whether it knows the way already."""
        name = next((name for name, own in self.hosts.items() if own == host), None)
        if name is None:
            return True, True
        knows = self._told.get(name) == self._at[name]
        return knows or (not self.fault and self._known[name] == self._at[name]), knows

    # --- the network's side -------------------------------------------------------------------

    def real(self, target: Address) -> Address | None:
        """The house's own address of what is there now; None if nothing is."""
        for name, host in self.hosts.items():
            if self._at[name] == target[0]:
                return host, target[1]
            if host == target[0]:
                return None
        return target

    def seen(self, source: Address) -> Address:
        """Where the guard sees this relay's answers come from."""
        for name, host in self.hosts.items():
            if host == source[0]:
                return self._at[name], source[1]
        return source
