"""A relay module on the miIO protocol, without sockets or clock: datagrams in, replies out."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from hashlib import md5
from random import Random
from typing import Any, NamedTuple

from gasguard.drivers.miio.codec import HELLO, Frame, FrameError, decode, encode_hello_reply, seal
from gasguard.simulator.channels import Channel, ChannelSpec, Key
from gasguard.simulator.miio.oddities import spoken, switch_word
from gasguard.simulator.module import Module

LEGACY_SWITCH: Key = (0, 0)
"""Key of a legacy module's channel: no MIoT property has it."""

OK, _PENDING, NOT_FOUND, BAD_VALUE = 0, 1, -4003, -4005
_MOST_PROPERTIES = 64
_WORD = {True: "on", False: "off"}


class Reply(NamedTuple):
    """A datagram the device sends `delay` seconds after what it answers."""

    delay: float
    data: bytes


class _MethodError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class MiRelay(Module):
    """One module. Callers pass `now` (seconds, never falling) to everything that needs time."""

    def __init__(
        self,
        token: bytes,
        device_id: int,
        channels: Iterable[ChannelSpec],
        *,
        random: Random,
        now: float = 0.0,
        legacy: Key | None = None,
        model: str = "yeelink.switch.sw1",
        uptime_s: float = 3600.0,
        processing_s: float = 0.020,
        stamps_behind_s: int = 60,
        stamps_ahead_s: int = 20,
        memory: int = 256,
    ) -> None:
        """`legacy` names the channel that set_power switches; None makes a pure MIoT module.

        A command is taken while its stamp is at most `stamps_behind_s` older or `stamps_ahead_s`
        newer than the device's clock: public threads report devices that want a new hello after
        one to a few minutes, so this one is among the strict. `memory` bounds the ids remembered.
        """
        super().__init__(channels, now=now)
        self.token = token
        self.device_id = (device_id % 2**32).to_bytes(4, "big")
        self.model = model
        self.legacy = legacy
        self.processing_s = processing_s
        self._countdowns = {
            (spec.countdown.siid, spec.countdown.piid): channel
            for channel in self.channels.values()
            if (spec := channel.spec).countdown
        }
        self._random = random
        self._window = stamps_behind_s, stamps_ahead_s
        self._most_ids = memory
        self._answers: OrderedDict[tuple[Hashable, int], dict[str, Any]] = OrderedDict()
        self._booted_at = now - uptime_s
        self._methods: dict[str, Callable[[Any, float], Any]] = {"miIO.info": self._info}
        if any(key != legacy for key in self.channels):
            self._methods |= {"get_properties": self._get, "set_properties": self._set}
        if legacy:
            channel = self.channels[legacy]
            self._methods |= {
                "get_prop": partial(self._get_prop, channel),
                "set_power": partial(self._set_power, channel),
            }

    def stamp(self, now: float) -> int:
        """The device's clock: seconds since it started, with its fault."""
        return int(now - self._booted_at + self.faults.clock_skew_s)

    def reboot(self, now: float, *, silent_for: float = 2.0) -> None:
        """See `Module.reboot`; the clock starts at 0 and ids are forgotten."""
        super().reboot(now, silent_for=silent_for)
        self._booted_at = now
        self._answers.clear()

    def receive(self, data: bytes, source: Hashable, now: float) -> list[Reply]:
        """Take one datagram. `source` is the sender's host: ids are remembered per host.

        (Not per port: a restarted client has a new port, and is answered from memory all the
        same.) Whatever does not decrypt, is stamped outside the window or is no request is
        dropped without a word, as real devices do.
        """
        self.advance(now)
        if not self.answers(now):
            return []
        if data == HELLO:
            return [Reply(self.processing_s, encode_hello_reply(self.device_id, self.stamp(now)))]
        token = md5(self.token).digest() if self.faults.wrong_token else self.token  # noqa: S324
        try:
            frame = decode(data, token)
        except FrameError:
            return []
        request = frame.payload
        if request is None or not self._fresh(frame, now):
            return []
        message_id = request.get("id")
        if type(message_id) is not int or abs(message_id) >= 2**63:
            return []
        answer = {"id": message_id, **self._answer(request, (source, message_id), now)}
        said = spoken(self.faults, request, answer, self._random)
        if said is None:
            return []
        return [Reply(self.processing_s, seal(token, self.device_id, self.stamp(now), said))]

    def _fresh(self, frame: Frame, now: float) -> bool:
        behind, ahead = self._window
        age = self.stamp(now) - frame.stamp
        return frame.device_id == self.device_id and -ahead <= age <= behind

    def _answer(
        self, request: dict[str, Any], identity: tuple[Hashable, int], now: float
    ) -> dict[str, Any]:
        if self.faults.deduplicates and identity in self._answers:
            return self._answers[identity]
        if self.faults.busy and self._random.random() < self.faults.busy:
            return _error(-9999, "user ack timeout")
        answer = self._execute(request, now)
        self._answers[identity] = answer
        if len(self._answers) > self._most_ids:
            self._answers.popitem(last=False)
        return answer

    def _execute(self, request: dict[str, Any], now: float) -> dict[str, Any]:
        name = request.get("method")
        method = self._methods.get(name) if isinstance(name, str) else None
        if method is None:
            return _error(-32601, "Method not found.")
        self.executed += 1
        try:
            return {"result": method(request.get("params"), now), "exe_time": 10}
        except _MethodError as error:
            return _error(error.code, error.message)

    def _info(self, _params: object, now: float) -> dict[str, Any]:
        number = self.device_id.hex().upper()
        return {
            "life": self.stamp(now),
            "model": self.model,
            "fw_ver": "2.1.0_sim",
            "hw_ver": "ESP32",
            "mac": f"02:00:{number[:2]}:{number[2:4]}:{number[4:6]}:{number[6:]}",
            "ap": {
                "ssid": "厨房" if self.faults.gbk else "simulated",
                "bssid": "02:00:00:00:00:01",
                "rssi": -50,
            },
            "netif": {"localIp": "127.0.0.1", "mask": "255.0.0.0", "gw": "127.0.0.1"},
        }

    def _get(self, params: object, now: float) -> list[dict[str, Any]]:
        return [self._get_one(item, now) for item in _property_list(params)]

    def _get_one(self, item: dict[str, Any], now: float) -> dict[str, Any]:
        place, key = place_of(item)
        if key in self.channels:
            value = switch_word(self.faults, self.channels[key].value)
            return {**place, "code": OK, "value": value}
        if key in self._countdowns:
            return {**place, "code": OK, "value": self._countdowns[key].countdown_left(now)}
        return {**place, "code": NOT_FOUND}

    def _set(self, params: object, now: float) -> list[dict[str, Any]]:
        return [self._set_one(item, now) for item in _property_list(params)]

    def _set_one(self, item: dict[str, Any], now: float) -> dict[str, Any]:
        place, key = place_of(item)
        value = item.get("value")
        if self.faults.refuse or key not in self.channels | self._countdowns:
            return {**place, "code": NOT_FOUND}
        if key in self.channels:
            return {**place, "code": self._switch(self.channels[key], value, now)}
        if self.faults.lying or self._countdowns[key].count_down(value, now):
            return {**place, "code": OK}
        return {**place, "code": BAD_VALUE}

    def _switch(self, channel: Channel, value: object, now: float) -> int:
        """Carry out a command from the local network; the MIoT code that it is answered with."""
        if not isinstance(value, bool):
            return BAD_VALUE
        if self.faults.lying:
            return OK
        if self.faults.pending_s > 0:
            channel.switch_later(value, now + self.faults.pending_s, from_cloud=False)
            return _PENDING
        channel.switch(value, now)
        return OK

    def _get_prop(self, channel: Channel, params: object, _now: float) -> list[object]:
        odd = self.faults.numbers or self.faults.nonsense
        power = switch_word(self.faults, channel.value) if odd else _WORD[channel.value]
        return [power if name == "power" else "" for name in _listed(params)]

    def _set_power(self, channel: Channel, params: object, now: float) -> list[str]:
        if params not in (["on"], ["off"]):
            raise _MethodError(-5001, "invalid_arg")
        if self.faults.refuse:
            raise _MethodError(NOT_FOUND, "refused")
        self._switch(channel, params == ["on"], now)
        return ["ok"]


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _listed(params: object) -> list[Any]:
    if not isinstance(params, list) or len(params) > _MOST_PROPERTIES:
        raise _MethodError(-5001, "invalid_arg")
    return params


def _property_list(params: object) -> list[dict[str, Any]]:
    items = _listed(params)
    if not all(isinstance(item, dict) for item in items):
        raise _MethodError(-5001, "invalid_arg")
    return items


def _whole(number: object) -> int:
    return number if isinstance(number, int) and not isinstance(number, bool) else -1


def place_of(item: dict[str, Any]) -> tuple[dict[str, Any], Key]:
    """What an answer repeats of a request's property, and where that property lives."""
    siid, piid = _whole(item.get("siid")), _whole(item.get("piid"))
    did = item.get("did")
    # Echoed only as far as it is plain: a stranger's nesting must not come back at the encoder.
    place = {"did": did[:64] if isinstance(did, str) else "", "siid": siid, "piid": piid}
    return place, (siid, piid)
