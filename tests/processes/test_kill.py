"""kill -9 at random instants loses nothing acknowledged and resurrects nothing cancelled.

`make soak` sets GASGUARD_SOAK_KILLS=500; the order of events is drawn from GASGUARD_SOAK_SEED.
"""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually

KILLS = int(os.environ.get("GASGUARD_SOAK_KILLS", "15"))
SEED = int(os.environ.get("GASGUARD_SOAK_SEED", "1"))


class Ledger:
    """What the daemon acknowledged about one burner, and what it may have taken unacknowledged."""

    def __init__(self) -> None:
        self.timer: float | None = None
        self.locked = False
        self.maybe: list[tuple[float | None, bool]] = []

    def apply(self, command: str, value: str) -> tuple[float | None, bool]:
        """(timer's duration, locked) after the command, from where the ledger stands."""
        if command == "lock":
            return (None, True) if value == "LOCK" else (self.timer, False)
        if self.locked:
            return self.timer, self.locked
        return (None if value == "cancel" else float(value.removesuffix("s"))), self.locked

    def possible(self) -> set[tuple[float | None, bool]]:
        return {(self.timer, self.locked), *self.maybe}


def orders(random: random.Random) -> tuple[str, str]:
    kind = random.choice(("timer", "timer", "cancel", "lock", "unlock"))
    match kind:
        case "timer":
            return "timer", f"{random.randint(600, 80000)}s"
        case "cancel":
            return "timer", "cancel"
        case "lock":
            return "lock", "LOCK"
    return "lock", "UNLOCK"


def talk_until_killed(kitchen: Kitchen, ledger: Ledger, draw: random.Random) -> None:
    """One command after the other; the one under way at the kill may or may not have counted."""
    while True:
        command, value = orders(draw)
        outcome = ledger.apply(command, value)
        ledger.maybe = [outcome]
        try:
            acks = kitchen.order(command, value)
        except (OSError, ValueError):  # hung up, perhaps in the middle of a line
            return
        if not acks:
            return
        if acks[0]["status"] == "accepted":
            ledger.timer, ledger.locked = outcome
        else:
            assert acks[0]["code"] == "locked_out", acks
        ledger.maybe = []


def test_kill_9_loses_nothing_and_resurrects_nothing(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner())
    stove = kitchen.stove()
    draw, instants, ledger = random.Random(SEED), random.Random(~SEED), Ledger()
    for kill in range(KILLS):
        daemon = kitchen.run()
        states = eventually(kitchen.ask, 15, "the daemon answers", every=0.01)
        found = states["left"]
        timer = found["timer"] and float(found["timer"]["duration_s"])
        seen = (timer, "child" in found["locks"])
        assert seen in ledger.possible(), f"kill {kill}: {seen}, acknowledged {ledger.possible()}"
        ledger.timer, ledger.locked = seen
        ledger.maybe = []
        assert set(found["locks"]) <= {"child"}, f"kill {kill}: {found['locks']}"
        with ThreadPoolExecutor(1) as pool:
            talking = pool.submit(talk_until_killed, kitchen, ledger, draw)
            time.sleep(instants.uniform(0, 0.3))  # any instant: that is the point
            daemon.kill()
            talking.result(20)
        assert "Traceback" not in daemon.output
        kitchen.daemons.remove(daemon)
    kitchen.daemon(None)
    if ledger.locked:
        assert stove.circuit() == "open"
