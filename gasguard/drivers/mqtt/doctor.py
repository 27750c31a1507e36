"""What `gasguard doctor` asks a relay behind the broker. It only reads."""

import contextlib
import statistics
from collections.abc import AsyncIterator, Iterator

from gasguard.config.relays.mqtt import MqttRelay
from gasguard.drivers.base import CALL_WITHIN, Finding, ReadBack
from gasguard.drivers.bus import Bus
from gasguard.drivers.mqtt.relay import MqttRelayDriver
from gasguard.drivers.mqtt.zigbee2mqtt import BridgeInfo, faults
from gasguard.errors import DriverError

_QUESTIONS = 5
_SLOW_ANSWER_MS = 400
"""Half of what the guard waits for one answer."""


async def examine_relay(
    what: str, settings: MqttRelay, driver: MqttRelayDriver, bus: Bus
) -> AsyncIterator[Finding]:
    """What the device and the settings show. Nothing else may have started `bus`."""
    bridge = BridgeInfo(bus, settings.base) if settings.kind == "zigbee2mqtt" else None
    try:
        reading = await driver.read(5.0)
        findings = [Finding(what, "ok", f"{driver.address}, contact {reading.contact}")]
        findings.append(await _answers(f"{what} wire", driver))
    except DriverError as error:
        findings = [Finding(what, "fail", f"{error}; see firmware_notes/mqtt_relays.md")]
    if bridge is not None:
        findings.append(await _options(f"{what} options", settings, bridge))
    for finding in (*findings, *_settings(what, settings, driver)):
        yield finding


async def _options(what: str, settings: MqttRelay, bridge: BridgeInfo) -> Finding:
    info = await bridge.config()
    if info is None:
        return Finding(what, "warn", f"not seen: {settings.base}/bridge/info does not tell them")
    if found := list(faults(settings, info)):
        return Finding(what, "fail", f"{settings.device} in Zigbee2MQTT: {'; '.join(found)}")
    return Finding(
        what, "ok", f"{settings.device} in Zigbee2MQTT: as firmware_notes/mqtt_relays.md says"
    )


async def _answers(what: str, driver: MqttRelayDriver) -> Finding:
    times = []
    for _ in range(_QUESTIONS):
        with contextlib.suppress(DriverError):
            times.append((await driver.read(CALL_WITHIN)).latency or 0.0)
    if not times:
        within = CALL_WITHIN * 1000
        return Finding(what, "fail", f"no answer within {within:.0f} ms, which is all it has")
    lost, median = 1 - len(times) / _QUESTIONS, statistics.median(times) * 1000
    text = f"{median:.0f} ms, {lost:.0%} of {_QUESTIONS} late or lost"
    if lost or median > _SLOW_ANSWER_MS:
        return Finding(what, "warn", f"{text}: shutoffs get slower, and may look unconfirmed")
    return Finding(what, "ok", text)


def _settings(what: str, relay: MqttRelay, driver: MqttRelayDriver) -> Iterator[Finding]:
    if driver.read_back is not ReadBack.ANSWERED:
        text = "none: an old report that was on its way may be taken for an answer"
        yield Finding(f"{what} echo", "warn", text)
    if relay.keep_alive is None:
        text = "none: if this machine or the broker dies while cooking, the relay stays as it is"
        yield Finding(f"{what} keep_alive", "warn", text)
