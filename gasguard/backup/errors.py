"""What keeps a backup from being made or put back."""

from gasguard.errors import GasguardError


class BackupError(GasguardError):
    """Nothing was changed; the text says why."""


class StandsThere(BackupError):
    """What is to be written is there already, and other."""
