"""What one server was found to take: the protocol, a last will, retained messages, QoS 1.

Learnt from its refusals and from what it says when it lets us in, for as long as a link lives.
"""

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_MAY_BE_THE_WILL = (128, 131, 135, 144)
"""Unspecified, implementation specific, not authorized, topic name invalid."""
_NO_RETAIN, _NO_QOS = 154, 155
_NO_WILL_SAID = (
    "takes no last will from this account; nobody is told `offline` if the daemon dies. "
    "Allow it to write there"
)
_NO_RETAIN_SAID = (
    "keeps no messages (retain not supported); who subscribes later learns states within a minute"
)
_NO_QOS_SAID = "takes QoS 0 only; what is published may be lost on a bad network"


class Terms:
    """How a server is spoken to."""

    def __init__(self, protocol: MQTTProtocolVersion) -> None:
        self.protocol = protocol
        self.will = True
        self.retain = True
        self.qos = 1
        """The highest for what is published."""
        self.limited = False
        """It has sent what was too long: from then on it is told of the limit."""
        self.speechless = False
        """MQTT 5 was met with silence: 3.1.1 is spoken until that connection ends."""
        self.took_5 = False
        """It has let us in with MQTT 5."""
        self._doubts_will = False
        self._told: set[str] = set()

    def give_in(self, reason: ReasonCode, *, has_will: bool) -> list[str] | None:
        """What to tell after a refusal that asks for other terms, which hold from now on.

        None where the terms are not to blame. The last will may be: brokers have one word for an
        account that may not log in and for one that may not leave this will. Then it is tried
        without, once, and only a success says that it was the will.
        """
        if reason.value == _NO_RETAIN and self.retain:
            self.retain = False
            return self._once(_NO_RETAIN_SAID)
        if reason.value == _NO_QOS and self.qos:
            self.qos = 0
            return self._once(_NO_QOS_SAID)
        if has_will and self.will and reason.value in _MAY_BE_THE_WILL:
            self.will, self._doubts_will = False, True
            return []
        if self._doubts_will:
            self.will, self._doubts_will = True, False
        return None

    def let_in(self, properties: Properties | None) -> list[str]:
        """What to tell after a success: what the server says it does without."""
        told = []
        if self._doubts_will:
            self._doubts_will = False
            told += self._once(_NO_WILL_SAID)
        if getattr(properties, "RetainAvailable", 1) == 0:
            self.retain = False
            told += self._once(_NO_RETAIN_SAID)
        if getattr(properties, "MaximumQoS", 2) == 0:
            self.qos = 0
            told += self._once(_NO_QOS_SAID)
        return told

    def ended(self) -> None:
        """A connection that was of use is over: whoever is in charge may have mended the rules."""
        self.will = True

    @property
    def lacks(self) -> list[str]:
        """What it was told to lack, in words for people."""
        return sorted(self._told)

    @property
    def is_mqtt5(self) -> bool:
        """Whether MQTT 5 is spoken."""
        return self.protocol == paho.MQTTv5

    def other_protocol(self) -> None:
        """Speak the other version from now on."""
        self.protocol = paho.MQTTv311 if self.is_mqtt5 else paho.MQTTv5

    def _once(self, text: str) -> list[str]:
        if text in self._told:
            return []
        self._told.add(text)
        return [text]
