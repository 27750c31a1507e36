"""What people see of one process of the guard, and the counter at which they ask.

Questions go in as words and come back as data; states and events are what every way in publishes
(contract, section 3), in its order: state, events, answers.
"""

from collections.abc import Callable
from typing import Any

from gasguard.clock import Instant
from gasguard.core.messages import Answer
from gasguard.core.model import Source, State
from gasguard.guard.bulletins import News, Reply
from gasguard.guard.controller import Controller
from gasguard.interfaces.front import Front
from gasguard.interfaces.payloads import ack_payload, event_payload, state_payload, steady_part

Payload = dict[str, Any]
"""What is published, as data."""
Told = Callable[[str, bool, list[Payload]], None]
_SOURCES = (Source.CLI, Source.MQTT, Source.WEB)


class Window:
    """`told` hears the burner's id, whether its state is another, and the events published."""

    def __init__(self, controller: Controller, told: Told) -> None:
        self.states: dict[str, Payload] = {}
        """What stands on each burner's topic."""
        self._controller, self._told = controller, told
        self._fronts = {source.value: Front(controller, source) for source in _SOURCES}
        self._steady: dict[str, Payload] = {}
        self._open = True
        controller.observers.append(self._on_news)

    def first_look(self, now: Instant) -> None:
        """Somebody looks at every burner."""
        for name, state in self._controller.states().items():
            self._show(name, state, now)

    def ask(
        self, burner: str, source: str, asks: str, words: str, answered: Callable[[Payload], None]
    ) -> None:
        """Ask something of a burner, as on its topic `asks`."""

        def reply_to(request_id: str | None) -> Reply:
            def reply(answer: Answer) -> None:
                if self._open:
                    answered(ack_payload(asks, request_id, answer))

            return reply

        self._fronts[source].ask(burner, asks, words.encode(), reply_to)

    def shut(self) -> None:
        """Its guard is dead: nothing is seen of it any more."""
        self._open = False

    def _on_news(self, news: News) -> None:
        if not self._open:
            return
        name = news.state.settings.burner
        changed = self._show(name, news.state, news.at)
        if changed or news.tells:
            self._told(name, changed, [event_payload(tell, name, news.at) for tell in news.tells])

    def _show(self, name: str, state: State, now: Instant) -> bool:
        payload = state_payload(state, now)
        steady = steady_part(payload)
        if self._steady.get(name) == steady:
            return False
        self._steady[name], self.states[name] = steady, payload
        return True
