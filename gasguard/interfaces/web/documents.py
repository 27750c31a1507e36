"""What the page reads, made of what the daemon says."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
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
        "now": datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
    }


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
