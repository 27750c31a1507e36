"""What a MIoT module says of its properties: one question for all, or one for each.

The first property is the one that a shutoff needs, the others are asked for along with it. Some
modules refuse such a question as a whole where they lack one part, are silent, or answer what is no
JSON: then the first is asked for by itself at once.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gasguard.config.relays.base import Channel
from gasguard.drivers.miio.transport import MiioTransport
from gasguard.drivers.miio.values import is_ok, whole
from gasguard.errors import Cause, DriverError, Refused, Unreachable

log = logging.getLogger(__name__)

METHOD = "get_properties"
_OK = 0
_PENDING = 1
"""The device has taken the command but not carried it out: the read-back tells the rest."""
_TOGETHER_SHARE = 0.5
"""Of a call's time, for the question for all: one that is lost leaves time for the first alone."""
_SILENCES = 2
"""Questions for all in a row that stay unanswered while the first alone is answered: not loss."""
_TOGETHER_AGAIN = 300.0
"""Seconds until a module that does not take such a question gets one again."""
_PART_WITHIN = 0.2
"""Seconds that another property, asked for by itself, may hold up the answer to the first."""
_LACKING_AGAIN, _SILENT_AGAIN = 60.0, 10.0
"""Seconds until a property that was refused, or not answered, is asked for again."""
_LACKING_AFTER = 3
"""Times in a row that it must be: one lost answer must not make a voice channel deaf."""

_MAY_BE_THE_WIRE = (Cause.SILENT, Cause.WRONG_TOKEN, Cause.BUSY)
"""Causes for which one unanswered question shows nothing of the module."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a device said of one property: a value, or why there is none."""

    value: object = None
    trouble: DriverError | None = None
    placed: bool = True
    """There was an answer, and it speaks of this property."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one question."""

    told: list[Told]
    latency: float = 0.0

    @property
    def tells_the_first(self) -> bool:
        """Whether it tells the first of what was asked."""
        return self.told[0].trouble is None

    @property
    def is_whole(self) -> bool:
        """Whether it speaks of all that was asked."""
        return all(one.placed for one in self.told)

    @property
    def trouble(self) -> DriverError | None:
        """What is wrong with it."""
        return next((one.trouble for one in self.told if one.trouble), None)


