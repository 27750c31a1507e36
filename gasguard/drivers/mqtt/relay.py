"""A relay behind an MQTT broker.

Every call is a question: a command, where there is one, and behind it a query. The device's answer
to the query, and nothing that it says unasked or that the broker has kept, is the read-back.
"""

import asyncio
import contextlib
import math
from random import Random

from gasguard.config.relays.mqtt import NONCE, SECONDS, KeepAlive, MqttRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import ReadBack, Reading, Wiring
from gasguard.drivers.bus import Bus, Heard, Listening
from gasguard.drivers.mqtt.answers import Question
from gasguard.errors import Cause, DriverError, Refused, Unreachable
from gasguard.luck import nonce
from gasguard.mqtt.words import says_online

RESEND_MIN, RESEND_MAX = 0.25, 1.0
"""Bounds in seconds of the wait before an unanswered question is sent again, doubled each time.
What lies between broker and relay, a Zigbee network above all, queues what it cannot deliver."""
_SETTLE = 0.3
"""Seconds that a device which answers that it has not obeyed gets to do so. The answer may also be
that to an earlier question, and overtaken already."""
_OPEN_EXPIRES = 10
_CLOSE_EXPIRES = 1
_QUERY_EXPIRES = 2
"""Seconds that a broker may keep a message for a device that is away (MQTT 5)."""


class _Pace:
    """When a question may be sent again, over all calls of its kind."""

    def __init__(self) -> None:
        self._sent_at = float("-inf")
        self._unanswered = 0

    def sent(self, now: float) -> None:
        self._sent_at = now
        self._unanswered += 1

    def alive(self) -> None:
        """Something was heard of the device: send at the quicker end."""
        self._unanswered = min(self._unanswered, 1)

    def reset(self) -> None:
        """Answered, or back: the next may go at once."""
        self._unanswered = 0

    @property
    def due(self) -> float:
        """Loop time; in the past where nothing is outstanding."""
        if not self._unanswered:
            return float("-inf")
        waits = RESEND_MIN * 2.0 ** min(self._unanswered - 1, 10)
        return self._sent_at + min(RESEND_MAX, waits)


