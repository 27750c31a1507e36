"""What can be seen of a running session from outside the guard: contacts, wires, and the accounts.

Health is a matter of the injected faults alone, never of what the guard thinks of a relay.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from gasguard.config.load import Config
from gasguard.config.sensors import OnTopic
from gasguard.simulator.channels import Address, Countdown
from gasguard.simulator.faults import Faults
from gasguard.simulator.setup import Wired
from tests.torture.account import FAR, NEVER, Account
from tests.torture.broker import Broker
from tests.torture.curfew import Curfew
from tests.torture.disk import Disk
from tests.torture.house import House
from tests.torture.loop import TappedNetwork
from tests.torture.names import FOUND_WITHIN
from tests.torture.pi import Pi
from tests.torture.window import Payload

_TOLD_PROMPTLY, _TOLD_LATE = 0.05, 0.6
GOOD_WITHIN = 2.05
"""Rule 1's two seconds, and what the judge's own looking costs."""
FAIR_WITHIN = 4.5
"""The same over a wire that loses up to a quarter each way or a relay that is busy at times: the
chance that sixteen tries in a row are lost is below one in a billion sessions."""
FAIR_ON_MQTT_WITHIN = 16.0
"""The same for a relay behind a broker: it is asked again after up to 1 s, not after 0.15."""


@dataclass(slots=True)
class RelayWatch:
    """One relay in series: what its own switch did, and whether it could be reached."""

    wired: Wired
    index: int
    on_mqtt: bool = False
    open_now: bool = False
    opened_at: float = NEVER
    """When it last went open."""
    openings: deque[float] = field(default_factory=lambda: deque(maxlen=8))
    """The last times when it did: another hand may close it, and open it again, unseen."""
    last_open: float = NEVER
    """When it last stopped being open."""
    good_since: float = NEVER
    fair_since: float = NEVER
    dead_since: float = FAR
    """Since when nothing can come from it at all."""
    lying_since: float = FAR
    """Since when it answers 0 on a good wire and does not move."""
    last_open_order: float = NEVER
    """When the guard last sent it an open that arrived."""
    last_close_order: float = NEVER

    def first_opened(self, since: float) -> float:
        """When it went open first since then; or, where it was open, last."""
        return next((at for at in self.openings if at >= since), self.opened_at)


@dataclass(slots=True)
class Obligation:
    """The circuit must have been open at some moment from `since` on, in time."""

    why: str
    since: float
    extra: float = 0.0
    """Seconds more than the rule's own: until a poll has seen what was done to the relay."""
    level: bool = False
    """Not a demand of its own: it follows from one that stands."""


@dataclass(slots=True)
class Alarm:
    """What came to the living guard from a hazard sensor, and of it."""

    expire_after: float
    heard_at: float | None = None
    """When it last spoke itself."""
    word: bool | None = None
    """Its last word, or the alarm that a broker had kept."""
    garbled: bool = False
    """What it said last is no word."""
    offline: set[str] = field(default_factory=set)
    """Topics that say so since then; an empty one for the broker's own absence."""
    changed_at: float = NEVER


