"""The range hood of a configuration, on its real wire."""

from collections.abc import Callable
from random import Random

from gasguard.config.hood import HoodConfig, MiotHood, MqttHood
from gasguard.errors import ConfigError
from gasguard.simulator.channels import Address
from gasguard.simulator.miio.fan import MiFan
from gasguard.simulator.miio.setup import is_loopback
from gasguard.simulator.miio.udp import RelayServer
from gasguard.simulator.motor import Motor
from gasguard.simulator.mqtt.fan import FanDevice
from gasguard.simulator.mqtt.server import MqttServer


class SimulatedHood:
    """One hood: its motor, its server, and where that is."""

    def __init__(self, motor: Motor, server: RelayServer | MqttServer, address: Address) -> None:
        self.motor, self.server, self.address = motor, server, address

    @property
    def words(self) -> list[str]:
        """What a hand can set."""
        return ["off", *self.motor.levels]


def build_hood(
    settings: HoodConfig, *, random: Random, now: float, sync: Callable[[], None]
) -> SimulatedHood:
    """The hood, off. Raises ConfigError for one that cannot be on this machine."""
    match settings:
        case MiotHood(host=host, port=port):
            if not is_loopback(host):
                raise ConfigError(
                    ["hood.host: a simulated hood listens on this machine only; use 127.0.0.1 to "
                     "127.255.255.254"]
                )  # fmt: skip
            place = "127.0.0.1" if host == "localhost" else host
            fan = MiFan(settings, random=random, now=now)
            relay_server = RelayServer(fan, place, port, random=random, sync=sync)
            return SimulatedHood(fan.motor, relay_server, (place, port))
        case MqttHood(command_topic=topic):
            device = FanDevice(settings, now=now)
            server = MqttServer(device, random=random, sync=sync)
            # Level for level; the power's changes the server tells itself.
            device.motor.listeners.append(lambda _runs: server.say(device.told()))
            return SimulatedHood(device.motor, server, (topic, 0))
        case _:
            raise ConfigError([f"hood: driver: {settings.driver} has no simulated hoods"])
