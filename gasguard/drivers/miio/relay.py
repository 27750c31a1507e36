"""Mi Home relays: MIoT modules addressed by siid/piid, and the older set_power plugs."""

import contextlib
from collections.abc import Iterator
from typing import Any

from gasguard.config.relays.base import Channel
from gasguard.config.relays.miio import MiioRelay, MiotRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import ReadBack, Reading, Wiring
from gasguard.drivers.miio.transport import Device, MessageIds, MiioTransport
from gasguard.errors import Refused

_OK = 0
_PENDING = 1
"""The device has taken the command but not carried it out: the read-back tells the rest."""

_LONGEST_COUNTDOWN = 1e7
"""Counts beyond are no countdown (the longest known is 86,500 s): a calendar must hold its end."""


class _MiioDevice:
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

    async def ping(self, within: float) -> float:
        """Round trip in seconds of one question sent once; raises Unreachable when it is lost."""
        with contextlib.suppress(Refused):
            _, latency = await self._transport.call("miIO.info", [], within, resend=False)
            return latency
        return within

    async def property(self, siid: int, piid: int, within: float) -> object:
        """The value of one MIoT property."""
        asked = [_address(Channel(siid=siid, piid=piid))]
        result, _ = await self._transport.call("get_properties", asked, within)
        return next((entry.get("value") for entry in _entries(result)), None)

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
        self._asked = [part for part in (self._switch, voice, settings.lease) if part]

    async def open(self, within: float) -> None:
        """See `Relay.open`."""
        await self._set(self._switch, self._wiring.switch_for(Contact.OPEN), within, urgent=True)

    async def close(self, within: float) -> None:
        """See `Relay.close`."""
        wanted = self._wiring.switch_for(Contact.CLOSED)
        await self._set(self._switch, wanted, within, resend=False)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`. Switch, voice channel and countdown come in one answer."""
        asked = [_address(channel) for channel in self._asked]
        result, latency = await self._transport.call("get_properties", asked, within)
        values = [self._value(channel, result) for channel in self._asked]
        switch = values[0]
        if not isinstance(switch, bool | int):
            raise self._nonsense("get_properties", result)
        voice = values[1] if self._voice else None
        countdown = values[-1] if self._lease else None
        return Reading(
            contact=self._wiring.contact_for(bool(switch)),
            voice=None if voice is None else bool(voice),
            countdown=self._seconds(countdown),
            latency=latency,
        )

    def _seconds(self, count: object) -> float | None:
        if self._lease is None or isinstance(count, bool) or not isinstance(count, int | float):
            return None
        # Also not a number, infinite, or an integer that no float holds: JSON knows them all.
        if count == self._lease.off or not 0 < count < _LONGEST_COUNTDOWN:
            return None
        return float(count) * self._lease.unit_seconds

    async def _set(
        self,
        channel: Channel,
        value: bool | int,
        within: float,
        *,
        resend: bool = True,
        urgent: bool = False,
    ) -> None:
        params = [{**_address(channel), "value": value}]
        result, _ = await self._transport.call(
            "set_properties", params, within, resend=resend, urgent=urgent
        )
        # python-miio's own simulator answers a bare 0 where devices answer a list.
        code = result if isinstance(result, int) else self._entry(channel, result).get("code", _OK)
        if code not in (_OK, _PENDING):
            raise self._refused(channel, "set", code)

    def _value(self, channel: Channel, result: object) -> object:
        entry = self._entry(channel, result)
        if entry.get("code", _OK) != _OK:
            raise self._refused(channel, "read", entry.get("code"))
        return entry.get("value")

    def _entry(self, channel: Channel, result: object) -> dict[str, Any]:
        for entry in _entries(result):
            if (entry.get("siid"), entry.get("piid")) == (channel.siid, channel.piid):
                return entry
        raise self._nonsense(f"{channel.siid}/{channel.piid}", result)

    def _refused(self, channel: Channel, verb: str, code: object) -> Refused:
        return Refused(
            f"{self.address} refused to {verb} siid {channel.siid} piid {channel.piid} (code "
            f"{str(code)[:40]}): does this model have that property? See firmware_notes/relays.md",
            code if isinstance(code, int) else 0,
        )

    def _nonsense(self, what: str, result: object) -> Refused:
        return Refused(f"{self.address} answered {what} with {str(result)[:80]!r}", 0)


class _WithVoice(MiotRelayDriver):
    async def set_voice(self, on: bool, within: float) -> None:
        """See `HasVoice.set_voice`."""
        assert self._voice is not None  # noqa: S101 - `miot_relay` makes it so
        await self._set(self._voice, on, within)


class _WithLease(MiotRelayDriver):
    async def renew_lease(self, seconds: float, within: float) -> None:
        """See `HasLease.renew_lease`. Rounded up to what the device can count."""
        assert self._lease is not None  # noqa: S101 - as above
        count = -int(-seconds // self._lease.unit_seconds)
        await self._set(self._lease, count, within, resend=False)

    async def cancel_lease(self, within: float) -> None:
        """See `HasLease.cancel_lease`."""
        assert self._lease is not None  # noqa: S101 - as above
        await self._set(self._lease, self._lease.off, within)


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
        if result not in (["ok"], "ok", 0, [0]):
            raise Refused(f"{self.address} answered set_power with {str(result)[:80]!r}", 0)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`."""
        result, latency = await self._transport.call("get_prop", ["power"], within)
        word = result[0] if isinstance(result, list) and result else None
        if word not in ("on", "off"):
            raise Refused(f"{self.address} answered get_prop power with {str(result)[:80]!r}", 0)
        return Reading(contact=self._wiring.contact_for(word == "on"), latency=latency)


def _address(channel: Channel) -> dict[str, Any]:
    return {
        "did": f"{channel.siid}-{channel.piid}",
        "siid": channel.siid,
        "piid": channel.piid,
    }


def _entries(result: object) -> Iterator[dict[str, Any]]:
    for entry in result if isinstance(result, list) else ():
        if isinstance(entry, dict):
            yield entry
