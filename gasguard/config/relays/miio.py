"""Mi Home relays in the configuration."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gasguard.config.fields import Duration, RelayHost, Token, Whole, same_host
from gasguard.config.relays.base import (
    Agreement,
    Channel,
    Claim,
    HeldLease,
    ModuleConfig,
    RelayConfig,
)

_SAME = "is the same channel as {other}; each needs one of its own"


class Lease(Channel):
    """The relay's own countdown, used as a dead-man: see firmware_notes/relays.md."""

    after: Duration = Field(ge=15, le=12 * 3600)
    unit: Literal["s", "min"] = "s"
    off: Whole = -1
    """What the property reads, and is set to, when no countdown runs."""

    @property
    def unit_seconds(self) -> int:
        """Length of one count in seconds."""
        return 60 if self.unit == "min" else 1


class _UdpRelay(RelayConfig):
    host: RelayHost
    port: Whole = Field(54321, ge=1, le=65535)
    token: Token
    jog: Annotated[Duration, Field(gt=0, le=60)] | None = None

    @property
    def jogs_for(self) -> float | None:
        """See `RelayConfig.jogs_for`."""
        return self.jog

    @property
    def device(self) -> tuple[str, int]:
        """Host and port: all relays with the same are channels of one module."""
        return self.host, self.port

    @property
    def _module(self) -> tuple[str, int]:
        """`device`, however it is written."""
        return same_host(self.host), self.port

    def agreements(self) -> Iterator[Agreement]:
        """See `RelayConfig.agreements`."""
        yield Agreement(
            "token",
            self._module,
            self.token.get_secret_value().lower(),
            "differs from {other}, but a device has one token",
            by_name=re.search("[^0-9.]", self._module[0]) is not None,
        )


class MiotRelay(_UdpRelay, ModuleConfig):
    """A relay whose switch is a MIoT property."""

    driver: Literal["miot"]
    switch: Channel = Channel(siid=2, piid=1)
    lease: Lease | None = None

    @model_validator(mode="after")
    def _lease_needs_normally_open(self) -> Self:
        if self.lease and self.contact != "normally_open":
            raise ValueError(
                "lease needs contact: normally_open, a countdown can only switch the relay off"
            )
        if self.lease and self.jog:
            raise ValueError("lease and jog exclude each other: a jogging module has no countdown")
        return self

    @property
    def held_lease(self) -> HeldLease | None:
        """See `RelayConfig.held_lease`."""
        lease = self.lease
        return HeldLease(lease.after, float(lease.unit_seconds)) if lease else None

    def claims(self) -> Iterator[Claim]:
        """See `RelayConfig.claims`."""
        yield self._claim("switch", self.switch)
        if self.lease:
            yield self._claim("lease", self.lease)

    def claims_of_voice(self, voice: Channel) -> Iterator[Claim]:
        """See `ModuleConfig.claims_of_voice`."""
        yield self._claim("voice", voice)

    def _claim(self, key: str, channel: Channel) -> Claim:
        return Claim(key, self._module, frozenset({(channel.siid, channel.piid)}), _SAME)


class MiioRelay(_UdpRelay):
    """A relay of the older kind: set_power and get_prop (chuangmi.plug.m1, m3, v3)."""

    driver: Literal["miio"]

    def claims(self) -> Iterator[Claim]:
        """See `RelayConfig.claims`."""
        yield Claim("host", self._module, None, _SAME)
