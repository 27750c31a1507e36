"""`mqtt.host` is a list: people's and devices' connections find the broker that lives."""

from tests.support.kitchen import Kitchen, burner
from tests.support.waiting import eventually

DEAD = "127.0.0.77"


def test_the_broker_that_lives_is_found_by_all_and_named(make_kitchen):
    flame = {"driver": "mqtt", "topic": "hosts/flame"}
    kitchen: Kitchen = make_kitchen(
        top={"mqtt": {"host": [DEAD, "127.0.0.1"]}}, left=burner(flame=flame)
    )
    _, daemon, ear = kitchen.start()
    port = kitchen.broker.port
    for name in ("mqtt", "mqtt devices"):
        assert f"{name}: broker {DEAD}:{port}: cannot connect" in daemon.output
        assert f"{name}: connected, protocol 5, broker 127.0.0.1:{port}" in daemon.output
    ear.publish("hosts/flame", "lit")
    ear.until(flame="lit")
    looked = kitchen.local("doctor")
    assert looked.code == 0, looked
    rows = [line.split()[:3] for line in looked.out.splitlines() if line.startswith("broker ")]
    assert rows == [["broker", "warn", f"{DEAD}:{port}:"], ["broker", "ok", f"127.0.0.1:{port}"]]


def test_with_none_alive_each_is_named(make_kitchen, own_broker):
    kitchen: Kitchen = make_kitchen(broker=own_broker, top={"mqtt": {"host": [DEAD, "127.0.0.1"]}})
    own_broker.stop()
    kitchen.stove()
    daemon = kitchen.daemon()
    for host in (DEAD, "127.0.0.1"):
        daemon.says(f"broker {host}:{own_broker.port}: cannot connect")
    looked = kitchen.local("doctor")
    assert looked.code == 1, looked
    assert looked.out.count("fail") >= 2
    own_broker.start()
    ear = kitchen.ear()
    eventually(lambda: ear.on("status"), 13)
