"""Requests that lie with the broker: never carried out for their age, and removed from there.

An empty message removes one. On MQTT 5 it does not come back here. On 3.1.1 it does, as a live and
empty request: that means nothing on any topic but an off's, where it is an off like any other. So
an off that lies there is removed only while its burners are off anyway.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from gasguard.core.model import Phase, State
from gasguard.mqtt.connection import Connection, Message

_OFF = (Phase.TRIPPING, Phase.TRIPPED, Phase.TRIP_FAILED, Phase.LOCKED_OUT)


class KeptRequests:
    """Those of one connection at a time. Runs on the event loop."""

    def __init__(self) -> None:
        self._offs: dict[str, Sequence[str]] = {}
        """Topics of offs that wait to be removed, and the burners that they are for."""
        self._echoes: Counter[str] = Counter()
        """Removals that are still to come back, by topic."""

    def forget(self) -> None:
        """The connection is another one: what lies there is sent again."""
        self._offs.clear()
        self._echoes.clear()

    def remove(
        self, connection: Connection, message: Message, asks: str, burners: Sequence[str]
    ) -> str:
        """Have it removed, now or as soon as that does no harm; says which, for people."""
        if not message.payload:
            return "there is nothing left to clear"
        if asks == "off" and not connection.is_mqtt5:
            self._offs[message.topic] = burners
            return (
                f"it stays on {message.topic}, where it does nothing, and is cleared when "
                f"{' and '.join(burners)} is off next; an empty message there is an off itself"
            )
        if not connection.is_mqtt5:
            self._echoes[message.topic] += 1
        connection.publish(message.topic, b"", retain=True)
        return "it was cleared"

    def refuse(
        self, connection: Connection, message: Message, asks: str, burners: Sequence[str]
    ) -> str:
        """Have it removed; says why it is not carried out, for people."""
        cleared = self.remove(connection, message, asks, burners)
        why = f"a retained {asks} command is not carried out; {cleared}"
        return f"{why}; send it without retain" if message.to_be_kept else why

    def is_own(self, message: Message, asks: str) -> bool:
        """Whether a message is a removal that comes back. An off never counts as one."""
        if message.payload or asks == "off" or not self._echoes[message.topic]:
            return False
        self._echoes[message.topic] -= 1
        return True

    def look(self, connection: Connection, states: Mapping[str, State]) -> None:
        """Remove the offs whose burners are all off now."""
        for topic, burners in list(self._offs.items()):
            if all(states[name].phase in _OFF for name in burners):
                del self._offs[topic]
                connection.publish(topic, b"", retain=True)
