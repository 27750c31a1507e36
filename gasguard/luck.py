"""Luck: jitter, message ids, nonces. It is injected as the clock is; simulations have their own."""

from random import Random, SystemRandom

LUCK: Random = SystemRandom()
"""The operating system's: nobody can guess it."""


def nonce(luck: Random) -> str:
    """A word that no other message has: 12 hexadecimal digits."""
    return f"{luck.getrandbits(48):012x}"