class MqttRelayDriver:
    """One relay. Several may share a bus, and a device."""

    def __init__(self, settings: MqttRelay, bus: Bus, luck: Random) -> None:
        self._settings, self._bus, self._luck = settings, bus, luck
        self._wiring = Wiring(settings.opens_when)
        self._questions: set[Question] = set()
        self._news = asyncio.Event()
        self._opens, self._reads = _Pace(), _Pace()
        self._said_offline = False
        heard = [settings.state_topic, *([settings.echo.topic] if settings.echo else [])]
        kept = [settings.availability.topic] if settings.availability else []
        bus.attach(Listening(heard, kept, self._heard, self._connection_changed))

    @property
    def address(self) -> str:
        """The command's topic, and the broker."""
        return f"{self._settings.command_topic} at {self._bus.address}"

    @property
    def read_back(self) -> ReadBack:
        """Only an echo of the question proves that an answer is newer."""
        return ReadBack.ANSWERED if self._settings.echo else ReadBack.CACHE

    # --- calls --------------------------------------------------------------------------------

    async def open(self, within: float) -> None:
        """See `Relay.open`."""
        await self._ask(within, wanted=Contact.OPEN, opening=True)

    async def close(self, within: float) -> None:
        """See `Relay.close`. Sent only on a way that has just answered.

        At QoS 0: neither we nor the broker may ever deliver it again.
        """
        deadline = asyncio.get_running_loop().time() + within
        await self._ask(within)
        payload = self._payload(Contact.CLOSED)
        if not self._bus.publish(
            self._settings.command_topic, payload, qos=0, expires=_CLOSE_EXPIRES
        ):
            raise self._silent(None)
        left = deadline - asyncio.get_running_loop().time()
        await self._ask(left, wanted=Contact.CLOSED)

    async def read(self, within: float) -> Reading:
        """See `Relay.read`."""
        contact, latency = await self._ask(within)
        return Reading(contact=contact, latency=latency)

    async def aclose(self) -> None:
        """See `Relay.aclose`."""
        await self._bus.release()

    # --- asking -------------------------------------------------------------------------------

    async def _ask(
        self, within: float, *, wanted: Contact | None = None, opening: bool = False
    ) -> tuple[Contact, float]:
        """What the device answers, and the seconds from the last sending to its answer.

        One that answers something else than `wanted` gets a moment to carry its order out.
        """
        self._bus.start()
        loop = asyncio.get_running_loop()
        pace = self._opens if opening else self._reads
        deadline = loop.time() + within
        sent_at = answered_at = float("-inf")
        question = Question(self._settings)
        self._questions.add(question)
        try:
            while True:
                now, answered = loop.time(), question.on is not None
                if answered and answered_at < sent_at:
                    pace.reset()
                    answered_at = now
                settled = min(answered_at + _SETTLE, deadline)
                if question.on is not None:
                    contact = self._wiring.contact_for(question.on)
                    if wanted in (None, contact) or now >= settled:
                        return contact, answered_at - sent_at
                if now >= deadline:
                    raise self._silent(question)
                if self._bus.connected and not answered and now >= pace.due:
                    self._send(question, opening=opening)
                    pace.sent(now)
                    sent_at = now
                wake = deadline
                if answered:
                    wake = settled
                elif self._bus.connected:
                    wake = min(deadline, pace.due)
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(wake):
                        await self._news.wait()
        finally:
            self._questions.discard(question)

    def _send(self, question: Question, *, opening: bool) -> None:
        settings, publish = self._settings, self._bus.publish
        word = nonce(self._luck)
        question.nonces.add(word)
        if opening:
            payload = self._payload(Contact.OPEN)
            # A broker may keep it for a device that is away: late is better than never.
            publish(settings.command_topic, payload, qos=1, expires=_OPEN_EXPIRES)
        # Where the answer proves itself the broker's word is not needed, and at QoS 0 it keeps no
        # questions for a device that is away.
        qos = 0 if settings.echo else 1
        for part in (settings.fence, settings.query):
            if part is not None:
                publish(
                    part.topic,
                    part.payload.replace(NONCE, word),
                    qos=qos,
                    expires=_QUERY_EXPIRES,
                    acknowledged=question.acknowledged if qos else None,
                )

    def _payload(self, contact: Contact) -> str:
        on = self._wiring.switch_for(contact)
        return self._settings.payload_on if on else self._settings.payload_off

    def _silent(self, question: Question | None) -> DriverError:
        if not self._bus.connected:
            return Unreachable(f"broker {self._bus.address} is not connected", Cause.SILENT)
        query = self._settings.query.topic
        if question is not None and question.trouble:
            if question.nonsense:
                return Refused(question.trouble, 0)
            return Unreachable(question.trouble, Cause.SILENT)
        if self._said_offline and self._settings.availability:
            topic = self._settings.availability.topic
            return Unreachable(f"{query} is not answered; {topic} says offline", Cause.SILENT)
        if self._settings.fence and question is not None and question.proven:
            text = (
                f"{query} is not answered, though {self._settings.fence.topic} is: "
                "is the relay out of the radio's reach?"
            )
            return Unreachable(text, Cause.SILENT)
        return Unreachable(f"{query} is not answered", Cause.SILENT)

    # --- hearing ------------------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        availability = self._settings.availability
        if availability is not None and heard.topic == availability.topic:
            online = says_online(heard.payload, availability.online, availability.offline)
            if online is not None:
                self._said_offline = not online
                if online:
                    self._back()
        elif not heard.retained:
            for question in self._questions:
                question.heard(heard.topic, heard.payload)
            if heard.topic == self._settings.state_topic:
                self._opens.alive()
                self._reads.alive()
            self._news.set()

    def _connection_changed(self) -> None:
        for question in self._questions:
            question.lost()
        self._said_offline = False
        self._back()

    def _back(self) -> None:
        """What waits is sent at once."""
        self._opens.reset()
        self._reads.reset()
        self._news.set()


class MqttRelayWithLease(MqttRelayDriver):
    """One whose device opens by itself when the keep-alive ends."""

    def __init__(self, settings: MqttRelay, keep_alive: KeepAlive, bus: Bus, luck: Random) -> None:
        super().__init__(settings, bus, luck)
        self._keep_alive = keep_alive

    async def renew_lease(self, seconds: float, within: float) -> None:
        """See `HasLease.renew_lease`. Due at each poll: these devices do not tell what is left."""
        payload = self._keep_alive.payload.replace(SECONDS, str(math.ceil(seconds)))
        self._bus.publish(self._keep_alive.topic, payload, qos=0, expires=_QUERY_EXPIRES)

    async def cancel_lease(self, within: float) -> None:
        """See `HasLease.cancel_lease`. Where the device has no word for it, renewals only end."""
        keep_alive = self._keep_alive
        if keep_alive.cancel is not None:
            self._bus.publish(keep_alive.topic, keep_alive.cancel, qos=0, expires=_QUERY_EXPIRES)


def mqtt_relay(settings: MqttRelay, bus: Bus, luck: Random) -> MqttRelayDriver:
    """A driver that can do what the configuration gives its device, and no more."""
    if settings.keep_alive is None:
        return MqttRelayDriver(settings, bus, luck)
    return MqttRelayWithLease(settings, settings.keep_alive, bus, luck)
