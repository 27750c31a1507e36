"""What the torture found, each as a small story of its own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gasguard.core.messages import (
    CancelTimer,
    FlameRead,
    HazardRead,
    Kind,
    Off,
    Rearm,
    SensorReachable,
    Status,
)
from gasguard.core.model import Flame, Lock, Phase, Source
from gasguard.drivers.mqtt.sensor import MISSED_AFTER, MqttSensor
from gasguard.guard.controller import BEAT_WITHIN, SAVE_WITHIN
from gasguard.guard.store import FILE_NAME
from gasguard.health import Heartbeats
from tests.drivers.test_sensors import Bus, hazard
from tests.guard.kitchen import Kitchen, burner, cook, relay


class HungDisk:
    """Keeps what the store is told to do until `go_on`, or loses it."""

    def __init__(self, here: Kitchen) -> None:
        self._store, self._run = here.store, here.store._run
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        here.store._run = self._keep  # type: ignore[method-assign, assignment]

    def _keep(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        return future

    def go_on(self) -> None:
        self._store._run = self._run  # type: ignore[method-assign]
        for work, future in self._waiting:
            work()
            if not future.done():
                future.set_result(None)

    def write_what_waits(self) -> None:
        waiting, self._waiting = self._waiting, []
        for work, future in waiting:
            work()
            future.set_result(None)

    def lose(self) -> None:
        """The process dies: nothing of what waited is ever written."""
        self._waiting.clear()
        self._store._db.close()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        self._store._run = lambda _work: done  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("left", [0, 7, 100])
def test_a_file_that_was_cut_off_is_no_new_one(tmp_path: Path, left: int) -> None:
    """Seed 1, sessions 12 and 31: SQLite takes a file shorter than a page for an empty database."""

    async def story(here: Kitchen) -> None:
        await here.lock()
        await here.halt()
        data = (tmp_path / FILE_NAME).read_bytes()
        (tmp_path / f"{FILE_NAME}-wal").unlink(missing_ok=True)
        (tmp_path / FILE_NAME).write_bytes(data[:left])
        here.boot()
        assert here.state().locks == {Lock.RESTART}

    cook(tmp_path, story)


def test_a_crash_right_after_the_damage_was_found_forgets_nothing(tmp_path: Path) -> None:
    """The new file is empty until the first save: the next start must not take it for clean."""

    async def story(here: Kitchen) -> None:
        await here.halt()
        (tmp_path / FILE_NAME).write_bytes(b"\0" * 5000)
        here.boot()
        disk = HungDisk(here)
        await asyncio.sleep(0.1)
        disk.lose()
        await here.halt()
        here.boot()
        assert here.state().locks == {Lock.RESTART}
        assert (await here.rearm()).status is Status.ACCEPTED
        await here.phase(Phase.READY, 15)
        await here.restart()
        assert not here.state().locks

    cook(tmp_path, story)


def test_a_re_arm_that_waits_for_the_disk_gives_way_to_a_later_off(tmp_path: Path) -> None:
    """Seed 1, session 71: the contact closed 0.9 s after an off, by a re-arm from before it."""

    async def story(here: Kitchen) -> None:
        disk = HungDisk(here)
        await here.off()
        rearm = here.ask(Rearm(Source.CLI))
        await asyncio.sleep(0.1)
        off = here.ask(Off(Source.CLI))
        await asyncio.sleep(0.1)
        disk.go_on()
        assert (await rearm).code == "overtaken"
        assert (await off).status is Status.CONFIRMED
        began = asyncio.get_running_loop().time()
        await here.until(lambda: here.circuit() == "closed", 20)
        assert asyncio.get_running_loop().time() - began > 8

    cook(tmp_path, story)


@pytest.mark.parametrize(("hangs_for", "code"), [(1.0, "overtaken"), (9.0, "not_saved")])
def test_a_re_arm_that_gave_way_is_answered_once_the_latch_is_on_disk_again(
    tmp_path: Path, hangs_for: float, code: str
) -> None:
    """Seed 7, session 142: told as overtaken; power failed 0.1 s later, and the latch was gone.

    The disk had the re-arm already, and not yet the state that the off had brought back.
    """

    async def story(here: Kitchen) -> None:
        here.post(HazardRead("smoke", True))
        await here.phase(Phase.LOCKED_OUT, 3)
        here.post(HazardRead("smoke", False))
        await asyncio.sleep(1)
        disk = HungDisk(here)
        rearm = here.ask(Rearm(Source.CLI))
        await asyncio.sleep(0.1)
        here.ask(Off(Source.CLI))
        for _written in ("the re-arm as it was asked for, the off", "the re-arm behind the off"):
            await asyncio.sleep(0.3)
            disk.write_what_waits()
        await asyncio.sleep(hangs_for)
        assert rearm.done() == (code == "not_saved")
        disk.go_on()
        assert (await rearm).code == code
        assert here.state().locks == {Lock.SMOKE_ALARM}

    cook(tmp_path, story)


def test_a_cancelling_is_not_acknowledged_while_the_timer_is_still_on_the_disk(
    tmp_path: Path,
) -> None:
    """Seed 2, session 24: an off had ended the timer, but no disk knew; a restart brought it back.

    The cancelling after it changed nothing in memory and was acknowledged at once.
    """

    async def story(here: Kitchen) -> None:
        await here.timer(300)
        disk = HungDisk(here)
        await here.off()
        answer = await here.ask(CancelTimer(Source.CLI))
        assert (answer.status, answer.code) == (Status.REJECTED, "not_saved")
        disk.go_on()
        assert (await here.ask(CancelTimer(Source.CLI))).status is Status.ACCEPTED

    cook(tmp_path, story)


def test_requests_that_wait_for_a_hung_disk_wait_together(tmp_path: Path) -> None:
    """Seed 2, session 538: seven re-arms were answered one after another, 5 s each."""

    async def story(here: Kitchen) -> None:
        await here.lock()
        disk = HungDisk(here)
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(here.unlock() for _ in range(7)))
        assert asyncio.get_running_loop().time() - began < SAVE_WITHIN + 0.5
        disk.go_on()

    cook(tmp_path, story)


def test_news_of_two_burners_do_not_pile_up_behind_a_hung_disk(tmp_path: Path) -> None:
    """Seed 5, session 40: the two writes that were late took turns, and each was waited for anew;
    `trip_failed` was told 8 s after it happened, and later each minute."""

    async def story(here: Kitchen) -> None:
        disk = HungDisk(here)
        for name in ("left", "right"):
            here.world.inject(name, lying=True)
            here.ask(Off(Source.CLI), name)
        await asyncio.sleep(30)
        assert here.controller._bulletins.waiting < 5
        disk.go_on()

    other = relay(host="127.0.0.10")
    cook(tmp_path, story, left=burner(), right=burner(relay=other))


def test_a_jogging_module_that_is_slow_to_obey_is_not_flooded(tmp_path: Path) -> None:
    """Seed 6, session 605: while a lock stood, each read-back that showed closed ordered another
    opening at once, seventy datagrams a second."""

    async def story(here: Kitchen) -> None:
        await here.halt()
        (tmp_path / FILE_NAME).write_bytes(b"")
        here.boot()
        await here.phase(Phase.LOCKED_OUT, 5)
        here.world.inject("left", pending_s=0.3)
        await asyncio.sleep(5)
        before = here.world.relay("left").executed
        await asyncio.sleep(10)
        assert here.world.relay("left").executed - before < 200

    cook(tmp_path, story, left=burner(relay=relay(jog="500ms")))


def test_a_relay_that_keeps_failing_does_not_look_like_a_hung_guard(tmp_path: Path) -> None:
    """Seed 2, session 6: events less than a second apart put off every tick, and with it the beat;
    systemd would have killed the guard in the middle of a failed trip."""

    async def story(here: Kitchen) -> None:
        heartbeats = Heartbeats(asyncio.get_running_loop().time)
        here.controller._heartbeats = heartbeats
        here.controller._beat = heartbeats.expect("deadlines", BEAT_WITHIN)
        here.world.inject("left", offline=True)
        here.ask(Off(Source.CLI))
        for _ in range(20):
            await asyncio.sleep(3)
            assert "deadlines" not in heartbeats.late()

    cook(tmp_path, story)


def test_an_off_does_not_wait_for_the_read_back_of_the_one_before(tmp_path: Path) -> None:
    """Seed 21, session 1253: a busy relay held the second off's open up for 0.4 s."""

    async def story(here: Kitchen) -> None:
        module = here.world.relay("left")
        opens: list[float] = []
        sound = module._answer

        def answer(request: Any, *rest: Any) -> Any:
            if request["method"] == "set_properties":
                opens.append(asyncio.get_running_loop().time())
                return sound(request, *rest)
            return {"id": request["id"], "error": {"code": -9999, "message": "busy"}}

        module._answer = answer  # type: ignore[method-assign]
        here.ask(Off(Source.MQTT))
        for _ in range(40):
            await asyncio.sleep(0.137)
            pressed = asyncio.get_running_loop().time()
            here.ask(Off(Source.MQTT))
            await asyncio.sleep(0.025)
            on_its_way = [at for at in opens if at > pressed - 0.2]
            assert on_its_way, f"the last open came {pressed - opens[-1]:.2f} s before the off"
        assert len(opens) < 40 * 6, "an impatient finger is no flood"

    cook(tmp_path, story)


