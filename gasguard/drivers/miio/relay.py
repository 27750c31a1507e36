"""Mi Home relays: MIoT modules addressed by siid/piid, and the older set_power plugs."""

import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from gasguard.config.relays.base import Channel
from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import ReadBack, Reading, Wiring
from gasguard.drivers.miio.properties import METHOD, Properties, Told
from gasguard.drivers.miio.transport import Device, MessageIds, MiioTransport
from gasguard.drivers.miio.values import is_ok, switch_of, whole
from gasguard.errors import Cause, Refused, Unreachable

_Value = TypeVar("_Value")

_OK = 0
_NO_ANSWER = (Cause.SILENT, Cause.WRONG_TOKEN)

_LONGEST_COUNTDOWN = 1e7
"""Counts beyond are no countdown (the longest known is 86,500 s): a calendar must hold its end."""


class _MiioDevice(ABC):
    """What both kinds share: the wire, the wiring, and questions that only `doctor` asks."""

    read_back = ReadBack.ANSWERED

    def __init__(self, settings: MiotRelay | MiioRelay, device: Device, ids: MessageIds) -> None:
        token = bytes.fromhex(settings.token.get_secret_value())
        self._transport = MiioTransport(device, token, ids)
        self._wiring = Wiring(settings.opens_when)

    @property
    def address(self) -> str:
        """host:port."""
        return self._transport.address

    async def model(self, within: float) -> str:
        """The device's model, for example yeelink.switch.sw1."""
        info, _ = await self._transport.call("miIO.info", [], within)
        return str(info.get("model", "unknown")) if isinstance(info, dict) else "unknown"

    async def identify(self, within: float) -> None:
        """Have the device say who it is, if it can be reached."""
        await self._transport.identify(within)

    async def ping(self, within: float) -> float:
        """Round trip in seconds of the question that the guard's polls ask, sent once.

        Raises Unreachable when it is lost.
        """
        method, params = self._question()
        with contextlib.suppress(Refused):
            _, latency = await self._transport.call(method, params, within, resend=False)
            return latency
        return within

    @abstractmethod
    def _question(self) -> tuple[str, list[Any]]:
        """Method and parameters of what the guard's polls ask."""

    async def property(self, siid: int, piid: int, within: float) -> object:
        """The value of one MIoT property. Raises Refused where it has none."""
        asked = Properties(self._transport, [Channel(siid=siid, piid=piid)])
        (told,), _ = await asked.read(within)
        return told.value

    async def aclose(self) -> None:
        """See `Relay.aclose`."""
        await self._transport.aclose()


