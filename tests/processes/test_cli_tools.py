"""`simulate`, `doctor`, `discover` and `proof-test`: for the person at the stove."""

import json
import re

import pytest

from tests.support.ear import Ear
from tests.support.kitchen import TOKEN, Kitchen, burner, relay
from tests.support.processes import free_port
from tests.support.terminal import CTRL_C, CTRL_D, Terminal
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


def test_doctor_counts_at_the_end(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), back=burner())
    stove = kitchen.stove()
    stove.fault("left", wrong_token=True)
    said = kitchen.local("doctor")
    assert said.code == 1, said
    verdicts = re.findall(r"^.{22} (ok|warn|fail)", said.out, re.M)
    counts = [f"{verdicts.count(word)} {word}" for word in ("ok", "warn", "fail")]
    assert said.out.splitlines()[-1] == ", ".join(counts)
    assert verdicts.count("fail") > 0


def test_doctor_in_json(make_kitchen):
    kitchen: Kitchen = make_kitchen()
    kitchen.stove()
    said = kitchen.local("doctor", "--json")
    report = json.loads(said.out)
    assert said.code == 0, said
    assert {row["what"] for row in report["findings"]} >= {"disk", "broker", "daemon", "relay left"}
    assert all(set(row) == {"what", "verdict", "text"} for row in report["findings"])
    for word in ("ok", "warn", "fail"):
        found = [row for row in report["findings"] if row["verdict"] == word]
        assert report[word] == len(found)
    kitchen.data["mqtt"]["port"] = free_port()
    kitchen.write()
    said = kitchen.local("doctor", "--json")
    assert (said.code, json.loads(said.out)["fail"]) == (1, 1)


@pytest.mark.long
def test_doctor_finds_the_configuration_by_itself(kitchen):
    kitchen.stove()
    for found in (
        kitchen.cli("doctor", env={"GASGUARD_CONFIG": str(kitchen.path)}),
        kitchen.cli("doctor", cwd=kitchen.folder, env={"XDG_CONFIG_HOME": "/nowhere"}),
    ):
        assert found.code == 0, found
        assert re.search("^configuration +ok +.*config.yaml$", found.out, re.M)
        assert re.search("^relay left +ok", found.out, re.M)
    nowhere = {"XDG_CONFIG_HOME": "/nowhere", "TMPDIR": "/nowhere"}
    none = kitchen.cli("doctor", cwd=kitchen.state_dir.parent.parent, env=nowhere)
    assert none.code == 2, none
    assert "-c FILE" in none.err


def test_discover_that_finds_nothing_exits_1_and_says_what_to_try(kitchen, tmp_path):
    # A demo that runs beside it would be found by its configuration.
    nowhere = {"TMPDIR": str(tmp_path)}
    said = kitchen.cli("discover", "--seconds", "0.3", "--address", "127.0.0.77", env=nowhere)
    assert said.code == 1, said
    assert said.out == ""
    for word in ("127.0.0.77", "subnet", "--seconds", "54321"):
        assert word in said.err


@pytest.mark.long
@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon", "1e9"])
def test_discover_listens_for_a_time_that_makes_sense(kitchen, seconds):
    said = kitchen.cli("discover", "--seconds", seconds, "--address", "127.0.0.77")
    assert said.code == 2, said
    assert "--seconds" in said.err


def test_a_proof_test_looks_before_it_asks(kitchen):
    asks = ["proof-test", "left"]
    said = kitchen.local(*asks)
    assert said.code == 3, said
    kitchen.stove()
    kitchen.daemon()
    for name in ("lft", "all"):
        said = kitchen.local("proof-test", name)
        assert said.code == 2, said
        assert "there are: left" in said.err
    said = kitchen.local(*asks)
    assert said.code == 1, said
    assert "no flame" in said.err
    kitchen.order("lock", "LOCK")
    said = kitchen.local(*asks)
    assert said.code == 1, said
    assert "locked_out" in said.err
    assert "[y/N]" not in said.out


def test_a_proof_test_asks_and_takes_no_for_an_answer(make_kitchen):
    kitchen, ear = lit_kitchen(make_kitchen)
    words = ("proof-test", "LEFT", "-c", str(kitchen.path))
    for keys, code in (("n\n", 1), (CTRL_D, 1), (CTRL_C, 130)):
        with Terminal(*words) as terminal:
            terminal.says("[y/N]: ")
            terminal.type(keys)
            assert terminal.ends() == code, terminal.text
            assert "Abort" not in terminal.text
    assert kitchen.cli(*words).code == 1, "nobody answers"
    assert ear.state()["last_trip"] is None
    with Terminal(*words) as terminal:
        terminal.says("[y/N]: ")
        terminal.type("y\n")
        assert terminal.ends() == 0, terminal.text


def test_simulators_do_not_share_a_port(kitchen):
    kitchen.stove()
    said = kitchen.cli("simulate", "-c", str(kitchen.path))
    assert said.code == 1, said
    assert str(kitchen.config.burners["left"].relay.port) in said.err
    assert "Traceback" not in said.err
