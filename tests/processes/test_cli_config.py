"""`gasguard check-config`, and where the configuration is looked for (contract, section 2)."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.kitchen import ROOT, TOKEN, Kitchen, burner, relay
from tests.support.namespaces import mounting
from tests.support.waiting import eventually

SECRET = "do-not-print-me"


def check(kitchen: Kitchen, text: str, **env: str):
    kitchen.path.write_text(text)
    return kitchen.cli("check-config", "-c", str(kitchen.path), env=env)


def test_a_sound_file_exits_0_and_names_the_burners(kitchen):
    said = kitchen.cli("check-config", "-c", str(kitchen.path))
    assert said.code == 0, said
    assert "left" in said.out


def test_every_fault_is_named_in_one_go_with_its_place_and_no_secret(kitchen):
    said = check(
        kitchen,
        f"""
mqtt: {{port: 99999, password: {SECRET}, flavour: sweet}}
state_dir: state
on_shutdown: explode
burners:
  all: {{relay: {{driver: miot, host: h, token: "{TOKEN}", contact: normally_open}}}}
  Left: {{relay: {{driver: miot, host: h, token: "{TOKEN}", contact: normally_open}}}}
  a: {{relay: {{driver: miot, host: h, token: {SECRET}, contact: normally_open}}}}
  b: {{relay: {{driver: miot, host: h, token: "{TOKEN}"}}}}
  c: {{relay: {{driver: zigbee, host: h}}}}
  d: {{}}
  e:
    relay: {{driver: miot, host: i, token: "{TOKEN}", contact: normally_open}}
    limits: {{rearm_after: 1s, max_burn: 2h, prewarn: soon}}
  f: {{relay: {{driver: miot, host: j, token: "{TOKEN}", contact: sideways}}}}
""",
    )
    assert said.code == 2, said
    for place in (
        "mqtt.port", "mqtt.flavour", "on_shutdown", "burners.all", "burners.Left",
        "burners.a.relay.token", "burners.b.relay.contact", "burners.c.relay", "burners.d",
        "burners.e.limits.rearm_after", "burners.e.limits.prewarn", "burners.f.relay.contact",
    ):  # fmt: skip
        assert re.search(rf"^ *{re.escape(place)}\b", said.err, re.M), (place, said.err)
    assert SECRET not in said.out + said.err
    assert TOKEN not in said.out + said.err


def test_one_channel_for_two_burners_is_a_fault(kitchen):
    port = 54321
    burners = {
        "left": {"relay": relay(port)},
        "right": {"relay": relay(port, switch={"siid": 3, "piid": 1})},
        "back": {"relay": relay(port), "voice": {"siid": 3, "piid": 1}},
    }
    said = check(kitchen, yaml.safe_dump({"burners": burners}, sort_keys=False))
    assert said.code == 2, said
    assert "burners.back.relay.switch: is the same channel as burners.left.relay" in said.err
    assert "burners.back.voice: is the same channel as burners.right.relay" in said.err
    said = check(kitchen, yaml.safe_dump({"burners": {k: burners[k] for k in ("left", "right")}}))
    assert said.code == 0, said


def test_env_and_file_stand_for_every_scalar(kitchen):
    (kitchen.folder / "token").write_text(f"{TOKEN}\n")
    text = """
mqtt: {port: !env GG_PORT, password: !env GG_PASSWORD}
burners:
  left: {relay: {driver: miot, host: !env GG_HOST, token: !file token, contact: normally_open}}
"""
    env = {"GG_PORT": "1884", "GG_PASSWORD": SECRET, "GG_HOST": "127.0.0.1"}
    assert check(kitchen, text, **env).code == 0
    said = check(kitchen, text.replace("!file token", "!file missing"), GG_PORT="x", GG_HOST="h")
    assert said.code == 2
    for place in ("mqtt.port", "mqtt.password", "burners.left.relay.token"):
        assert place in said.err, said
    assert "GG_PASSWORD" in said.err


@pytest.mark.parametrize(
    "text",
    ["", "[]", "burners: [", "\x00", "burners: {}", "a: &a [*a]\nburners: *a", "? [a]\n: b", "7"],
)
def test_a_file_that_is_no_configuration_exits_2_without_a_traceback(kitchen, text):
    said = check(kitchen, text)
    assert said.code == 2, said
    assert "Traceback" not in said.err


def test_faults_are_told_with_line_and_column_and_what_is_meant(kitchen):
    said = check(
        kitchen,
        f"""\
mqtt:
  pasword: !secret {SECRET}
  port: 22:22
burners:
  left:
    relys: []
    relay: {{driver: miot, host:127.0.0.1, token: {TOKEN}, contact: normally_opn}}
