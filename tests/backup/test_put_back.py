"""All of a backup is put in place, or nothing; and nothing anywhere else."""

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gasguard.alone import alone_in
from gasguard.backup.collect import collect
from gasguard.backup.contents import Contents, Kept
from gasguard.backup.errors import BackupError
from gasguard.backup.restore import put_back
from gasguard.backup.swap import Owner, Swap
from gasguard.errors import GasguardError
from gasguard.guard.store import FILE_NAME
from gasguard.interfaces.web.passwords import Password
from gasguard.luck import LUCK
from tests.guard.test_old_states import STATES

CONFIG = """\
state_dir: state
mqtt: {host: 127.0.0.1, password: !file secrets/mqtt, tls: {ca: certificate.pem}}
burners: {left: {relay: {driver: miot, host: 127.0.0.1, token: !env GASGUARD_TOKEN}}}
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The configuration of a machine that has everything."""
    folder = tmp_path / "old"
    for name in ("secrets", "state", "state/web"):
        (folder / name).mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "secrets" / "mqtt").write_text("secret")
    (folder / "certificate.pem").write_text("certificate")
    (folder / "environment").write_text("# mine\nGASGUARD_TOKEN=0011\n")
    shutil.copy(STATES / "schema-2.db", folder / "state" / FILE_NAME)
    web = folder / "state" / "web"
    (web / "password.json").write_text(Password.made("gas-stove 7", LUCK).to_text())
    (web / "sessions.json").write_text("{}")
    return folder / "config.yaml"


