"""`gasguard setup` with options alone: real relay, real broker, real files."""

import stat
from pathlib import Path

import pytest

from gasguard.config.load import load_config
from tests.support.kitchen import TOKEN, Kitchen, Said

WRONG = "f" * 32


class Scripted:
    """A kitchen whose configuration setup is to find out; `path` is where it writes."""

    def __init__(self, kitchen: Kitchen, path: Path) -> None:
        self.kitchen, self.path = kitchen, path
        self.stove = kitchen.stove()
        self.port = kitchen.config.burners["left"].relay.port

    @property
    def broker(self) -> tuple[str, ...]:
        return ("--broker", f"127.0.0.1:{self.kitchen.broker.port}")

    @property
    def relay(self) -> tuple[str, ...]:
        return ("--relay", f"127.0.0.1:{self.port}", "--token", TOKEN)

    def run(self, *options: str, env: dict[str, str] | None = None) -> Said:
        return self.kitchen.cli("setup", "--yes", "-c", str(self.path), *options, env=env)

    def whole(self, *more: str) -> Said:
        """Everything that an empty machine needs."""
        return self.run(*self.broker, *self.relay, "--wiring", "normally_open", *more)


@pytest.fixture
def scripted(kitchen: Kitchen, tmp_path: Path) -> Scripted:
    return Scripted(kitchen, tmp_path / "new" / "config.yaml")


def test_an_empty_machine_gets_a_file_that_check_config_and_doctor_pass(scripted):
    said = scripted.whole("--page", "--message", "mum=ntfy://topic123")
    assert said.code == 0, said
    assert scripted.kitchen.cli("check-config", "-c", str(scripted.path)).code == 0
    assert scripted.kitchen.cli("doctor", "-c", str(scripted.path)).code == 0
    config = load_config(scripted.path)
    relay = config.burners["left"].relay
    assert (relay.port, relay.contact) == (scripted.port, "normally_open")
    assert config.web is not None
    assert set(config.messages.to) == {"mum"}
    assert not scripted.stove.switched, "nobody stands at the stove"


def test_no_secret_stands_where_others_read_it_or_is_printed(scripted):
    said = scripted.whole("--message", "mum=ntfy://secret-topic")
    assert TOKEN not in said.out + said.err
    assert stat.S_IMODE(scripted.path.stat().st_mode) == 0o640
    for path in scripted.path.parent.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o044:
            text = path.read_text()
            assert TOKEN not in text, path
            assert "secret-topic" not in text, path
    for path in (scripted.path.parent / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_missing_is_named_all_at_once_with_its_options(scripted):
    said = scripted.run(*scripted.broker)
    assert said.code == 2
    assert all(option in said.err for option in ("--relay", "--token", "--wiring"))
    assert not scripted.path.parent.exists()


def test_a_wrong_token_is_told_and_nothing_is_written(scripted):
    said = scripted.run(
        *scripted.broker, *scripted.relay[:2], "--token", WRONG, "--wiring", "normally_open"
    )
    assert said.code == 1
    assert "does not take this token" in said.err
    assert WRONG not in said.err
    assert not scripted.path.parent.exists()
