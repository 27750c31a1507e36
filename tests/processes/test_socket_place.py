"""Where the local socket is: in systemd's runtime folder where there is one, and nobody else's."""

import socket
import stat
from pathlib import Path

import pytest

from tests.support.kitchen import Kitchen
from tests.support.waiting import eventually


@pytest.fixture
def runtime(tmp_path) -> dict[str, str]:
    """The environment that systemd gives a unit with RuntimeDirectory=."""
    (tmp_path / "run").mkdir()
    return {"RUNTIME_DIRECTORY": str(tmp_path / "run")}


def up(kitchen: Kitchen, env: dict[str, str]):
    """A daemon in that environment, once it answers."""
    daemon = kitchen.run(env=env)
    asked = ("status", "-c", str(kitchen.path))
    eventually(lambda: kitchen.cli(*asked, env=env).code == 0, 15, "it answers")
    daemon.says("guarding left")
    return daemon


def test_it_is_in_the_runtime_folder_and_found_by_who_knows_only_the_configuration(
    kitchen, runtime, tmp_path
):
    stove = kitchen.stove()
    daemon = up(kitchen, runtime)
    made = tmp_path / "run" / "control.sock"
    assert stat.S_ISSOCK(made.lstat().st_mode)
    assert stat.S_IMODE(made.lstat().st_mode) == 0o660
    assert kitchen.socket_path.readlink() == made
    assert kitchen.local("off", "left").code == 0
    assert stove.circuit() == "open"
    assert daemon.stop() == 0
    assert not made.exists() and not kitchen.socket_path.is_symlink()


def test_a_link_that_leads_nowhere_is_no_daemon_and_is_replaced(kitchen, runtime):
    kitchen.stove()
    kitchen.state_dir.mkdir()
    kitchen.socket_path.symlink_to("/run/nowhere/control.sock")
    assert kitchen.local("status").code == 3
    kitchen.daemon()
    assert kitchen.local("status").code == 0


def test_a_stale_socket_on_a_read_only_card_keeps_nobody_from_the_daemon(
    kitchen, read_only, runtime
):
    stove = kitchen.stove()
    kitchen.daemon().kill()
    assert kitchen.socket_path.is_socket(), "stale"
    read_only(kitchen)
    daemon = up(kitchen, runtime)
    off = kitchen.cli("off", "left", "-c", str(kitchen.path), env=runtime)
    assert off.code == 0, off
    assert stove.circuit() == "open"
    said = kitchen.cli("doctor", "-c", str(kitchen.path), env=runtime)
    assert "daemon                 ok" in said.out
    assert "state                  fail" in said.out
    assert "no local commands" not in daemon.output


def test_one_kitchen_never_reaches_the_daemon_of_another(make_kitchen, runtime):
    """Both know of the same runtime folder; only one of them has a daemon, there."""
    mine, other = make_kitchen(), make_kitchen()
    stove = mine.stove()
    up(mine, runtime)
    for words in (("off",), ("off", "left"), ("status",), ("lock", "left"), ("history",)):
        said = other.cli(*words, "-c", str(other.path), env=runtime)
        assert said.code == 3, said
        assert "no daemon at" in said.err
    assert stove.circuit() == "closed"


def test_two_daemons_with_one_runtime_folder_both_have_a_socket(make_kitchen, runtime):
    first, second = make_kitchen(), make_kitchen()
    stoves = first.stove(), second.stove()
    up(first, runtime)
    up(second, runtime)
    assert second.local("off").code == 0
    assert [stove.circuit() for stove in stoves] == ["closed", "open"]
    assert first.local("off").code == 0
    assert stoves[0].circuit() == "open"


def test_doctor_tells_a_daemon_whose_socket_is_missing_from_none(kitchen):
    kitchen.stove()
    daemon = kitchen.daemon()
    kitchen.socket_path.unlink()
    said = kitchen.local("doctor")
    assert said.code == 1
    assert (
        "daemon                 fail is running, and its local socket does not answer" in said.out
    )
    said = kitchen.local("off")
    assert said.code == 3
    assert "the daemon runs, but not its socket" in said.err
    second = kitchen.cli("run", "-c", str(kitchen.path))
    assert second.code == 2
    assert "another gasguard is running" in second.err
    daemon.stop()
    assert "daemon                 warn no daemon at" in kitchen.local("doctor").out


def test_what_is_no_socket_at_all_is_no_daemon(kitchen):
    kitchen.state_dir.mkdir()
    for make, remove in ((Path.touch, Path.unlink), (Path.mkdir, Path.rmdir)):
        make(kitchen.socket_path)
        said = kitchen.local("off")
        assert said.code == 3, said
        remove(kitchen.socket_path)


def test_a_daemon_asked_in_anothers_name_carries_nothing_out(kitchen):
    stove = kitchen.stove()
    kitchen.daemon()
    request = {"command": "off", "burners": ["left"], "state_dir": "/somewhere/else"}
    (answer,) = kitchen.talk(request)
    assert answer["error"] == "other_daemon"
    assert stove.circuit() == "closed"
    own = {**request, "state_dir": str(kitchen.state_dir)}
    assert [one["ack"]["status"] for one in kitchen.talk(own)] == ["accepted", "confirmed"]
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(kitchen.socket_path))