class MiotRelayDriver(_MiioDevice):
    """A MIoT relay channel. `miot_relay` makes one with what its settings give it."""

    def __init__(
        self, settings: MiotRelay, voice: Channel | None, device: Device, ids: MessageIds
    ) -> None:
        super().__init__(settings, device, ids)
        self._switch, self._voice, self._lease = settings.switch, voice, settings.lease
        parts = (self._switch, voice, settings.lease)
        self._properties = Properties(self._transport, [part for part in parts if part])

    def _question(self) -> tuple[str, list[Any]]:
        return METHOD, self._properties.question

    async def open(self, within: float) -> None:
        """See `Relay.open`."""
        await self._properties.set(
            self._switch, self._wiring.switch_for(Contact.OPEN), within, urgent=True
        )

    async def close(self, within: float) -> None:
        """See `Relay.close`."""
        wanted = self._wiring.switch_for(Contact.CLOSED)
        await self._properties.set(self._switch, wanted, within, resend=False)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`. The switch alone must be told, voice channel and countdown may be."""
        told, latency = await self._properties.read(within)
        switch = switch_of(told[0].value)
        if switch is None:
            place = f"siid {self._switch.siid} piid {self._switch.piid}"
            raise Refused(
                f"{self.address} says {str(told[0].value)[:40]!r} of {place}, neither on nor off: "
                "is that the switch? See firmware_notes/relays.md",
                0,
            )
        troubles: list[str] = []
        voice = countdown = None
        if self._voice:
            voice = _part("voice channel", self._voice, told[1], switch_of, troubles)
        if self._lease:
            count = _part("countdown", self._lease, told[-1], _count, troubles)
            countdown = math.nan if count is None else self._seconds(count)
        return Reading(
            contact=self._wiring.contact_for(switch),
            voice=voice,
            countdown=countdown,
            latency=latency,
            problem="; ".join(troubles) or None,
        )

    def _seconds(self, count: int | float) -> float | None:
        assert self._lease is not None  # noqa: S101 - asked only where there is one
        # Also infinite, or an integer that no float holds: JSON knows both.
        if count == self._lease.off or not 0 < count < _LONGEST_COUNTDOWN:
            return None
        return float(count) * self._lease.unit_seconds


def _part(
    name: str,
    channel: Channel,
    told: Told,
    understand: Callable[[object], _Value | None],
    troubles: list[str],
) -> _Value | None:
    """What is told of a part that a shutoff does not need; why it is not goes to `troubles`."""
    value = None if told.trouble else understand(told.value)
    if value is None:
        why = str(told.trouble or f"it says {str(told.value)[:40]!r}")
        if isinstance(told.trouble, Unreachable) and told.trouble.cause in _NO_ANSWER:
            why = "the module, which answers else, does not answer for it"
        place = f"siid {channel.siid} piid {channel.piid}"
        troubles.append(f"the {name} ({place}) is not told: {why}")
    return value


def _count(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    return value if isinstance(value, int | float) and value == value else whole(value)


class _WithVoice(MiotRelayDriver):
    async def set_voice(self, on: bool, within: float) -> None:
        """See `HasVoice.set_voice`."""
        assert self._voice is not None  # noqa: S101 - `miot_relay` makes it so
        await self._properties.set(self._voice, on, within)


class _WithLease(MiotRelayDriver):
    async def renew_lease(self, seconds: float, within: float) -> None:
        """See `HasLease.renew_lease`. Rounded up to what the device can count."""
        assert self._lease is not None  # noqa: S101 - as above
        count = -int(-seconds // self._lease.unit_seconds)
        await self._properties.set(self._lease, count, within, resend=False)

    async def cancel_lease(self, within: float) -> None:
        """See `HasLease.cancel_lease`."""
        assert self._lease is not None  # noqa: S101 - as above
        await self._properties.set(self._lease, self._lease.off, within)


class _WithVoiceAndLease(_WithVoice, _WithLease):
    """Both."""


def miot_relay(
    settings: MiotRelay, voice: Channel | None, device: Device, ids: MessageIds
) -> MiotRelayDriver:
    """A driver that can do what the configuration gives its module, and no more."""
    kinds: dict[tuple[bool, bool], type[MiotRelayDriver]] = {
        (True, True): _WithVoiceAndLease,
        (True, False): _WithVoice,
        (False, True): _WithLease,
        (False, False): MiotRelayDriver,
    }
    kind = kinds[voice is not None, settings.lease is not None]
    return kind(settings, voice, device, ids)


class MiioRelayDriver(_MiioDevice):
    """A relay of the older kind, one channel: set_power and get_prop (chuangmi.plug.m1, m3, v3)."""

    async def open(self, within: float) -> None:
        """See `Relay.open`."""
        await self._set_power(Contact.OPEN, within, urgent=True)

    async def close(self, within: float) -> None:
        """See `Relay.close`."""
        await self._set_power(Contact.CLOSED, within, resend=False)

    async def _set_power(
        self, contact: Contact, within: float, *, resend: bool = True, urgent: bool = False
    ) -> None:
        word = "on" if self._wiring.switch_for(contact) else "off"
        result, _ = await self._transport.call(
            "set_power", [word], within, resend=resend, urgent=urgent
        )
        bare = result[0] if isinstance(result, list) and len(result) == 1 else result
        if not is_ok(bare) and whole(bare) != _OK:
            raise Refused(f"{self.address} answered set_power with {str(result)[:80]!r}", 0)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`."""
        method, params = self._question()
        result, latency = await self._transport.call(method, params, within)
        word = result[0] if isinstance(result, list) and len(result) == 1 else None
        switch = switch_of(result if isinstance(result, str) else word)
        if switch is None:
            raise Refused(f"{self.address} answered get_prop power with {str(result)[:80]!r}", 0)
        return Reading(contact=self._wiring.contact_for(switch), latency=latency)

    def _question(self) -> tuple[str, list[Any]]:
        return "get_prop", ["power"]
