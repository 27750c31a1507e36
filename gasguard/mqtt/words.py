"""What other people's devices put into their MQTT payloads. Nothing here is ever raised."""

import json

from gasguard.text import clean


def field_of(payload: bytes, name: str | None) -> str | None:
    """The text of a field of a JSON object, or of the payload itself; None where there is none."""
    if name is None:
        return payload.decode(errors="replace").strip()
    data = json_of(payload)
    value = data.get(name) if isinstance(data, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else None


def json_of(payload: bytes) -> object:
    """The payload as JSON data; None where it is none."""
    try:
        return clean(json.loads(payload))
    except (ValueError, RecursionError):
        return None


def says_online(payload: bytes, online: str, offline: str) -> bool | None:
    """What an availability message says, plain or as JSON's `state`; None: something else."""
    word = field_of(payload, "state") or field_of(payload, None)
    return {online: True, offline: False}.get(word or "")
