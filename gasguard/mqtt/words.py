"""What other people's devices put into their MQTT payloads. Nothing here is ever raised."""

import json

from gasguard.text import clean

_EDGES = "\ufeff\x00 \t\r\n"
"""What devices leave around their words: a byte order mark, C's end of text, blanks."""
_SHOWN = 40
"""Characters of a word that a message repeats."""


def field_of(payload: bytes, name: str | None) -> str | None:
    """The text of a field of a JSON object, or of the payload itself; None where there is none."""
    if name is None:
        return payload.decode(errors="replace").strip()
    data = json_of(payload)
    return _text(data.get(name)) if isinstance(data, dict) else None


def word_at(payload: bytes, path: str | None) -> str | None:
    """As `field_of`, of a key or a dotted path to it (`fan.mode`)."""
    data = json_of(payload) if path is not None else None
    if path is None or (isinstance(data, dict) and path in data):
        return field_of(payload, path)
    for key in path.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return _text(data)


def _text(value: object) -> str | None:
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
    """What an availability message says, plain or as JSON's `state`; None: something else.

    Capitals, quotes and blanks make no difference: Tasmota says Offline, Zigbee2MQTT offline.
    """
    bare = payload.decode(errors="replace").strip(_EDGES)
    word = field_of(bare.encode(), "state") or bare
    return {_form(online): True, _form(offline): False}.get(_form(word))


def neither(topic: str, payload: bytes, online: str, offline: str) -> str:
    """What to tell of an availability message that says something else, and what to write."""
    said = payload.decode(errors="replace").strip()[:_SHOWN]
    return (
        f"{topic} says {said!r}, which is not understood: {online} and {offline} are; name its "
        "words with online: and offline: in availability:"
    )


def _form(word: str) -> str:
    return word.strip(_EDGES + "\"'").casefold()
