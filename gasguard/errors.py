"""The error tree. Vendor exceptions never leave their driver: they become one of these."""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum


class GasguardError(Exception):
    """Root of everything gasguard raises on purpose; its text is fit to show to a user."""


class ConfigError(GasguardError):
    """The configuration is unusable. `faults` lists each one as `place: what was expected`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class DurationError(GasguardError, ValueError):
    """A text is no duration; the message shows a right one."""


class StoreError(GasguardError):
    """The durable state could not be written or read."""


class DriverError(GasguardError):
    """A device could not do what it was asked."""


class Cause(StrEnum):
    """Why a device counts as unreachable."""

    SILENT = "silent"
    """Nothing answers, not even to a hello."""
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - the name of a cause, not a secret
    """Hello is answered, commands are not: the device drops what it cannot decrypt."""
    BUSY = "busy"
    """The device answers, but only that it is busy."""
    NOT_JSON = "not_json"
    """The device answers under our token, but what it says is no JSON."""


class Unreachable(DriverError):
    """The device gave no usable answer in time; trying again is right."""

    def __init__(self, message: str, cause: Cause = Cause.SILENT) -> None:
        super().__init__(message)
        self.cause = cause


class Refused(DriverError):
    """The device answered, and said no. `code` is the device's own (for example -4003)."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def no_burner(name: str, known: Iterable[str]) -> str:
    """What is told of a burner that does not exist."""
    known = list(known)
    return f"no burner {name[:40]!r}; {did_you_mean(name, known)}there are: {', '.join(known)}"


def no_schedule(name: str, known: Iterable[str]) -> str:
    """What is told of a schedule that does not exist."""
    known = list(known)
    there = f"there are: {', '.join(known)}" if known else "none is configured"
    return f"no schedule {name[:40]!r}; {did_you_mean(name, known)}{there}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean status? `, with the blank behind it; nothing where no known word is near."""
    near = get_close_matches(word[:40].casefold(), known, n=1)
    return f"did you mean {near[0]}? " if near else ""
