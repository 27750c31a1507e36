"""How a command ends when it is not done: exit codes, and the errors that lead to them."""

from gasguard.errors import GasguardError

FAILED, BAD_USAGE, UNREACHABLE = 1, 2, 3
"""Exit codes beside 0: it failed; bad usage or configuration; daemon or broker not reached."""
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


class Unreached(GasguardError):
    """The daemon or the broker cannot be reached."""


class Misused(GasguardError):
    """The command line asks for something that does not exist."""
