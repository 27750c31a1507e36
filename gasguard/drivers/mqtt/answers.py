"""What a device's messages mean: states and echoes. Nothing here is ever raised."""

from dataclasses import dataclass, field

from gasguard.config.relays.mqtt import Echo, MqttRelay
from gasguard.mqtt.words import field_of, json_of

_SHOWN = 40
_ON, _OFF = {"on", "true", "1"}, {"off", "false", "0"}
"""What firmwares say for one another. Only where `state_on` and `state_off` are of these words: in
other words' company they could mean anything."""


@dataclass(slots=True, eq=False)
class Question:
    """One call's question and what has come back so far.

    A state counts only if it was published after the question was asked. Where the device, or the
    program that speaks for it, repeats the question's nonce, whatever it publishes from then on
    was published later: that is proof. Where nothing is repeated, the broker's acknowledgement of
    the question must do: a state that was on its way from the device just then is taken for new.
    """

    settings: MqttRelay
    nonces: set[str] = field(default_factory=set)
    proven: bool = False
    on: bool | None = None
    """The newest answer: whether the switch is on."""
    trouble: str = ""
    """A state that was understood only in part: what was wrong with it."""
    nonsense: bool = False

    def heard(self, topic: str, payload: bytes) -> None:
        """Take a message in that came live."""
        echo = self.settings.echo
        if echo is not None and topic == echo.topic:
            self.proven |= self._repeats(echo, payload)
        if topic == self.settings.state_topic and self.proven:
            self._state(payload)

    def acknowledged(self) -> None:
        """The broker has the question."""
        if self.settings.echo is None:
            self.proven = True

    def lost(self) -> None:
        """The connection broke: what was asked on it is not waited for."""
        self.nonces.clear()
        self.proven = False

    def _repeats(self, echo: Echo, payload: bytes) -> bool:
        return field_of(payload, echo.field) in self.nonces

    def _state(self, payload: bytes) -> None:
        settings = self.settings
        word = field_of(payload, settings.state_field)
        if word is None:
            # Part of the device's affairs only, or a wrong state_field.
            data = json_of(payload)
            names = ", ".join(map(str, data))[:_SHOWN] if isinstance(data, dict) else "no JSON"
            self.trouble = f"{settings.state_topic} has no field {settings.state_field} ({names})"
            return
        on = _words(settings.state_on.casefold(), settings.state_off.casefold()).get(
            word.casefold()
        )
        if on is not None:
            self.on = on
        else:
            self.nonsense = True
            self.trouble = (
                f"{settings.state_topic} says {word[:_SHOWN]!r}, neither {settings.state_on} nor "
                f"{settings.state_off} (state_on, state_off)"
            )


def _words(on: str, off: str) -> dict[str, bool]:
    usual = on in _ON and off in _OFF
    more = {**dict.fromkeys(_ON, True), **dict.fromkeys(_OFF, False)} if usual else {}
    return {**more, on: True, off: False}
