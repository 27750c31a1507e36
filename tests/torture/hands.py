"""Carries a plan's actions out: people, sensors, Mi Home, and everything that breaks."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from gasguard.mqtt.link import OVERSIZED_PAUSE
from gasguard.simulator.channels import Address
from gasguard.simulator.faults import Faults
from gasguard.simulator.mqtt.devices import Out
from gasguard.simulator.seeding import stream
from tests.torture import unclean
from tests.torture.company import People
from tests.torture.judge import Judge
from tests.torture.pi import Trust
from tests.torture.plan import Action, Plan
from tests.torture.rival import Rival
from tests.torture.scene import Scene
from tests.torture.sensors import Sensors

_ASKED_BY = {
    "timer": "cli",
    "extend": "mqtt",
    "cancel": "web",
    "off": "mqtt",
    "lock": "web",
    "unlock": "cli",
    "rearm": "cli",
}
"""By which way in people ask what, where the action does not say."""


class Hands:
    """One session's. `absence` is added to the plan's times: long absences of the guard."""

    def __init__(self, plan: Plan, scene: Scene, judge: Judge) -> None:
        self._scene, self._judge = scene, judge
        self._loop = scene.loop
        self._active: dict[Address, list[dict[str, Any]]] = {}
        self._broker_active: list[dict[str, Any]] = []
        """Faults at work; equal ones are one like the other."""
        self._sensors = Sensors(plan, scene, stream(plan.seed, "sensors"))
        self._people = People(scene, stream(plan.seed, "people"))
        scene.broker.on_back = self._all_speak
        self.back: asyncio.Future[None] = self._loop.create_future()
        """Done while the guard runs."""
        self._rival = Rival(scene, judge, stream(plan.seed, "rival"))
        self._networks_away = self._name_faults = self._disk_faults = 0
        self._disk_was_sound = True
        """When the guard died."""

    def _all_speak(self) -> None:
        """The broker is back, and knows nothing but what it has kept."""
        self._sensors.say_all()
        self._people.say_all()

    async def do(self, action: Action) -> None:
        """Carry one action out; returns when it has begun, long absences apart.

        What people ask goes to the judge; else whoever has a method of that name does it.
        """
        kind, burner = action.kind, (action.burner,) if action.burner else ()
        if kind in _ASKED_BY:
            args = {"source": _ASKED_BY[kind], **action.args}
            self._judge.ask(action.burner, kind, **args)
            return
        devices = (self._sensors, self._people, self._rival)
        owners = (self, *devices, self._scene.pi.clock, self._scene.house)
        doing: Callable[..., Any] = next(getattr(o, kind) for o in owners if hasattr(o, kind))
        result = doing(*burner, **action.args)
        if asyncio.iscoroutine(result):
            await result

    # --- Mi Home ------------------------------------------------------------------------------

    def mi_home(self, burner: str, on: bool, wired: bool) -> None:
        self._scene.house.mi_home(burner, on, wired=wired)
        bench = self._scene.benches[burner]
        if not on and (wired or not bench.voice):
            bench.foreign = None  # also a channel that is off already counts no further

    def mi_home_off_in(self, burner: str, seconds: float) -> None:
        scene, bench = self._scene, self._scene.benches[burner]
        scene.house.mi_home_off_in(burner, seconds)
        if bench.countdown and bench.relays[0].wired.opens_when is False:
            end = scene.now + seconds
            bench.foreign = (scene.now, end)
            # Where it ends first, it takes the place of another timer.
            bench.account.may_end_with(end)

    def mi_home_forget(self, burner: str) -> None:
        """The delayed off is taken back in Mi Home."""
        bench, now = self._scene.benches[burner], self._scene.now
        if bench.countdown and bench.foreign:
            relay = bench.relays[0].wired
            channel = self._scene.house.servers[relay.address].relay.channels[relay.key]
            if channel.spec.countdown:
                channel.count_down(channel.spec.countdown.off, now)
                self._scene.house.sync()
            bench.foreign = None

    # --- the calendar -------------------------------------------------------------------------

    def skip(self, schedule: str) -> None:
        self._judge.skip(schedule)

    # --- relays and wires ---------------------------------------------------------------------

    def fault(self, burner: str, relay: int, seconds: float, **changes: Any) -> None:
        """Faults of one module, for a while; several overlap."""
        bench = self._scene.benches[burner]
        address = bench.relays[min(relay, len(bench.relays) - 1)].wired.address
        self._active.setdefault(address, []).append(changes)
        self._inject(address)
        self._loop.call_later(seconds, self._heal, address, changes)

    def _heal(self, address: Address, changes: dict[str, Any]) -> None:
        if changes in self._active[address]:
            self._active[address].remove(changes)
            self._inject(address)

    def _inject(self, address: Address) -> None:
        changes = Faults().complete()
        for active in self._active[address]:
            changes |= active
        server = self._scene.house.device(address)
        was = server.relay.faults
        server.inject(self._loop.time(), **changes)
        self._scene.house.sync()
        restarts = was.unpowered and not server.relay.faults.unpowered
        silent_for = 2.0 if restarts else 0.0
        if address in self._scene.house.mqtt_servers:
            # What is late already is waited for by what comes behind it.
            silent_for = max(silent_for, was.delay_s + was.jitter_s)
        self._scene.faults_changed(address, silent_for=silent_for)
        if address in self._scene.house.pin_servers:
            self._judge.network_changed()

    def reboot(self, burner: str, relay: int, silent: float) -> None:
        bench = self._scene.benches[burner]
        index = min(relay, len(bench.relays) - 1)
        self._scene.house.reboot(burner, index, silent_for=silent)
        self._scene.faults_changed(bench.relays[index].wired.address, silent_for=silent)

    def broker(self, fault: str, seconds: float, **changes: Any) -> None:
        """It is `away`, `hangs`, or is not `well`: loses or delays messages.

        Or it is `parted` from the devices, or what it says to `guard_stalls` or `devices_stall`.
        """
        changes["fault"] = fault
        self._broker_active.append(changes)
        self._broker_changed()
        self._loop.call_later(seconds, self._broker_heals, changes)

    def _broker_heals(self, changes: dict[str, Any]) -> None:
        if changes in self._broker_active:
            self._broker_active.remove(changes)
            self._broker_changed()

    def _broker_changed(self) -> None:
        broker, active = self._scene.broker, self._broker_active
        faults = {changes["fault"] for changes in active}
        silent_for = 2 * (broker.delay + broker.jitter)
        for name in ("loss", "delay", "jitter"):
            setattr(broker, name, max((one.get(name, 0.0) for one in active), default=0.0))
        if "away" in faults:
            broker.leave()
        else:
            silent_for = max(silent_for, broker.come_back())
            broker.hang() if "hangs" in faults else broker.go_on()
        broker.stall(to_guard="guard_stalls" in faults, to_devices="devices_stall" in faults)
        parted = next((changes for changes in active if changes["fault"] == "parted"), None)
        if parted is not None:
            broker.part(parted["qos"], parted["unacknowledged"], expiry=parted["expiry"])
        else:
            broker.rejoin()
        self._scene.broker_changed(silent_for=silent_for)

    def oversized(self) -> None:
        """Somebody publishes what is too long for the guard on a topic that it listens to."""
        scene = self._scene
        scene.broker.send_too_much(OVERSIZED_PAUSE)
        scene.broker_changed()
        self._loop.call_later(OVERSIZED_PAUSE, scene.broker_changed)

    def unclean(self, burner: str, where: str, word: str, keep: bool) -> None:
        """Somebody puts what is no word on a device's topics: see `tests.torture.unclean`."""
        for topic in unclean.topics(self._scene.config, burner, where):
            self._scene.broker.from_device(Out(topic, unclean.WORDS[word], keep))

    # --- the network --------------------------------------------------------------------------

    def network(self, fault: str, seconds: float = 0.0) -> None:
        """The machine is `away` from it for a while, `moves` in it, or a router `forgets` it."""
        air = self._scene.air
        if fault == "moves":
            air.move()
        elif fault == "forgets":
            air.forget_flows()
        else:
            self._networks_away += 1
            air.routed = False
            self._loop.call_later(seconds, self._network_back)
        self._scene.network_changed()
        self._judge.network_changed()

    def _network_back(self) -> None:
        self._networks_away = max(0, self._networks_away - 1)
        self._scene.air.routed = not self._networks_away
        self._scene.network_changed()

    def names(self, fault: str, seconds: float) -> None:
        """The name server is `silent`, `slow` or `fails`, for a while."""
        self._name_faults += 1
        self._scene.air.names.suffer(fault)
        self._loop.call_later(seconds, self._names_well, self._name_faults)

    def _names_well(self, number: int) -> None:
        if number == self._name_faults:
            self._scene.air.names.suffer("")

    def relay_moves(self, burner: str, relay: int, after: float) -> None:
        """A relay with a name gets another address; the name server learns of it later."""
        bench = self._scene.benches[burner]
        host = bench.relays[min(relay, len(bench.relays) - 1)].wired.address[0]
        if host in self._scene.air.names.hosts.values():
            self._scene.air.names.move(host, after)
            self._judge.network_changed()

    # --- the disk -----------------------------------------------------------------------------

    def disk(self, fault: str, seconds: float) -> None:
        """`hangs`, `refuses` or is `slow`, for a while."""
        scene = self._scene
        scene.disk_faulted = True
        self._disk_faults += 1
        scene.disk.suffer(fault)
        self._loop.call_later(seconds, self._disk_well, self._disk_faults)

    def _disk_well(self, number: int) -> None:
        if number == self._disk_faults:
            self._scene.disk.suffer("")

    # --- the guard's life ---------------------------------------------------------------------

    async def kill(
        self, where: str, number: int, away: float, machine: bool, house: bool = False, **end: Any
    ) -> None:
        """Kill the guard at a loop step, a datagram or a write; start it again `away` s later.

        `machine`: the whole computer lost power; `house`: the relays too. `end` as in `_return`.
        """
        scene = self._scene
        if not scene.pi.alive or not self.back.done():
            return
        self.back = self._loop.create_future()
        died: asyncio.Future[None] = self._loop.create_future()
        left = number

        def die() -> None:
            scene.air.on_send, scene.disk.on_write = self._judge.sent, None
            if not died.done():
                died.set_result(None)
                self._judge.note("the guard is killed")
                self._disk_was_sound = scene.disk.sound
                scene.pi.kill(power=machine)
                if machine:
                    # It runs on the same computer.
                    self.broker("away", max(away, 0.05))

        def count() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                die()
            elif where == "step":
                self._loop.call_soon(count)

        def sending(data: bytes, target: Address) -> None:
            self._judge.sent(data, target)
            count()

        if where == "step":
            count()
        elif where == "datagram":
            scene.air.on_send = sending
        elif where == "before a write":
            scene.disk.on_write = lambda after: None if after else count()
        else:
            scene.disk.on_write = lambda after: count() if after else None
        too_late = self._loop.call_later(3.0, die)
        await died
        too_late.cancel()
        if house and machine:
            for name, bench in scene.benches.items():
                for watch in bench.relays:
                    # The computer feeds what hangs on its pins: they were reset with it.
                    if watch.wired.address not in scene.house.pin_servers:
                        self.fault(name, watch.index, max(away, 0.5), unpowered=True)
        back = partial(self._return, away, machine, **end)
        if away > 60:
            await asyncio.sleep(away)
            back()
        else:
            self._loop.call_later(max(0.05, away), back)

    def _return(self, away: float, machine: bool, right: bool, damage: str | None = None) -> None:
        """`right`: its clock is synchronised when it is back; `damage`: what its disk suffered."""
        scene = self._scene
        if damage == "torn":
            scene.disk.tear()
        elif damage:
            scene.disk.damage(damage)
            scene.disk_faulted = True
        clock = scene.pi.clock
        trust = dict.fromkeys(scene.benches, Trust.SURE)
        if machine:
            for name, bench in scene.benches.items():
                trust[name] = self._trust(bench.account.timer_asked_at, right)
            clock.reboot(away, right=right)
        self.start(trust, damaged=damage not in (None, "torn"))

    def _trust(self, asked_at: float, right: bool) -> Trust:
        clock = self._scene.pi.clock
        if not right:
            return Trust.NONE
        if clock.last_right < asked_at:
            # Unless what was asked for never reached the disk: that holds an older stamp then.
            return Trust.NONE if self._disk_was_sound else Trust.PERHAPS
        return Trust.SURE if clock.last_wrong < asked_at - 0.1 else Trust.PERHAPS

    def start(self, trust: dict[str, Trust] | None = None, *, damaged: bool = False) -> None:
        """Start the guard."""
        scene = self._scene
        self._judge.note(f"the guard starts{' from a damaged store' if damaged else ''}")
        scene.pi.boot()
        self._judge.booted(trust or dict.fromkeys(scene.benches, Trust.SURE), damaged=damaged)
        scene.air.on_send = self._judge.sent
        scene.network_changed()
        scene.pi.start()
        for name, bench in scene.benches.items():
            bench.shown = scene.pi.states.get(name)
        self.back.set_result(None)

    def calm(self) -> None:
        """The end of the session: everything heals, and the guard comes back."""
        self._rival.calm()
        for address in list(self._active):
            self._active[address].clear()
            self._inject(address)
        self._broker_active.clear()
        self._broker_changed()
        self._networks_away = 0
        self._network_back()
        self._names_well(self._name_faults)
        self._disk_well(self._disk_faults)
