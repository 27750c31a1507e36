"""The real daemon and systemd's notification socket. (Late parts: tests/test_health.py.)"""

import signal
from itertools import pairwise

import pytest

from tests.disaster.manager import Manager
from tests.support.waiting import eventually


@pytest.fixture
def manager(tmp_path):
    fake = Manager(tmp_path / "notify")
    yield fake
    fake.close()


def test_the_watchdog_is_fed_each_second_and_not_by_a_process_that_stands_still(kitchen, manager):
    kitchen.stove()
    daemon = kitchen.run(env=manager.env)
    assert manager.wait("READY=1", 10) == "READY=1"
    eventually(lambda: kitchen.ask()["left"]["phase"] == "ready")
    manager.listen(0.1)  # what was said meanwhile
    fed = [at for at, text in manager.listen(4.5) if "WATCHDOG=1" in text]
    assert len(fed) >= 4
    gaps = [later - earlier for earlier, later in pairwise(fed)]
    assert all(0.7 < gap < 1.5 for gap in gaps), gaps

    daemon.send_signal(signal.SIGSTOP)
    manager.listen(0.3)  # what was on its way
    assert manager.listen(2.5) == []
    daemon.send_signal(signal.SIGCONT)
    assert "left ready" in manager.wait("WATCHDOG=1", 5)

    assert daemon.stop() == 0
    assert manager.wait("STOPPING=1", 3)


def test_ready_does_not_wait_for_relay_or_broker(make_kitchen, own_broker, manager):
    """systemd must not kill a guard in its start-up for a relay that is off the network."""
    kitchen = make_kitchen(broker=own_broker)
    own_broker.stop()
    kitchen.run(env=manager.env)
    manager.wait("READY=1", 10)
    assert "left starting" in manager.wait("WATCHDOG=1", 5)