""",
    )
    assert said.code == 2, said
    for line in (
        r"mqtt\.pasword: .*did you mean password\?.* \(line 2, column 3\)",
        r"mqtt\.pasword: .*!env NAME .*!file PATH .*\(line 2, column 12\)",
        r"mqtt\.port: must be a whole number .*\(line 3, column 9\)",
        r"burners\.left\.relys: .*did you mean relays?\?.* \(line 6, column 5\)",
        r"burners\.left\.relay\.host: a blank is missing after the colon.* \(line 7, column 27\)",
        r"burners\.left\.relay\.contact: .*did you mean normally_open\? \(line 7, column \d+\)",
    ):
        assert re.search(rf"^ *{line}$", said.err, re.M), (line, said.err)
    assert SECRET not in said.out + said.err
    assert TOKEN not in said.out + said.err


def test_durations_in_minutes_and_seconds_are_no_hours(kitchen):
    """YAML 1.1 reads 10:00 as 600, which as minutes would be far beyond the 10 minutes allowed."""
    kitchen.data["burners"]["left"]["limits"] = {"rearm_after": "RIGHT", "prewarn": "1:00"}
    kitchen.write()
    text = kitchen.path.read_text().replace("'1:00'", "1:00")
    said = check(kitchen, text.replace("RIGHT", "10:00"))
    assert said.code == 0, said
    said = check(kitchen, text.replace("RIGHT", "10:01"))
    assert said.code == 2, said
    assert "burners.left.limits.rearm_after: must be at least 2s and at most 10m (line" in said.err


def test_a_missing_certificate_is_a_fault_by_its_key(kitchen):
    kitchen.data["mqtt"]["tls"] = {"ca": "gone.pem"}
    kitchen.write()
    said = kitchen.cli("check-config", "-c", str(kitchen.path))
    assert said.code == 2, said
    assert f"mqtt.tls.ca: {kitchen.folder}/gone.pem: No such file or directory (line " in said.err


def test_one_token_for_two_devices_is_a_warning_and_for_one_contact_a_fault(kitchen):
    burners = {"left": {"relay": relay(54321)}, "right": {"relay": relay(54321)}}
    for host, code in (("127.0.0.2", 0), ("relay.local", 2)):
        burners["right"]["relay"]["host"] = host
        said = check(kitchen, yaml.safe_dump({"burners": burners, "state_dir": "state"}))
        assert said.code == code, said
        assert "burners.left.relay" in said.err
        assert ("warning: burners.right.relay.token: " in said.err) == (code == 0)
        assert TOKEN not in said.err


def test_a_faulty_file_keeps_the_daemon_from_starting_but_not_an_off(kitchen):
    stove, _, _ = kitchen.start()
    kitchen.data["burners"]["left"]["relay"]["token"] = "broken"
    kitchen.data["mqtt"]["port"] = -1
    kitchen.write()
    assert kitchen.cli("run", "-c", str(kitchen.path)).code == 2
    assert kitchen.local("off", "left").code == 0
    assert stove.circuit() == "open"


def test_the_example_runs_as_it_is(kitchen):
    said = kitchen.cli("check-config", "-c", str(ROOT / "config.example.yaml"))
    assert said.code == 0, said


def _without_an_installed_one() -> list[str]:
    """Words before a command that does not see /etc/gasguard, where this machine has one."""
    installed = Path("/etc/gasguard")
    return mounting('mount -t tmpfs none "$0"', installed) if installed.is_dir() else []


def test_the_configuration_is_looked_for_in_the_usual_places(make_kitchen, tmp_path):
    """GASGUARD_CONFIG, then the home's folder, then config.yaml here."""
    homes = {}
    for place in ("named", "home", "here"):
        kitchen = make_kitchen(**{f"burner_{place}": burner()})
        kitchen.stove()
        kitchen.daemon()
        homes[place] = kitchen
    anyone = homes["here"]
    anyone.before = _without_an_installed_one()
    home = tmp_path / "xdg"
    (home / "gasguard").mkdir(parents=True)
    text = {**homes["home"].data, "state_dir": str(homes["home"].state_dir)}
    (home / "gasguard" / "config.yaml").write_text(yaml.safe_dump(text))
    here = homes["here"].folder
    env = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "GASGUARD_CONFIG": ""}

    def finds(place: str, **more: str) -> None:
        said = anyone.cli("status", env={**env, **more}, cwd=here)
        assert said.code == 0, said
        assert f"burner_{place}" in said.out

    xdg = str(home)
    finds("named", XDG_CONFIG_HOME=xdg, GASGUARD_CONFIG=str(homes["named"].path))
    finds("home", XDG_CONFIG_HOME=xdg)
    finds("here", XDG_CONFIG_HOME=str(tmp_path / "nothing"))
    said = anyone.cli("status", env={**env, "XDG_CONFIG_HOME": "/nowhere"}, cwd=tmp_path)
    assert said.code == 2, said
    assert "-c FILE" in said.err


def test_relative_paths_are_relative_to_the_file(kitchen):
    kitchen.stove()
    kitchen.daemon()
    said = kitchen.cli("status", "-c", kitchen.path.name, cwd=kitchen.folder)
    assert said.code == 0, said
    eventually(lambda: (kitchen.folder / "state" / "guard.db").exists(), 1)
