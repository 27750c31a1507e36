"""What a demo's daemon finds: a broker, a stove with its relay, and their configuration."""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from gasguard.cli.broker import embedded_broker, free_port
from gasguard.cli.options import DEMO_MARK
from gasguard.clock import until
from gasguard.config.load import Config, load_config
from gasguard.config.relays.gpio import SIMULATED
from gasguard.core.model import Phase
from gasguard.durations import format_duration
from gasguard.errors import GasguardError
from gasguard.guard.controller import Controller
from gasguard.simulator.world import HOLD_S, World

_CONFIG = """\
{mark}; {wiring}
mqtt: {{host: 127.0.0.1, port: {mqtt_port}, protocol: 3.1.1}}
state_dir: .
burners:
{burners}sensors:
  kitchen_pir: {{kind: presence, driver: mqtt, topic: gasguard_sim/kitchen_pir}}
  anybody_home: {{kind: home, driver: mqtt, topic: gasguard_sim/anybody_home}}
  kitchen_gas: {{kind: gas_alarm, driver: mqtt, topic: gasguard_sim/kitchen_gas}}
hood:
  driver: mqtt
  command_topic: gasguard_sim/hood/set
  state_topic: gasguard_sim/hood
  levels: {{1: low, 2: high}}
  off_delay: 10s
  manual_wins: 15s
"""
_OF_THE_ARTICLE = """\
the wiring is the four-channel module of the original article:
# channels 1 and 2 (siid 2, 3) open the thermocouples, 3 and 4 (siid 4, 5) are only for the voice.\
"""
_ON_A_MODULE = """\
  left:
    name: Left burner
    relay: &module
      driver: miot
      host: 127.0.0.1
      port: {relay_port}
      token: "{token}"
      switch: {{siid: 2, piid: 1}}
      contact: normally_closed
    voice: {{siid: 4, piid: 1}}
    flame: {{driver: mqtt, topic: gasguard_sim/left/flame}}
    rated_kw: 3.8
    limits: {{{limits}}}
  right:
    name: Right burner
    relay:
      <<: *module
      switch: {{siid: 3, piid: 1}}
    voice: {{siid: 5, piid: 1}}
    flame: {{driver: mqtt, topic: gasguard_sim/right/flame}}
    rated_kw: 3.8
    limits: {{{limits}}}
"""
_OF_A_PI = """\
relays on a Raspberry Pi's pins, sensed by a second pole, their coils fed
# by charge pumps; the thermocouples on one converter. Pins and bus are the demo's: simulated."""
_ON_A_PI = """\
  left:
    name: Left burner
    relay: {{driver: gpio, chip: {chip}, line: 17, active: high, contact: normally_open,
            sense: {{line: 27}}, pulse: {{line: 22}}}}
    flame: {{driver: adc, channel: 0-1}}
    rated_kw: 3.8
    limits: {{{limits}}}
  right:
    name: Right burner
    relay: {{driver: gpio, chip: {chip}, line: 23, active: high, contact: normally_open,
            sense: {{line: 24}}, pulse: {{line: 25}}}}
    flame: {{driver: adc, channel: 2-3}}
    rated_kw: 3.8
    limits: {{{limits}}}
"""

USUAL = {
    "max_burn": 7200.0,
    "unattended": 600.0,
    "away": 120.0,
    "prewarn": 60.0,
    "rearm_after": 5.0,
}
"""Limits of the demo's burners, in seconds; so much shorter as its stove is faster."""
_LEAST = {"max_burn": 20.0, "unattended": 6.0, "away": 5.0, "prewarn": 5.0, "rearm_after": 5.0}


_LIGHTING_SPEED = 20.0
"""Nobody likes to hold a knob for 6 s before anything can be tried."""
_TRIES = 5
"""Between finding a free port and taking it, another demo that starts may have taken it."""


@contextlib.asynccontextmanager
async def stage(
    path: Path,
    mqtt_port: int | None,
    limits: Mapping[str, float] = USUAL,
    more: str = "",
    *,
    pi: bool = False,
) -> AsyncIterator[tuple[Config, World]]:
    """Broker and stove, at work inside the block; `path` is then their configuration.

    `mqtt_port` as `free_port` has it; `limits` in seconds; `more` is YAML, of the file's top level.
    `pi`: the relays are on a Pi's pins, and the thermocouples on its bus.
    Raises GasguardError when there is no port to be had, ConfigError when `more` has faults.
    """
    async with contextlib.AsyncExitStack() as stack:
        for left in reversed(range(_TRIES)):
            config = _write_config(path, mqtt_port, limits, more, pi=pi)
            try:
                world = await _set_up(stack, config)
            except OSError as error:
                if not left:
                    raise GasguardError(f"broker or relay cannot be started: {error}") from None
            else:
                break
        yield config, world


async def _set_up(stack: contextlib.AsyncExitStack, config: Config) -> World:
    async with contextlib.AsyncExitStack() as parts:
        await parts.enter_async_context(embedded_broker(config.mqtt.port))
        world = World.from_config(config)
        await world.start()
        parts.push_async_callback(world.stop)
        stack.push_async_callback(parts.pop_all().aclose)
        return world


def _broker_port(wanted: int | None) -> int:
    try:
        return free_port(wanted, 1883, socket.SOCK_STREAM)
    except GasguardError as error:
        raise GasguardError(f"{error}. Is another demo, or a broker, running there?") from None


def shortened(speed: float) -> dict[str, float]:
    """The usual limits on a stove that is so many times faster."""
    return {key: max(_LEAST[key], seconds / max(1.0, speed)) for key, seconds in USUAL.items()}


def messages_to(**addresses: str) -> str:
    """`messages:` for the file, by name."""
    # JSON's quotes are YAML's, whatever stands between them.
    return f"messages: {{to: {json.dumps(addresses, ensure_ascii=False)}}}\n"


def _write_config(
    path: Path, mqtt_port: int | None, limits: Mapping[str, float], more: str, *, pi: bool
) -> Config:
    path.touch(mode=0o600)
    burners = (_ON_A_PI if pi else _ON_A_MODULE).format(
        chip=SIMULATED,
        relay_port=free_port(None, 54321, socket.SOCK_DGRAM),
        token=secrets.token_hex(16),
        limits=", ".join(f"{key}: {format_duration(value)}" for key, value in limits.items()),
    )
    text = _CONFIG.format(
        mark=DEMO_MARK,
        wiring=_OF_A_PI if pi else _OF_THE_ARTICLE,
        mqtt_port=_broker_port(mqtt_port),
        burners=burners,
    )
    path.write_text(text + more, encoding="utf-8")
    return load_config(path)


async def closed(controller: Controller, within: float = 2.0) -> None:
    """Wait until every burner may be lit: pins of a Pi that has just started are open."""
    ready = {Phase.READY}
    await until(lambda: {one.phase for one in controller.states().values()} <= ready, within)


async def light(world: World, speed: float) -> None:
    """Light every burner as a person does, only faster, until the knobs are let go."""
    world.set_speed(max(speed, _LIGHTING_SPEED))
    for name in world.burner_ids:
        world.light(name)
    await asyncio.sleep((HOLD_S + 1) / world.speed)
    world.set_speed(speed)
