"""`gasguard setup` with options alone: real relay, real broker, real files."""

import os
import stat
from pathlib import Path

import pytest
import yaml

from gasguard.config.load import load_config
from tests.support.brokers import Mosquitto
from tests.support.kitchen import TOKEN, Kitchen, relay
from tests.support.namespaces import mounting
from tests.support.processes import free_port
from tests.support.setup import WRONG_TOKEN, Machine
from tests.support.some import some


@pytest.fixture
def machine(kitchen: Kitchen, tmp_path: Path) -> Machine:
    return Machine(kitchen, tmp_path / "new" / "config.yaml")


# --- an empty machine ---------------------------------------------------------------------------


def test_it_gets_a_file_that_check_config_and_doctor_pass(machine):
    said = machine.whole("--page", "--message", "mum=ntfy://topic123", "--name", "左灶")
    assert said.code == 0, said
    assert machine.kitchen.cli("check-config", "-c", str(machine.path)).code == 0
    assert machine.kitchen.cli("doctor", "-c", str(machine.path)).code == 0
    config = load_config(machine.path)
    left = config.burners["left"]
    assert (left.relay.port, left.relay.contact, left.name) == (
        machine.port,
        "normally_open",
        "左灶",
    )
    assert config.web is not None
    assert set(config.messages.to) == {"mum"}
    assert "# " in machine.path.read_text()
    assert not machine.stove.switched, "nobody stands at the stove"


def test_a_daemon_runs_on_it(machine):
    assert machine.whole().code == 0
    daemon = machine.kitchen.process("run", "-c", str(machine.path))
    daemon.says("ready")
    assert daemon.stop() == 0


