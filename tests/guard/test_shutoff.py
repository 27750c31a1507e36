"""From demand to contact, over a wire and a relay that misbehave in every known way."""

import asyncio
from pathlib import Path

import pytest

from gasguard.core.messages import Kind, Status
from gasguard.core.model import Contact, Lock, Phase, Reason, Source
from tests.guard.kitchen import Kitchen, burner, cook, relay

BOTH_WIRINGS = pytest.mark.parametrize("wiring", ["normally_closed", "normally_open"])


@BOTH_WIRINGS
def test_an_off_takes_the_flame_and_is_confirmed(tmp_path: Path, wiring: str) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        answer = await here.off()
        assert answer.status is Status.CONFIRMED
        assert here.circuit() == "open"
        await asyncio.sleep(1)
        assert not here.lit()

    cook(tmp_path, story, left=burner(relay=relay(contact=wiring)))


@BOTH_WIRINGS
def test_it_re_arms_after_the_set_time_and_the_burner_can_be_lit_again(
    tmp_path: Path, wiring: str
) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.off()
        took = await here.phase(Phase.READY, 15)
        assert 9.5 < took < 11
        assert not here.lit()
        await here.light()

    cook(tmp_path, story, left=burner(relay=relay(contact=wiring)))


def test_a_relay_of_the_older_kind(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        assert (await here.off()).status is Status.CONFIRMED
        await here.phase(Phase.READY, 15)

    old = {"driver": "miio", "host": "127.0.0.9", "token": relay()["token"]}
    cook(tmp_path, story, left=burner(relay={**old, "contact": "normally_open"}))


def test_the_timer_shuts_off_on_time(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(30)
        took = await here.until(lambda: here.circuit() == "open", 60)
        assert 29.9 < took < 30.3
        trip = here.state().last_trip
        assert trip is not None and (trip.reason, trip.source) == (Reason.TIMER, Source.CLI)

    cook(tmp_path, story)


def test_a_timer_runs_out_on_time_whatever_happens_to_the_wall_clock(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(30)
        here.clock.jump_wall(-7200)
        await asyncio.sleep(5)
        here.clock.jump_wall(86400)
        assert 24.9 < await here.until(lambda: here.circuit() == "open", 60) < 25.3

    cook(tmp_path, story)


@pytest.mark.parametrize("loss", [0.05, 0.2, 0.4])
def test_a_lossy_wire_costs_milliseconds(tmp_path: Path, loss: float) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", loss_in=loss, loss_out=loss, jitter_s=0.01)
        for _ in range(20):
            asked = here.off()
            assert (await asked).status is Status.CONFIRMED
            trip = here.state().last_trip
            assert trip is not None and trip.latency is not None and trip.latency < 2
            await here.phase(Phase.READY, 60)

    cook(tmp_path, story)


def test_duplicated_and_reordered_packets_change_nothing(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", duplicate=0.5, reorder=0.5)
        for _ in range(20):
            assert (await here.off()).status is Status.CONFIRMED
            assert here.circuit() == "open"
            await here.phase(Phase.READY, 60)

    cook(tmp_path, story)


def test_a_relay_that_is_away_is_opened_as_soon_as_it_is_back(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        here.world.inject("left", offline=True)
        answer = await here.off()
        assert (answer.status, answer.code) == (Status.FAILED, "not_confirmed")
        assert here.state().phase is Phase.TRIP_FAILED
        await asyncio.sleep(120)
        here.world.inject("left", offline=False)
        assert await here.until(lambda: here.circuit() == "open", 5) < 1.1
        await here.phase(Phase.TRIPPED, 2)
        assert not here.state().locks
        await here.phase(Phase.READY, 15)

    cook(tmp_path, story)


def test_a_deadline_that_passes_while_the_relay_is_away_is_kept(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(20)
        here.world.inject("left", offline=True)
        await asyncio.sleep(10)
        assert not here.state().reachable
        assert Kind.RELAY_UNREACHABLE in here.kinds
        await asyncio.sleep(60)
        assert here.lit()
        here.world.inject("left", offline=False)
        assert await here.until(lambda: here.circuit() == "open", 5) < 1.1
        await here.phase(Phase.TRIPPED, 2)
        assert Kind.RELAY_RECOVERED in here.kinds

    cook(tmp_path, story)


def test_a_relay_that_reboots_forgets_its_clock_and_is_opened_all_the_same(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await asyncio.sleep(500)
        here.world.reboot("left", silent_for=0.5)
        await asyncio.sleep(0.6)
        answer = await here.off()
        assert answer.status is Status.CONFIRMED
        trip = here.state().last_trip
        assert trip is not None and trip.latency is not None and trip.latency < 1

    cook(tmp_path, story)


@pytest.mark.parametrize("skew", [-2000.0, 5000.0])
def test_a_skewed_device_clock_is_found_out(tmp_path: Path, skew: float) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", clock_skew_s=skew)
        assert (await here.off()).status is Status.CONFIRMED

    cook(tmp_path, story)


def test_an_acknowledgement_alone_proves_nothing(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        here.world.inject("left", lying=True)
        asked = asyncio.ensure_future(here.off())
        await asyncio.sleep(1.5)
        assert here.state().phase is Phase.TRIPPING
        assert here.state().contact is Contact.CLOSED
        assert (await asked).status is Status.FAILED
        assert here.state().phase is Phase.TRIP_FAILED
        await asyncio.sleep(1)
        assert Lock.STUCK in here.state().locks
        assert here.state().contact is Contact.CLOSED
        here.world.inject("left", lying=False)
        await here.phase(Phase.LOCKED_OUT, 2)
        assert here.circuit() == "open"
        await asyncio.sleep(60)
        assert here.circuit() == "open"
        assert (await here.rearm(source=Source.MQTT)).code == "remote_rearm"
        assert (await here.rearm()).status is Status.ACCEPTED
        await here.phase(Phase.READY, 3)

    cook(tmp_path, story)


def test_a_relay_that_refuses_says_so_in_its_state(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", refuse=True)
        answer = await here.off()
        assert answer.status is Status.FAILED
        assert answer.message is not None and "-4003" in answer.message
        here.world.inject("left", refuse=False)
        await here.phase(Phase.TRIPPED, 2)

    cook(tmp_path, story)


def test_a_busy_relay_gets_a_pause_and_obeys(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", busy=0.6)
        for _ in range(5):
            assert (await here.off()).status is Status.CONFIRMED
            await here.phase(Phase.READY, 60)

    cook(tmp_path, story)


def test_a_pending_answer_is_believed_only_when_read_back(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", pending_s=0.3)
        asked = asyncio.ensure_future(here.off())
        await asyncio.sleep(0.2)
        assert not asked.done()
        assert (await asked).status is Status.CONFIRMED
        assert here.circuit() == "open"

    cook(tmp_path, story)


def test_a_wrong_token_is_told_apart_from_silence(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.inject("left", wrong_token=True)
        await asyncio.sleep(10)
        problem = here.state().relays[0].problem
        assert problem is not None and "token" in problem
        here.world.inject("left", wrong_token=False, offline=True)
        await asyncio.sleep(10)
        problem = here.state().relays[0].problem
        assert problem is not None and "does not answer" in problem and "token" not in problem

    cook(tmp_path, story)


def test_a_relay_that_remembers_ids_over_restarts_executes_every_off(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        for number in range(30):
            assert (await here.off()).status is Status.CONFIRMED
            assert here.circuit() == "open"
            await here.phase(Phase.READY, 15)
            if number % 5 == 4:
                await here.restart()
                await here.phase(Phase.READY, 15)

    cook(tmp_path, story)


def test_somebody_switches_the_relay_in_mi_home(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(600)
        here.world.mi_home("left", True, wired=True)
        await here.phase(Phase.TRIPPED, 3)
        trip = here.state().last_trip
        assert trip is not None and (trip.reason, trip.source) == (Reason.VOICE, Source.MI_HOME)
        assert here.state().timer is None
        here.world.mi_home("left", False, wired=True)
        await here.until(lambda: here.circuit() == "closed", 1)
        await here.until(lambda: here.circuit() == "open", 2.5)
        assert 9.5 < await here.phase(Phase.READY, 30) < 13

    cook(tmp_path, story)


def test_two_burners_on_one_module_do_not_disturb_each_other(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light("left")
        await here.light("right")
        assert (await here.off("right")).status is Status.CONFIRMED
        await asyncio.sleep(1)
        assert here.lit("left") and not here.lit("right")

    second = relay(switch={"siid": 3, "piid": 1})
    cook(tmp_path, story, left=burner(), right=burner(relay=second))


def test_either_of_two_relays_in_series_is_enough(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        here.world.inject("left", 0, offline=True)
        answer = await here.off()
        assert answer.status is Status.CONFIRMED
        await asyncio.sleep(1)
        assert not here.lit()
        here.world.inject("left", 0, offline=False)
        await here.until(lambda: all(v.contact is Contact.OPEN for v in here.state().relays), 3)
        await here.phase(Phase.READY, 30)
        assert here.circuit() == "closed"

    both = [relay(), relay(host="127.0.0.10")]
    cook(tmp_path, story, left={"relays": both, "limits": {"rearm_after": "10s"}})
