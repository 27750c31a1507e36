"""The devices' connection to the broker, as drivers see it. The simulation has another one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that came in."""

    topic: str
    payload: bytes
    retained: bool
    """The broker had kept it: its age is unknown."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What one device's driver listens to. Everything is called on the event loop."""

    topics: Sequence[str]
    kept_topics: Sequence[str]
    """Those of which also the message that the broker has kept is wanted."""
    heard: Callable[[Heard], None]
    changed: Callable[[], None] = lambda: None
    """The connection has come or gone, or a try to have one has failed."""
    qos: int = 0
    """0: in the order in which the device published, nothing kept back. 1: nothing is lost."""
    vital: bool = True
    """Without these topics the connection is no use. Refused, others are done without."""
    refused: Callable[[], None] = lambda: None
    """The broker refuses one of these topics, which are not vital: told before `changed`."""


class Bus(Protocol):
    """One connection to the broker, shared by devices. Nothing here ever waits."""

    @property
    def address(self) -> str:
        """Where the broker is, for messages to people."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the broker has us and all subscriptions are in force."""
        ...

    def attach(self, listening: Listening) -> None:
        """Take a device on. All of them come before the first `start`."""
        ...

    def start(self) -> None:
        """Begin to connect; from then on it goes on by itself. Again is no harm."""
        ...

    def publish(
        self,
        topic: str,
        payload: str,
        *,
        qos: int,
        expires: int,
        acknowledged: Callable[[], None] | None = None,
    ) -> bool:
        """Send; False, and nothing is ever sent, without a connection.

        `expires` (seconds) bounds how long a broker may keep it. `acknowledged` is called once the
        broker has taken a message of QoS 1.
        """
        ...

    async def release(self) -> None:
        """A device goes; with the last one the connection ends."""
        ...
