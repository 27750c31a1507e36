"""What a broker refuses one connection, for `doctor` as long as it lasts."""

RULES = "check the broker's access rules (firmware_notes/mqtt.md)"
_SHOWN = 3


class Refusals:
    """Subscriptions and messages. Runs on the event loop."""

    def __init__(self) -> None:
        self._unheard: set[str] = set()
        self._unpublished: dict[str, str] = {}

    def forget(self) -> None:
        """The connection is gone: what it was refused, the next one may be granted."""
        self._unheard.clear()
        self._unpublished.clear()

    def refused(self, topic: str) -> None:
        """A subscription is refused."""
        self._unheard.add(topic)

    def unpublished(self, topic: str, why: str) -> None:
        """What is published there is refused; with an empty reason, taken again."""
        self._unpublished.pop(topic, None)
        if why:
            self._unpublished[topic] = why

    def hears(self, topic: str) -> bool:
        """Whether the subscription is not refused."""
        return topic not in self._unheard

    @property
    def trouble(self) -> str:
        """What is refused, in words for people; empty when nothing is."""
        if self._unpublished:
            topics = _some(sorted(self._unpublished))
            why = next(iter(self._unpublished.values()))
            return f"the broker refuses what is published on {topics} ({why}); {RULES}"
        if self._unheard:
            return f"the broker refuses subscriptions: {_some(sorted(self._unheard))}; {RULES}"
        return ""


def _some(topics: list[str]) -> str:
    more = f" and {len(topics) - _SHOWN} more" if len(topics) > _SHOWN else ""
    return ", ".join(topics[:_SHOWN]) + more
