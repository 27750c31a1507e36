"""`simulate`, `doctor`, `discover` and `proof-test`: for the person at the stove."""

import re

from tests.support.ear import Ear
from tests.support.kitchen import TOKEN, Kitchen, burner, relay
from tests.support.processes import free_port
from tests.support.waiting import eventually


def test_simulate_prints_what_is_needed_to_talk_to_each_relay(make_kitchen):
    kitchen: Kitchen = make_kitchen(
        left={"relay": relay(contact="normally_closed"), "voice": {"siid": 4, "piid": 1}},
        right={"relay": relay(switch={"siid": 3, "piid": 1})},
    )
    simulator = kitchen.process("simulate", "-c", str(kitchen.path))
    simulator.says("Ctrl-C ends")
    for name in ("left", "right"):
        module = kitchen.config.burners[name].relay
        line = rf"127\.0\.0\.1:{module.port}  token {TOKEN}  model \S+"
        assert re.search(line, simulator.output), simulator.output
    for place in ("siid 2 piid 1", "siid 4 piid 1", "siid 3 piid 1"):
        assert place in simulator.output


def test_run_and_simulate_on_the_same_file_work_together(kitchen):
    simulator = kitchen.process("simulate", "-c", str(kitchen.path), "--speed", "20")
    simulator.says("Ctrl-C ends")
    ear = kitchen.ear()
    kitchen.daemon()
    simulator.type("light left")

    def flame() -> bool | None:
        heard = ear._newest.get(f"{kitchen.base}_sim/left/state")
        return heard.json["flame"] if heard and heard.json["knob"] == "on" else None

    eventually(lambda: flame() is True, 5, "it burns")
    assert kitchen.local("off", "left").code == 0
    eventually(lambda: flame() is False, 3, "it is out")
    assert simulator.stop() == 0


def test_doctor_has_a_row_for_everything_and_says_what_to_do(make_kitchen):
    kitchen: Kitchen = make_kitchen(
        left=burner(), right={"relay": relay(contact="normally_closed", jog="500ms")}
    )
    stove = kitchen.stove()
    kitchen.daemon()
    said = kitchen.cli("doctor", "-c", str(kitchen.path))
    assert said.code == 0, said
    rows = dict(re.findall(r"^(.{22}) (ok|warn|fail)", said.out, re.M))
    rows = {name.strip(): verdict for name, verdict in rows.items()}
    assert {"disk", "clock", "broker", "daemon", "relay left", "relay right"} <= set(rows)
    assert rows["broker"] == rows["daemon"] == rows["relay left"] == "ok"
    assert "点动" in said.out
    assert TOKEN not in said.out
    assert not stove.switched, "it only looks"


def test_doctor_names_what_is_wrong_and_exits_1(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), back=burner())
    stove = kitchen.stove()
    stove.fault("left", wrong_token=True)
    kitchen.data["mqtt"]["port"] = free_port()
    kitchen.write()
    said = kitchen.cli("doctor", "-c", str(kitchen.path))
    assert said.code == 1, said
    assert re.search(r"^broker +fail", said.out, re.M)
    assert re.search(r"^relay left +fail .*token is wrong", said.out, re.M)
    assert re.search(r"^relay back +ok", said.out, re.M)


def test_discover_finds_the_configured_relay_and_its_model(kitchen):
    kitchen.stove()
    port = kitchen.config.burners["left"].relay.port
    said = kitchen.cli(
        "discover", "-c", str(kitchen.path), "--seconds", "0.5", "--address", "127.0.0.1"
    )
    assert said.code == 0, said
    assert re.search(rf"^127\.0\.0\.1:{port}  id \w{{8}}  yeelink.switch.sw1$", said.out, re.M)
    assert TOKEN not in said.out


def lit_kitchen(make_kitchen) -> tuple[Kitchen, Ear]:
    left = burner(flame={"driver": "mqtt", "topic": "x"})
    kitchen: Kitchen = make_kitchen(left=left)
    left["flame"]["topic"] = f"{kitchen.base}_sim/left/flame"
    kitchen.write()
    simulator = kitchen.process("simulate", "-c", str(kitchen.path), "--speed", "20")
    simulator.says("Ctrl-C ends")
    ear = kitchen.ear()
    kitchen.daemon()
    simulator.type("light left")
    ear.until(flame="lit", within=10)
    eventually(lambda: ear._newest[f"{kitchen.base}_sim/left/state"].json["knob"] == "on")
    return kitchen, ear


def test_a_proof_test_watches_the_flame_go_and_records_it(make_kitchen):
    kitchen, ear = lit_kitchen(make_kitchen)
    said = kitchen.local("proof-test", "left", "--yes")
    assert said.code == 0, said
    assert "flame out" in said.out
    ear.event("proof_test_passed")
    assert ear.state()["last_trip"]["reason"] == "proof_test"
    assert "proof_test_passed" in kitchen.local("history").out


def test_a_proof_test_without_a_flame_fails(kitchen):
    kitchen.stove()
    kitchen.daemon()
    said = kitchen.local("proof-test", "left", "--yes")
    assert said.code == 1, said
    assert "no flame" in said.err