def test_no_secret_stands_where_others_read_it_or_is_printed(machine):
    said = machine.whole("--message", "mum=ntfy://secret-topic")
    assert TOKEN not in said.out + said.err
    assert "secret-topic" not in said.out + said.err
    assert stat.S_IMODE(machine.path.stat().st_mode) == 0o640
    for path in machine.path.parent.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            assert TOKEN not in path.read_text(), path
            assert "secret-topic" not in path.read_text(), path
    for path in (machine.path.parent / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.long
def test_a_secret_from_elsewhere_stays_there(machine, tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    said = machine.run(
        *machine.broker, "--relay", machine.relay_at, "--token", f"!file {tmp_path}/token",
        "--wiring", "normally_closed",
    )  # fmt: skip
    assert said.code == 0, said
    assert f"token: !file {tmp_path}/token" in machine.path.read_text()
    assert not (machine.path.parent / "secrets").exists()


def test_the_comments_are_in_the_language_asked_for(machine):
    assert machine.whole("--language", "zh").code == 0
    assert "停电时" in machine.path.read_text()
    assert "验收表" in machine.path.with_name("commissioning.html").read_text()


@pytest.mark.long
def test_the_locale_chooses_the_language(machine):
    said = machine.run(env={"LC_ALL": "zh_CN.UTF-8"})
    assert said.code == 2
    assert "缺少" in said.err


# --- what is missing, what is wrong -------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"),
    some(
        [
            ((), ["--relay", "--token", "--wiring"]),
            (("--relay", "10.0.0.1"), ["--token", "--wiring"]),
            (("--relay", "10.0.0.1", "--token", TOKEN), ["--wiring"]),
            (("--kind", "tasmota"), ["--device", "--wiring"]),
            (("--pin", "17"), ["--active", "--wiring"]),
            (("--driver", "mqtt"), ["--kind", "--device", "--wiring"]),
            (("--command-topic", "a"), ["--state-topic", "--query-topic", "--wiring"]),
        ],
    ),
)
def test_what_is_missing_is_named_all_at_once_by_its_options(machine, given, missing):
    said = machine.run(*machine.broker, *given)
    assert said.code == 2, said
    named = said.err.rpartition(": ")[2].strip().split(", ")
    assert named == missing
    assert not machine.path.parent.exists()


@pytest.mark.parametrize(
    ("option", "wrong", "right"),
    some(
        [
            ("--broker", "mqtt://x", "192.168.1.20"),
            ("--broker", "mqtt://gas:secret@x:1883", "192.168.1.20"),
            ("--broker", "127.0.0.1:0", "65535"),
            ("--broker", "127.0.0.1:99999", "65535"),
            ("--relay", "192.168.1.5O", "192.168.1.20"),
            ("--relay", "host:port", "65535"),
            ("--relay", "[::1]:5", "192.168.1.20"),
            ("--token", "12", "32 hexadecimal"),
            ("--token", "g" * 32, "32 hexadecimal"),
            ("--switch", "2", "2/1"),
            ("--switch", "0/1", "2/1"),
            ("--switch", "2/1/1", "2/1"),
            ("--voice", "drei", "2/1"),
            ("--wiring", "open", "normally_open"),
            ("--burner", "all", "front_left"),
            ("--burner", "Küche", "front_left"),
            ("--name", "", "1 to 64"),
            ("--kind", "zwave", "zigbee2mqtt"),
            ("--device", "a/#", "without + and #"),
            ("--command-topic", "a/+", "without + and #"),
            ("--lease", "soon", "3m"),
            ("--page-port", "http", "65535"),
            ("--driver", "zigbee", "mqtt"),
            ("--pin", "GPIO17", "17"),
            ("--active", "on", "high, low"),
            ("--token", "!env NO_SUCH_TOKEN", "NO_SUCH_TOKEN"),
            ("--broker-password", "!file no-such-file", "no-such-file"),
            ("--message", "mum=!file no-such-file", "no-such-file"),
            ("--name", " ", "1 to 64"),
        ],
    ),
)
def test_an_answer_that_is_none_is_told_with_its_option_and_a_right_one(
    machine, option, wrong, right
):
    said = machine.run(option, wrong)
    assert said.code == 2, said
    assert said.err.startswith(f"gasguard: {option}: ")
    assert right in said.err
    assert "secret" not in said.err
    assert not machine.path.parent.exists()


def test_a_message_without_an_address_is_told(machine):
    for wrong in ("mum", "mum=", "Mum=ntfy://x", "mum=nowhere", "=ntfy://x"):
        said = machine.run("--message", wrong)
        assert said.code == 2, (wrong, said)
        assert "mum=ntfy://TOPIC" in said.err


def test_an_address_without_a_service_is_told_and_nothing_is_written(machine):
    said = machine.whole("--message", "mum=nosuchservice://secret-key")
    assert said.code == 1, said
    assert "mum" in said.err
    assert "secret-key" not in said.err
    assert not machine.path.exists()


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [
        ("--relay", "10.0.0.1", "--kind", "tasmota"),
        ("--kind", "tasmota", "--command-topic", "a"),
        ("--driver", "mqtt", "--relay", "10.0.0.1"),
        ("--driver", "mi", "--device", "x"),
        ("--driver", "pin", "--relay", "10.0.0.1"),
        ("--pin", "17", "--device", "x"),
    ],
)
def test_options_that_speak_of_different_relays_are_told(machine, options):
    said = machine.run(*options, "--wiring", "normally_open", *machine.broker)
    assert said.code == 2, said
    assert "different relays" in said.err


def test_options_that_exclude_each_other_are_told_before_anything_is_tried(machine):
    for options, told in (
        (("--no-page", "--page-port", "8421"), "--no-page, --page-port"),
        (("--message", "mum=ntfy://a", "--message", "mum=ntfy://b"), "mum has two addresses"),
        (
            ("--sheet", str(machine.path.parent / "no" / "sheet.html")),
            "--sheet: there is no folder",
        ),
    ):
        said = machine.whole(*options)
        assert said.code == 2, (options, said)
        assert told in said.err
        assert not machine.path.parent.exists()


def test_a_password_without_a_name_is_asked_for_its_name(machine):
    said = machine.whole("--broker-password", "secret word")
    assert said.code == 2, said
    assert said.err.endswith("--broker-user\n")


def test_a_wrong_token_is_told_and_nothing_is_written(machine):
    said = machine.run(
        *machine.broker, "--relay", machine.relay_at, "--token", WRONG_TOKEN,
        "--wiring", "normally_open",
    )  # fmt: skip
    assert said.code == 1
    assert "does not take this token" in said.err
    assert WRONG_TOKEN not in said.err
    assert not machine.path.parent.exists()


def test_a_relay_that_is_not_there_is_told(machine):
    said = machine.run(
        *machine.broker, "--relay", f"127.0.0.1:{free_port()}", "--token", TOKEN,
        "--wiring", "normally_open",
    )  # fmt: skip
    assert said.code == 1
    assert "does not answer" in said.err
    assert not machine.path.parent.exists()


