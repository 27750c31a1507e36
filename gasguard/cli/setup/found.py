"""A relay that setup has found: what each family's questions come to."""

from dataclasses import dataclass
from typing import Any

from gasguard.drivers.miio.models import Countdown


@dataclass(frozen=True, slots=True)
class FoundRelay:
    """All of a relay but its wiring."""

    described: dict[str, Any]
    """As it is to stand in the file; secrets as `Secret`."""
    countdown: Countdown | None = None
    """One that its model is known to have."""
    has_channels: bool = False
    """Whether another channel may be the voice's."""
