"""What `gasguard simulate` tells its user about the simulated modules."""

from gasguard.simulator.channels import Address
from gasguard.simulator.miio.setup import DevicePlan
from gasguard.simulator.world import World


def describe(world: World) -> list[str]:
    """One line per module, then one per channel. Tokens are shown: they are simulated ones."""
    lines: list[str] = []
    for address, plan in world.plans.items():
        lines += _device(world, address, plan)
    for topics, plan_on_mqtt in world.mqtt_plans.items():
        kind = plan_on_mqtt.parts[0].settings.kind or "any topics"
        lines.append(f"{topics[0]}  on MQTT, {kind}")
        lines += [f"  {role}" for role in plan_on_mqtt.roles]
    for (place, _), relay in world.pins.items():
        opens = "driven" if relay.opens_when else "released"
        lines.append(f"{place}  a relay on the header, active {relay.active}, {opens} opens")
    if world.has_hood:
        where, port = world.hood.address
        place = f"{where}:{port}, miIO" if port else f"{where}, on MQTT"
        lines.append(f"hood  {place}, {', '.join(world.hood.words)}, now {world.hood.motor.runs}")
    return lines


def _device(world: World, address: Address, plan: DevicePlan) -> list[str]:
    server = world.servers[address]
    relay = server.relay
    lines = [
        f"{server.host}:{server.port}  token {plan.token.hex()}  model {relay.model}  "
        f"id {relay.device_id.hex()}"
    ]
    for key, spec in plan.channels.items():
        place = "set_power" if key == plan.legacy else f"siid {spec.siid} piid {spec.piid}"
        parts = [place, plan.roles[key], f"now {'on' if relay.value(key) else 'off'}"]
        if spec.countdown:
            unit = "min" if spec.countdown.unit_s == 60 else "s"
            parts.append(
                f"countdown siid {spec.countdown.siid} piid {spec.countdown.piid} in {unit}"
            )
        if spec.jog is not None:
            parts.append(f"jogs for {spec.jog:g} s")
        lines.append("  " + ", ".join(parts))
    return lines