@pytest.mark.long
def test_a_channel_that_the_module_has_not_is_told(machine):
    said = machine.whole("--switch", "9/9")
    assert said.code == 1
    assert "9/9" in said.err
    assert not machine.path.parent.exists()


def test_a_broker_that_is_not_there_is_told(machine):
    said = machine.run(
        "--broker", f"127.0.0.1:{free_port()}", *machine.relay, "--wiring", "normally_open"
    )
    assert said.code == 1
    assert "cannot be used" in said.err
    assert not machine.path.parent.exists()


def test_a_lease_is_taken_from_the_model_and_refused_where_it_cannot_be(make_kitchen, tmp_path):
    lease = {"after": "3m", "siid": 2, "piid": 3}
    kitchen = make_kitchen(left={"relay": relay(lease=lease)})
    machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
    refused = machine.run(
        *machine.broker, *machine.relay, "--wiring", "normally_closed", "--lease", "3m"
    )
    assert refused.code == 2
    assert "normally_open" in refused.err
    assert machine.whole("--lease", "3m").code == 0
    assert load_config(machine.path).burners["left"].relay.held_lease.after == 180


@pytest.mark.long
def test_a_broker_with_a_login(kitchen, tmp_path):
    broker = Mosquitto(tmp_path / "closed", users={"gas": "secret word"})
    try:
        machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
        here = ("--broker", f"127.0.0.1:{broker.port}", *machine.relay, "--wiring", "normally_open")
        for login in ((), ("--broker-user", "gas", "--broker-password", "wrong")):
            said = machine.run(*here, *login)
            assert said.code == 1, said
            assert "refused" in said.err
            assert not machine.path.exists()
        said = machine.run(*here, "--broker-user", "gas", "--broker-password", "secret word")
        assert said.code == 0, said
        assert "secret word" not in machine.path.read_text() + said.out + said.err
        assert load_config(machine.path).mqtt.password.get_secret_value() == "secret word"
        before = machine.path.read_text()
        again = machine.run("--broker-user", "gas")
        assert again.code == 0, again
        assert machine.path.read_text() == before, "the password stays"
        several = before.replace("host: 127.0.0.1\n", "host: [127.0.0.1]\n", 1)
        machine.path.write_text(several)
        refused = machine.run("--broker-password", "wrong")
        assert refused.code == 1, "beside several hosts, too, a login is tried"
        assert machine.path.read_text() == several
    finally:
        broker.stop()


@pytest.mark.long
def test_a_relay_behind_the_broker(make_kitchen, tmp_path):
    device = {"driver": "mqtt", "kind": "tasmota", "device": "stove", "contact": "normally_open"}
    kitchen = make_kitchen(left={"relay": device})
    simulator = kitchen.process("simulate", "-c", str(kitchen.path))
    simulator.says("Ctrl-C ends")
    path = tmp_path / "new" / "config.yaml"
    options = (
        "setup", "--yes", "-c", str(path), "--broker", f"127.0.0.1:{kitchen.broker.port}",
        "--wiring", "normally_open", "--kind", "tasmota", "--device",
    )  # fmt: skip
    said = kitchen.cli(*options, "no such")
    assert said.code == 1, said
    assert not path.exists()
    said = kitchen.cli(*options, "stove")
    assert said.code == 0, said
    left = load_config(path).burners["left"].relay
    assert (left.kind, left.device) == ("tasmota", "stove")


def test_a_module_without_numbers_takes_none(make_kitchen, tmp_path):
    old = relay(driver="miio")
    machine = Machine(make_kitchen(left={"relay": old}), tmp_path / "new" / "config.yaml")
    refused = machine.whole("--switch", "2/1")
    assert refused.code == 2, refused
    assert "--switch" in refused.err
    assert machine.whole().code == 0
    assert load_config(machine.path).burners["left"].relay.driver == "miio"


@pytest.mark.long
def test_files_and_folders_that_are_none_are_told_and_nothing_is_written(machine, tmp_path):
    (tmp_path / "file").touch()
    for options, told in (
        (("--broker-ca", str(tmp_path / "no.pem")), "no.pem"),
        (("--state-dir", str(tmp_path / "file" / "state")), "state_dir"),
    ):
        said = machine.whole(*options)
        assert said.code in (1, 2), said
        assert told in said.err
        assert "Traceback" not in said.err
        assert not machine.path.parent.exists()


@pytest.mark.long
def test_what_is_no_text_is_told(machine):
    for option in ("--name", "--token", "--device", "--broker-password"):
        said = machine.run(option, "\udcff")
        assert said.code == 2, said
        assert said.err.startswith(f"gasguard: {option}: ")


