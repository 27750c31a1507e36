"""Random bytes at random places in the database while the guard is down.

Whatever they hit, the guard starts, and either knows what it knew or locks every burner out
(`restart`): it must not lose a lock, nor bring a cancelled timer back.
"""

import asyncio
import random
import shutil
import time
from pathlib import Path

import pytest

from gasguard.core.model import Lock, Source, Timer
from gasguard.core.recovery import Record, Stamp
from gasguard.guard.store import Store
from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually

STORE_SEEDS = 150
FILES = ("guard.db", "guard.db-wal")


def damage(folder: Path, seed: int) -> str:
    """Overwrite random bytes at random places of one file; which, for messages."""
    draw = random.Random(seed)
    path = folder / draw.choice([name for name in FILES if (folder / name).stat().st_size])
    data = bytearray(path.read_bytes())
    length = draw.choice((1, 4, 16, 200, 2000))
    for _ in range(draw.choice((1, 3))):
        at = draw.randrange(len(data))
        new = draw.randbytes(min(length, len(data) - at))
        data[at : at + len(new)] = new
    path.write_bytes(data)
    return f"seed {seed}: {path.name}, {length} bytes"


@pytest.mark.parametrize(
    "seeds", [range(12), pytest.param(range(12, 30), marks=pytest.mark.long)], ids=str
)
def test_damaged_databases_under_the_real_daemon(make_kitchen, seeds):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    stove, daemon = kitchen.stove(), kitchen.daemon()
    kitchen.order("timer", "50m")
    kitchen.order("lock", "LOCK", burner="right")
    kitchen.order("timer", "cancel")
    kitchen.order("timer", "20m")
    began = time.monotonic()
    daemon.kill()
    sound = kitchen.folder / "sound"
    shutil.copytree(kitchen.state_dir, sound, ignore=shutil.ignore_patterns("*.sock"))
    known, locked_out = [], []
    for seed in seeds:
        shutil.rmtree(kitchen.state_dir)
        shutil.copytree(sound, kitchen.state_dir)
        what = damage(kitchen.state_dir, seed)
        # Somebody has switched both on meanwhile: what must be open, the guard has to open.
        for name in ("left", "right"):
            stove.tell(f"mihome {name} wired on")
        daemon = kitchen.run()

        def settled(daemon=daemon, what=what):
            assert daemon.running, f"{what}: the daemon ended:\n{daemon.output}"
            states = kitchen.ask()
            phases = {state["phase"] for state in states.values()} if states else {"starting"}
            return not phases & {"starting", "tripping"} and states

        states = eventually(settled, 15, what)
        left, right = states["left"], states["right"]
        if left["locks"] == ["restart"] and right["locks"] == ["restart"]:
            locked_out.append(seed)
            eventually(lambda: stove.circuit("left") == "open", 3, what)
        else:
            known.append(seed)
            assert (left["locks"], right["locks"]) == ([], ["child"]), what
            assert left["timer"]["duration_s"] == 1200, what
            assert abs(1200 - left["timer"]["remaining_s"] - (time.monotonic() - began)) < 5, what
        eventually(lambda: stove.circuit("right") == "open", 3, what)
        daemon.kill()
    assert known
    assert locked_out


RIGHT = {
    "left": (
        Record(timer=Timer(4321.25, 1200.0, Source.CLI, "eggs")),
        Stamp("this boot", 1000.5, 1.75e9, True),
    ),
    "right": (
        Record(locks=(Lock.CHILD, Lock.GAS_ALARM)),
        Stamp("this boot", 1001.5, 1.75e9, True),
    ),
}


async def written(folder: Path) -> None:
    """A store with a past, as kill -9 leaves it."""
    running = folder.with_name("running")
    store = Store.open(running)
    for number in range(10):
        record = Record(timer=Timer(9000.0 + number, 1200.0, Source.CLI))
        await store.save("left", record, Stamp("this boot", 900.0, 1.75e9, True))
        store.note(1.75e9, "left", {"type": "timer_started"})
        await store.flush()
    for name, (record, stamp) in RIGHT.items():
        await store.save(name, record, stamp)
    shutil.copytree(running, folder)
    await store.aclose()


def test_a_damaged_store_is_right_or_set_aside(tmp_path):
    async def story() -> None:
        sound, here = tmp_path / "sound", tmp_path / "here"
        await written(sound)
        verdicts = []
        for seed in range(STORE_SEEDS):
            shutil.copytree(sound, here)
            what = damage(here, seed)
            store = Store.open(here)
            found = store.load()
            await store.aclose()
            aside = bool(list(here.glob("*.damaged-*")))
            assert aside == store.damaged, what
            assert found == ({} if aside else RIGHT), what
            verdicts.append(aside)
            shutil.rmtree(here)
        assert 10 < sum(verdicts) < STORE_SEEDS - 10

    asyncio.run(story())


@pytest.mark.parametrize("part", ["header", "first frame", "all"])
def test_a_damaged_log_loses_no_lock(tmp_path, part):
    """SQLite goes back in silence to what was before the damage: it must be the same."""

    async def story() -> None:
        sound = tmp_path / "sound"
        await written(sound)
        log = sound / "guard.db-wal"
        data = bytearray(log.read_bytes())
        at = {"header": slice(0, 32), "first frame": slice(32, 64), "all": slice(0, len(data))}[
            part
        ]
        data[at] = b"\x55" * len(data[at])
        log.write_bytes(data)
        store = Store.open(sound)
        assert store.load() == RIGHT
        await store.aclose()

    asyncio.run(story())


def test_a_changed_digit_is_noticed(tmp_path):
    """It breaks nothing that SQLite looks at: only the checksum knows."""

    async def story() -> None:
        sound = tmp_path / "sound"
        await written(sound)
        path = sound / "guard.db"
        data = path.read_bytes()
        assert b"4321.25" in data
        path.write_bytes(data.replace(b"4321.25", b"9321.25"))
        (sound / "guard.db-wal").write_bytes(b"")
        store = Store.open(sound)
        assert store.damaged
        assert store.load() == {}
        await store.aclose()

    asyncio.run(story())
