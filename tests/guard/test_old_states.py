"""State folders that earlier versions wrote open unchanged: nothing that was promised is lost.

`states/schema-1.db` is from the first version, `schema-2.db` from 0.1.0 before its rooms moved. A
guard in simulated time wrote both: on `left` a timer of 20 minutes, set at 15.1 s of boot
`simulated-boot-1`; on `right` a child lock; on `back` a trip whose relay did not obey (`stuck`).
"""

import asyncio
import shutil
from pathlib import Path

import pytest

from gasguard.core.model import Lock, Phase, Reason
from gasguard.guard.store import FILE_NAME, Store
from tests.guard.kitchen import Kitchen, burner, cook, relay

STATES = Path(__file__).with_name("states")
every_schema = pytest.mark.parametrize("file", ["schema-1.db", "schema-2.db"])
BURNERS = {
    "left": burner(relay=relay(host="127.0.0.9")),
    "right": burner(relay=relay(host="127.0.0.10")),
    "back": burner(relay=relay(host="127.0.0.11")),
}


@every_schema
def test_every_record_is_read(tmp_path: Path, file: str) -> None:
    shutil.copy(STATES / file, tmp_path / FILE_NAME)
    store = Store.open(tmp_path)
    saved = {name: record for name, (record, _) in store.load().items()}
    assert not store.damaged
    timer = saved["left"].timer
    assert timer is not None and timer.duration == 1200
    assert saved["right"].locks == (Lock.CHILD,)
    assert saved["back"].locks == (Lock.STUCK,)
    assert saved["back"].held_open
    trip = saved["back"].last_trip
    assert trip is not None and trip.reason is Reason.REMOTE and not trip.confirmed


@every_schema
def test_a_guard_goes_on_where_the_old_one_was(tmp_path: Path, file: str) -> None:
    async def story(here: Kitchen) -> None:
        await here.halt()
        shutil.copy(STATES / file, tmp_path / FILE_NAME)
        here.boot()
        await here.phase(Phase.READY, 5, "left")
        assert here.lit()
        timer = here.state("left").timer
        # The simulated clock of the old guard and of this one count from the same moment.
        assert timer is not None and 1200 <= timer.deadline <= 1230
        assert here.state("right").locks == {Lock.CHILD}
        await here.phase(Phase.LOCKED_OUT, 5, "right")
        await here.phase(Phase.LOCKED_OUT, 5, "back")
        assert here.state("back").locks == {Lock.STUCK}
        assert [here.circuit(name) for name in ("right", "back")] == ["open", "open"]
        await asyncio.sleep(timer.deadline - here.clock.now().boot + 1)
        assert not here.lit(), "the old guard's timer ended, and the burner burns on"
        assert here.state("left").last_trip is not None

    async def lit_first(here: Kitchen) -> None:
        await here.light()
        await story(here)

    cook(tmp_path, lit_first, **BURNERS)
