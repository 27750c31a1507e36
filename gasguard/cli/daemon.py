"""The running daemon as commands see it. Same words, however it is reached."""

from collections.abc import Iterator
from typing import Any, Protocol

ANSWER_WITHIN = 12.0
"""Seconds until a daemon that says nothing counts as hung."""

Ack = dict[str, Any]


class Daemon(Protocol):
    """Asks the daemon. Everything raises Unreached when it, or the broker, cannot be reached."""

    def request(self, asks: str, burners: list[str], value: str) -> Iterator[Ack]:
        """Acknowledgements (with `burner`) as they come; ends when every burner's is final.

        No burner means all, for off only. Raises Misused (unknown burner).
        """
        ...

    def states(self) -> dict[str, dict[str, Any]]:
        """Every burner's state."""
        ...

    def schedules(self) -> dict[str, dict[str, Any]]:
        """What each schedule says."""
        ...

    def skip(self, schedule: str) -> Ack:
        """Have its present window, or its next one, not count; the answer (with `schedule`)."""
        ...

    def watch(self) -> Iterator[dict[str, dict[str, Any]]]:
        """States now, and again whenever something changed, for ever."""
        ...

    def history(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """Events of the last `since` seconds, newest last."""
        ...

    def burns(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """Burn times by day, of the last `since` seconds, as `burn_days.lines` has them."""
        ...

    def story(self, burner: str) -> Iterator[dict[str, Any]]:
        """The newest events of a burner that there is, however old, newest last."""
        ...
