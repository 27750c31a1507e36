"""The simulated kitchen: stove, relay modules and the wires between them, from a configuration."""

import asyncio
import math
import time as system_time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

from gasguard.config.hood import HoodConfig
from gasguard.config.load import Config
from gasguard.config.relays.gpio import GpioRelay
from gasguard.errors import GasguardError, no_burner
from gasguard.simulator.channels import Address
from gasguard.simulator.hood import SimulatedHood, build_hood
from gasguard.simulator.miio.relay import MiRelay
from gasguard.simulator.miio.setup import DevicePlan, plan_devices
from gasguard.simulator.miio.udp import RelayServer
from gasguard.simulator.module import Module
from gasguard.simulator.mqtt.module import MqttModule
from gasguard.simulator.mqtt.network import BrokerNetwork, Network
from gasguard.simulator.mqtt.server import MqttServer
from gasguard.simulator.mqtt.setup import MqttPlan, build_device, build_switchboard, plan_mqtt
from gasguard.simulator.pi.chip import SimulatedChip
from gasguard.simulator.pi.i2c import FAULTS
from gasguard.simulator.pi.relays import PinModule, PinServer
from gasguard.simulator.pi.setup import Couple, Pins, plan_pins, wire_couples
from gasguard.simulator.seeding import stream
from gasguard.simulator.setup import Wired, wired
from gasguard.simulator.stove import Burner, Figures

FlameListener = Callable[[str, bool], None]

HOLD_S = 6.0
"""How long a person holds the knob, in stove time: the FFD wants 3 to 5 s."""
_SLACK_S = 0.001
"""Timers aim this far behind an event, past any rounding of clocks; the event keeps its moment."""
_MOST_SPEED = 1000.0


class SimulatorError(GasguardError, ValueError):
    """The simulated world was asked for something it does not have."""


class BurnerSnapshot(TypedDict):
    """One burner at one moment."""

    knob: str
    gas: bool
    flame: bool
    thermocouple_mv: float
    current_ma: float
    circuit: str
    """`open` or `closed`: the thermocouple circuit as it physically is."""


@dataclass(slots=True)
class _Place:
    """One burner with its circuit and the hand at its knob."""

    burner: Burner
    contacts: list[Wired]
    voice: tuple[Address, tuple[int, int]] | None
    lets_go_at: float | None = None


