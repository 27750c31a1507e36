"""Whom a request means: the Host header against the names and addresses of this machine.

A page from elsewhere can have its own name lead to this machine (DNS rebinding); the browser then
takes both for one site, and only the name that it sends tells them apart.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from typing import NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_ANY_PORT = 9

_AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
)


class Authority(NamedTuple):
    """Host and port as a browser names them, in the one form of all that mean the same."""

    host: str
    port: int | None

    @property
    def address(self) -> Address | None:
        """Where the host is an address; a name has none."""
        return address_of(self.host)


def authority(text: str) -> Authority | None:
    """`Name.local.:8420`, `192.168.1.5`, `[fe80::1]:8420`. None for anything else."""
    found = _AUTHORITY.fullmatch(text.lower())
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        return None
    if found["six"]:
        six = address_of(found["six"])
        return Authority(str(six), port) if six is not None else None
    name = found["name"].removesuffix(".")
    return Authority(str(address_of(name) or name), port) if name else None


def address_of(text: str) -> Address | None:
    """An address, without the name of an interface behind it; IPv4 in IPv6's clothes is IPv4."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def is_loopback(text: str) -> bool:
    """Whether an address is, or `localhost`."""
    found = address_of(text)
    return text == "localhost" or (found is not None and found.is_loopback)


def is_own_address(found: Address) -> bool:
    """Whether this machine has the address now: only then can a socket be bound to it.

    Nothing is remembered: DHCP may have changed it since the last request. Nothing is sent.
    """
    if found.is_unspecified or found.is_multicast:
        return False
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(found), 0))
            # One can be bound to an address of all, too, but not speak to it unless one says so.
            probe.connect((str(found), _ANY_PORT))
    except OSError:
        return False
    return True


class Hosts:
    """The names this machine answers to."""

    def __init__(
        self,
        names: Iterable[str] = (),
        *,
        hostname: Callable[[], str] = socket.gethostname,
        is_own: Callable[[Address], bool] = is_own_address,
    ) -> None:
        """`names` are those of `web.names`, beside localhost and the machine's own."""
        self._names = {"localhost", *filter(None, map(_as_sent, names))}
        self._hostname, self._is_own = hostname, is_own

    def are_ours(self, host: str, arrived_at: str = "") -> bool:
        """Whether `host` (an `Authority`'s) is this machine, where `arrived_at` is the address that
        the request came to."""
        if host in self._names:
            return True
        found = address_of(host)
        if found is None:
            return host in self._own_names()
        return found.is_loopback or found == address_of(arrived_at) or self._is_own(found)

    def _own_names(self) -> set[str]:
        name = self._hostname().lower().removesuffix(".")
        first = name.partition(".")[0]
        return {name, first, f"{first}.local"} - {"", ".local"}


def _as_sent(name: str) -> str:
    """A name as browsers send it: lower case, letters beyond ASCII in punycode."""
    name = name.strip().lower().removesuffix(".")
    if (address := address_of(name)) is not None:
        return str(address)
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name
