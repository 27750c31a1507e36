"""A relay that answers a repeated message id from memory, without executing (python-miio #813)."""

import pytest

OFFS, RESTART_EVERY = 200, 20


@pytest.mark.long
def test_200_of_200_offs_are_executed_whatever_the_relay_remembers(kitchen):
    stove = kitchen.stove()

    def remember_everything(world):
        relay = world.relay("left")
        relay._most_ids = 1_000_000
        relay.processing_s = 0.001
        assert relay.faults.deduplicates

    stove.do(remember_everything)
    executed = 0
    for number in range(OFFS):
        if number % RESTART_EVERY == 0:
            if kitchen.daemons:
                kitchen.daemons[-1].kill()
            kitchen.daemon()
        assert stove.circuit() == "closed"
        acks = kitchen.order("off")
        assert acks[-1]["status"] == "confirmed", f"off {number}: {acks}"
        executed += stove.circuit() == "open"
        kitchen.rearm()
    assert executed == OFFS


def test_two_daemon_lives_never_use_the_same_message_id(kitchen):
    stove = kitchen.stove()
    lives = []
    for _ in range(2):
        daemon = kitchen.daemon()
        kitchen.order("off")
        daemon.kill()
        lives.append(stove.do(lambda world: set(world.relay("left")._answers)))
        stove.do(lambda world: world.relay("left")._answers.clear())
    assert lives[0]
    assert lives[1]
    assert not lives[0] & lives[1]
