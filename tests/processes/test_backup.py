"""`gasguard backup` and `restore`: from one machine to the next, with the daemon and without."""

import os
import re
import shutil
import stat
import time
from pathlib import Path

import pytest

from tests.support.kitchen import TOKEN, Kitchen, Said, burner
from tests.support.waiting import eventually, wait_until


def backup(kitchen: Kitchen, *words: str) -> Path:
    file = kitchen.folder.parent / "kitchen.backup"
    done = kitchen.local("backup", str(file), *words)
    assert done.code == 0, done
    assert "tokens and passwords" in done.out
    return file


def restore(kitchen: Kitchen, file: Path, *words: str) -> Said:
    return kitchen.local("restore", str(file), *words)


def halt(kitchen: Kitchen) -> None:
    """kill -9: what was in use stays in use."""
    kitchen.daemons[-1].kill()


def lose_everything(kitchen: Kitchen) -> None:
    """The card died."""
    shutil.rmtree(kitchen.state_dir)
    kitchen.path.unlink()


def test_a_kitchen_moves_to_another_card(make_kitchen):
    kitchen: Kitchen = make_kitchen(left=burner(), right=burner())
    (kitchen.folder / "token").write_text(TOKEN)
    text = kitchen.path.read_text()
    assert TOKEN in text
    kitchen.path.write_text(re.sub(rf"'?{TOKEN}'?", "!file token", text))
    kitchen.stove()
    kitchen.daemon()
    kitchen.order("lock", "LOCK", "right")
    kitchen.order("timer", "10m")
    told = kitchen.local("history", "right").out  # what is asked for is on disk
    assert told
    file = backup(kitchen)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = kitchen.path.read_text()
    halt(kitchen)
    lose_everything(kitchen)
    (kitchen.folder / "token").unlink()

    done = restore(kitchen, file)
    assert done.code == 0, done
    assert "left: a cooking timer goes on, 10 min are left" in done.out
    assert "right: stays off, locked (child)" in done.out
    assert kitchen.path.read_text() == written
    kitchen.daemon(None)
    states = eventually(lambda: kitchen.ask())
    assert states["right"]["locks"] == ["child"]
    # This machine never restarted, so its clock says how much is left.
    assert 580 < states["left"]["timer"]["remaining_s"] <= 600
    assert kitchen.local("history", "right").out.startswith(told)


def test_a_timer_that_has_ended_meanwhile_shuts_off_at_the_start(kitchen):
    stove, _ = kitchen.stove(), kitchen.daemon()
    began = time.monotonic()
    kitchen.order("timer", "3s")
    file = backup(kitchen)
    halt(kitchen)
    wait_until(began + 4)
    done = restore(kitchen, file, "--force")
    assert done.code == 0, done
    assert "left: is shut off at the start" in done.out
    assert stove.circuit() == "closed"
    kitchen.run()
    eventually(lambda: stove.circuit() == "open", 5, "it opens")
    eventually(lambda: (kitchen.ask() or {}).get("left", {}).get("phase") == "ready", 8)


def test_so_it_does_where_nothing_is_there_but_the_backup(kitchen):
    stove, _ = kitchen.stove(), kitchen.daemon()
    began = time.monotonic()
    kitchen.order("timer", "3s")
    file = backup(kitchen)
    halt(kitchen)
    lose_everything(kitchen)
    wait_until(began + 4)
    done = restore(kitchen, file)
    assert "left: a cooking timer ran that has ended since" in done.out
    assert stove.circuit() == "closed"
    kitchen.run()
    eventually(lambda: stove.circuit() == "open", 5, "it opens")
    state = eventually(lambda: (s := kitchen.ask()) and s["left"]["last_trip"] and s["left"])
    assert state["last_trip"]["reason"] == "timer"


