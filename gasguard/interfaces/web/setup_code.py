"""The code that proves who sets the password: only the Pi itself can show it."""

from random import Random

from gasguard.interfaces.web.passwords import same_secret

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""None that is read for another: no 0 and O, no 1, I and L."""
_LENGTH = 10
"""Of 31 letters: 49 bits, of which nobody tries a noticeable part, one guess a second."""


def new_code(luck: Random) -> str:
    """`K7QM4-TWX9P`."""
    letters = "".join(luck.choice(_LETTERS) for _ in range(_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def is_code(text: str) -> bool:
    """Whether `new_code` may have made it."""
    plain = _plain(text)
    return len(plain) == _LENGTH and set(plain) <= set(_LETTERS)


def same_code(kept: str, typed: str) -> bool:
    """Whether it is the code, however it is written."""
    return is_code(kept) and same_secret(_plain(kept), _plain(typed))


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())
