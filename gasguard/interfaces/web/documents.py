"""What the page reads, made of what the daemon says."""

import contextlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from gasguard.interfaces.web.daemon import Line

OFF_BY_HAND = "turn the stove off by hand"


def state_document(said: Line) -> dict[str, Any]:
    """`GET /api/state`, of the daemon's answer to `status`."""
    return {
        "burners": said.get("states", {}),
        "schedules": said.get("schedules", {}),
        "sensors": said.get("sensors", {}),
        "troubles": said.get("troubles", {}),
        "now": datetime.now(UTC).astimezone(_zone(said)).isoformat(timespec="seconds"),
    }


def _zone(said: Line) -> tzinfo | None:
    """That of the times which the daemon tells, so that a day of theirs is a day of `now`'s.

    This machine's where it tells none.
    """
    for state in said.get("states", {}).values():
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return datetime.fromisoformat(state["updated_at"]).tzinfo
    return None


def unreachable() -> dict[str, str]:
    """What is told where the daemon does not answer."""
    return {
        "code": "unreachable",
        "message": f"gasguard does not answer: {OFF_BY_HAND}, then see whether it runs",
    }


def as_json(data: object) -> str:
    """In one line, with characters as they are."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def last_acks(acks: Iterable[Line]) -> dict[str, Line]:
    """The last acknowledgement of each burner, or schedule."""
    return {str(ack.get("burner", ack.get("schedule"))): ack for ack in acks}