# --- a file that is there -----------------------------------------------------------------------


def test_called_again_it_changes_only_what_is_answered(machine):
    assert machine.whole("--page").code == 0
    text = machine.path.read_text()
    text = text.replace("burners:\n", "on_shutdown: leave   # my own\nburners:   # mine\n")
    machine.path.write_text(text)
    machine.path.chmod(0o600)
    said = machine.run("--wiring", "normally_closed")
    assert said.code == 0, said
    changed = machine.path.read_text()
    assert changed == text.replace("contact: normally_open\n", "contact: normally_closed\n")
    assert stat.S_IMODE(machine.path.stat().st_mode) == 0o600


@pytest.mark.long
def test_called_again_with_nothing_it_changes_nothing(machine):
    assert machine.whole().code == 0
    before = machine.left()
    del before["commissioning.html"]
    assert machine.run().code == 0
    after = machine.left()
    del after["commissioning.html"]
    assert after == before


def test_a_burner_that_is_not_there_is_not_passed_over(machine):
    assert machine.whole().code == 0
    before = machine.path.read_text()
    for options in (("--burner", "back"), ("--burner", "back", "--name", "Back")):
        said = machine.run(*options)
        assert said.code == 2, said
        assert "--relay, --token, --wiring" in said.err
    assert machine.path.read_text() == before


def test_relays_in_series_are_left_alone_and_that_is_told(machine):
    one = {**yaml.safe_load(machine.kitchen.path.read_text())["burners"]["left"]["relay"]}
    two = {**one, "switch": {"siid": 3, "piid": 1}}
    machine.path.parent.mkdir()
    data = {"mqtt": {"port": machine.kitchen.broker.port}, "state_dir": "state"}
    machine.path.write_text(yaml.safe_dump({**data, "burners": {"left": {"relays": [one, two]}}}))
    before = machine.path.read_text()
    for options in (("--wiring", "normally_closed"), (*machine.relay, "--wiring", "no")):
        said = machine.run(*options)
        assert said.code == 2, said
        assert "in series" in said.err
    assert machine.path.read_text() == before
    machine.run("--name", "Left")
    assert load_config(machine.path).burners["left"].name == "Left"


def test_somebody_more_to_tell_changes_no_other_key_of_the_messages(machine):
    assert machine.whole("--message", "mum=ntfy://a").code == 0
    text = machine.path.read_text().replace("  language: en\n", "")
    machine.path.write_text(text)
    assert machine.run("--message", "dad=ntfy://b", "--language", "zh").code == 0
    changed = machine.path.read_text()
    assert "language" not in changed
    assert set(load_config(machine.path).messages.to) == {"mum", "dad"}


@pytest.mark.long
def test_the_same_answers_again_change_nothing(machine):
    assert machine.whole("--page").code == 0
    before = machine.path.read_bytes()
    assert machine.whole("--page").code == 0
    assert machine.path.read_bytes() == before


def test_a_second_burner_is_added_on_another_channel(make_kitchen, tmp_path):
    module = relay(switch={"siid": 2, "piid": 1})
    other = {**module, "switch": {"siid": 3, "piid": 1}}
    kitchen = make_kitchen(left={"relay": module}, right={"relay": other})
    machine = Machine(kitchen, tmp_path / "new" / "config.yaml")
    assert machine.whole().code == 0
    said = machine.run("--burner", "right", *machine.relay, "--wiring", "normally_open")
    assert said.code == 0, said
    burners = load_config(machine.path).burners
    assert [(one.relay.switch.siid) for one in burners.values()] == [2, 3]


def test_a_new_token_replaces_the_old_one_and_no_old_secret_is_left(machine):
    assert machine.whole().code == 0
    said = machine.run("--token", TOKEN.upper())
    assert said.code == 0, said
    (secret,) = (machine.path.parent / "secrets").iterdir()
    assert secret.read_text().strip() == TOKEN.upper()
    assert load_config(machine.path).burners["left"].relay.token.get_secret_value() == TOKEN.upper()


