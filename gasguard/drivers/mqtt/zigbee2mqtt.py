"""Zigbee2MQTT's own options for a relay: with others its states would pass for read-backs."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from gasguard.config.relays.mqtt import MqttRelay
from gasguard.drivers.bus import Bus, Heard, Listening
from gasguard.mqtt.words import json_of

_WITHIN = 3.0
"""Seconds in which the broker must have brought what it has kept."""
_HOLD_BACK = ("debounce", "throttle")


class BridgeInfo:
    """Zigbee2MQTT's configuration as it publishes it. Make it before `bus` is started."""

    def __init__(self, bus: Bus, base: str) -> None:
        self._bus = bus
        self._found: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        topic = f"{base}/bridge/info"
        bus.attach(Listening([topic], [topic], self._heard, vital=False, refused=self._not_told))

    def _heard(self, message: Heard) -> None:
        if not self._found.done():
            self._found.set_result(json_of(message.payload))

    def _not_told(self) -> None:
        if not self._found.done():
            self._found.set_result(None)

    async def config(self) -> dict[str, Any] | None:
        """The configuration; None if none came. Ends with that."""
        self._bus.start()
        try:
            info = await asyncio.wait_for(self._found, _WITHIN)
        except TimeoutError:
            return None
        finally:
            await self._bus.release()
        config = info.get("config") if isinstance(info, dict) else None
        return config if isinstance(config, dict) else None


def faults(relay: MqttRelay, config: dict[str, Any]) -> Iterator[str]:
    """What is wrong in Zigbee2MQTT's `config` for this relay, and how it should be."""
    options = _options(str(relay.device), config)
    if options is None:
        yield f"no device has the friendly_name {relay.device}"
        return
    if options.get("optimistic", True) is not False:
        yield "set optimistic: false, or it publishes what it expects, not what the relay did"
    if not _matches(options.get("filtered_cache"), relay.state_field or ""):
        yield f"set filtered_cache: [{relay.state_field}], or old states come with other news"
    for option in _HOLD_BACK:
        if options.get(option):
            yield f"remove {option}: it holds states back"


def _options(device: str, config: dict[str, Any]) -> dict[str, Any] | None:
    common, devices = config.get("device_options"), config.get("devices")
    for address, own in devices.items() if isinstance(devices, dict) else ():
        if isinstance(own, dict) and device in (address, own.get("friendly_name")):
            return {**(common if isinstance(common, dict) else {}), **own}
    return None


def _matches(patterns: object, field: str) -> bool:
    """Zigbee2MQTT takes each entry for a regular expression of the whole name."""
    for pattern in patterns if isinstance(patterns, list) else ():
        try:
            if re.fullmatch(str(pattern), field):
                return True
        except re.error:
            continue
    return False


async def switches(bus: Bus, base: str) -> list[tuple[str, str]]:
    """Device and channel (may be empty) of each switch that Zigbee2MQTT publishes it has."""
    found: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def heard(message: Heard) -> None:
        if not found.done():
            found.set_result(json_of(message.payload))

    topic = f"{base}/bridge/devices"
    bus.attach(Listening([topic], [topic], heard, vital=False))
    bus.start()
    try:
        devices = await asyncio.wait_for(found, _WITHIN)
    except TimeoutError:
        return []
    finally:
        await bus.release()
    return [
        (str(device["friendly_name"]), channel)
        for device in (devices if isinstance(devices, list) else ())
        if isinstance(device, dict) and isinstance(device.get("friendly_name"), str)
        for channel in _channels(device)
    ]


def _channels(device: dict[str, Any]) -> Iterator[str]:
    """The part of `state_l1` behind the stroke, of each switch; empty for `state`."""
    definition = device.get("definition")
    exposes = definition.get("exposes") if isinstance(definition, dict) else None
    for expose in exposes if isinstance(exposes, list) else ():
        if not isinstance(expose, dict) or expose.get("type") != "switch":
            continue
        features = expose.get("features")
        for feature in features if isinstance(features, list) else ():
            said = str(feature.get("property", "")) if isinstance(feature, dict) else ""
            if said == "state" or said.startswith("state_"):
                yield said[len("state_") :]
