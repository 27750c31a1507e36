"""Which cause of the configuration an event is, and how it is to be treated on its way."""

from typing import NamedTuple

from gasguard.core.messages import Kind, Tell
from gasguard.core.model import Lock, Phase
from gasguard.guard.bulletins import News

HAZARDS = frozenset({Lock.GAS_ALARM, Lock.CARBON_MONOXIDE, Lock.SMOKE_ALARM, Lock.OVERHEAT})
"""What alarms warn of; their reasons and locks have the same words."""
ALARMS = frozenset({Kind.TRIP_FAILED, Kind.RELAY_UNREACHABLE})
"""What calls somebody to the knob, and may be over by itself."""
SETTLES = 1.0
"""Seconds that a shutoff has to be confirmed in, so that one message says both."""
LONG_UNREACHABLE = 120.0
"""Seconds for which a relay of a cold burner is away before people are told: radios come and go."""
_DAY = 24 * 3600.0
_PREWARNING_KEEPS = 300.0
_REMINDER_KEEPS = 3600.0


class Handling(NamedTuple):
    """What becomes of the message about one event."""

    causes: tuple[str, ...]
    """Whoever is to be told of any of these is told, once; the first one is what it is."""
    key: str
    """What of one burner is told at most once a minute."""
    urgent: bool = False
    """Not held back by quiet hours, and sent before what is not."""
    after: float = 0.0
    """Seconds until it is sent."""
    keeps: float = _DAY
    """Seconds after which it is worth nothing any more."""


def over(news: News, tell: Tell) -> Kind | None:
    """Which of `ALARMS` is over with this."""
    match tell.kind:
        case Kind.TRIP_CONFIRMED | Kind.FLAME_OUT if news.state.phase is not Phase.TRIP_FAILED:
            return Kind.TRIP_FAILED
        case Kind.RELAY_RECOVERED if all(relay.reachable for relay in news.state.relays):
            return Kind.RELAY_UNREACHABLE
    return None


def handling(tell: Tell) -> Handling | None:
    """None for what nobody is sent a message about."""
    kind, reason = tell.kind, tell.reason
    hazard = reason in HAZARDS
    match kind:
        case Kind.MESSAGE_SENT | Kind.MESSAGE_FAILED | Kind.COMMAND_REJECTED:
            return None
        case Kind.REMINDER_SET | Kind.REMINDER_CANCELLED:
            return None
        case Kind.REMINDER:
            # Each of several is told: `label` keeps their keys apart.
            key = f"reminder {tell.details.get('label', '')}"
            return Handling((kind.value,), key, keeps=_REMINDER_KEEPS)
        case Kind.TRIP | Kind.LOCKED if hazard:
            # The lock is told first, the trip only where the burner is not being opened already.
            return Handling(("hazard", "trip", "locked"), f"hazard {reason}", urgent=True)
        case Kind.TRIP_FAILED:
            return Handling(("trip_failed",), "trip_failed", urgent=True)
        case Kind.PREWARNING:
            left = tell.details.get("remaining_s")
            keeps = float(left) if isinstance(left, float | int) else _PREWARNING_KEEPS
            # Nobody at home is told at once, whatever was warned of a moment ago.
            of = "away" if tell.details.get("away") else reason
            return Handling(("prewarning",), f"prewarning {of}", urgent=True, keeps=keeps)
        case Kind.TRIP if tell.details.get("idle"):
            # What a schedule locks night after night.
            return None
        case Kind.TRIP:
            return Handling(("trip",), "trip", after=SETTLES)
        case Kind.RELAY_UNREACHABLE if tell.details.get("burning"):
            return Handling((kind.value,), kind.value, urgent=True)
        case Kind.RELAY_UNREACHABLE:
            return Handling((kind.value,), kind.value, after=LONG_UNREACHABLE)
    return Handling((kind.value,), kind.value)
