"""What `kind` and `device` stand for: the topics that a family of devices behind the broker has."""

from collections.abc import Callable, Mapping
from typing import Any

from gasguard.config.shape import nearest

KINDS = "zigbee2mqtt, tasmota or esphome"
Presets = Mapping[str, Callable[[str, str, str], dict[str, Any]]]
"""By kind: the usual settings of a device, of a channel (may be empty), under a base topic."""
_PARTS = ("device", "channel", "base")


def check_kind(raw: Mapping[str, Any], presets: Presets, example: str) -> None:
    """Whether its kind is known and its device named, `example` for example. Raises ValueError."""
    kind = raw["kind"]
    if not isinstance(kind, str) or kind not in presets:
        meant = nearest(kind, list(presets))
        remedy = f"did you mean {meant}?" if meant else "leave it out and name the topics instead"
        raise ValueError(f"kind must be {KINDS}; {remedy}")
    if not isinstance(raw.get("device"), str):
        raise ValueError(f"kind: {kind} needs device: with its name, for example device: {example}")
    if "base" in raw and kind != "zigbee2mqtt":
        raise ValueError("base belongs to kind: zigbee2mqtt")


def usual(raw: Mapping[str, Any], presets: Presets, base: str) -> dict[str, Any]:
    """The usual settings, with `base` where there is no other. Raises ValueError for what cannot
    stand in a topic."""
    for key in _PARTS:
        if key in raw and not _plain(raw[key]):
            raise ValueError(f"{key} must be as in the device's topics, without + and #")
    return presets[raw["kind"]](raw["device"], raw.get("channel", ""), raw.get("base", base))


def check_without_kind(raw: Mapping[str, Any]) -> None:
    """Raises ValueError for what only a kind gives a meaning."""
    for key in _PARTS:
        if key in raw:
            raise ValueError(f"{key} needs kind: {KINDS}")


def _plain(value: object) -> bool:
    return (
        isinstance(value, str)
        and value != ""
        and value == value.strip("/ ")
        and not set(value) & set("+#\0")
    )
