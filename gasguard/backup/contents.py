"""What is in a backup."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kept:
    """One file, and whose it was. Owners are names: on another machine they have other numbers."""

    data: bytes = field(repr=False)
    mode: int = 0o600
    user: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """All of it. Sessions of the page and messages that wait are left out: a phone that was logged
    out since, and yesterday's news, must not come back."""

    made_at: float
    """Unix time."""
    version: str
    """Of the gasguard that made it."""
    host: str
    config: Kept
    named: dict[str, Kept]
    """Files that the configuration names, by the words that it names them with."""
    environment: Kept | None = None
    """The file of that name beside the configuration, where `!env` gets its values from."""
    state: Kept | None = None
    """The state's file, as of `guard.copies`."""
    password: Kept | None = None
    """What is kept of the page's password."""