@pytest.mark.parametrize(
    "text",
    some(
        [
            "mqtt: {port: 1\n",
            "mqtt: [a\n",
            "just a line\n",
            "- a list\n",
            "burners: {left: {relay: {token: !env GASGUARD_SUCH_A_TOKEN}}}\n",
            "mqtt:\n  port: 1883\n  port: 1884\n",
        ],
    ),
)
def test_a_file_with_faults_is_told_and_left_alone(machine, text):
    machine.path.parent.mkdir()
    machine.path.write_text(text)
    said = machine.whole()
    assert said.code == 2, said
    assert "the configuration has faults" in said.err
    assert machine.left() == {"config.yaml": text.encode()}


@pytest.mark.long
def test_a_file_that_would_stay_unsound_is_left_alone(machine):
    machine.path.parent.mkdir()
    text = "burners: {right: {relay: {driver: miot}}}\n"
    machine.path.write_text(text)
    said = machine.whole("--burner", "left")
    assert said.code == 2, said
    assert "burners.right" in said.err
    assert machine.left() == {"config.yaml": text.encode()}


@pytest.mark.long
@pytest.mark.parametrize("text", ["", "# comments alone\n", "# one\n\n---\n# two\n"])
def test_a_file_of_comments_alone_is_an_empty_machine(machine, text):
    machine.path.parent.mkdir()
    machine.path.write_text(text)
    said = machine.whole()
    assert said.code == 0, said
    assert machine.path.read_text().startswith(text)
    assert load_config(machine.path).burners


@pytest.mark.long
def test_an_alias_is_not_changed_for_all_who_share_it(machine):
    machine.path.parent.mkdir()
    shared = relay(machine.port)
    text = "relays: &module " + yaml.safe_dump(shared, default_flow_style=True)
    text = text.replace("relays: ", "burners:\n  right:\n    relay: ")
    machine.path.write_text(text + "  left:\n    relay: *module\n")
    before = machine.left()
    said = machine.run(*machine.broker, "--burner", "left", "--wiring", "normally_closed")
    assert said.code == 1, said
    assert "alias" in said.err
    assert machine.left() == before


# --- places -------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(machine, tmp_path):
    folder = tmp_path / "readonly"
    folder.mkdir()
    words = mounting('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"', folder)
    machine.kitchen.before = words
    said = machine.kitchen.cli(
        "setup", "--yes", "-c", str(folder / "config.yaml"), *machine.broker, *machine.relay,
        "--wiring", "normally_open",
    )  # fmt: skip
    machine.kitchen.before = []
    assert said.code == 2, said
    assert "sudo" in said.err


@pytest.mark.long
def test_what_cannot_be_written_half_way_leaves_all_as_it_was(machine):
    machine.path.parent.mkdir()
    machine.path.write_text("# mine\n")
    (machine.path.parent / "secrets").write_text("in the way")
    before = machine.left()
    said = machine.whole()
    assert said.code == 1, said
    assert "nothing was written" in said.err
    assert machine.left() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_may_not_write_is_told_so(machine, tmp_path):
    machine.path.parent.mkdir()
    machine.path.write_text("# mine\n")
    machine.path.chmod(0o644)
    for folder in (tmp_path, machine.path.parent):
        folder.chmod(0o755)
    machine.kitchen.before = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    said = machine.whole()
    machine.kitchen.before = []
    assert said.code != 0
    assert machine.left() == {"config.yaml": b"# mine\n"}


@pytest.mark.long
def test_a_link_and_a_folder_are_no_file_to_write(machine, tmp_path):
    machine.path.parent.mkdir()
    machine.path.symlink_to(tmp_path / "elsewhere.yaml")
    assert machine.whole().code == 2
    machine.path.unlink()
    machine.path.mkdir()
    assert machine.whole().code == 2


def test_without_a_terminal_and_without_yes_it_says_so(machine):
    said = machine.kitchen.cli("setup", "-c", str(machine.path))
    assert said.code == 2
    assert "--yes" in said.err
    assert not machine.path.parent.exists()


@pytest.mark.long
def test_somebody_elses_page_is_not_replaced_by_the_sheet(machine):
    machine.path.parent.mkdir()
    own = machine.path.with_name("commissioning.html")
    own.write_text("mine")
    assert machine.whole().code == 0
    assert own.read_text() == "mine"
    assert "left" in machine.path.with_name("commissioning-2.html").read_text()
    assert machine.run().code == 0
    assert not machine.path.with_name("commissioning-3.html").exists()


# --- the machine --------------------------------------------------------------------------------


