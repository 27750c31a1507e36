"""bemfa (巴法云): the cloud that Mi Home links, so that XiaoAi reaches a relay of any make.

The cloud may shut off and set timers. Its `on` is permission and closes nothing. What it is told
back is what the relays read, and seldom: it blocks accounts that send much.
"""

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from functools import partial

from gasguard.config.bemfa import Bemfa
from gasguard.core.messages import Answer, Off, SetTimer, Status
from gasguard.core.model import Contact, Phase, Reason, Source, State
from gasguard.guard.bulletins import News
from gasguard.guard.controller import Controller
from gasguard.health import Heartbeats
from gasguard.interfaces.bemfa.words import Meaning, Word, read_word
from gasguard.interfaces.front import Front
from gasguard.mqtt.desk import Desk
from gasguard.mqtt.link import Connection, Message
from gasguard.mqtt.server import Server, Subscription

log = logging.getLogger(__name__)

KEEPALIVE = 30
"""Seconds. The cloud drops who is silent for about a minute."""
TELL_EVERY = 5.0
"""Least seconds between two messages to the cloud on one topic. It blocks accounts that send too
much and publishes no figure: this is a choice, low enough for a lamp that is switched by hand."""
HEED_EVERY = 0.2
"""Least seconds between two commands on one topic: a flood is the newest command, five times a
second. An off that changes something never waits."""
_LOOK_EVERY = 5.0


def cloud(settings: Bemfa) -> Server:
    """The cloud as a server: MQTT 3.1.1 over TLS, and the key is the client's id."""
    return Server(
        "bemfa",
        settings.host,
        settings.port,
        settings.tls,
        client_id=settings.key,
        mqtt5=False,
        keepalive=KEEPALIVE,
        login="bemfa.key",
    )


@dataclass(slots=True)
class Mailbox:
    """What came in for a burner and waits for the guard: never more than an off and one other.

    `put` is called on the connection's thread, `take` on the event loop.
    """

    off: bool = False
    other: Word | None = None
    """Newer than the off."""
    called: bool = False
    """The guard was called to empty it and has not come yet."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, word: Word) -> bool:
        """Whether the guard must be called."""
        with self.lock:
            is_off = word.meaning is Meaning.OFF
            call = not self.called or (is_off and not self.off)
            self.called = True
            if is_off:
                self.off, self.other = True, None
            else:
                self.other = word
            return call

    def take(self) -> tuple[bool, Word | None]:
        """Whether to shut off, and what to do after that."""
        with self.lock:
            taken = self.off, self.other
            self.off, self.other, self.called = False, None, False
            return taken


@dataclass(slots=True)
class Topic:
    """One burner in the cloud. Times are the event loop's."""

    burner: str
    path: str
    mailbox: Mailbox = field(default_factory=Mailbox)
    heeded_at: float = float("-inf")
    heeding: asyncio.TimerHandle | None = None
    told: str | None = None
    """What the cloud believes; None: not known."""
    told_at: float = float("-inf")
    telling: asyncio.TimerHandle | None = None
    offs: int = 0
    """Offs whose outcome is open: until then the cloud is not told `on`."""


