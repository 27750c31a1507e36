"""mosquitto dies, or hangs for a moment, while a timer runs.

The long freeze, which ends the connection, is tests/processes/test_broker_away.py.
"""

from tests.disaster.timing import TimerSet
from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually


def test_a_broker_that_is_killed_while_a_timer_runs(make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker)
    stove, *_ = kitchen.start()
    timer = TimerSet(kitchen, 2)
    own_broker._process.kill()
    timer.ends_on_time(stove)
    own_broker.start()
    # The new broker knows nothing: what it has retained, gasguard has published again.
    later = kitchen.ear()
    later.wait("status", lambda one: one.text == "online", within=13)
    state = later.state()
    assert state["last_trip"]["reason"] == "timer"
    assert state["last_trip"]["confirmed"] is True
    assert later.on("left/state")[0].at <= later.on("status")[0].at, "states before online"
    mark = later.mark
    later.send("left/off/set", {"id": "after"})
    assert later.ack("confirmed", since=mark)["id"] == "after"


def test_a_broker_that_hangs_for_a_moment_gets_the_news_late_and_in_order(make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker)
    stove, daemon, ear = kitchen.start()
    ear.until(phase="ready")
    mark = ear.mark
    own_broker.freeze()
    TimerSet(kitchen, 1).ends_on_time(stove)
    eventually(lambda: kitchen.ask()["left"]["phase"] == "tripped", 2)
    own_broker.thaw()
    ear.event("trip_confirmed", since=mark)
    ear.event("rearmed", since=mark)
    events = ear.events(since=mark)
    assert events.index("trip") < events.index("trip_confirmed") < events.index("rearmed")
    assert not ear.on("status", since=mark), "the connection was kept"
    assert "connection lost" not in daemon.output
