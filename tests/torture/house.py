"""The simulated house: stove and relays with a listener at each relay's ear and each contact."""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from gasguard.config.load import Config
from gasguard.config.relays.gpio import GpioRelay
from gasguard.drivers.miio.codec import FrameError, decode
from gasguard.simulator.channels import Address, Countdown, Key
from gasguard.simulator.miio.relay import MiRelay, Reply
from gasguard.simulator.miio.setup import DevicePlan
from gasguard.simulator.miio.udp import RelayServer
from gasguard.simulator.mqtt.module import MqttModule
from gasguard.simulator.mqtt.network import Network
from gasguard.simulator.mqtt.server import MqttServer
from gasguard.simulator.mqtt.setup import MqttPlan
from gasguard.simulator.pi.relays import COIL, PinModule, PinServer
from gasguard.simulator.seeding import stream
from gasguard.simulator.setup import Wired
from gasguard.simulator.world import World
from tests.torture.broker import Sent

_SLOW_READ = 0.004
"""Seconds that reading the converter takes here: a window is not worth more of a session's time."""


class Order(NamedTuple):
    """Something that the guard told a relay to do, as it arrived there."""

    address: Address
    key: tuple[int, int]
    """The property set; the switch of what is not MIoT has the simulator's own key."""
    value: object
    sent_at: float


class _ListenedRelay(MiRelay):
    """A module that lets know which orders reach it, executed or answered from memory."""

    on_request: Callable[[bytes, dict[str, Any]], None]
    _data = b""

    def receive(self, data: bytes, source: Hashable, now: float) -> list[Reply]:
        self._data = data
        return super().receive(data, source, now)

    def _answer(
        self, request: dict[str, Any], identity: tuple[Hashable, int], now: float
    ) -> dict[str, Any]:
        if request.get("method") in ("set_properties", "set_power"):
            self.on_request(self._data, request)
        return super()._answer(request, identity, now)


class _ListenedModule(MqttModule):
    """The same for a module on MQTT."""

    on_command: Callable[[Key, object], None]

    def order(self, key: Key, on: bool, now: float) -> None:
        self.on_command(key, on)
        super().order(key, on, now)

    def keep_alive(self, key: Key, seconds: float | None, now: float) -> None:
        self.on_command(renewal_of(key), seconds)
        super().keep_alive(key, seconds, now)


class _ListenedServer(MqttServer):
    """Knows when the message that is being carried out was sent."""

    sent_at = 0.0

    def _execute(self, topic: str, payload: str) -> None:
        if isinstance(payload, Sent):
            self.sent_at = payload.at
        super()._execute(topic, payload)


def renewal_of(key: Key) -> Key:
    """The key that stands for the keep-alive of a relay on MQTT, and for a pump's edges."""
    return key[0], key[1] + 1


