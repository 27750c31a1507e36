"""A device on MQTT whose network part hangs: what came meanwhile is lost, or carried out late."""

import asyncio
import json
from pathlib import Path

import pytest

from gasguard.config.load import parse_config
from gasguard.simulator import simtime
from gasguard.simulator.mqtt.devices import Out
from gasguard.simulator.mqtt.server import MqttServer
from gasguard.simulator.mqtt.setup import build_device, plan_mqtt
from gasguard.simulator.seeding import stream

_RELAY = {"driver": "mqtt", "kind": "tasmota", "device": "stove", "contact": "normally_open"}


def _server(now: float) -> MqttServer:
    config = parse_config({"burners": {"left": {"relay": _RELAY}}}, Path())
    (plan,) = plan_mqtt(config).values()
    device = build_device(plan, now)
    return MqttServer(device, random=stream(1, "device"), sync=lambda: None)


@pytest.mark.parametrize("late", [False, True])
def test_what_came_while_it_was_frozen_is_lost_or_carried_out_at_the_thaw(late: bool) -> None:
    async def story() -> None:
        now = asyncio.get_running_loop().time
        server, said = _server(now()), list[Out]()
        server.connect(said.append)
        server.inject(now(), frozen=True, thaw_answers=late)
        said.clear()
        server.deliver("cmnd/stove/POWER", "OFF")
        server.deliver("cmnd/stove/Var16", "asked")
        await asyncio.sleep(30)
        assert said == []
        server.inject(now(), frozen=False)
        await asyncio.sleep(1)
        told = [json.loads(out.payload) for out in said if out.topic == "stat/stove/RESULT"]
        assert told == ([{"POWER": "OFF"}, {"Var16": "asked"}] if late else [])
        assert any(server.relay.channels[key].value for key in server.relay.channels) is not late

    simtime.run(story())
