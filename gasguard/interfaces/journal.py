"""The history: every event, kept in the store, so that `gasguard history` can tell."""

from collections.abc import Sequence
from datetime import tzinfo

from gasguard.clock import Clock, iso
from gasguard.core.messages import Kind
from gasguard.core.model import Source
from gasguard.guard.bulletins import News
from gasguard.guard.store import STARTED, STOPPED, Store
from gasguard.interfaces.payloads import event_payload

_REJECTIONS_NOTED_EVERY = 1.0
"""Seconds: a flood of bad commands must not push the rest out of the journal."""


class Journal:
    """Notes every event, so that `gasguard history` can tell."""

    def __init__(self, store: Store, zone: tzinfo | None = None) -> None:
        """Times are noted as those of `zone`, or this machine's."""
        self._store, self._zone = store, zone
        self._rejection_noted = float("-inf")

    def __call__(self, news: News) -> None:
        name = news.state.settings.burner
        for tell in news.tells:
            if tell.kind is Kind.COMMAND_REJECTED:
                if news.at.boot - self._rejection_noted < _REJECTIONS_NOTED_EVERY:
                    continue
                self._rejection_noted = news.at.boot
            self._store.note(news.at.wall, name, event_payload(tell, name, news.at, self._zone))


def _after(boot_id: str, saved: Sequence[str]) -> str | None:
    """What the guard starts after, if it did not note its end; None where that cannot be known.

    `saved` are the boots in which burners' records were saved last.
    """
    if not saved:
        return "first"
    if not boot_id:
        return None
    # Every start saves each burner's record.
    return "crash" if boot_id in saved else "reboot"


class Life:
    """Notes when the guard begins and ends: what comes in between cannot be known."""

    def __init__(
        self, store: Store, clock: Clock, names: Sequence[str], zone: tzinfo | None = None
    ) -> None:
        """Times are noted as those of `zone`, or this machine's."""
        self._store, self._clock, self._names, self._zone = store, clock, names, zone
        self._after = _after(clock.boot_id(), [stamp.boot_id for _, stamp in store.load().values()])

    def begins(self) -> None:
        """To be called behind the controller's start: the state goes to disk first."""
        at = self._clock.now().wall
        noted = self._store.began(at, self._names, self._event(STARTED, self._after, at))
        # A disk that refuses is told of elsewhere.
        noted.add_done_callback(lambda done: done.cancelled() or done.exception())

    def ends(self) -> None:
        """To be called before the store closes."""
        at = self._clock.now().wall
        for name in self._names:
            event = self._event(STOPPED, None, at)
            self._store.note(at, name, {**event, "burner": name})

    def _event(self, kind: str, reason: str | None, at: float) -> dict[str, str | None]:
        about = {"type": kind, "at": iso(at, self._zone), "burner": None, "reason": reason}
        return {**about, "source": Source.GUARD.value}