@pytest.fixture
def contents(old: Path) -> Contents:
    found, absent = collect(old)
    assert absent == []
    return found


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where the configuration of the next machine is to be."""
    return tmp_path / "new" / "config.yaml"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_symlink()
    }


def put(contents: Contents, path: Path, *, force: bool = False, outside: bool = False) -> None:
    put_back(contents, path, force=force, outside=outside)


def test_on_an_empty_machine_all_of_it_comes_back(old: Path, new: Path, contents: Contents):
    put(contents, new)
    here, there = files(new.parent), files(old.parent)
    del there["state/web/sessions.json"]
    assert here.keys() == there.keys()
    del here["state/guard.db"], there["state/guard.db"]
    assert here == there
    for path in new.parent.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o027


def test_what_is_there_stays_without_force(new: Path, contents: Contents):
    put(contents, new)
    for name in ("config.yaml", "secrets/mqtt", "environment", "state/web/password.json"):
        path = new.parent / name
        own = path.read_bytes()
        path.write_bytes(b"# mine\n")
        before = files(new.parent)
        with pytest.raises(BackupError, match=f"{name}.*--force"):
            put(replace(contents, state=None), new)
        assert files(new.parent) == before
        put(replace(contents, state=None), new, force=True)
        assert path.read_bytes() == own
    with pytest.raises(BackupError, match=r"guard\.db.*--force"):
        put(contents, new)


def test_a_new_password_logs_everybody_out(new: Path, contents: Contents):
    put(contents, new)
    web = new.parent / "state" / "web"
    (web / "sessions.json").write_text("{}")
    put(contents, new, force=True)
    assert (web / "sessions.json").exists()
    (web / "password.json").write_text(Password.made("another 8 one", LUCK).to_text())
    (web / "setup-code").write_text("ABCDE-FGHJK")
    put(contents, new, force=True)
    assert os.listdir(web) == ["password.json"]


def test_what_stands_there_keeps_its_mode(new: Path, contents: Contents):
    put(contents, new)
    new.chmod(0o600)
    (new.parent / "environment").chmod(0o604)
    new.write_text("burners: {}\nstate_dir: state")
    (new.parent / "environment").write_text("")
    put(contents, new, force=True)
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert stat.S_IMODE((new.parent / "environment").stat().st_mode) == 0o604


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_the_state_to_whom_its_folder_belongs(new: Path, contents: Contents):
    state = new.parent / "state"
    (state / "web").mkdir(parents=True)
    os.chown(state, 65533, 65533)
    os.chown(state / "web", 65534, 65534)
    put(contents, new)
    assert (state / FILE_NAME).stat().st_uid == 65533
    assert (state / "web" / "password.json").stat().st_uid == 65534
    assert new.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_secrets_that_were_the_daemons_are_its_own_again(old: Path, new: Path):
    """As `gasguard setup` makes them: in a folder of their own, and beside the configuration."""
    daemon = pwd.getpwnam("daemon")
    for place in ("secrets", "secrets/mqtt", "state", "certificate.pem"):
        os.chown(old.parent / place, daemon.pw_uid, daemon.pw_gid)
        (old.parent / place).chmod(0o600 if (old.parent / place).is_file() else 0o700)
    for place in ("state", f"state/{FILE_NAME}"):
        os.chown(old.parent / place, daemon.pw_uid, daemon.pw_gid)
    put(collect(old)[0], new)
    for place, mode in (("secrets", 0o700), ("secrets/mqtt", 0o600), ("certificate.pem", 0o600)):
        found = (new.parent / place).stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (daemon.pw_uid, mode), place
    assert (new.parent / "state").stat().st_uid == daemon.pw_uid
    assert new.stat().st_uid == 0


# --- elsewhere --------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, contents: Contents) -> Contents:
    """A backup whose configuration names a file outside of its folder."""
    words = f"!file {tmp_path}/elsewhere/token"
    config = contents.config.data.replace(b"!file secrets/mqtt", words.encode())
    named = {**contents.named, f"{tmp_path}/elsewhere/token": Kept(b"theirs")}
    return replace(contents, config=Kept(config), named=named)


def test_a_file_outside_of_its_folder_is_left_alone_and_told(
    tmp_path: Path, new: Path, elsewhere: Contents
):
    place = tmp_path / "elsewhere" / "token"
    assert put_back(elsewhere, new, force=True, outside=False).outside == [place]
    assert not place.exists()
    put(elsewhere, new, force=True, outside=True)
    assert place.read_bytes() == b"theirs"
    assert put_back(elsewhere, new, force=True, outside=False).outside == []


def test_neither_dots_nor_links_lead_outside(tmp_path: Path, new: Path, contents: Contents):
    (tmp_path / "elsewhere").mkdir()
    new.parent.mkdir()
    (new.parent / "link").symlink_to(tmp_path / "elsewhere")
    for word in ("../elsewhere/x", "secrets/../../elsewhere/x", "link/x", "~/x"):
        config = contents.config.data.replace(b"secrets/mqtt", word.encode())
        other = replace(contents, config=Kept(config), named={word: Kept(b"theirs")})
        assert put_back(other, new, force=True, outside=False).outside
        assert not list((tmp_path / "elsewhere").iterdir())


def test_what_the_configuration_does_not_name_is_put_nowhere(new: Path, contents: Contents):
    more = {**contents.named, "other": Kept(b"x"), "/etc/gasguard-evil": Kept(b"x")}
    put(replace(contents, named=more), new, outside=True)
    assert "other" not in files(new.parent)
    assert not Path("/etc/gasguard-evil").exists()


def test_links_in_the_state_folder_are_not_followed(tmp_path: Path, new: Path, contents: Contents):
    """They may be those of a user whose daemon was taken over; root restores."""
    target = tmp_path / "target"
    target.mkdir()
    (target / FILE_NAME).write_text("precious")
    state = new.parent / "state"
    state.mkdir(parents=True)
    (state / FILE_NAME).symlink_to(target / FILE_NAME)
    with pytest.raises(BackupError, match="is a link"):
        put(contents, new, force=True)
    (state / FILE_NAME).unlink()
    (state / "web").symlink_to(target)
    with pytest.raises(BackupError, match="is a link"):
        put(contents, new, force=True)
    assert files(target) == {FILE_NAME: b"precious"}


@pytest.mark.parametrize(
    "text",
    [
        b"GASGUARD_TOKEN=x\nLD_PRELOAD=/tmp/x.so\n",
        b"#\rLD_PRELOAD=/tmp/x.so\n",
        b"GASGUARD_TOKEN=x\\\n",
        b"PYTHONPATH=/tmp\n",
        b"export GASGUARD_TOKEN=x\n",
        b"GASGUARD_TOKEN=\0\n",
    ],
)
def test_an_environment_that_does_more_is_refused(new: Path, contents: Contents, text: bytes):
    with pytest.raises(BackupError, match="environment"):
        put(replace(contents, environment=Kept(text)), new)
    assert not new.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"config": Kept(b"")},
        {"config": Kept(b"\xff\xfe")},
        {"config": Kept(b"state_dir: [1]\nburners: {}\n")},
        {"config": Kept(b"- 1\n")},
        {"config": Kept(b"&a [" * 5000)},
        {"state": Kept(b"")},
        {"state": Kept(b"SQLite format 3\0" * 100)},
        {"state": Kept(b"x" * 5000)},
        {"password": Kept(b"{}")},
        {"password": Kept(b"\xff")},
    ],
    ids=str,
)
def test_a_part_that_is_none_is_refused_and_nothing_changed(
    new: Path, contents: Contents, change: dict[str, Kept]
):
    put(contents, new)
    before = files(new.parent)
    with pytest.raises(GasguardError):
        put(replace(contents, **change), new, force=True)
    assert files(new.parent) == before


# --- a daemon, a full disk --------------------------------------------------------------------


def test_while_a_daemon_runs_nothing_is_done(new: Path, contents: Contents):
    put(contents, new)
    before = files(new.parent)
    with alone_in(new.parent / "state"), pytest.raises(BackupError, match="systemctl stop"):
        put(contents, new, force=True)
    assert files(new.parent) == before


def test_nor_where_it_runs_on_the_folder_of_the_old_configuration(new: Path, contents: Contents):
    new.parent.mkdir()
    new.write_text("state_dir: another\nburners: {}\n")
    (new.parent / "another").mkdir()
    with alone_in(new.parent / "another"), pytest.raises(BackupError, match="another"):
        put(contents, new, force=True)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Path]:
    for number in range(3):
        (tmp_path / f"{number}").write_text("old")
    (tmp_path / "gone").write_text("old")
    yield tmp_path


def swap_of(folder: Path) -> Swap:
    swap = Swap()
    for number in range(3):
        swap.put(folder / f"{number}", b"new", Owner(0o600))
    swap.put(folder / "fresh", b"new", Owner(0o600))
    swap.remove(folder / "gone")
    return swap


def test_a_swap_that_is_done_leaves_nothing_beside(three: Path):
    with swap_of(three) as swap:
        swap.commit()
    assert files(three) == dict.fromkeys(["0", "1", "2", "fresh"], b"new")


def test_one_that_is_not_committed_has_changed_nothing(three: Path):
    with swap_of(three):
        pass
    assert files(three) == dict.fromkeys(["0", "1", "2", "gone"], b"old")


@pytest.mark.parametrize("fails_at", range(4))
def test_one_that_fails_half_way_is_undone(
    three: Path, fails_at: int, monkeypatch: pytest.MonkeyPatch
):
    real, calls = os.replace, iter(range(100))

    def replace_(*args: object, **more: object) -> None:
        if next(calls) == fails_at:
            raise OSError(28, "No space left on device")
        real(*args, **more)  # type: ignore[arg-type]  # as it was called

    swap = swap_of(three)
    monkeypatch.setattr(os, "replace", replace_)
    with pytest.raises(OSError, match="No space"), swap:
        swap.commit()
    assert files(three) == dict.fromkeys(["0", "1", "2", "gone"], b"old")


def test_where_a_folder_stands_in_the_way_nothing_is_changed(three: Path):
    (three / "2").unlink()
    (three / "2").mkdir()
    with pytest.raises(IsADirectoryError), swap_of(three) as swap:
        swap.commit()
    assert files(three) == dict.fromkeys(["0", "1", "gone"], b"old")


# --- what goes in -----------------------------------------------------------------------------


def test_what_is_not_there_is_told(old: Path):
    (old.parent / "secrets" / "mqtt").unlink()
    (old.parent / "state" / FILE_NAME).unlink()
    (old.parent / "environment").write_text("TZ=Asia/Shanghai\n")
    found, absent = collect(old)
    assert (found.state, list(found.named)) == (None, ["certificate.pem"])
    told = "\n".join(absent)
    for word in ("secrets/mqtt: is not there", FILE_NAME, "TZ", "!env GASGUARD_TOKEN"):
        assert word in told
    assert found.environment is not None
    assert b"TZ" not in found.environment.data


def test_a_configuration_with_faults_is_backed_up_all_the_same(old: Path):
    old.write_text(CONFIG + "nonsense: 7\n")
    assert collect(old)[0].config.data.endswith(b"nonsense: 7\n")


def test_a_damaged_state_is_no_backup(old: Path):
    path = old.parent / "state" / FILE_NAME
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(GasguardError, match="damaged"):
        collect(old)


def test_a_pipe_in_place_of_a_file_holds_nothing_up(old: Path):
    secret = old.parent / "secrets" / "mqtt"
    secret.unlink()
    os.mkfifo(secret)
    with pytest.raises(BackupError, match="not a file"):
        collect(old)