@dataclass(slots=True)
class Bench:
    """One burner's place: its account, its relays and what it is owed."""

    account: Account
    relays: list[RelayWatch]
    shown: Payload | None = None
    """The burner's state as people see it; None while there is no guard."""
    shown_at: float = NEVER
    """When it was published last."""
    owed: list[Obligation] = field(default_factory=list)
    timer_noted: float | None = None
    burn_noted: float | None = None
    flame_noted: float | None = None
    flame_since: float | None = None
    """Since when its flame physically burns."""
    voice: tuple[Address, tuple[int, int]] | None = None
    voice_on_since: float = NEVER
    voice_off_at: float | None = None
    """An off there that the guard must notice."""
    closing_at: float = NEVER
    """When the guard last sent a close while an open was owed: on the way it may be lost."""
    meddled_at: float | None = None
    """When a rival closed what the guard holds open, and has said so: it must find out and tell."""
    foreign: tuple[float, float] | None = None
    """Mi Home's own countdown: when it was set and when it ends."""

    locked_until: float = NEVER
    """When it was last seen locked, or perhaps locked."""
    schedule_locked: bool = False
    """The lock of a schedule is shown, or may be on disk."""
    schedule_lock_sure: bool = False
    """It is on disk, and nothing has ended it."""
    skipped_at: float = NEVER
    """When the guard last took a skip of a schedule that locks it."""
    offs_told: set[float] = field(default_factory=set)
    """Schedules' offs that the living guard has told, by their moment."""
    curfew: Curfew | None = None
    lease_end: float | None = None
    """When the countdown that the guard set last would end."""
    countdown: Countdown | None = None
    """That of its relay, where it holds a lease on it."""
    alarms: dict[str, Alarm] = field(default_factory=dict)
    """What the living guard was told by each hazard sensor that it heeds."""
    free_since: float = NEVER
    """Since when nothing stands against its closing, as far as anyone outside can tell."""

    def free(self, now: float) -> bool:
        """No lock, no hazard, no flame, nothing asked or owed."""
        return not self.owed and self.unheld(now)

    def unheld(self, now: float) -> bool:
        """No lock, no hazard, no flame, nothing asked: a contact that is closed may stay so."""
        account = self.account
        locks = account.child != {False} or account.latched or account.perhaps or account.reporting
        asks = any(not ask.done for ask in account.asks)
        return not (locks or asks or account.may_seem_to_burn(now))

    @property
    def all_open_since(self) -> float:
        """Since when every relay stands open; infinite if one does not."""
        return max(relay.opened_at if relay.open_now else FAR for relay in self.relays)

    @property
    def open_now(self) -> bool:
        """By the relays' own switches; a welded contact does not show in them."""
        return any(relay.open_now for relay in self.relays)

    def last_open(self, now: float) -> float:
        return now if self.open_now else max(relay.last_open for relay in self.relays)


