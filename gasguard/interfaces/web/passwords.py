"""The household's one password: what is kept of it, and what is too easy."""

import hashlib
import hmac
import json
import unicodedata
from dataclasses import asdict, dataclass
from random import Random

SHORTEST, LONGEST = 8, 256
"""Characters."""
_DIFFERENT = 4
"""Different characters that it must have."""
_ROOM = 64 * 1024 * 1024
"""Bytes that scrypt may take: OpenSSL's own limit (32 MiB) is near what it needs."""


@dataclass(frozen=True, slots=True)
class Password:
    """What is kept of a password (scrypt, RFC 7914), with the cost that it was made at.

    At the cost below a check takes 16 MiB and 0.1 s on an x86 core (measured), some 0.5 s on a
    Pi 3: people do not notice, and a thief of the file does.
    """

    salt: str
    """Hexadecimal, as `hashed`."""
    hashed: str
    n: int = 2**14
    r: int = 8
    p: int = 2

    @classmethod
    def made(cls, password: str, luck: Random) -> "Password":
        """Takes as long as `fits`."""
        empty = cls(luck.randbytes(16).hex(), "")
        return cls(empty.salt, empty._hash(password))

    def fits(self, password: str) -> bool:
        """Whether it is the password. Takes a tenth of a second and more: not on the event loop."""
        return same_secret(self.hashed, self._hash(password))

    def _hash(self, password: str) -> str:
        typed = _as_typed(password).encode(errors="replace")
        salt = bytes.fromhex(self.salt)
        return hashlib.scrypt(typed, salt=salt, n=self.n, r=self.r, p=self.p, maxmem=_ROOM).hex()

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Password":
        """Raises ValueError for what `to_text` has not written."""
        try:
            found = cls(**json.loads(text))
            bytes.fromhex(found.salt)
            length = len(bytes.fromhex(found.hashed))
        except (TypeError, RecursionError):
            raise ValueError("nothing that is kept of a password") from None
        costs = (found.n, found.r, found.p)
        if any(type(cost) is not int or not 0 < cost <= 2**20 for cost in costs):
            raise ValueError("no cost that a password is kept at")
        if 128 * found.n * found.r > _ROOM or length != 64:
            raise ValueError("no hash of a password")
        return found


def weakness(password: str) -> str | None:
    """What `password` lacks, as a word: `short`, `long` or `easy`; None if nothing."""
    typed = _as_typed(password)
    if len(typed) < SHORTEST:
        return "short"
    if len(typed) > LONGEST:
        return "long"
    if typed.isdigit() or len(set(typed)) < _DIFFERENT:
        return "easy"
    return None


def same_secret(kept: str, told: str) -> bool:
    """Whether both are the same, in a time that says nothing of where they differ.

    An empty secret is none: nothing is the same as it.
    """
    same = hmac.compare_digest(kept.encode(errors="replace"), told.encode(errors="replace"))
    return same and bool(kept)


def _as_typed(password: str) -> str:
    """The one form of what keyboards write in several (é, full-width letters)."""
    return unicodedata.normalize("NFKC", password)