class House(World):
    """A World that can be listened to, and that looks at itself only when something changes."""

    relay_kind = _ListenedRelay
    mqtt_module_kind = _ListenedModule
    mqtt_server_kind = _ListenedServer

    on_order: Callable[[Order], None]
    sent_at: Callable[[bytes], float]
    on_pin_asked: Callable[[Address], None] = staticmethod(lambda _address: None)
    """Called when the guard has asked a pin, and was answered."""
    _touched = False

    @classmethod
    def build(cls, config: Config, seed: int, network: Network) -> "House":
        """Stove and modules at rest, all circuits closed. Call inside the loop that runs it."""
        house = cls.from_config(config, seed=seed, network=network)
        assert isinstance(house, House)
        house.chip.keeps_outputs = stream(seed, "pins").random() < 0.7
        for bus in house.chip.buses.values():
            bus.read_takes = _SLOW_READ
        return house

    def _server(self, address: Address, plan: DevicePlan, seed: int) -> RelayServer:
        server = super()._server(address, plan, seed)
        relay = server.relay
        assert isinstance(relay, _ListenedRelay)
        relay.on_request = lambda data, request: self._request(address, plan, data, request)
        return server

    def _mqtt_server(self, address: Address, plan: MqttPlan, seed: int) -> MqttServer:
        server = super()._mqtt_server(address, plan, seed)
        module = server.relay
        assert isinstance(server, _ListenedServer)
        assert isinstance(module, _ListenedModule)

        def commanded(key: Key, value: object) -> None:
            self._touched = True
            self.on_order(Order(address, key, value, server.sent_at))

        module.on_command = commanded
        return server

    def _pin_server(self, address: Address, settings: GpioRelay) -> PinServer:
        server = super()._pin_server(address, settings)
        pad, high = self.chip.pads[settings.line], settings.active == "high"
        fails_with = pad.fails_with

        def asked() -> int:
            fault = fails_with()
            if not fault and pad.holder is not None:
                self.on_pin_asked(address)
            return fault

        def told(key: Key, value: object) -> None:
            self._touched = True
            self.on_order(Order(address, key, value, self._time()))

        pad.fails_with, pad.told = asked, lambda level: told(COIL, level == high)
        if settings.pulse:
            pump = self.chip.pads[settings.pulse.line]
            pump.told = lambda _level: told(renewal_of(COIL), True)
        return server

    def _sync_for_wire(self) -> None:
        # Questions change nothing: without this, half of a session's time goes into looking.
        due = self._armed_for is not None and self._armed_for <= self._time()
        if self._touched or due:
            self._touched = False
            self.sync()

    def _request(
        self, address: Address, plan: DevicePlan, data: bytes, request: dict[str, Any]
    ) -> None:
        self._touched = True
        sent_at = self.sent_at(data)
        for key, value in orders(request, plan.legacy):
            self.on_order(Order(address, key, value, sent_at))

    def orders_in(self, data: bytes, target: Address) -> list[tuple[Address, Key, object]]:
        """What the guard has sent, not yet arrived, would set: (module, key, value)."""
        plan = self.plans.get(target)
        if plan is None and target[1]:
            return []  # where a module was before it moved
        if plan is None:
            topic, _, payload = data.decode().partition("\0")
            parts = [(a, part) for a, plan in self.mqtt_plans.items() for part in plan.parts]
            words = [(a, p.key, p.settings) for a, p in parts if p.settings.command_topic == topic]
            return [
                (address, key, payload == settings.payload_on)
                for address, key, settings in words
                if payload in (settings.payload_on, settings.payload_off)
            ]
        try:
            request = decode(data, plan.token).payload or {}
        except FrameError:
            return []
        return [(target, key, value) for key, value in orders(request, plan.legacy)]

    def device(self, address: Address) -> RelayServer | MqttServer | PinServer:
        """A module with its faults, whatever it speaks."""
        return self._any_server(address)

    def contacts(self, burner: str) -> list[Wired]:
        """The burner's relays in series."""
        return self._places[burner].contacts

    def voice(self, burner: str) -> tuple[Address, tuple[int, int]] | None:
        """Its voice channel."""
        return self._places[burner].voice

    def countdown(self, wired: Wired) -> Countdown | None:
        """The property with which this relay opens by itself."""
        plan = self.plans.get(wired.address)
        return plan.channels[wired.key].countdown if plan is not None else None

    def can_be_closed(self, wired: Wired) -> bool:
        """Whether somebody else can close this relay: not one whose supply the guard pumps."""
        relay = self.device(wired.address).relay
        return not (isinstance(relay, PinModule) and relay.pumped)

    def switch(self, wired: Wired, *, on: bool) -> None:
        """Somebody else switches this relay, past the guard and its network."""
        self.sync()
        self.device(wired.address).relay.mi_home_switch(*wired.key, on, self._time())
        self.sync()

    def reads_open(self, wired: Wired) -> bool:
        """Whether this relay's own switch stands at open: what an honest read-back says."""
        return self.device(wired.address).relay.value(wired.key) == wired.opens_when


def orders(
    request: dict[str, Any], legacy: tuple[int, int] | None
) -> list[tuple[tuple[int, int], object]]:
    """What a request sets, as (key, value)."""
    if request.get("method") == "set_power" and legacy is not None:
        return [(legacy, request["params"] == ["on"])]
    if request.get("method") != "set_properties":
        return []
    return [((item["siid"], item["piid"]), item["value"]) for item in request["params"]]