def test_news_does_not_pile_up_behind_a_hung_disk(tmp_path: Path) -> None:
    """Seed 101, session 152: each change waited half a second more than the one before."""

    async def story(here: Kitchen) -> None:
        disk = HungDisk(here)
        for _ in range(10):
            here.post(FlameRead(Flame.LIT))
            here.post(FlameRead(Flame.OUT))
        await asyncio.sleep(0.6)
        told = here.kinds.count(Kind.FLAME_OUT)
        disk.go_on()
        assert told == 10

    cook(tmp_path, story, left=burner(flame={"driver": "mqtt", "topic": "flame"}))


def test_requests_do_not_pile_up_behind_a_shutoff_and_a_hung_disk(tmp_path: Path) -> None:
    """Seed 101, session 152: each of several re-arms waited its own five seconds for the disk."""

    async def story(here: Kitchen) -> None:
        disk = HungDisk(here)
        here.ask(Off(Source.CLI))
        await asyncio.sleep(0.5)
        rearms = [here.ask(Rearm(Source.CLI)) for _ in range(8)]
        here.world.inject("left", offline=True)
        here.ask(Off(Source.CLI))
        await asyncio.sleep(2 * SAVE_WITHIN)
        done = [rearm.done() for rearm in rearms]
        disk.go_on()
        assert all(done)
        answers = await asyncio.gather(*rearms)
        assert {answer.status for answer in answers} == {Status.REJECTED}

    cook(tmp_path, story)


def test_a_sensor_that_was_mistaken_for_offline_is_missed_when_the_broker_goes() -> None:
    """Others still called it offline: that it lost its broker too was no news, and never told."""

    async def story(bus: Bus, _sensor: MqttSensor, told: list[Any]) -> None:
        bus.connect(True)
        bus.say("zigbee/gas/availability", "offline")
        bus.say("zigbee/gas", "clear")
        bus.connect(False)
        await asyncio.sleep(MISSED_AFTER + 1)
        gone = SensorReachable("gas", reachable=False)
        assert told == [gone, HazardRead("gas", active=False), gone]

    hazard(story)
