"""Mi Home's ways in, and the device's own countdown."""

import asyncio
from pathlib import Path

from gasguard.core.messages import Kind, Status
from gasguard.core.model import Lock, Phase, Reason, Source
from tests.guard.kitchen import Kitchen, burner, cook, relay

VOICE = {"siid": 4, "piid": 1}
LEASE = {"after": "1m", "siid": 2, "piid": 3}


def voiced() -> dict[str, object]:
    """The original wiring: normally closed, an unwired channel for the voice."""
    return burner(voice=VOICE)


def leased() -> dict[str, object]:
    """Normally open, held by a lease of a minute."""
    return burner(relay=relay(contact="normally_open", lease=LEASE))


def test_off_on_the_voice_channel_opens_the_wired_one(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.timer(600)
        here.world.mi_home("left", False)
        await here.until(lambda: here.circuit() == "open", 2.5)
        await here.phase(Phase.TRIPPED, 1)
        trip = here.state().last_trip
        assert trip is not None and (trip.reason, trip.source) == (Reason.VOICE, Source.MI_HOME)
        assert here.state().timer is None
        await here.phase(Phase.READY, 15)
        assert here.world.relay("left").value((4, 1)) is True
        here.world.mi_home("left", False)
        await here.phase(Phase.TRIPPED, 3)

    cook(tmp_path, story, left=voiced())


def test_a_delayed_off_on_the_voice_channel(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        here.world.mi_home_off_in("left", 60)
        await asyncio.sleep(58)
        assert here.lit()
        await here.until(lambda: here.circuit() == "open", 5)

    cook(tmp_path, story, left=voiced())


def test_a_voice_channel_found_off_at_start_is_a_demand(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.halt()
        here.world.mi_home("left", False)
        await here.light()
        here.boot()
        await here.phase(Phase.TRIPPED, 3)
        assert here.circuit() == "open"
        await here.phase(Phase.READY, 15)

    cook(tmp_path, story, left=voiced())


def test_a_mi_home_on_never_clears_a_lock(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.lock()
        await here.phase(Phase.LOCKED_OUT, 1)
        here.world.mi_home("left", False, wired=True)
        await here.until(lambda: here.circuit() == "closed", 1)
        await here.until(lambda: here.circuit() == "open", 2.5)
        await here.phase(Phase.LOCKED_OUT, 1)
        await here.restart(5)
        await here.phase(Phase.LOCKED_OUT, 1)
        assert here.circuit() == "open"
        await here.unlock()
        await here.phase(Phase.READY, 15)

    cook(tmp_path, story, left=voiced())


def test_a_jogging_module_is_pulsed_until_read_back_open_and_takes_no_lock(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        assert (await here.off()).status is Status.CONFIRMED
        await asyncio.sleep(1)
        assert not here.lit() and here.circuit() == "closed"
        assert (await here.lock()).code == "unsupported"
        await here.phase(Phase.READY, 15)
        await here.light()

    cook(tmp_path, story, left=burner(relay=relay(jog="500ms")))


def test_the_lease_is_renewed_for_as_long_as_the_guard_lives(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await asyncio.sleep(600)
        assert here.lit() and here.state().phase is Phase.READY
        await here.halt()
        gone = asyncio.get_running_loop().time()
        while here.lit():
            await asyncio.sleep(0.5)
        assert 35 < asyncio.get_running_loop().time() - gone < 63
        await asyncio.sleep(60)
        here.boot()
        await here.phase(Phase.TRIPPED, 3)
        trip = here.state().last_trip
        assert trip is not None and trip.reason is Reason.LEASE
        await here.phase(Phase.READY, 15)

    cook(tmp_path, story, left=leased())


def test_lost_renewals_are_made_up_for(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        here.world.inject("left", loss_in=0.3, loss_out=0.3)
        await asyncio.sleep(1200)
        assert here.lit()
        assert Kind.TRIP not in here.kinds and Kind.TIMER_STARTED not in here.kinds

    cook(tmp_path, story, left=leased())


def test_a_countdown_of_somebody_else_becomes_a_timer_and_is_never_lengthened(
    tmp_path: Path,
) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await asyncio.sleep(100)
        here.world.mi_home_off_in("left", 300)
        await asyncio.sleep(5)
        timer = here.state().timer
        assert timer is not None and timer.source is Source.MI_HOME
        took = await here.until(lambda: here.circuit() == "open", 400)
        assert 293 < took < 297
        await here.phase(Phase.TRIPPED, 2)

    cook(tmp_path, story, left=leased())


def test_a_trip_cancels_the_countdown(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.light()
        await here.off()
        await asyncio.sleep(1)
        await here.phase(Phase.READY, 15)
        await here.light()
        await asyncio.sleep(300)
        assert here.lit()

    cook(tmp_path, story, left=leased())


def test_the_module_may_fail_to_set_the_voice_channel_on(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        here.world.mi_home("left", False)
        await here.phase(Phase.TRIPPED, 3)
        channel = here.world.relay("left")
        await here.until(lambda: here.state().closing is not None, 15)
        await here.phase(Phase.READY, 5)
        assert channel.value((4, 1)) is True
        assert here.state().voice_armed

    cook(tmp_path, story, left=voiced())


def test_a_lock_of_a_damaged_store_holds_a_jogging_module_down(tmp_path: Path) -> None:
    async def story(here: Kitchen) -> None:
        await here.halt()
        (tmp_path / "guard.db").write_bytes(b"this was a database " * 300)
        here.boot()
        await asyncio.sleep(3)
        assert here.state().phase is Phase.LOCKED_OUT
        assert Lock.RESTART in here.state().locks
        here.world.light("left")
        await asyncio.sleep(20)
        assert not here.lit()
        assert (await here.rearm()).status is Status.ACCEPTED
        await here.phase(Phase.READY, 10)

    cook(tmp_path, story, left=burner(relay=relay(jog="500ms")))
