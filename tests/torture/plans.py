"""Plans as they are kept in `caught.json`."""

from typing import Any

from tests.torture.plan import Action, Plan


def plan_from_data(data: dict[str, Any]) -> Plan:
    """The inverse of `dataclasses.asdict`."""
    return Plan(**{**data, "actions": tuple(Action(**action) for action in data["actions"])})
