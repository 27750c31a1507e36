"""The history: every event, kept in the store, so that `gasguard history` can tell."""

from gasguard.core.messages import Kind
from gasguard.guard.bulletins import News
from gasguard.guard.store import Store
from gasguard.interfaces.payloads import event_payload

_REJECTIONS_NOTED_EVERY = 1.0
"""Seconds: a flood of bad commands must not push the rest out of the journal."""


class Journal:
    """Notes every event, so that `gasguard history` can tell."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rejection_noted = float("-inf")

    def __call__(self, news: News) -> None:
        name = news.state.settings.burner
        for tell in news.tells:
            if tell.kind is Kind.COMMAND_REJECTED:
                if news.at.boot - self._rejection_noted < _REJECTIONS_NOTED_EVERY:
                    continue
                self._rejection_noted = news.at.boot
            self._store.note(news.at.wall, name, event_payload(tell, name, news.at))