def test_an_older_backup_lets_nothing_go_that_is_held_now(kitchen):
    kitchen.stove()
    kitchen.daemon()
    file = backup(kitchen)
    kitchen.order("lock", "LOCK")
    halt(kitchen)
    done = restore(kitchen, file, "--force")
    assert "left: stays off, locked (child): it is so now" in done.out
    kitchen.daemon("locked_out")
    assert kitchen.ask()["left"]["locks"] == ["child"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_card_that_has_become_read_only_is_still_backed_up(kitchen, read_only, end):
    kitchen.stove()
    kitchen.daemon()
    kitchen.order("lock", "LOCK")
    getattr(kitchen.daemons[-1], end)()
    read_only(kitchen)
    file = backup(kitchen)
    kitchen.before = []
    lose_everything(kitchen)
    assert "left: stays off, locked (child)" in restore(kitchen, file).out


def test_while_the_daemon_runs_nothing_is_restored(kitchen):
    kitchen.stove()
    kitchen.daemon()
    file = backup(kitchen)
    before = kitchen.path.read_bytes()
    kitchen.order("lock", "LOCK")
    done = restore(kitchen, file, "--force")
    assert done.code == 1
    assert "stop it first: sudo systemctl stop gasguard" in done.err
    assert kitchen.path.read_bytes() == before
    assert kitchen.ask()["left"]["locks"] == ["child"]


def test_what_is_there_is_not_replaced_unless_told(kitchen):
    kitchen.stove()
    kitchen.daemon()
    file = backup(kitchen)
    again = kitchen.local("backup", str(file))
    assert again.code == 2
    assert "--force" in again.err
    assert backup(kitchen, "--force") == file
    kitchen.daemons[-1].stop()
    kitchen.path.write_text(kitchen.path.read_text() + "# mine\n")
    done = restore(kitchen, file)
    assert done.code == 2
    assert str(kitchen.path) in done.err and "--force" in done.err
    assert kitchen.path.read_text().endswith("# mine\n")
    assert restore(kitchen, file, "--force").code == 0
    assert not kitchen.path.read_text().endswith("# mine\n")
    assert kitchen.local("check-config").code == 0


def test_one_that_is_damaged_changes_nothing(kitchen):
    kitchen.stove()
    kitchen.daemon().stop()
    file = backup(kitchen)
    kitchen.path.write_text(kitchen.path.read_text() + "# mine\n")
    before = kitchen.path.read_bytes(), (kitchen.state_dir / "guard.db").read_bytes()
    whole = file.read_bytes()
    for data in (b"", whole[:-20], whole[:200], b"x" * 500, whole[:300] + b"x" + whole[301:]):
        file.write_bytes(data)
        done = restore(kitchen, file, "--force")
        assert done.code == 1, done
        assert "damaged" in done.err
        assert "Traceback" not in done.err
    assert before == (kitchen.path.read_bytes(), (kitchen.state_dir / "guard.db").read_bytes())


@pytest.mark.parametrize("words", [["backup"], ["restore"], ["restore", "/nowhere/x"]])
def test_without_a_file_it_says_what_is_missing(kitchen, words):
    done = kitchen.local(*words)
    assert done.code == 2, done
    assert "FILE" in done.err or "No such file" in done.err


def test_where_a_backup_cannot_be_put_it_says_so(kitchen):
    said = kitchen.local("backup", str(kitchen.folder))
    assert said.code == 2
    assert "is a folder; name a file in it" in said.err
    said = kitchen.local("backup", "/nowhere/x")
    assert said.code == 2
    assert "no folder /nowhere" in said.err
    said = kitchen.local("backup", "-")
    assert said.code == 2
    assert "standard output" in said.err


def test_it_takes_the_place_of_no_pipe_no_link_and_of_nothing_that_it_is_made_of(kitchen, tmp_path):
    kitchen.stove()
    kitchen.daemon().stop()
    pipe, link, state = tmp_path / "pipe", tmp_path / "link", kitchen.state_dir / "guard.db"
    os.mkfifo(pipe)
    link.symlink_to(kitchen.path)
    before = kitchen.path.read_bytes(), state.read_bytes()
    for file, why in (
        (pipe, "no ordinary file"),
        (link, "no ordinary file"),
        (kitchen.path, "part of what is backed up"),
        (state, "part of what is backed up"),
    ):
        said = kitchen.local("backup", "--force", str(file))
        assert said.code == 2, (file, said)
        assert why in said.err
    assert before == (kitchen.path.read_bytes(), state.read_bytes())
    assert pipe.is_fifo()


def test_without_a_configuration_it_is_misused(kitchen):
    said = kitchen.cli("backup", "-c", str(kitchen.folder / "no.yaml"), str(kitchen.folder / "x"))
    assert said.code == 2, said
    assert "no.yaml" in said.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_may_not_read_it_all_is_told_to_use_sudo(kitchen, tmp_path):
    kitchen.stove()
    kitchen.daemon().stop()
    kitchen.path.chmod(0o600)
    file = tmp_path / "theirs.backup"
    kitchen.before = ["setpriv", "--reuid=65534", "--clear-groups"]
    done = kitchen.local("backup", str(file))
    assert done.code != 0
    assert "Permission denied" in done.err
    assert not file.exists()
