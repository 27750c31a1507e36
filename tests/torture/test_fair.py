"""The judge accuses the guard of nothing that it could not know."""

import asyncio
from datetime import UTC as IN_UTC
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gasguard.config.load import parse_config
from tests.torture.curfew import Curfew
from tests.torture.loop import TortureLoop
from tests.torture.pi import PiClock
from tests.torture.plan import Action, Plan
from tests.torture.session import run
from tests.torture.zones import DAY, UTC, ZONES, Zone

RELAY = {
    "driver": "miot",
    "host": "127.0.0.10",
    "token": "00112233445566778899aabbccddeeff",
    "switch": {"siid": 2, "piid": 1},
    "contact": "normally_closed",
}


def plan(*actions: Action, seed: int = 1) -> Plan:
    """One burner with one relay that stays open for long, and no sensor."""
    burner = {"limits": {"rearm_after": "10m"}, "relay": RELAY}
    return Plan(seed, {"burners": {"left": burner}}, {}, 0.001, actions)


@pytest.mark.parametrize("seed", range(4))
def test_a_closing_that_somebody_undoes_before_the_next_poll_need_not_be_told(seed: int) -> None:
    """Seed 2026112, session 433: closed by a rival, opened in Mi Home 0.6 s later."""
    undoing = [
        Action(20.5 + n / 5, "mi_home", "left", {"on": True, "wired": True}) for n in range(12)
    ]
    off, rival = Action(20.0, "off", "left"), Action(20.3, "rival", "left", {"seconds": 1.9})
    outcome = run(plan(off, rival, *undoing, seed=seed))
    assert outcome.rule is None, outcome.text


class Ear(asyncio.DatagramProtocol):
    """Anybody's."""