class BemfaInterface:
    """The way in through the cloud. All but the link's callbacks runs on the event loop."""

    def __init__(self, settings: Bemfa, controller: Controller, heartbeats: Heartbeats) -> None:
        self._controller = controller
        self._front = Front(controller, Source.BEMFA)
        self._topics = {topic: Topic(burner, topic) for burner, topic in settings.topics.items()}
        self._by_burner = {topic.burner: topic for topic in self._topics.values()}
        self._desk = Desk(
            cloud(settings),
            [Subscription(topic) for topic in self._topics],
            self,
            # Of the task that watches over the thread, not of the thread: one that hangs is
            # replaced, and no cloud may make systemd restart the guard.
            heartbeats,
            at_once=self._on_message,
        )
        self._connection: Connection | None = None
        self._loop = asyncio.get_running_loop()
        self._looker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect; returns at once, cloud or no cloud."""
        self._controller.observers.append(self._on_news)
        self._looker = self._loop.create_task(self._look())
        self._desk.start()

    async def stop(self) -> None:
        """Disconnect."""
        if self._looker is not None:
            self._looker.cancel()
        for topic in self._topics.values():
            for handle in (topic.heeding, topic.telling):
                if handle is not None:
                    handle.cancel()
        await self._desk.stop()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                for topic in self._topics.values():
                    self._tell(topic)
            except Exception:
                log.exception("bemfa: telling the cloud failed; trying again")

    # --- from the link's thread ---------------------------------------------------------------

    def _on_message(self, message: Message) -> None:
        topic = self._topics.get(message.topic)
        if topic is None:
            return
        word = Word(Meaning.STALE) if message.retain else read_word(message.payload, topic.path)
        if topic.mailbox.put(word):
            self._desk.hand_over(self._called, topic)

    # --- what the cloud wants -----------------------------------------------------------------

    def _called(self, topic: Topic) -> None:
        wait = topic.heeded_at + HEED_EVERY - self._loop.time()
        state = self._controller.states()[topic.burner]
        if wait <= 0 or (topic.mailbox.off and _may_burn(state)):
            self._heed(topic)
        elif topic.heeding is None:
            topic.heeding = self._loop.call_later(wait, self._heed, topic)

    def _heed(self, topic: Topic) -> None:
        if topic.heeding is not None:
            topic.heeding.cancel()
            topic.heeding = None
        topic.heeded_at = self._loop.time()
        off, other = topic.mailbox.take()
        if off:
            self._shut_off(topic)
        match other:
            case Word(Meaning.ON):
                self._permit(topic)
            case Word(Meaning.TIMER, minutes):
                log.info("%s: a timer of %d min through bemfa", topic.burner, minutes)
                request = SetTimer(Source.BEMFA, duration=60.0 * minutes)
                self._front.request(topic.burner, request, partial(self._answered, topic))
            case Word(Meaning.STALE):
                why = "a message that the cloud had kept is not carried out; delete it in bemfa"
                self._reject(topic, "retained", why)
            case Word(Meaning.UNCLEAR, text=text):
                self._reject(topic, "malformed", text)

    def _shut_off(self, topic: Topic) -> None:
        log.info("%s: off through bemfa", topic.burner)
        topic.offs += 1
        topic.told = None
        # `voice`, as for Mi Home: nobody can tell XiaoAi from a finger on the phone there either.
        request = Off(Source.BEMFA, reason=Reason.VOICE)
        self._front.request(topic.burner, request, partial(self._off_answered, topic))

    def _off_answered(self, topic: Topic, answer: Answer) -> None:
        if answer.status is not Status.ACCEPTED:
            topic.offs -= 1
            self._tell(topic)

    def _permit(self, topic: Topic) -> None:
        """`on` re-arms nothing: a burner that waits for its re-arm closes when its time comes."""
        state = self._controller.states()[topic.burner]
        if state.phase is Phase.TRIP_FAILED:
            self._reject(topic, "trip_failed", "the burner could not be shut off; see its state")
        elif state.locks:
            locks = ", ".join(sorted(state.locks))
            self._reject(topic, "locked_out", f"the burner is locked ({locks})")
        else:
            self._correct(topic)

    def _reject(self, topic: Topic, code: str, why: str) -> None:
        self._front.reject(topic.burner, code, why)
        self._correct(topic)

    def _answered(self, topic: Topic, _answer: Answer) -> None:
        self._correct(topic)

    # --- what the cloud is told ---------------------------------------------------------------

    def subscribed(self, connection: Connection) -> None:
        """See `Owner.subscribed`."""
        self._connection = connection
        for topic in self._topics.values():
            self._correct(topic)

    def lost(self, connection: Connection) -> None:
        """See `Owner.lost`."""
        if self._connection is connection:
            self._connection = None

    def _on_news(self, news: News) -> None:
        topic = self._by_burner.get(news.state.settings.burner)
        if topic is not None:
            self._tell(topic)

    def _correct(self, topic: Topic) -> None:
        """The cloud believes what it sent last: tell it how things are."""
        topic.told = None
        self._tell(topic)

    def _tell(self, topic: Topic) -> None:
        word = _spoken(self._controller.states()[topic.burner])
        if self._connection is None or word in (None, topic.told) or (word == "on" and topic.offs):
            return
        wait = topic.told_at + TELL_EVERY - self._loop.time()
        if wait <= 0:
            self._publish(topic, str(word))
        elif topic.telling is None:
            topic.telling = self._loop.call_later(wait, self._tell_later, topic)

    def _tell_later(self, topic: Topic) -> None:
        topic.telling = None
        self._tell(topic)

    def _publish(self, topic: Topic, word: str) -> None:
        topic.told_at = self._loop.time()
        # Behind /up the cloud takes note and passes nothing on, least of all back to here.
        if self._connection is not None and self._connection.publish(f"{topic.path}/up", word):
            topic.told = word


def _may_burn(state: State) -> bool:
    """Whether nobody has shut the burner off already."""
    opened = state.opening is not None or state.contact is Contact.OPEN
    return not opened or state.closing is not None


def _spoken(state: State) -> str | None:
    """The state in the cloud's words. A flame that burns on is never told as off."""
    if state.contact is Contact.UNKNOWN:
        return None
    return "on" if state.contact is Contact.CLOSED or state.burns_on else "off"