@pytest.fixture
def systemctl(tmp_path):
    """A systemd that says yes to all, and writes down what it was told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program, said = folder / "systemctl", tmp_path / "said"
    program.write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    program.chmod(0o755)
    said.touch()
    return {"PATH": f"{folder}:{os.environ['PATH']}"}, said


@pytest.mark.skipif(os.geteuid() != 0, reason="services are begun by root")
def test_the_services_are_begun_where_wanted_and_there(machine, systemctl):
    env, said = systemctl
    common = (*machine.broker, *machine.relay, "--wiring", "normally_open", "--page")
    assert machine.run(*common, "--no-service", env=env).code == 0
    assert "enable" not in said.read_text()
    assert machine.run("--service", env=env).code == 0
    told = said.read_text().splitlines()
    assert "enable gasguard.service gasguard-web.service" in told
    assert "restart gasguard.service gasguard-web.service" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="services are begun by root")
def test_a_service_that_does_not_begin_is_no_success(machine, systemctl):
    env, said = systemctl
    program = Path(env["PATH"].partition(":")[0]) / "systemctl"
    program.write_text('#!/bin/sh\n[ "$1" != restart ] || { echo "Job failed." >&2; exit 1; }\n')
    assert machine.whole().code == 0
    said = machine.run("--service", env=env)
    assert said.code == 1, said
    assert "Job failed." in said.err


@pytest.mark.skipif(os.geteuid() != 0, reason="the system's folders are root's")
def test_the_watchdog_is_set_up_and_taken_back(machine, systemctl, tmp_path):
    env, _ = systemctl
    assert machine.whole().code == 0
    etc = tmp_path / "systemd"
    etc.mkdir()
    machine.kitchen.before = mounting(f'mount --bind {etc} "$0"', Path("/etc/systemd"))
    said = machine.run("--watchdog", env=env)
    assert said.code == 0, said
    assert "normally_open" in said.out
    written = etc / "system.conf.d" / "gasguard-watchdog.conf"
    assert "RuntimeWatchdogSec=15s" in written.read_text()
    assert machine.run("--no-watchdog", env=env).code == 0
    assert not written.exists()
    written.write_text("[Manager]\nRuntimeWatchdogSec=10s\n")
    said = machine.run("--watchdog", env=env)
    assert "left as it is" in said.err
    assert said.code == 1, said
    assert machine.run("--no-watchdog", env=env).code == 0
    assert "10s" in written.read_text()
    machine.kitchen.before = []


PIN = {"driver": "gpio", "line": 17, "active": "high", "contact": "normally_open"}


@pytest.mark.skipif(os.geteuid() != 0, reason="the system's folders are root's")
def test_the_service_may_use_pins_only_where_the_file_names_them(machine, tmp_path):
    etc = tmp_path / "systemd"
    (etc / "system").mkdir(parents=True)
    (etc / "system" / "gasguard.service").touch()
    machine.path.parent.mkdir()
    data = {"mqtt": {"port": machine.kitchen.broker.port}, "state_dir": "state"}
    machine.path.write_text(yaml.safe_dump({**data, "burners": {"left": {"relay": PIN}}}))
    machine.kitchen.before = mounting(f'mount --bind {etc} "$0"', Path("/etc/systemd"))
    said = machine.run("--page")
    assert "relay left" in said.out
    for unit in ("gasguard", "gasguard-opener"):
        written = etc / "system" / f"{unit}.service.d" / "pins.conf"
        assert "DeviceAllow=char-gpiochip rw" in written.read_text()
    said = machine.run(*machine.relay, "--wiring", "normally_open")
    assert said.code == 0, said
    assert not written.exists()
    machine.kitchen.before = []


def test_a_pin_that_is_not_there_is_told(machine):
    pin = ("--pin", "17", "--active", "high", "--wiring", "normally_open")
    said = machine.run(*machine.broker, *pin)
    assert said.code == 1, said
    assert "GPIO chip" in said.err
    assert not machine.path.parent.exists()


def test_without_systemd_it_says_what_to_type(machine):
    said = machine.whole("--page", "--service")
    assert said.code == 0, said
    assert f"gasguard run -c {machine.path}" in said.out or "systemctl enable" in said.out


@pytest.mark.long
def test_the_sheet_has_what_is_known_and_no_secret(machine):
    assert machine.whole("--sheet", str(machine.path.parent / "for me.html")).code == 0
    page = (machine.path.parent / "for me.html").read_text()
    assert machine.relay_at in page
    assert "normally_open" in page
    assert TOKEN not in page
    assert "not a certified safety device" in page
