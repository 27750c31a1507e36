"""One stream of random numbers for each part of the simulation, all from one seed."""

from random import Random


def stream(seed: int, part: str) -> Random:
    """The stream of `part`: what another part draws does not move it."""
    return Random(f"{seed} {part}")  # noqa: S311 - reproducible on purpose, guards no secret