class Properties:
    """Asks one module for `asked`. Lives on the event loop."""

    def __init__(self, transport: MiioTransport, asked: Sequence[Channel]) -> None:
        self._transport, self._asked = transport, asked
        self._silences = 0
        self._together_at = float("-inf")
        self._failures: dict[int, int] = {}
        """How often in a row each property was not told."""
        self._missing: dict[int, tuple[float, Told]] = {}
        """Properties that are not told, by index: when to ask again, and why they are not."""

    @property
    def question(self) -> list[dict[str, Any]]:
        """What is asked first."""
        together = asyncio.get_running_loop().time() >= self._together_at
        return [address(channel) for channel in (self._asked if together else self._asked[:1])]

    async def read(self, within: float) -> tuple[list[Told], float]:
        """What the device says of each, in order, and the latency of the first one's answer.

        Raises Unreachable or Refused where it does not tell the first.
        """
        deadline = asyncio.get_running_loop().time() + within
        if len(self._asked) > 1 and asyncio.get_running_loop().time() >= self._together_at:
            answer = await self._together_or_first(within)
            if len(answer.told) > 1:
                return answer.told, answer.latency
        else:
            answer = await self._alone(self._asked[0], within)
        if (trouble := answer.told[0].trouble) is not None:
            raise trouble
        parts = [await self._part(index, deadline) for index in range(1, len(self._asked))]
        return [answer.told[0], *parts], answer.latency

    async def set(
        self,
        channel: Channel,
        value: bool | int,
        within: float,
        *,
        resend: bool = True,
        urgent: bool = False,
    ) -> None:
        """Set one, as `MiioTransport.call` sends. Raises Refused where the device says no."""
        params = [{**address(channel), "value": value}]
        result, _ = await self._transport.call(
            "set_properties", params, within, resend=resend, urgent=urgent
        )
        code = self._code(channel, result)
        if code not in (_OK, _PENDING):
            raise self.refused(channel, "set", code)

    def _code(self, channel: Channel, result: object) -> int | None:
        # A bare 0, and the older kind's "ok", come where most devices answer a list of entries.
        bare = result[0] if isinstance(result, list) and len(result) == 1 else result
        if is_ok(bare):
            return _OK
        if (code := whole(bare)) is not None:
            return code
        try:
            return code_of(entry_of(channel, result, alone=True))
        except LookupError:
            raise self.nonsense(f"{channel.siid}/{channel.piid}", result) from None

    async def _together_or_first(self, within: float) -> "_Answer":
        """The answer to the question for all, or where that fails, to the one for the first.

        What is only late is still waited for: a slow device has no less time than it had.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        together = loop.create_task(self._together(within))
        asked = {together}
        try:
            await asyncio.wait(asked, timeout=within * _TOGETHER_SHARE)
            if together.done() and (answer := self._understood(together.result())):
                return answer
            alone = loop.create_task(self._alone(self._asked[0], deadline - loop.time()))
            asked.add(alone)
            waiting = {one for one in asked if not one.done()}
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if together in done and (answer := self._understood(together.result())):
                    return answer
                if alone in done and alone.result().tells_the_first:
                    break
            if alone.result().tells_the_first:
                self._not_together(together.result().trouble if together.done() else None)
            return alone.result()
        finally:
            for one in asked:
                one.cancel()

    def _understood(self, answer: "_Answer") -> "_Answer | None":
        """What an answer to the question for all is good for: all, the first alone, or nothing."""
        if not answer.tells_the_first:
            return None
        if answer.is_whole:
            self._silences = 0
            return answer
        self._not_together(answer.trouble)
        return _Answer(answer.told[:1], answer.latency)

    async def _together(self, within: float) -> "_Answer":
        return await self._ask(self._asked, within)

    async def _alone(self, channel: Channel, within: float) -> "_Answer":
        return await self._ask([channel], within)

    async def _ask(self, channels: Sequence[Channel], within: float) -> "_Answer":
        question = [address(channel) for channel in channels]
        try:
            result, latency = await self._transport.call(METHOD, question, within)
        except DriverError as error:
            return _Answer([Told(trouble=error, placed=False)])
        alone = len(channels) == 1
        return _Answer([self._told(one, result, alone=alone) for one in channels], latency)

    def _not_together(self, failed: DriverError | None) -> None:
        """The first alone was answered; the question for all `failed`, or is not answered yet."""
        if failed is None or (isinstance(failed, Unreachable) and failed.cause in _MAY_BE_THE_WIRE):
            self._silences += 1
            if self._silences < _SILENCES:
                return
        self._silences = 0
        self._together_at = asyncio.get_running_loop().time() + _TOGETHER_AGAIN
        log.info(
            "%s: does not take a question for several properties (%s): asked one by one",
            self._transport.address,
            failed or "no answer",
        )

    async def _part(self, index: int, deadline: float) -> Told:
        now = asyncio.get_running_loop().time()
        again, known = self._missing.get(index, (now, Told()))
        if now < again:
            return known
        left = min(deadline - now, _PART_WITHIN)
        told = (await self._alone(self._asked[index], left)).told[0]
        if told.trouble is None:
            self._missing.pop(index, None)
            self._failures.pop(index, None)
            return told
        self._failures[index] = self._failures.get(index, 0) + 1
        if self._failures[index] < _LACKING_AFTER:
            return told
        if isinstance(told.trouble, Refused):
            self._missing[index] = now + _LACKING_AGAIN, told
        elif left == _PART_WITHIN:
            # With less time than that its silence shows nothing.
            self._missing[index] = now + _SILENT_AGAIN, told
        return told

    def _told(self, channel: Channel, result: object, *, alone: bool = False) -> Told:
        try:
            entry = entry_of(channel, result, alone=alone)
        except LookupError:
            name = f"{channel.siid}/{channel.piid}"
            return Told(trouble=self.nonsense(name, result), placed=False)
        if code_of(entry) != 0:
            return Told(trouble=self.refused(channel, "read", entry.get("code")))
        if "value" not in entry:
            return Told(trouble=self.nonsense(f"{channel.siid}/{channel.piid}", result))
        return Told(entry["value"])

    def refused(self, channel: Channel, verb: str, code: object) -> Refused:
        """The device said no to one property."""
        return Refused(
            f"{self._transport.address} refused to {verb} siid {channel.siid} piid {channel.piid} "
            f"(code {str(code)[:40]}): does this model have that property? "
            "See firmware_notes/relays.md",
            whole(code) or 0,
        )

    def nonsense(self, what: str, said: object) -> Refused:
        """The device said something that is not understood."""
        return Refused(f"{self._transport.address} answered {what} with {str(said)[:80]!r}", 0)


def address(channel: Channel) -> dict[str, Any]:
    """A property's place in a question."""
    return {
        "did": _name(channel),
        "siid": channel.siid,
        "piid": channel.piid,
    }


def entry_of(channel: Channel, result: object, *, alone: bool) -> dict[str, Any]:
    """What a result says of one property; `alone`: it was asked for nothing else.

    Raises LookupError where it says nothing of it, or two things.
    """
    entries = list(_entries(result))
    found = [entry for entry in entries if _speaks_of(channel, entry)]
    if not found and alone and len(entries) == 1 and _names_no_place(entries[0]):
        found = entries
    if not found or any(entry != found[0] for entry in found):
        raise LookupError
    return found[0]


def code_of(entry: dict[str, Any]) -> int | None:
    """An entry's code, 0 where it has none; None for what is no code."""
    code = entry.get("code")
    return 0 if code is None else whole(code)


def _entries(result: object) -> Iterator[dict[str, Any]]:
    for entry in result if isinstance(result, list) else [result]:
        if isinstance(entry, dict):
            yield entry


def _speaks_of(channel: Channel, entry: dict[str, Any]) -> bool:
    if {"siid", "piid"} & entry.keys():
        place = whole(entry.get("siid")), whole(entry.get("piid"))
        return place == (channel.siid, channel.piid)
    return entry.get("did") == _name(channel)


def _names_no_place(entry: dict[str, Any]) -> bool:
    return not {"siid", "piid"} & entry.keys() and bool({"code", "value"} & entry.keys())


def _name(channel: Channel) -> str:
    return f"{channel.siid}-{channel.piid}"