class World:
    """Stove and relays. Without `start` it has no sockets and answers whoever calls its methods.

    The stove's time runs `speed` times as fast as the loop's; the modules' clocks, countdowns and
    jogs keep to the loop's, as the clocks of whoever talks to them do.
    """

    relay_kind: type[MiRelay] = MiRelay
    mqtt_module_kind: type[MqttModule] = MqttModule
    mqtt_server_kind: type[MqttServer] = MqttServer
    pin_module_kind: type[PinModule] = PinModule
    """What the modules are made of: a subclass may listen to its own."""

    def __init__(
        self,
        plans: dict[Address, DevicePlan],
        circuits: dict[str, tuple[list[Wired], tuple[Address, tuple[int, int]] | None]],
        *,
        seed: int,
        speed: float,
        time: Callable[[], float],
        mqtt_plans: dict[Address, MqttPlan] | None = None,
        network: Network | None = None,
        hood: HoodConfig | None = None,
        pins: Pins | None = None,
    ) -> None:
        """`network` carries what devices on MQTT hear and say; without it they hear nothing."""
        self._time = time
        self._speed = _checked_speed(speed)
        self._loop_zero, self._stove_zero = time(), 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._busy = False
        self._flame_listeners: list[FlameListener] = []
        self.plans = plans
        self.servers: dict[Address, RelayServer] = {}
        for address, plan in plans.items():
            self.servers[address] = self._server(address, plan, seed)
        self.mqtt_plans = mqtt_plans or {}
        self.mqtt_servers: dict[Address, MqttServer] = {}
        for address, mqtt_plan in self.mqtt_plans.items():
            self.mqtt_servers[address] = self._mqtt_server(address, mqtt_plan, seed)
        self.chip = SimulatedChip()
        """The pins of the computer that the guard runs on."""
        self._couples: dict[str, Couple] = {}
        self.pins = pins or {}
        self.pin_servers: dict[Address, PinServer] = {}
        for address, relay in self.pins.items():
            self.pin_servers[address] = self._pin_server(address, relay)
        self._network = network
        self._hood = self._with_hood(hood, seed) if hood is not None else None
        self._places: dict[str, _Place] = {}
        for burner_id, (contacts, voice) in circuits.items():
            random = stream(seed, f"burner {burner_id}")
            burner = Burner(
                Figures.drawn(random), random=random, on_flame=self._flame_relay(burner_id)
            )
            self._places[burner_id] = _Place(burner, contacts, voice)

    @classmethod
    def from_config(
        cls,
        config: Config,
        *,
        seed: int = 0,
        speed: float = 1.0,
        time: Callable[[], float] | None = None,
        network: Network | None = None,
    ) -> "World":
        """Stove and modules at rest, every circuit closed, every voice channel on.

        `time` (seconds) defaults to the running loop's, outside a loop to the monotonic clock.
        `network` is for relays on MQTT, by default the broker of the configuration.
        Raises ConfigError if a relay's host is not on this machine.
        """
        circuits = {}
        for burner_id, burner in config.burners.items():
            module, voice = burner.voice_relay, None
            if burner.voice and module:
                voice = (wired(module).address, (burner.voice.siid, burner.voice.piid))
            circuits[burner_id] = ([wired(relay) for relay in burner.in_series], voice)
        time = time or _loop_time()
        mqtt_plans = plan_mqtt(config)
        hood = config.hood
        on_mqtt = bool(mqtt_plans) or (hood is not None and bool([*hood.commanded_topics()]))
        if on_mqtt and network is None:
            network = BrokerNetwork(config.mqtt)
        world = cls(
            plan_devices(config),
            circuits,
            seed=seed,
            speed=speed,
            time=time,
            mqtt_plans=mqtt_plans,
            network=network,
            hood=hood,
            pins=plan_pins(config),
        )
        chip, look = world.chip, world.millivolts
        world._couples = wire_couples(config, chip, look, time=time, seed=seed)
        return world

    @property
    def burner_ids(self) -> list[str]:
        return list(self._places)

    @property
    def speed(self) -> float:
        """Seconds of stove time in one second."""
        return self._speed

    async def start(self) -> None:
        """Bind every module's port and let the stove run by itself. Raises OSError if taken."""
        self._loop = asyncio.get_running_loop()
        if abs(self._loop.time() - self._time()) > 1:
            raise SimulatorError("build the World inside the loop that runs it, or pass its time")
        try:
            for server in self.servers.values():
                await server.start()
        except OSError as error:
            await self.stop()
            place = f"UDP port {server.port} on {server.host}"
            raise OSError(error.errno, f"{place}: {error.strerror or error}") from None
        if self.mqtt_servers and self._network is not None:
            self._network.start(build_switchboard(self.mqtt_plans, self.mqtt_servers))
        self.sync()

    async def stop(self) -> None:
        """Close the ports; the world can still be looked at."""
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop = self._armed_for = None
        for server in self.servers.values():
            await server.stop()
        if self.mqtt_servers and self._network is not None:
            await self._network.stop()
        for mqtt_server in self.mqtt_servers.values():
            mqtt_server.disconnect()

    def on_flame(self, listener: FlameListener) -> None:
        """Call `listener(burner_id, lit)` at each change of a flame."""
        self._flame_listeners.append(listener)

    def on_hood(self, listener: Callable[[str], None]) -> None:
        """Call `listener(off or a level)` at each change of the hood, if there is one."""
        if self._hood is not None:
            self._hood.motor.listeners.append(listener)

    def sync(self) -> None:
        """Bring everything to the present moment, in the order in which it happened."""
        if self._busy:
            return
        self._busy = True
        try:
            now = self._time()
            while (event := self._next_outside()) is not None and event <= now:
                self._happen(event)
            self._happen(now)
        finally:
            self._busy = False
        self._arm(now)

    def snapshot(self) -> dict[str, BurnerSnapshot]:
        """Every burner as it is now."""
        self.sync()
        return {burner_id: self._look(place) for burner_id, place in self._places.items()}

    def relay(self, burner_id: str, index: int = 0) -> MiRelay:
        """The miIO module of a burner's relay number `index`, counted from 0."""
        return self.server(burner_id, index).relay

    def server(self, burner_id: str, index: int = 0) -> RelayServer:
        """The same with its socket and faults."""
        address = self._contact(burner_id, index).address
        if address not in self.servers:
            raise SimulatorError(f"relay {index} of {burner_id} does not speak miIO")
        return self.servers[address]

    def module(self, burner_id: str, index: int = 0) -> Module:
        """The module of any relay, whatever it speaks."""
        return self._any_server(self._contact(burner_id, index).address).relay

    def _any_server(self, address: Address) -> RelayServer | MqttServer | PinServer:
        others = self.mqtt_servers.get(address) or self.pin_servers.get(address)
        return others or self.servers[address]

    def inject(self, burner_id: str, index: int = 0, **changes: Any) -> None:
        """Change faults of that module, by name. Raises FaultError and then changes nothing."""
        address = self._contact(burner_id, index).address
        self._any_server(address).inject(self._time(), **changes)

    def reboot(self, burner_id: str, index: int = 0, *, silent_for: float = 2.0) -> None:
        """Restart that module; its network is back after `silent_for` seconds."""
        self.sync()
        self.module(burner_id, index).reboot(self._time(), silent_for=silent_for)
        self.sync()

    def millivolts(self, burner_id: str) -> float:
        """What a meter across its thermocouple reads."""
        self.sync()
        return self._place(burner_id).burner.thermocouple_mv

    def is_measured(self, burner_id: str) -> bool:
        """Whether a converter measures its thermocouple."""
        return burner_id in self._couples

    def disturb(self, burner_id: str, fault: str) -> None:
        """Something is wrong with what measures its thermocouple: one of `FAULTS`."""
        self._place(burner_id)
        if burner_id not in self._couples:
            raise SimulatorError(f"no converter measures {burner_id} (flame: {{driver: adc}})")
        if fault not in FAULTS:
            raise SimulatorError(f"{fault} is no such fault; there are {', '.join(FAULTS)}")
        self._couples[burner_id].disturb(fault)

    def light(self, burner_id: str, hold_s: float = HOLD_S) -> None:
        """Press, hold for `hold_s` of stove time, let go: as a person lights a burner."""
        place = self._act(burner_id, Burner.press_and_light)
        place.lets_go_at = self._stove_time(self._time()) + hold_s
        self.sync()

    def press(self, burner_id: str) -> None:
        """Press the knob and keep it down until `release`: gas flows whatever the relay does."""
        self._act(burner_id, Burner.press_and_light)

    def release(self, burner_id: str) -> None:
        """Let a pressed knob spring back."""
        self._act(burner_id, Burner.release)

    def turn_off(self, burner_id: str) -> None:
        """Turn the knob off."""
        self._act(burner_id, Burner.turn_off)

    def blow_out(self, burner_id: str) -> None:
        """The flame goes out, the gas stays on until the FFD has cooled."""
        self._act(burner_id, Burner.blow_out)

    def add_resistance(self, burner_id: str, added_mohm: float) -> None:
        """Wire and contacts of this burner now add so many mΩ, 0 to a million."""
        if not 0 <= added_mohm <= 1e6:
            raise SimulatorError("added resistance is from 0 to 1000000 mΩ")
        self.sync()
        burner = self._place(burner_id).burner
        burner.add_resistance(self._stove_time(self._time()), added_mohm)
        self.sync()

    def mi_home(self, burner_id: str, value: bool, *, wired: bool = False) -> None:
        """Say on or off in Mi Home: to the voice channel, without one or `wired` to the contact's.

        In the relay's own terms: with normally closed wiring and no voice channel, off lets burn.
        """
        address, key = self._spoken_to(burner_id, wired)
        self.sync()
        self._any_server(address).relay.mi_home_switch(*key, value, self._time())
        self.sync()

    def mi_home_off_in(self, burner_id: str, seconds: float, *, wired: bool = False) -> None:
        """A delayed off (N 分钟后关闭) to the same channel."""
        if not 0 < seconds <= 86400:
            raise SimulatorError("a delayed off is within 0 s to 24 h")
        address, key = self._spoken_to(burner_id, wired)
        self.sync()
        self._any_server(address).relay.mi_home_off_in(*key, seconds, self._time())
        self.sync()

    @property
    def hood(self) -> SimulatedHood:
        """The range hood. Raises SimulatorError where none is configured."""
        if self._hood is None:
            raise SimulatorError("no hood is configured: hood: {driver: mqtt, …}")
        return self._hood

    @property
    def has_hood(self) -> bool:
        return self._hood is not None

    def hand_on_hood(self, word: str) -> None:
        """Press the hood's own buttons: off, or one of its levels."""
        if word not in self.hood.words:
            raise SimulatorError(f"the hood has {', '.join(self.hood.words)}")
        self.sync()
        self.hood.motor.by_hand(word, self._time())
        self.sync()

    def set_speed(self, speed: float) -> None:
        """Run the stove so many times faster than the clock from now on (up to 1000)."""
        speed = _checked_speed(speed)
        self.sync()
        now = self._time()
        self._stove_zero, self._loop_zero = self._stove_time(now), now
        self._speed = speed
        self.sync()

    def _server(self, address: Address, plan: DevicePlan, seed: int) -> RelayServer:
        name = f"device {address[0]}:{address[1]}"
        random = stream(seed, name)
        relay = self.relay_kind(
            plan.token,
            random.getrandbits(32),
            plan.channels.values(),
            random=random,
            now=self._time(),
            legacy=plan.legacy,
            model="chuangmi.plug.m1" if plan.legacy else "yeelink.switch.sw1",
        )
        relay.listeners.append(lambda _siid, _piid, _value, at: self._switched(at))
        wire = stream(seed, f"{name} wire")
        return RelayServer(relay, *address, random=wire, sync=self._sync_for_wire)

    def _mqtt_server(self, address: Address, plan: MqttPlan, seed: int) -> MqttServer:
        device = build_device(plan, self._time(), self.mqtt_module_kind)
        device.module.listeners.append(lambda _siid, _piid, _value, at: self._switched(at))
        random = stream(seed, f"device {address[0]}")
        return self.mqtt_server_kind(device, random=random, sync=self._sync_for_wire)

    def _pin_server(self, address: Address, settings: GpioRelay) -> PinServer:
        module = self.pin_module_kind(settings, now=self._time())
        module.listeners.append(lambda _siid, _piid, _value, at: self._switched(at))
        return PinServer(settings, self.chip, module, time=self._time, sync=self._sync_for_wire)

    def _with_hood(self, settings: HoodConfig, seed: int) -> SimulatedHood:
        hood = build_hood(
            settings, random=stream(seed, "hood"), now=self._time(), sync=self._sync_for_wire
        )
        if isinstance(hood.server, RelayServer):
            self.servers[hood.address] = hood.server
        else:
            self.mqtt_servers[hood.address] = hood.server
        return hood

    def _sync_for_wire(self) -> None:
        """Called before and after everything that comes to a module over its network."""
        self.sync()

    def modules(self) -> Iterator[Module]:
        """Every module there is."""
        for server in self.servers.values():
            yield server.relay
        for mqtt_server in self.mqtt_servers.values():
            yield mqtt_server.relay
        for pin_server in self.pin_servers.values():
            yield pin_server.relay

    def _flame_relay(self, burner_id: str) -> Callable[[bool, float], None]:
        def changed(lit: bool, _at: float) -> None:
            for listener in self._flame_listeners:
                listener(burner_id, lit)

        return changed

    def _stove_time(self, at: float) -> float:
        return self._stove_zero + (at - self._loop_zero) * self._speed

    def _loop_moment(self, stove_time: float) -> float:
        return self._loop_zero + (stove_time - self._stove_zero) / self._speed

    def _next_outside(self) -> float | None:
        """Loop time of the next thing that acts on a burner from outside: a relay or a hand."""
        return min(self._outside_events(), default=None)

    def _outside_events(self) -> Iterator[float]:
        for module in self.modules():
            if (at := module.next_event()) is not None:
                yield at
        for place in self._places.values():
            if place.lets_go_at is not None:
                yield self._loop_moment(place.lets_go_at)

    def _happen(self, at: float) -> None:
        for module in self.modules():
            module.advance(at)
        self._circuits_moved(at)
        for place in self._places.values():
            if place.lets_go_at is not None and self._loop_moment(place.lets_go_at) <= at:
                place.burner.release(self._stove_time(at))
                place.lets_go_at = None

    def _circuits_moved(self, at: float) -> None:
        stove_time = self._stove_time(at)
        for place in self._places.values():
            place.burner.advance(stove_time, self._is_open(place))

    def _switched(self, at: float) -> None:
        self._circuits_moved(at)
        if not self._busy:
            self._arm(self._time())

    def _is_open(self, place: _Place) -> bool:
        for contact in place.contacts:
            relay = self._any_server(contact.address).relay
            if not relay.faults.welded and relay.coil(contact.key) == contact.opens_when:
                return True
        return False

    def _arm(self, now: float) -> None:
        """Wake up for the next event, if the world has been started."""
        event = self._next_event() if self._loop else None
        if event == self._armed_for and event is not None and event > now:
            return
        if self._timer:
            self._timer.cancel()
        self._timer, self._armed_for = None, event
        if event is not None and self._loop:
            self._timer = self._loop.call_later(max(event - now, 0) + _SLACK_S, self._wake)

    def _wake(self) -> None:
        self._timer = self._armed_for = None
        self.sync()

    def _next_event(self) -> float | None:
        """Loop time of the next change that needs nobody's call."""
        stove = (place.burner.next_event() for place in self._places.values())
        moments = [self._loop_moment(at) for at in stove if at is not None]
        return min([*moments, *self._outside_events()], default=None)

    def _act(self, burner_id: str, action: Callable[[Burner, float], None]) -> _Place:
        place = self._place(burner_id)
        self.sync()
        place.lets_go_at = None
        action(place.burner, self._stove_time(self._time()))
        self.sync()
        return place

    def _look(self, place: _Place) -> BurnerSnapshot:
        burner = place.burner
        return {
            "knob": str(burner.knob),
            "gas": burner.gas,
            "flame": burner.flame,
            "thermocouple_mv": round(burner.thermocouple_mv, 3),
            "current_ma": round(burner.current_ma, 1),
            "circuit": "open" if self._is_open(place) else "closed",
        }

    def _place(self, burner_id: str) -> _Place:
        try:
            return self._places[burner_id]
        except KeyError:
            raise SimulatorError(no_burner(burner_id, self._places)) from None

    def _contact(self, burner_id: str, index: int) -> Wired:
        contacts = self._place(burner_id).contacts
        if not 0 <= index < len(contacts):
            raise SimulatorError(f"burner {burner_id} has {len(contacts)} relay(s), from 0 on")
        return contacts[index]

    def _spoken_to(self, burner_id: str, wired_channel: bool) -> tuple[Address, tuple[int, int]]:
        place = self._place(burner_id)
        if place.voice and not wired_channel:
            return place.voice
        return place.contacts[0].address, place.contacts[0].key


def _loop_time() -> Callable[[], float]:
    try:
        return asyncio.get_running_loop().time
    except RuntimeError:
        return system_time.monotonic


def _checked_speed(speed: float) -> float:
    if not (math.isfinite(speed) and 0 < speed <= _MOST_SPEED):
        raise SimulatorError(f"speed is above 0 and at most {_MOST_SPEED:g}")
    return speed
