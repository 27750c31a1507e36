"""Paths: relative to the file, `~` a home, and at `check-config` what is there."""

import os
import subprocess
from pathlib import Path

import pytest

from gasguard.config.load import load_config, load_control_socket
from gasguard.config.yaml_file import read_text, text_of
from tests.config.files import SOUND, TOKEN, File, where


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    folder = tmp_path / "tls"
    folder.mkdir()
    for name in ("ours", "other"):
        words = (
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name}"
        )
        made = f"-keyout {folder / name}.key -out {folder / name}.pem -days 2"
        subprocess.run([*words.split(), *made.split()], check=True, capture_output=True)
    return folder


def test_paths_are_relative_to_the_file(file: File, certificates: Path) -> None:
    (file.folder / "token").write_text(TOKEN)
    text = SOUND.replace(TOKEN, "!file ./token") + (
        "state_dir: state\n"
        "mqtt: {tls: {ca: tls/ours.pem, cert: ./tls/ours.pem, key: tls/ours.key}}\n"
    )
    config = file.sound(text)
    tls = config.mqtt.tls
    assert tls is not None
    assert (tls.ca, tls.cert, tls.key) == (
        certificates / "ours.pem", certificates / "ours.pem", certificates / "ours.key",
    )  # fmt: skip
    assert config.state_dir == file.folder / "state"


def test_a_tilde_is_the_home(
    file: File, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(certificates))
    (certificates / "token").write_text(TOKEN)
    text = SOUND.replace(TOKEN, "!file ~/token") + (
        "state_dir: ~/state\nmqtt: {tls: {ca: ~/ours.pem}}\n"
    )
    config = file.sound(text)
    assert config.mqtt.tls and config.mqtt.tls.ca == certificates / "ours.pem"
    assert config.state_dir == certificates / "state"
    assert load_control_socket(file.path) == certificates / "state" / "control.sock"


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        ("{ca: missing.pem}", "ca: {folder}/missing.pem: No such file or directory"),
        ("{ca: .}", "ca: {folder}: is not a file"),
        ("{ca: config.yaml}", "ca: {folder}/config.yaml: holds no certificate"),
        ("{cert: missing.pem}", "cert: {folder}/missing.pem: No such file"),
        ("{cert: tls/ours.pem, key: no.key}", "key: {folder}/no.key: No such file"),
        (
            "{cert: tls/ours.pem, key: tls/other.key}",
            "cert: {folder}/tls/ours.pem: is no certificate",
        ),
        (
            "{cert: tls/ours.pem}",
            "cert: {folder}/tls/ours.pem: is no certificate (PEM) with its key",
        ),
        ("{key: tls/ours.key}", "key: needs cert: beside it"),
        ("{ca: ~nobody-of-this-name/ca.pem}", "ca: is no path; write for example /etc/"),
        ("{ca: ''}", "ca: is no path"),
        ("{ca: [a]}", "ca: is no path"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_its_key(
    file: File, certificates: Path, tls: str, told: str
) -> None:
    for section in ("mqtt:", "bemfa:\n  key: '12345678'\n  topics: {left: a001}"):
        fault = file.fault(f"{SOUND}{section}\n  tls: {tls}\n")
        name = section.partition(":")[0]
        assert fault.startswith(f"{name}.tls.{told.format(folder=file.folder)}")
        assert where(fault)[0] in (5, 7)


def test_the_guard_itself_starts_without_a_certificate(file: File) -> None:
    """It is for the broker only: gone after an update, it must not keep timers from being held."""
    path = file(f"{SOUND}mqtt: {{tls: {{ca: gone.pem}}}}\n")
    assert load_config(path).burners


def test_a_state_folder_that_nobody_can_make(file: File) -> None:
    for state_dir in ("config.yaml", "config.yaml/state"):
        fault = file.fault(f"{SOUND}state_dir: {state_dir}\n")
        assert fault.startswith("state_dir: ")
        assert f"{file.path} is not a folder" in fault


def test_files_are_looked_at_beside_other_faults(file: File) -> None:
    faults = file.faults(
        f"{SOUND}mqtt: {{tls: {{ca: gone.pem}}}}\nstate_dir: config.yaml\non_shutdown: explode\n"
    )
    assert [where(fault)[0] for fault in faults] == [4, 5, 6]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("named", ["!file secrets/token", "!env GG_TOKEN"])
def test_a_secret_that_is_somebody_elses_is_told_with_who_may_not_read_it(
    file: File, named: str
) -> None:
    secrets = file.folder / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "token").write_text(TOKEN)
    (file.folder / "environment").write_text(f"GG_TOKEN={TOKEN}\n")
    (file.folder / "environment").chmod(0o600)
    path = file(SOUND.replace(TOKEN, named))
    document = text_of(path)
    os.seteuid(65534)
    try:
        faults = read_text(document, path).faults
    finally:
        os.seteuid(0)
    assert "Permission denied: user nobody may not read it" in faults[0].text
    assert "sudo" in faults[0].text
