"""Mi Home relays in the configuration."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gasguard.settings.fields import Duration, Strict, Token, Wiring


class Channel(Strict):
    """Where a property lives in the device's MIoT specification."""

    siid: int = Field(ge=1, le=65535)
    piid: int = Field(ge=1, le=65535)


class Lease(Channel):
    """The relay's own countdown, used as a dead-man: see firmware_notes/relays.md."""

    after: Duration = Field(ge=15, le=12 * 3600)
    unit: Literal["s", "min"] = "s"
    off: int = -1
    """What the property reads, and is set to, when no countdown runs."""

    @property
    def unit_seconds(self) -> int:
        """Length of one count in seconds."""
        return 60 if self.unit == "min" else 1


class _UdpRelay(Strict):
    host: str = Field(min_length=1)
    port: int = Field(54321, ge=1, le=65535)
    token: Token
    contact: Wiring
    jog: Annotated[Duration, Field(gt=0, le=60)] | None = None


class MiotRelay(_UdpRelay):
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


class MiioRelay(_UdpRelay):
    """A relay of the older kind: set_power and get_prop (chuangmi.plug.m1, m3, v3)."""

    driver: Literal["miio"]
