"""`gasguard web-code`: the code, when there is one, and what to do when there is none."""

import os
import re
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gasguard.interfaces.web.passwords import Password
from gasguard.luck import LUCK
from tests.support.processes import GASGUARD


def web_code(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    config = folder / "config.yaml"
    # Whatever else is wrong in the file: the code has nothing to do with it.
    config.write_text(f"state_dir: {folder}/state\nburners: 7\n")
    command = [*GASGUARD, "web-code", "-c", str(config), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def shown(done: "subprocess.CompletedProcess[str]") -> str:
    found = re.search(r"^Setup code: ([2-9A-Z]{5}-[2-9A-Z]{5})$", done.stdout, re.M)
    assert found, done.stdout + done.stderr
    return found[1]


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "web"


def test_the_code_is_the_same_until_it_is_used(tmp_path: Path, web: Path):
    done = web_code(tmp_path)
    assert done.returncode == 0
    assert "/setup" in done.stdout
    assert shown(web_code(tmp_path)) == shown(done)
    assert stat.S_IMODE(web.stat().st_mode) == 0o700
    assert stat.S_IMODE((web / "setup-code").stat().st_mode) == 0o600


def test_commands_at_the_same_moment_tell_one_code(tmp_path: Path, web: Path):
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: web_code(tmp_path), range(6)))
    assert {shown(one) for one in done} == {(web / "setup-code").read_text()}
    assert os.listdir(web) == ["setup-code"]


@pytest.mark.parametrize("kept", ["", "AAAA", "\0\0", "a" * 200_000])
def test_a_damaged_code_is_replaced(tmp_path: Path, web: Path, kept: str):
    web.mkdir()
    (web / "setup-code").write_text(kept)
    assert shown(web_code(tmp_path)) == (web / "setup-code").read_text()


def test_with_a_password_there_is_no_code_and_it_says_what_to_do(tmp_path: Path, web: Path):
    web.mkdir()
    (web / "password.json").write_text(Password.made("gas-stove 7", LUCK).to_text())
    (web / "sessions.json").write_text("{}")
    done = web_code(tmp_path)
    assert done.returncode == 1
    assert "--reset" in done.stderr
    assert not done.stdout
    first = shown(reset := web_code(tmp_path, "--reset"))
    assert "logged out" in reset.stdout
    assert os.listdir(web) == ["setup-code"]
    assert shown(web_code(tmp_path, "--reset")) != first


def test_where_the_state_is_not_it_says_so(tmp_path: Path):
    done = web_code(tmp_path)
    assert done.returncode == 2
    assert str(tmp_path / "state") in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_writes_belongs_to_the_page(tmp_path: Path, web: Path):
    web.mkdir(mode=0o700)
    os.chown(web, 65534, 65534)
    web_code(tmp_path)
    assert (web / "setup-code").stat().st_uid == 65534