def test_what_comes_for_a_dead_guard_is_not_heard_by_the_next() -> None:
    """Seed 2026112, session 1206: a late answer to the dead one; the next had not met the relay."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, TortureLoop)
        relay = ("127.0.0.10", 54321)
        air = loop.air
        device = air.open(Ear(), relay, None)
        air.connect()
        dead = air.open(Ear(), None, None)
        dead.sendto(b"question", relay)
        air.sever()
        air.connect()
        living = air.open(Ear(), None, None)
        assert living.local != dead.local
        device.sendto(b"late", dead.local)
        await asyncio.sleep(0.02)
        assert relay not in air.heard_at
        device.sendto(b"lost", living.local)
        air.forget_flows()
        await asyncio.sleep(0.02)
        assert relay not in air.heard_at, "it was sent, and has not arrived"
        device.sendto(b"hello", air.open(Ear(), None, None).local)
        await asyncio.sleep(0.02)
        assert relay in air.heard_at

    with asyncio.Runner(loop_factory=lambda: TortureLoop(seed=1, latency=0.01)) as runner:
        runner.run(story())


def test_a_window_that_began_between_two_looks_may_hold_since_the_first_of_them(
    tmp_path: Path,
) -> None:
    """Seed 2026112, session 364: nobody looks often while the guard is dead; its grace ended in
    time, and seemed to be cut short."""
    config = parse_config(
        {
            "burners": {"left": {"relay": RELAY}},
            "timezone": "UTC",
            "schedules": {"night": {"lock": {"from": "11:37", "to": "11:40"}, "grace": "20s"}},
        },
        tmp_path,
    )
    with asyncio.Runner(loop_factory=lambda: TortureLoop(seed=1, latency=0.01)) as runner:
        curfew = Curfew(config, PiClock(runner.get_loop()))
    begins = 11 * 3600 + 37 * 60 - UTC.wall_zero % DAY
    (night,) = curfew.entries
    curfew.look(begins - 1, alive=False, remembers=True)
    curfew.look(begins + 9, alive=True, remembers=True)
    assert night.may_hold_since <= begins
    assert night.holds_since == begins + 9


@pytest.mark.parametrize("zone", ZONES.values(), ids=list(ZONES))
def test_clocks_change_as_they_will(zone: Zone) -> None:
    for minute in range(-120, 120):
        at = zone.changes_at + 60.0 * minute
        real = datetime.fromtimestamp(at, ZoneInfo(zone.name)).replace(tzinfo=IN_UTC)
        assert zone.shown(at) == real.timestamp()
        assert at in zone.moments(zone.shown(at))


def test_what_was_refused_has_saved_nothing() -> None:
    """Seed 2026112, session 6: the clock was right at the last save, and wrong when an extension
    was refused. Over a restart the guard knew what time had passed, and seemed not to."""
    flame = {"driver": "mqtt", "topic": "flame/left", "expire_after": "60s"}
    burner = {"limits": {"max_burn": "10m"}, "relay": RELAY, "flame": flame}
    away = {"where": "step", "number": 0, "away": 0.5, "machine": True, "right": True}
    actions = (
        Action(10.0, "light", "left"),
        Action(37.0, "jump", "", {"seconds": -3600.0, "believed": True}),
        Action(39.0, "extend", "left", {"seconds": 150.0, "key": "a"}),
        Action(41.0, "kill", "", away),
    )
    outcome = run(Plan(1, {"burners": {"left": burner}}, {"left": 0.2}, 0.01, actions))
    assert outcome.rule is None, outcome.text


def test_a_contact_that_another_hand_closes_while_the_close_is_lost_is_the_guards() -> None:
    """Seed 77015, session 55: its lease was renewed once it was read closed."""
    lease = {"after": "60s", "siid": 2, "piid": 3, "unit": "s"}
    relay = {**RELAY, "contact": "normally_open", "lease": lease}
    actions = (
        Action(20.0, "mi_home", "left", {"on": False, "wired": True}),
        Action(22.2, "lock", "left"),
        Action(22.25, "reboot", "left", {"relay": 0, "silent": 6.9}),
        Action(28.65, "unlock", "left"),
        Action(29.8, "mi_home", "left", {"on": True, "wired": True}),
    )
    burner = {"limits": {"rearm_after": "3s"}, "relay": relay}
    outcome = run(Plan(1, {"burners": {"left": burner}}, {}, 0.001, actions))
    assert outcome.rule is None, outcome.text


def test_an_alarm_of_what_is_locked_for_it_already_demands_nothing_beyond_its_re_arm() -> None:
    """Seed 20261210, session 1364: somebody closed the contact, unseen, just before that alarm."""
    heat = {"kind": "overheat", "driver": "mqtt", "topic": "alarm/heat"}
    actions = (
        Action(20.0, "hazard", "left", {"alarm": "overheat", "seconds": 1.0}),
        Action(30.0, "mi_home", "left", {"on": False, "wired": True}),
        Action(30.003, "hazard", "left", {"alarm": "overheat", "seconds": 0.5}),
        Action(30.04, "network", "", {"fault": "away", "seconds": 9.638}),
        Action(32.003, "rearm", "left", {"source": "cli"}),
    )
    config = {"burners": {"left": {"relay": RELAY}}, "hazards": {"overheat": heat}}
    outcome = run(Plan(1, config, {}, 0.001, actions))
    assert outcome.rule is None, outcome.text


def test_a_window_that_holds_is_kept_by_a_clock_that_nobody_believes(tmp_path: Path) -> None:
    """Seed 4242, session 118: tripped behind its grace, seven seconds after the clock was moved."""
    night = {"lock": {"from": "11:37", "to": "11:40"}, "grace": "20s"}
    config = parse_config(
        {"burners": {"left": {"relay": RELAY}}, "timezone": "UTC", "schedules": {"night": night}},
        tmp_path,
    )
    with asyncio.Runner(loop_factory=lambda: TortureLoop(seed=1, latency=0.01)) as runner:
        clock = PiClock(runner.get_loop())
    curfew = Curfew(config, clock)
    begins = 11 * 3600 + 37 * 60 - UTC.wall_zero % DAY
    (entry,) = curfew.entries
    curfew.look(begins + 5, alive=True, remembers=True)
    clock.jump(3600.0, believed=False)
    for second in range(6, 20):
        curfew.look(begins + second, alive=True, remembers=True)
    curfew.glance(begins + 20)
    assert entry.may_have_held_at == begins + 20
    clock.ntp()
    curfew.look(begins + 300, alive=True, remembers=True)
    curfew.look(begins + 301, alive=True, remembers=True)
    assert entry.may_have_held_at == begins + 20
