"""Calls to a miIO device over UDP that survive loss, reboots and repeated ids.

python-miio's own `send` waits 5 s for a lost packet and starts its message ids at 1, which a device
that remembers ids answers without executing (python-miio #813). Here a call is sent again every
60 to 150 ms, each time under an id never used before, and any answer to any of them counts.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from random import Random
from typing import Any

from gasguard.drivers.miio.codec import HELLO, FrameError, NotJson, OtherToken, decode, encode
from gasguard.drivers.miio.place import Place
from gasguard.drivers.miio.values import whole
from gasguard.drivers.miio.wire import Wire
from gasguard.errors import Cause, Refused, Unreachable

log = logging.getLogger(__name__)

RESEND_MIN = 0.060
RESEND_MAX = 0.150
"""Bounds of the resend interval in seconds: below, devices get busy; above, a loss is felt."""
URGENT_AFTER = 0.015
"""Seconds until an urgent call is sent a second time: a shutoff that loses its first packet, one in
five on bad Wi-Fi, then takes 15 ms more and not 60."""
HELLO_SPACING = 0.5
"""Least seconds between two hellos to one device: bursts upset some (python-miio #2004)."""
HELLO_AFTER_SENDS = 2
"""Unanswered sends after which the device may have rebooted and its clock started anew."""
BUSY_PAUSE = 0.2
"""Seconds to leave a device alone that says it is busy."""
TELLING_SILENCE = 5
"""Commands in a row without an answer that, while hello is answered, mean a wrong token."""
_BUSY_CODES = (-9999, -30001)
_BUSY_WORD = "busy"
"""For devices that have no code for it."""
_ID_BITS = 31


class MessageIds:
    """Message ids that start at random and never repeat. One process has one."""

    def __init__(self, luck: Random) -> None:
        self._next = luck.randrange(2**_ID_BITS)

    def take(self) -> int:
        """A fresh id, 1 to 2^31 - 1."""
        self._next = (self._next + 1) % 2**_ID_BITS or 1
        return self._next


class DeviceClock:
    """A device's id, its clock and the last hello."""

    def __init__(self, identified: Callable[[], None]) -> None:
        """`identified` is called when the device has said who it is, and is another than before."""
        self.device_id: bytes | None = None
        self._identified = identified
        self._offset = 0.0
        self.hello_sent = float("-inf")
        self.hello_answered = float("-inf")

    def heard(self, device_id: bytes, stamp: int, now: float) -> None:
        """Follow the device's clock: `stamp` seconds since its start, at `now`."""
        known = self.device_id
        self.device_id = device_id
        self._offset = stamp - now
        if device_id != known:
            self._identified()

    def stamp(self, now: float) -> int:
        """What the device's clock reads now, as far as is known."""
        return max(0, int(now + self._offset))


class Device:
    """What all channels of one module share."""

    def __init__(self, place: Place, identified: Callable[[], None] = lambda: None) -> None:
        self.place = place
        self.clock = DeviceClock(identified)


class MiioTransport:
    """Calls to one device. They may overlap: answers are told apart by id."""

    def __init__(self, device: Device, token: bytes, ids: MessageIds) -> None:
        self.address = device.place.named
        self._place, self._clock = device.place, device.clock
        self._token, self._ids = token, ids
        self._wire = Wire(self._place, self._received)
        self._calls: dict[int, Callable[[dict[str, Any] | None, float], None]] = {}
        """What takes the answer to an id; None in its place: one came that is no JSON."""
        self._hello_waiters: set[asyncio.Event] = set()
        self._round_trip = RESEND_MIN / 2
        self._unanswered = 0
        self._garbled = False
        self._busy = False

    async def aclose(self) -> None:
        """Close the socket; calls under way run into their time limit."""
        self._wire.close()
        await self._place.aclose()

    # --- receiving ----------------------------------------------------------------------------

    def _received(self, data: bytes) -> None:
        """Sort one datagram in; whatever it is, nothing is raised."""
        now = asyncio.get_running_loop().time()
        try:
            frame = decode(data, self._token)
        except NotJson as error:
            log.debug("%s: %s", self.address, error)
            self._wire.answered()
            self._unanswered, self._garbled = 0, False
            # It does not tell which question it answers.
            for waiting in self._calls.values():
                waiting(None, now)
            return
        except FrameError as error:
            self._garbled |= isinstance(error, OtherToken)
            log.debug("%s: dropped a datagram: %s", self.address, error)
            return
        if frame.payload is None:
            self._wire.answered()
            self._clock.heard(frame.device_id, frame.stamp, now)
            self._clock.hello_answered = now
            for waiter in self._hello_waiters:
                waiter.set()
            return
        for payload in (frame.payload, *frame.others):
            call = self._calls.get(whole(payload.get("id")) or 0)
            if call is not None:
                self._wire.answered()
                self._clock.heard(frame.device_id, frame.stamp, now)
                call(payload, now)

    # --- calling ------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        params: list[Any],
        within: float,
        *,
        resend: bool = True,
        urgent: bool = False,
    ) -> tuple[Any, float]:
        """The device's `result` and the seconds from the answered sending to the answer.

        Sends until answered or `within` seconds have passed; with `resend` false only once; an
        `urgent` call twice at once. After an answer that is no JSON nothing more is sent: what it
        said is lost, and whoever asked may know a better question.
        Raises Unreachable (with its cause) or Refused (with the device's code).
        """
        loop = asyncio.get_running_loop()
        began, deadline = loop.time(), loop.time() + within
        try:
            async with asyncio.timeout_at(deadline):
                await self._wire.ready()
                if self._clock.device_id is None:
                    await self._first_hello()
                return await self._send_until_answered(method, params, resend=resend, urgent=urgent)
        except TimeoutError:
            raise self._silence(began) from None

    async def identify(self, within: float) -> None:
        """Have the device say who it is, if it has not and can be reached."""
        with contextlib.suppress(TimeoutError, Unreachable):
            async with asyncio.timeout(within):
                await self._first_hello()

    def _silence(self, began: float) -> Unreachable:
        if self._place.address is None:
            why = self._place.problem or "no name server answers"
            return Unreachable(f"{self.address}: {why}")
        if self._wire.failed_at >= began:
            return Unreachable(f"{self.address}: {self._wire.failure}: has this machine a network?")
        if self._busy:
            return Unreachable(f"{self.address} only answers that it is busy", Cause.BUSY)
        heard_hello = self._clock.hello_answered >= began
        if self._garbled or (heard_hello and self._unanswered >= TELLING_SILENCE):
            return Unreachable(
                f"{self.address} answers hello but no command: the token is wrong (it changes "
                "when the device is added to Wi-Fi anew)",
                Cause.WRONG_TOKEN,
            )
        return Unreachable(f"{self.address} does not answer: is it powered and on this network?")

    def _not_json(self, method: str) -> Unreachable:
        return Unreachable(
            f"{self.address} answers {method}, but not in JSON: restart the device, and see that "
            "its firmware is up to date",
            Cause.NOT_JSON,
        )

    async def _first_hello(self) -> None:
        heard = asyncio.Event()
        self._hello_waiters.add(heard)
        try:
            while self._clock.device_id is None:
                await self._wire.ready()
                self._hello(spacing=RESEND_MAX / 2)  # others may be asking too
                try:
                    async with asyncio.timeout(RESEND_MAX):
                        await heard.wait()
                except TimeoutError:
                    continue
        finally:
            self._hello_waiters.discard(heard)

    def _hello(self, spacing: float = HELLO_SPACING) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._clock.hello_sent >= spacing:
            self._clock.hello_sent = now
            self._wire.send(HELLO)

    async def _send_until_answered(
        self,
        method: str,
        params: list[Any],
        *,
        resend: bool,
        urgent: bool,
    ) -> tuple[Any, float]:
        loop = asyncio.get_running_loop()
        answered: asyncio.Queue[tuple[dict[str, Any] | None, float]] = asyncio.Queue()
        used: list[int] = []
        sends, no_json = 0, False
        payload: dict[str, Any] | None
        try:
            while True:
                if sends == 0 or resend:
                    await self._wire.ready()
                    used.append(self._send(method, params, answered, loop.time()))
                    sends += 1
                if sends > HELLO_AFTER_SENDS:
                    self._hello()
                payload = None
                try:
                    async with asyncio.timeout(
                        URGENT_AFTER if urgent and sends == 1 else self._interval()
                    ):
                        # What is no JSON may be the answer to a question before this one.
                        while payload is None:
                            payload, latency = await answered.get()
                            no_json |= payload is None
                except TimeoutError:
                    # It may have been an earlier question's: an opening goes out twice anyway.
                    if no_json and not (urgent and sends == 1):
                        raise self._not_json(method) from None
                    continue
                self._measured(latency)
                if payload.get("error") is None:
                    return payload.get("result"), latency
                code, message = _error_of(payload["error"])
                self._busy = code in _BUSY_CODES or _BUSY_WORD in message.casefold()
                if not self._busy:
                    raise Refused(f"{self.address} refused {method}: {message} ({code})", code)
                await asyncio.sleep(BUSY_PAUSE)
        finally:
            for call_id in used:
                self._calls.pop(call_id, None)

    def _send(
        self,
        method: str,
        params: list[Any],
        answered: "asyncio.Queue[tuple[dict[str, Any] | None, float]]",
        sent_at: float,
    ) -> int:
        call_id = self._ids.take()
        self._unanswered += 1
        self._calls[call_id] = lambda payload, now: answered.put_nowait((payload, now - sent_at))
        request = {"id": call_id, "method": method, "params": params}
        stamp = self._clock.stamp(sent_at)
        self._wire.send(encode(self._token, self._clock.device_id or b"\xff" * 4, stamp, request))
        return call_id

    def _interval(self) -> float:
        return min(RESEND_MAX, max(RESEND_MIN, 2 * self._round_trip))

    def _measured(self, latency: float) -> None:
        self._unanswered, self._garbled, self._busy = 0, False, False
        # A slow answer is believed slowly: one late packet must not slow the next shutoff.
        self._round_trip += (min(latency, 1.0) - self._round_trip) / 8


def _error_of(error: object) -> tuple[int, str]:
    if isinstance(error, dict):
        return whole(error.get("code")) or 0, str(error.get("message", "no message"))[:200]
    return whole(error) or 0, str(error)[:200]
