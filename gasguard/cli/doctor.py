"""`gasguard doctor`: is everything there that a shutoff needs?"""

import asyncio
import contextlib
import os
import shutil
import statistics
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from gasguard.cli.main import FAILED, Unreached
from gasguard.cli.options import config_option
from gasguard.clock import SystemClock
from gasguard.config import (
    Bemfa,
    Burner,
    Config,
    MiioRelay,
    MiotRelay,
    MqttRelay,
    load_config,
)
from gasguard.errors import Cause, DriverError, Refused, Unreachable
from gasguard.keeper import CALL_WITHIN

if TYPE_CHECKING:
    from gasguard.drivers.miio.relay import MiioRelayDriver, MiotRelayDriver
    from gasguard.drivers.mqtt.relay import MqttRelayDriver

_PROBES = 20
_PROBE_WITHIN = 0.4
_FREE_BYTES = 50_000_000
_LOSSY = 0.1
"""Share of lost packets from which a shutoff gets noticeably slower."""
_SLOW_MS = 200
_QUESTIONS = 5
_SLOW_ANSWER_MS = 400
"""Half of what the guard waits for one answer."""
_HAZARD_WORDS = {
    "clear": ("ok", "clear"),
    "alarm": ("fail", "alarm: look why; re-arm once it is over"),
    "silent": ("fail", "silent: look after its battery, its radio and the broker"),
    "unknown": ("warn", "not heard since the daemon's start: press its test button"),
}
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was looked at, how it is, and what to do."""

    what: str
    verdict: str
    """ok, warn or fail."""
    text: str


@click.command(epilog="Example: gasguard doctor -c /etc/gasguard/config.yaml")
@config_option(required=True)
@click.pass_context
def doctor(ctx: click.Context, config_path: Path) -> None:
    """Check broker, each relay, clock and disk; one row each with what to do.

    Changes nothing: it only reads. Exit code 1 when a row says fail.
    """
    config = load_config(config_path)
    console = Console()
    failed = asyncio.run(_print_findings(config, console))
    if failed:
        ctx.exit(FAILED)


async def _print_findings(config: Config, console: Console) -> bool:
    failed = False
    async for finding in _findings(config):
        failed |= finding.verdict == "fail"
        colour = _COLOURS[finding.verdict]
        console.print(
            f"{finding.what:<22} [{colour}]{finding.verdict:<4}[/] {escape(finding.text)}",
            highlight=False,
            soft_wrap=True,
        )
    return failed


async def _findings(config: Config) -> AsyncIterator[Finding]:
    yield _disk(config)
    yield _clock()
    yield await asyncio.to_thread(_broker, config)
    states = _states(config)
    yield _daemon(states)
    if config.bemfa is not None:
        yield await asyncio.to_thread(_bemfa, config.bemfa, running=states is not None)
    for name, burner in config.burners.items():
        for index, relay in enumerate(burner.in_series):
            what = f"relay {name}" + (f".{index}" if burner.relays else "")
            findings = (
                _mqtt_relay(what, config, relay)
                if isinstance(relay, MqttRelay)
                else _relay(what, burner, relay)
            )
            for finding in await findings:
                yield finding
        if burner.flame is None:
            yield Finding(f"flame {name}", "warn", "not sensed: a welded contact stays unnoticed")
    for finding in _hazards(config, states or {}):
        yield finding


def _disk(config: Config) -> Finding:
    folder = config.state_dir
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK):
        return Finding("disk", "fail", f"{existing} is not writable: chown it to gasguard's user")
    free = shutil.disk_usage(existing).free
    if free < _FREE_BYTES:
        return Finding("disk", "fail", f"only {free // 1_000_000} MB free at {existing}")
    return Finding("disk", "ok", f"{folder}, {free // 1_000_000} MB free")


def _clock() -> Finding:
    if SystemClock().synchronised():
        return Finding("clock", "ok", "synchronised")
    return Finding(
        "clock",
        "warn",
        "not synchronised: after a power cut a running timer counts as ended; "
        "sudo timedatectl set-ntp true",
    )


def _broker(config: Config) -> Finding:
    from gasguard.mqtt_link import broker, probe

    where = f"{config.mqtt.host}:{config.mqtt.port}"
    problem = probe(broker(config.mqtt), [f"{config.mqtt.base_topic}/status"])
    if problem:
        return Finding("broker", "fail", f"{where}: {problem}")
    return Finding("broker", "ok", where)


def _bemfa(settings: Bemfa, *, running: bool) -> Finding:
    from gasguard.interfaces.bemfa import cloud
    from gasguard.mqtt_link import probe, reach

    where = f"{settings.host}:{settings.port}"
    # The cloud knows one client of a key: a second one could push the daemon out.
    problem = reach(cloud(settings)) if running else probe(cloud(settings), _topics(settings))
    if problem:
        return Finding("bemfa", "fail", f"{where}: {problem}")
    text = "reached; the key is in the daemon's hands, see its log" if running else "takes the key"
    return Finding("bemfa", "ok", f"{where} {text}")


def _topics(settings: Bemfa) -> list[str]:
    return list(settings.topics.values())


def _states(config: Config) -> dict[str, dict[str, Any]] | None:
    """Of the running daemon; None if none runs."""
    from gasguard.cli.link import SocketLink

    try:
        return SocketLink(config.control_socket).states()
    except Unreached:
        return None


def _daemon(states: dict[str, dict[str, Any]] | None) -> Finding:
    if states is None:
        return Finding("daemon", "warn", "is not running: gasguard run -c FILE")
    return Finding("daemon", "ok", ", ".join(f"{name} {s['phase']}" for name, s in states.items()))


def _hazards(config: Config, states: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    words = {name: word for state in states.values() for name, word in _heard(state)}
    for name in config.hazards:
        verdict, text = _HAZARD_WORDS[words.get(name, "unknown")]
        yield Finding(f"hazard {name}", verdict, text)


def _heard(state: dict[str, Any]) -> Iterable[tuple[str, str]]:
    hazards: dict[str, str] = state.get("hazards", {})
    return hazards.items()


async def _relay(what: str, burner: Burner, relay: MiotRelay | MiioRelay) -> list[Finding]:
    from gasguard.drivers.miio.relay import MiioRelayDriver, MiotRelayDriver

    driver: MiotRelayDriver | MiioRelayDriver
    if isinstance(relay, MiotRelay):
        driver = MiotRelayDriver(relay, burner.voice if relay is burner.voice_relay else None)
    else:
        driver = MiioRelayDriver(relay)
    try:
        reading = await driver.read(5.0)
        findings = [
            Finding(what, "ok", f"{driver.address}, contact {reading.contact}"),
            await _round_trip(f"{what} wire", driver),
            await _power_on(f"{what} power-on", driver, relay.contact),
        ]
    except Unreachable as error:
        advice = {
            Cause.WRONG_TOKEN: "; read it anew (firmware_notes/commissioning.md)",
            Cause.BUSY: "; is another program polling it?",
            Cause.SILENT: "",
        }[error.cause]
        findings = [Finding(what, "fail", f"{error}{advice}")]
    except DriverError as error:
        findings = [Finding(what, "fail", str(error))]
    finally:
        await driver.aclose()
    return [*findings, *_settings(what, relay)]


async def _mqtt_relay(what: str, config: Config, relay: MqttRelay) -> list[Finding]:
    from gasguard.drivers.mqtt.connection import BrokerBus
    from gasguard.drivers.mqtt.relay import MqttRelayDriver

    # An id of its own: with the daemon's it would take the daemon's connection away.
    driver = MqttRelayDriver(relay, BrokerBus(config.mqtt, client_id=""))
    try:
        reading = await driver.read(5.0)
        findings = [Finding(what, "ok", f"{driver.address}, contact {reading.contact}")]
        findings.append(await _answers(f"{what} wire", driver))
    except DriverError as error:
        findings = [Finding(what, "fail", f"{error}; see firmware_notes/mqtt_relays.md")]
    finally:
        await driver.aclose()
    if relay.kind == "zigbee2mqtt":
        findings.append(await _zigbee2mqtt(f"{what} options", config, relay))
    return [*findings, *_mqtt_settings(what, relay)]


async def _zigbee2mqtt(what: str, config: Config, relay: MqttRelay) -> Finding:
    from gasguard.cli.zigbee2mqtt import bridge_info, faults
    from gasguard.drivers.mqtt.connection import BrokerBus

    info = await bridge_info(BrokerBus(config.mqtt, client_id=""), relay.base)
    if info is None:
        return Finding(what, "warn", f"not seen: {relay.base}/bridge/info does not tell them")
    if found := list(faults(relay, info)):
        return Finding(what, "fail", f"{relay.device} in Zigbee2MQTT: {'; '.join(found)}")
    return Finding(
        what, "ok", f"{relay.device} in Zigbee2MQTT: as firmware_notes/mqtt_relays.md says"
    )


async def _answers(what: str, driver: "MqttRelayDriver") -> Finding:
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


def _mqtt_settings(what: str, relay: MqttRelay) -> Iterator[Finding]:
    if relay.echo is None:
        text = "none: an old report that was on its way may be taken for an answer"
        yield Finding(f"{what} echo", "warn", text)
    if relay.keep_alive is None:
        text = "none: if this machine or the broker dies while cooking, the relay stays as it is"
        yield Finding(f"{what} keep_alive", "warn", text)


async def _round_trip(what: str, driver: "MiotRelayDriver | MiioRelayDriver") -> Finding:
    times = []
    for _ in range(_PROBES):
        with contextlib.suppress(Unreachable):
            times.append(await driver.ping(_PROBE_WITHIN))
    lost = 1 - len(times) / _PROBES
    if not times:
        return Finding(what, "fail", "answers only now and then: move it, or the access point")
    median = statistics.median(times) * 1000
    text = f"{median:.0f} ms, {lost:.0%} of {_PROBES} lost"
    if lost > _LOSSY or median > _SLOW_MS:
        return Finding(what, "warn", f"{text}: weak Wi-Fi; shutoffs get slower")
    return Finding(what, "ok", text)


async def _power_on(what: str, driver: "MiotRelayDriver | MiioRelayDriver", wiring: str) -> Finding:
    from gasguard.drivers.miio.models import POWER_ON, SAFE_POWER_ON

    try:
        model = await driver.model(2.0)
    except DriverError as error:
        return Finding(what, "warn", f"model not told ({error})")
    known = POWER_ON.get(model)
    wanted = SAFE_POWER_ON[wiring]
    if known is None:
        return Finding(what, "warn", f"{model}: not known here; test it by cutting its power")
    try:
        value = await driver.property(known.siid, known.piid, 2.0)
    except (Refused, Unreachable) as error:
        return Finding(what, "warn", f"{model}: {error}")
    if value is None:
        return Finding(what, "warn", f"{model}: not told; test it by cutting its power")
    meaning = known.meanings.get(value, str(value)) if isinstance(value, int) else str(value)
    if meaning == wanted:
        return Finding(what, "ok", f"{model}: {meaning}")
    return Finding(what, "warn", f"{model}: {meaning}; with {wiring} set it to {wanted} in Mi Home")


def _settings(what: str, relay: MiotRelay | MiioRelay) -> Iterator[Finding]:
    if relay.jog:
        yield Finding(
            f"{what} jog",
            "warn",
            "switch jog (点动) off in Mi Home, on wired and voice channels, and remove relay.jog: "
            "a pulse shorter than the poll goes unseen, and a jogging relay cannot hold a lock",
        )
    if isinstance(relay, MiotRelay) and relay.contact == "normally_open" and not relay.lease:
        yield Finding(
            f"{what} lease",
            "warn",
            "none: if this machine dies while cooking, the relay stays as it is",
        )
