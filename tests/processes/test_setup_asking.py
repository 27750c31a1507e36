"""`gasguard setup` at a terminal: questions, wrong answers, the click test, Ctrl-C everywhere."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gasguard.config.load import load_config
from tests.support.brokers import Mosquitto, program
from tests.support.kitchen import TOKEN, Kitchen, relay
from tests.support.processes import free_port
from tests.support.setup import WRONG_TOKEN, Asked, Machine
from tests.support.some import some
from tests.support.terminal import CTRL_C, CTRL_D
from tests.support.waiting import eventually


@pytest.fixture
def machine(kitchen: Kitchen, tmp_path: Path) -> Machine:
    return Machine(kitchen, tmp_path / "new" / "config.yaml", speed=20.0)


def to_the_wiring(setup: Asked, machine: Machine) -> None:
    """Everything before the wiring, on an empty machine."""
    setup.answer("broker's address", machine.broker_at)
    setup.answer("Which burner?", "left")
    setup.answer("people call it", "Left burner")
    setup.answer("What is its relay?", "1")
    setup.answer("module's address", machine.relay_at)
    setup.answer("Its token", TOKEN)
    setup.answer("wired channel", "")


def burns(setup: Asked, machine: Machine) -> None:
    """It has clicked, and the flame is there."""
    setup.answer("Close the gas cock")
    setup.answer("Did the relay click?", "y")
    setup.asks("Light the burner")
    machine.stove.light("left")
    setup.type("\n")
    setup.answer("burn by itself", "y")


def through_the_click_test(setup: Asked, machine: Machine) -> None:
    """What happens at a healthy relay in the right circuit."""
    setup.answer("How shall it be known?", "1")
    burns(setup, machine)
    setup.answer("about to be switched")
    setup.asks("Did the flame go out?")
    eventually(lambda: not machine.stove.flame(), 5, "the flame is out")
    setup.type("y\n")
    setup.asks("Turn the knob OFF")
    machine.stove.tell("turn_off left")
    assert machine.stove.circuit() == "open", "nothing closes while the knob may be on"
    setup.type("\n")


def to_the_end(setup: Asked) -> None:
    """Nothing more is wanted."""
    setup.answer("another burner?", "n")
    setup.answer("big OFF", "n")
    setup.answer("Add somebody", "n")
    setup.answer("Write it?", "y")


@pytest.mark.parametrize(
    ("circuit", "contact"),
    [
        ("closed", "normally_open"),
        ("open", "normally_closed"),
        pytest.param("closed", "normally_closed", marks=pytest.mark.long),
        pytest.param("open", "normally_open", marks=pytest.mark.long),
    ],
)
def test_the_wiring_is_learnt_by_a_click_and_a_flame(make_kitchen, tmp_path, contact, circuit):
    kitchen = make_kitchen(left={"relay": relay(contact=contact)})
    machine = Machine(kitchen, tmp_path / "new" / "config.yaml", speed=20.0)
    if circuit == "open":
        machine.stove.tell(f"mihome left wired {'off' if contact == 'normally_open' else 'on'}")
    with Asked(machine) as setup:
        to_the_wiring(setup, machine)
        if circuit == "closed":
            through_the_click_test(setup, machine)
        else:
            setup.answer("How shall it be known?", "1")
            setup.answer("Close the gas cock")
            setup.answer("Did the relay click?", "y")
            setup.answer("Light the burner")
            setup.answer("burn by itself", "n")
            setup.answer("Turn the knob OFF")
            setup.asks("Light it again")
            machine.stove.light("left")
            setup.type("\n")
            setup.answer("burn by itself", "y")
            setup.answer("about to be switched")
            setup.answer("Did the flame go out?", "y")
            machine.stove.tell("turn_off left")
            setup.answer("Turn the knob OFF")
        setup.says(f"So it is wired {contact}.")
        assert machine.stove.circuit() == "closed"
        assert not machine.stove.flame()
        if contact == "normally_open":
            setup.answer("hold as a lease", "n")
        else:
            setup.answer("without a wire", "")
        to_the_end(setup)
        assert setup.ends(30) == 0, setup.text
    assert load_config(machine.path).burners["left"].relay.contact == contact
    assert TOKEN not in setup.text
    assert "seen by click and flame" in machine.path.with_name("commissioning.html").read_text()


@pytest.mark.long
def test_bad_answers_are_told_and_asked_again(machine):
    with Asked(machine) as setup:
        setup.answer("broker's address", "mqtt://x")
        setup.answer("is no address", "127.0.0.1:70000")
        setup.answer("is no port", f"127.0.0.1:{free_port()}")
        setup.answer("cannot be used", machine.broker_at)
        setup.answer("Which burner?", "all")
        setup.answer("is no short name", "left")
        setup.answer("people call it", "L" * 65)
        setup.answer("1 to 64", "")
        setup.answer("What is its relay?", "7")
        setup.answer("number from 1 to", "mi")
        setup.answer("module's address", "")
        setup.answer("An answer is needed", f"127.0.0.1:{free_port()}")
        setup.answer("Its token", "abc")
        setup.answer("32 hexadecimal digits", TOKEN)
        setup.answer("It cannot be used", machine.relay_at)
        setup.answer("Its token", WRONG_TOKEN)
        setup.answer("does not take this token", TOKEN)
        setup.answer("wired channel", "2:1")
        setup.answer("write two numbers", "9/9")
        setup.answer("no switch at 9/9", "2/1")
        setup.answer("How shall it be known?", "2")
        setup.answer("normally_open or normally_closed?", "open")
        setup.answer("write normally_open", "normally_open")
        setup.answer("hold as a lease", "perhaps")
        setup.answer("yes or no", "n")
        setup.answer("another burner?", "n")
        setup.answer("big OFF", "y")
        setup.answer("At which port?", "0")
        setup.answer("is no port", "8421")
        setup.answer("Add somebody", "y")
        setup.answer("NAME=ADDRESS", "mum")
        setup.answer("write NAME=ADDRESS", "mum=nosuch://x")
        setup.answer("Add somebody", "y")
        setup.answer("NAME=ADDRESS", "mum=ntfy://topic")
        setup.answer("another one?", "n")
        setup.answer("Write it?", "y")
        assert setup.ends(30) == 0, setup.text
    config = load_config(machine.path)
    assert config.web.port == 8421
    assert list(config.messages.to) == ["mum"]


def test_a_login_is_asked_for_until_the_broker_takes_it(kitchen, tmp_path):
    broker = Mosquitto(tmp_path / "closed", users={"gas": "secret word"})
    try:
        kitchen.broker = broker
        machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
        with Asked(machine) as setup:
            setup.answer("broker's address", machine.broker_at)
            setup.answer("Log in with a name", "y")
            setup.answer("user name", "gas")
            setup.answer("password?", "wrong")
            setup.says("refuses this login")
            setup.answer("Log in with a name", "")
            setup.answer("user name", "")
            setup.answer("password?", "secret word")
            setup.asks("Which burner?")
            assert "secret word" not in setup.text
            setup.type(CTRL_C)
            assert setup.ends() == 130
    finally:
        broker.stop()


def test_a_channel_that_another_burner_has_is_told_while_it_can_be_answered_anew(
    make_kitchen, tmp_path
):
    one = relay()
    two = {**one, "switch": {"siid": 3, "piid": 1}}
    machine = Machine(make_kitchen(left={"relay": one}, right={"relay": two}), tmp_path / "c.yaml")
    assert machine.whole().code == 0
    with Asked(machine) as setup:
        setup.answer("broker's address", "")
        for burner, answer in (("right", "2/1"), ("right", "3/1")):
            setup.answer("Which burner?", burner)
            setup.answer("people call it", "")
            if answer == "3/1":
                setup.answer("anew?", "y")
            setup.answer("What is its relay?", "mi")
            setup.answer("module's address", machine.relay_at)
            setup.answer("Its token", "")
            setup.answer("wired channel", answer)
            setup.answer("How shall it be known?", "told")
            setup.answer("normally_open or normally_closed?", "normally_open")
            setup.answer("hold as a lease", "n")
            if answer == "2/1":
                setup.says("is the same channel as burners.left.relay.switch")
        setup.asks("another burner?")
        setup.type(CTRL_C)
        assert setup.ends() == 130


def test_a_secret_that_is_not_where_it_is_said_to_be_is_asked_for_again(machine, tmp_path):
    (tmp_path / "token").write_text("no token\n")
    with Asked(machine) as setup:
        setup.answer("broker's address", machine.broker_at)
        setup.answer("Which burner?", "left")
        setup.answer("people call it", "")
        setup.answer("What is its relay?", "1")
        setup.answer("module's address", machine.relay_at)
        setup.answer("Its token", "!env NO_SUCH_TOKEN")
        setup.answer("NO_SUCH_TOKEN: this environment variable is not set", "!file nowhere")
        setup.answer("No such file", f"!file {tmp_path}/token")
        setup.answer("32 hexadecimal digits", TOKEN)
        setup.asks("wired channel")
        setup.type(CTRL_C)
        assert setup.ends() == 130


# --- nothing is left half done ------------------------------------------------------------------

STEPS = (
    ("broker's address", "{broker}"),
    ("Which burner?", "left"),
    ("people call it", ""),
    ("What is its relay?", "1"),
    ("module's address", "{relay}"),
    ("Its token", "{token}"),
    ("wired channel", ""),
    ("How shall it be known?", "2"),
    ("normally_open or normally_closed?", "normally_open"),
    ("hold as a lease", "y"),
    ("After how long", "3m"),
    ("another burner?", "n"),
    ("big OFF", "y"),
    ("At which port?", ""),
    ("Add somebody", "y"),
    ("NAME=ADDRESS", "mum=ntfy://topic"),
    ("another one?", "n"),
    ("Write it?", None),
)


@pytest.mark.parametrize(
    "last", some(range(len(STEPS)), every=5, ids=[question for question, _ in STEPS])
)
def test_ctrl_c_at_any_question_leaves_no_file(make_kitchen, tmp_path, last):
    lease = {"after": "3m", "siid": 2, "piid": 3}
    kitchen = make_kitchen(left={"relay": relay(lease=lease)})
    machine = Machine(kitchen, tmp_path / "config.yaml")
    before = machine.left()
    with Asked(machine) as setup:
        for question, answer in STEPS[:last]:
            setup.answer(
                question,
                answer.format(broker=machine.broker_at, relay=machine.relay_at, token=TOKEN),
            )
        setup.asks(STEPS[last][0])
        setup.type(CTRL_C)
        assert setup.ends() == 130
        assert "is as it was" in setup.text
        assert "Traceback" not in setup.text
    assert not machine.path.exists()
    assert not (tmp_path / "secrets").exists()
    assert [name for name in machine.left() if "config-" in name] == []
    assert {name for name in before if name not in machine.left()} == set()
    assert not machine.stove.switched


@pytest.mark.parametrize("how", ["ctrl-d", "closed window", "SIGTERM"])
def test_other_ends_leave_no_file_either(machine, how):
    with Asked(machine) as setup:
        setup.answer("broker's address", machine.broker_at)
        setup.asks("Which burner?")
        if how == "ctrl-d":
            setup.type(CTRL_D)
            assert setup.ends() == 1
            assert "nothing was written" in setup.text
        elif how == "SIGTERM":
            setup.process.send_signal(signal.SIGTERM)
            assert setup.ends() == 130
        else:
            setup.hang_up()
            setup.process.wait(10)
    assert not machine.path.parent.exists()


@pytest.mark.parametrize("after", some([0.0, 0.03, 0.01, 0.02, 0.05, 0.08]))
def test_ctrl_c_while_it_writes_leaves_all_or_nothing(machine, after):
    machine.path.parent.mkdir()
    machine.path.write_text("# mine\n")
    options = (*machine.broker, *machine.relay, "--wiring", "normally_open")
    with Asked(machine, *options) as setup:
        for question in ("Which burner?", "people call it", "wired channel", "hold as a lease"):
            setup.answer(question, "")
        for question in ("another burner?", "big OFF", "Add somebody"):
            setup.answer(question, "n")
        setup.answer("Write it?", "y")
        time.sleep(after)
        setup.type(CTRL_C)
        setup.ends(30)
        assert "Traceback" not in setup.text
    text = machine.path.read_text()
    if text != "# mine\n":
        assert load_config(machine.path).burners["left"].relay.token
    left = [name for name in machine.left() if name.startswith(".")]
    assert left == []


def test_a_file_that_changes_meanwhile_is_not_overwritten(machine):
    assert machine.whole().code == 0
    with Asked(machine, "--page") as setup:
        for question in ("broker's address", "Which burner?", "people call it"):
            setup.answer(question, "")
        setup.answer("Describe or test it anew?", "n")
        setup.answer("another burner?", "n")
        setup.answer("At which port?", "")
        setup.answer("Add somebody", "n")
        setup.asks("Write it?")
        changed = machine.path.read_text() + "# somebody else's\n"
        machine.path.write_text(changed)
        setup.type("y\n")
        assert setup.ends(30) == 1
        assert "has changed" in setup.text
    assert machine.path.read_text() == changed


def test_no_to_the_last_question_writes_nothing(machine):
    with Asked(machine, *machine.broker, *machine.relay, "--wiring", "normally_open") as setup:
        setup.answer("Which burner?", "left")
        setup.answer("people call it", "")
        setup.answer("wired channel", "")
        setup.answer("hold as a lease", "n")
        setup.answer("another burner?", "n")
        setup.answer("big OFF", "n")
        setup.answer("Add somebody", "n")
        setup.answer("Write it?", "n")
        assert setup.ends() == 1
    assert not machine.path.parent.exists()


# --- the click test and what goes wrong ---------------------------------------------------------


def to_the_click(setup: Asked, machine: Machine) -> None:
    to_the_wiring(setup, machine)
    setup.answer("How shall it be known?", "1")


def test_ctrl_c_in_the_click_test_puts_the_relay_back_as_it_was(machine):
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        setup.answer("Close the gas cock")
        setup.asks("Did the relay click?")
        assert machine.stove.circuit() == "open"
        setup.type(CTRL_C)
        assert setup.ends() == 130
    assert machine.stove.circuit() == "closed"
    assert not machine.path.parent.exists()


def test_ctrl_c_behind_a_flame_leaves_it_open_and_says_what_to_do(machine):
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        burns(setup, machine)
        setup.answer("about to be switched")
        setup.asks("Did the flame go out?")
        setup.type(CTRL_C)
        assert setup.ends() == 130
        assert "TURN THE KNOB OFF BY HAND" in setup.text
    assert machine.stove.circuit() == "open"
    assert not machine.path.parent.exists()


@pytest.mark.long
def test_a_relay_that_cannot_be_put_back_is_told(machine):
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        setup.answer("Close the gas cock")
        setup.asks("Did the relay click?")
        machine.stove.fault("left", loss_in=1.0, loss_out=1.0)
        setup.type(CTRL_C)
        assert setup.ends(15) == 130
    assert "could not be put back to on as it was found" in setup.text
    assert "gas cock closed" in setup.text


@pytest.mark.long
def test_an_empty_line_is_no_answer_to_what_was_seen(machine):
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        setup.answer("Close the gas cock")
        setup.answer("Did the relay click?", "")
        setup.answer("yes or no", "y")
        setup.asks("Light the burner")
        setup.type(CTRL_C)
        setup.ends()


def test_a_relay_that_goes_in_the_middle_is_told_with_the_knob(machine):
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        burns(setup, machine)
        setup.asks("about to be switched")
        machine.stove.fault("left", loss_in=1.0, loss_out=1.0)
        setup.type("\n")
        setup.says("TURN THE KNOB OFF BY HAND NOW")
        setup.asks("Try the test again?")
        machine.stove.tell("turn_off left")
        machine.stove.fault("left", loss_in=0.0, loss_out=0.0)
        setup.type("y\n")
        through_the_click_test(setup, machine)
        setup.says("So it is wired normally_open.")
        setup.type(CTRL_C)
        assert setup.ends() == 130


@pytest.mark.long
def test_a_contact_that_is_not_in_this_circuit_becomes_no_wiring(machine):
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        setup.answer("Close the gas cock")
        setup.answer("Did the relay click?", "y")
        setup.answer("Light the burner")
        setup.answer("burn by itself", "y")
        setup.answer("about to be switched")
        setup.answer("Did the flame go out?", "n")
        setup.answer("Turn the knob OFF")
        setup.says("burns in both positions")
        setup.answer("How shall it be known?", "2")
        setup.asks("normally_open or normally_closed?")
        setup.type(CTRL_C)
        assert setup.ends() == 130
    assert machine.stove.circuit() == "closed"


@pytest.mark.long
def test_without_a_click_another_channel_can_be_tried(make_kitchen, tmp_path):
    module = relay()
    other = {**module, "switch": {"siid": 3, "piid": 1}}
    kitchen = make_kitchen(left={"relay": module}, right={"relay": other})
    machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
    with Asked(machine) as setup:
        to_the_click(setup, machine)
        setup.answer("Close the gas cock")
        setup.answer("Did the relay click?", "n")
        setup.answer("Did it click now?", "n")
        setup.asks("No click")
        assert machine.stove.circuit("left") == "closed", "as it was found"
        setup.type("2\n")
        setup.answer("module's address", "")
        setup.answer("Its token", "")
        setup.answer("wired channel", "3/1")
        setup.answer("How shall it be known?", "2")
        setup.answer("normally_open or normally_closed?", "normally_open")
        setup.answer("hold as a lease", "n")
        to_the_end(setup)
        assert setup.ends(30) == 0, setup.text
    assert load_config(machine.path).burners["left"].relay.switch.siid == 3
    assert TOKEN not in machine.path.read_text()


@pytest.mark.long
def test_what_is_no_text_is_asked_for_again(machine):
    with Asked(machine, LC_ALL="en_US.UTF-8") as setup:
        setup.answer("broker's address", machine.broker_at)
        setup.asks("Which burner?")
        setup.press(b"\xff\xfe\n")
        setup.answer("cannot be printed", "left")
        setup.answer("people call it", "a\x07b")
        setup.answer("cannot be printed", "")
        setup.answer("What is its relay?", "1")
        setup.answer("module's address", machine.relay_at)
        setup.asks("Its token")
        setup.press(b"\xff\n")
        setup.answer("cannot be printed", TOKEN)
        setup.asks("wired channel")
        setup.type(CTRL_C)
        assert setup.ends() == 130


@pytest.mark.long
def test_a_second_burner_finds_the_module_of_the_first_and_its_other_channel(
    make_kitchen, tmp_path
):
    module = relay(switch={"siid": 2, "piid": 1})
    other = {**module, "switch": {"siid": 3, "piid": 1}}
    kitchen = make_kitchen(left={"relay": module}, right={"relay": other})
    machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
    with Asked(machine, *machine.broker, *machine.relay, "--wiring", "normally_open") as setup:
        setup.answer("Which burner?", "left")
        setup.answer("people call it", "")
        setup.answer("wired channel", "")
        setup.answer("hold as a lease", "n")
        setup.answer("another burner?", "y")
        setup.answer("Which burner?", "right")
        setup.answer("people call it", "")
        setup.answer("What is its relay?", "1")
        setup.says(f"Found: {machine.relay_at}")
        setup.answer("module's address", "")
        setup.answer("Its token", "")
        setup.asks("wired channel")
        assert "[3/1]" in setup.text
        setup.type("\n")
        setup.answer("How shall it be known?", "2")
        setup.answer("normally_open or normally_closed?", "normally_open")
        setup.answer("hold as a lease", "n")
        to_the_end(setup)
        assert setup.ends(30) == 0, setup.text
    burners = load_config(machine.path).burners
    assert [one.relay.switch.siid for one in burners.values()] == [2, 3]
    assert TOKEN not in machine.path.read_text()


@pytest.mark.long
def test_zigbee2mqtts_switches_are_offered(kitchen, tmp_path):
    def device(name: str, *states: str) -> dict[str, object]:
        features = [{"property": state} for state in states]
        exposes = [{"type": "switch", "features": [feature]} for feature in features]
        return {"friendly_name": name, "definition": {"exposes": exposes}}

    found = [
        {"friendly_name": "Coordinator", "definition": None},
        device("wall", "state_l1", "state_l2"),
        device("stove relay", "state"),
    ]
    subprocess.run(
        [program("mosquitto_pub"), "-p", str(kitchen.broker.port), "-r",
         "-t", "zigbee2mqtt/bridge/devices", "-m", json.dumps(found)],
        check=True,
    )  # fmt: skip
    try:
        machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
        with Asked(machine, *machine.broker) as setup:
            setup.answer("Which burner?", "left")
            setup.answer("people call it", "")
            setup.answer("What is its relay?", "2")
            setup.answer("Which kind?", "1")
            setup.asks("Switches that Zigbee2MQTT has:")
            assert all(one in setup.text for one in ("1  wall l1", "2  wall l2", "3  stove relay"))
            setup.type("3\n")
            setup.asks("The device's name")
            assert "[stove relay]" in setup.text
            setup.type("\n")
            setup.says("It cannot be used")
            setup.asks("Which kind?")
            setup.type(CTRL_C)
            assert setup.ends() == 130
    finally:
        subprocess.run(
            [program("mosquitto_pub"), "-p", str(kitchen.broker.port), "-r", "-n",
             "-t", "zigbee2mqtt/bridge/devices"],
            check=True,
        )  # fmt: skip


@pytest.mark.long
def test_a_relay_behind_the_broker_is_tested_in_the_same_way(make_kitchen, tmp_path):
    behind = {"driver": "mqtt", "kind": "esphome", "device": "stove", "contact": "normally_closed"}
    kitchen = make_kitchen(left={"relay": behind})
    simulator = kitchen.process("simulate", "-c", str(kitchen.path), "--speed", "20")
    simulator.says("Ctrl-C ends")
    path = tmp_path / "new" / "config.yaml"
    words = ("--broker", f"127.0.0.1:{kitchen.broker.port}", "--kind", "esphome")
    with Asked(path, *words, "--device", "stove", "--channel", "relay") as setup:
        setup.answer("Which burner?", "left")
        setup.answer("people call it", "")
        setup.answer("How shall it be known?", "1")
        setup.answer("Close the gas cock")
        setup.answer("Did the relay click?", "y")
        setup.asks("Light the burner")
        simulator.type("light left")
        simulator.says("left: flame lit")
        time.sleep(0.5)  # the knob is held 6 s at twenty times the speed
        setup.type("\n")
        setup.answer("burn by itself", "y")
        setup.answer("about to be switched")
        simulator.says("left: flame out")
        setup.answer("Did the flame go out?", "y")
        simulator.type("turn_off left")
        setup.answer("Turn the knob OFF")
        setup.says("So it is wired normally_closed.")
        to_the_end(setup)
        assert setup.ends(30) == 0, setup.text
    assert load_config(path).burners["left"].relay.contact == "normally_closed"


def test_beside_a_daemon_there_is_no_test(machine):
    assert machine.whole().code == 0
    daemon = machine.kitchen.process("run", "-c", str(machine.path))
    daemon.says("ready")
    with Asked(machine) as setup:
        setup.answer("broker's address", "")
        setup.answer("Which burner?", "")
        setup.answer("people call it", "")
        setup.answer("Describe or test it anew?", "y")
        setup.answer("What is its relay?", "")
        setup.answer("module's address", "")
        setup.answer("Its token", "")
        setup.answer("wired channel", "")
        setup.says("no test beside it")
        setup.asks("normally_open or normally_closed?")
        setup.type(CTRL_C)
        assert setup.ends() == 130
    assert daemon.stop() == 0


# --- again, and in Chinese ----------------------------------------------------------------------


@pytest.mark.long
def test_enter_all_the_way_changes_nothing(machine):
    assert machine.whole("--page").code == 0
    before = machine.path.read_bytes()
    with Asked(machine) as setup:
        for question in (
            "broker's address", "Which burner?", "people call it", "Describe or test it anew?",
            "another burner?", "big OFF", "At which port?", "Add somebody",
        ):  # fmt: skip
            setup.answer(question, "")
        setup.says("Nothing changes")
        assert setup.ends(30) == 0, setup.text
    assert machine.path.read_bytes() == before


def test_a_second_run_changes_one_answer(machine):
    assert machine.whole("--page").code == 0
    before = machine.path.read_text()
    with Asked(machine) as setup:
        for question in (
            "broker's address", "Which burner?", "people call it", "Describe or test it anew?",
            "another burner?", "big OFF",
        ):  # fmt: skip
            setup.answer(question, "")
        setup.answer("At which port?", "8555")
        setup.answer("Add somebody", "")
        setup.says("web.port")
        setup.answer("Write it?", "y")
        assert setup.ends(30) == 0, setup.text
    assert machine.path.read_text() == before.replace("port: 8420", "port: 8555")


def test_it_speaks_chinese_by_the_locale(machine):
    with Asked(machine, language="zh", LC_ALL="zh_CN.UTF-8") as setup:
        setup.answer("broker 的地址", machine.broker_at)
        setup.answer("哪个灶眼", "全部")
        setup.answer("不能当短名", "left")
        setup.answer("平时怎么叫它", "左灶")
        setup.answer("它的继电器是什么", "1")
        setup.answer("模块的地址", machine.relay_at)
        setup.answer("token", WRONG_TOKEN)
        setup.answer("不接受这个 token", TOKEN)
        setup.answer("接线的那一路", "")
        setup.answer("怎么确定", "2")
        setup.answer("常开", "常开")
        setup.answer("当租约用", "不")
        setup.answer("再设一个灶眼", "否")
        setup.answer("关火", "好")
        setup.answer("端口", "")
        setup.answer("加一个要通知的人", "n")
        setup.answer("写吗", "是")
        assert setup.ends(30) == 0, setup.text
    assert load_config(machine.path).burners["left"].name == "左灶"
