"""What a device says wrong, in the log: each thing once."""

import logging

_MOST = 20
"""Things that are told of one device: its words come from outside, and may never be the same."""


class Once:
    """Of one device. `where` says which, before each complaint."""

    def __init__(self, log: logging.Logger, where: str) -> None:
        self._log, self._where = log, where
        self._told: set[str] = set()

    def complain(self, text: str) -> None:
        """Warn, unless that was told already, or enough was."""
        if text not in self._told and len(self._told) < _MOST:
            self._told.add(text)
            self._log.warning("%s: %s", self._where, text)