class Scene:
    """Everything the checks may look at."""

    def __init__(
        self,
        config: Config,
        loop: asyncio.AbstractEventLoop,
        house: House,
        air: TappedNetwork,
        disk: Disk,
        pi: Pi,
        broker: Broker,
    ) -> None:
        self.config, self.loop, self.house, self.air = config, loop, house, air
        self.disk, self.pi, self.broker = disk, pi, broker
        self.curfew = Curfew(config, pi.clock)
        self.benches: dict[str, Bench] = {}
        self._silent_until: dict[Address, float] = {}
        self.wire_faults: set[str] = set()
        """Names of relay faults that this session has seen: what may excuse a latch."""
        self.disk_faulted = False
        self.broker_well_since = NEVER
        flames = [one.flame for one in config.burners.values() if isinstance(one.flame, OnTopic)]
        sensors: list[OnTopic] = [*config.hazards.values(), *flames, *config.people.values()]
        self.topics = [topic for sensor in sensors for _, topic in sensor.topics()]
        """Those of all sensors."""
        for name, burner in config.burners.items():
            hazards = config.hazards_of(name)
            relays = [
                RelayWatch(wired, index, on_mqtt=wired.address in house.mqtt_servers)
                for index, wired in enumerate(house.contacts(name))
            ]
            bench = Bench(Account(name, burner), relays, voice=house.voice(name))
            bench.alarms = {sensor: Alarm(hazards[sensor].expire_after) for sensor in hazards}
            bench.countdown = next((c for r in relays if (c := house.countdown(r.wired))), None)
            bench.curfew = self.curfew
            self.benches[name] = bench
            for relay in relays:
                relay.open_now = house.reads_open(relay.wired)

    @property
    def now(self) -> float:
        return self.loop.time()

    @property
    def told_late_by(self) -> float:
        """Seconds by which what the guard tells may be late at most: it waits for the disk."""
        return _TOLD_PROMPTLY if self.disk.sound else _TOLD_LATE

    def at(self, address: Address) -> Iterator[tuple[Bench, RelayWatch]]:
        """Every relay in a circuit that this module carries."""
        for bench in self.benches.values():
            for relay in bench.relays:
                if relay.wired.address == address:
                    yield bench, relay

    # --- health -------------------------------------------------------------------------------

    def faults_changed(self, address: Address, *, silent_for: float = 0.0) -> None:
        """A module's faults were exchanged, or it restarts and is silent for a while."""
        faults = self.house.device(address).relay.faults
        if address in self.house.mqtt_servers and faults.refuse:
            # It has no word for that: it answers, and does not obey.
            faults = faults.changed({"refuse": False, "lying": True})
        self.wire_faults |= set(faults.active())
        silent_until = max(self._silent_until.get(address, NEVER), self.now + silent_for)
        self._silent_until[address] = silent_until
        now = max(self.now, silent_until)
        if address in self.house.mqtt_servers:
            way = self._with_broker(faults)
        elif address in self.house.pin_servers:
            way = faults.changed({"offline": faults.offline or faults.refuse})
        else:
            way, late_by = self._with_network(address, faults)
            now = max(now, self.now + late_by)
        for _bench, relay in self.at(address):
            relay.good_since = now if good(way) else FAR
            relay.fair_since = now if fair(way) else FAR
            dead = way.offline or way.unpowered or way.frozen
            relay.dead_since = min(relay.dead_since, self.now) if dead else FAR
            honest_wire = faults.lying or faults.stuck
            quiet = fair(way.changed({"lying": False, "stuck": False}))
            relay.lying_since = now if honest_wire and quiet else FAR

    def broker_changed(self, *, silent_for: float = 0.0) -> None:
        """The broker's faults were exchanged; devices are not there before so many seconds."""
        broker = self.broker
        if broker.away or broker.hangs or broker.stalls or broker.is_shunned:
            self.broker_well_since = FAR
        elif self.broker_well_since == FAR:
            self.broker_well_since = self.now
        for address in self.house.mqtt_servers:
            self.faults_changed(address, silent_for=silent_for)

    def _with_broker(self, faults: Faults) -> Faults:
        """A module's faults and the broker's together, as if all were on the module's wire."""
        broker = self.broker
        cut = broker.away or broker.hangs or broker.parted or broker.stalls or broker.is_shunned
        return faults.changed(
            {
                "offline": faults.offline or cut,
                "loss_in": 1 - (1 - faults.loss_in) * (1 - broker.loss),
                "loss_out": 1 - (1 - faults.loss_out) * (1 - broker.loss),
                "delay_s": faults.delay_s + 2 * broker.delay,
                "jitter_s": faults.jitter_s + 2 * broker.jitter,
            }
        )

    def network_changed(self) -> None:
        """The machine's network, a name or the name server is another than before."""
        for address in self.house.servers:
            self.faults_changed(address)

    def _with_network(self, address: Address, faults: Faults) -> tuple[Faults, float]:
        """A module's faults and the network's, and how long the guard may look for it."""
        can_be_found, is_known = self.air.names.found(address[0])
        cut = not (self.air.routed and can_be_found)
        late_by = 0.0 if is_known else FOUND_WITHIN
        return faults.changed({"offline": faults.offline or cut}), late_by

    def due(self, bench: Bench, owed: Obligation) -> float:
        """When at the latest the circuit must have been open; infinite while no relay can."""
        began, firsts = max(owed.since, self.pi.up_since), []
        for relay in bench.relays:
            fair_within = FAIR_ON_MQTT_WITHIN if relay.on_mqtt else FAIR_WITHIN
            firsts += [max(began, relay.good_since) + GOOD_WITHIN]
            firsts += [max(began, relay.fair_since) + fair_within]
        return owed.extra + min(firsts)

    def well_for(self, bench: Bench, seconds: float) -> bool:
        """Whether all of its relays, and the guard, have been well that long."""
        since = self.now - seconds
        return self.pi.up_since <= since and all(r.good_since <= since for r in bench.relays)


def good(faults: Faults) -> bool:
    """Nothing is lost or late beyond what any house's Wi-Fi does."""
    late = faults.pending_s or faults.delay_s or faults.jitter_s > 0.05
    return fair(faults) and not (faults.loss_in or faults.loss_out or faults.busy or late)


def fair(faults: Faults) -> bool:
    """It can be reached: see FAIR_WITHIN for how surely."""
    dead = faults.offline or faults.unpowered or faults.frozen or faults.wrong_token
    disobeys = faults.refuse or faults.lying or faults.stuck
    wire = max(faults.loss_in, faults.loss_out) <= 0.25 and faults.delay_s <= 0.05
    slow = faults.busy > 0.3 or faults.pending_s > 0.3 or faults.jitter_s > 0.1
    return wire and not (dead or disobeys or slow)
