"""`!env` of what only the service has: its environment file, beside the configuration."""

import os

import pytest

from tests.config.files import SOUND, TOKEN, File, place

NAMED = SOUND.replace(TOKEN, "!env GG_TOKEN")


def _token(file: File, lines: str | bytes) -> str:
    (file.folder / "environment").write_bytes(lines.encode() if isinstance(lines, str) else lines)
    (relay,) = file.sound(NAMED).burners["left"].in_series
    return str(getattr(relay, "token").get_secret_value())  # noqa: B009 - families differ


@pytest.mark.parametrize(
    "lines",
    [
        f"GG_TOKEN={TOKEN}\n",
        f"# the relay\n; left\n\n  GG_TOKEN= {TOKEN} \r\nOTHER=x\n",
        f"GG_TOKEN='{TOKEN}'",
        f'GG_TOKEN="{TOKEN}"\n',
        f"GG_TOKEN=old\nGG_TOKEN={TOKEN}\nexport GG_TOKEN=none\nmy GG_TOKEN=none\n",
        f"GG_TOKEN={TOKEN}\n# a comment that goes on \\\nGG_TOKEN=none\n".encode() + b"X=\xff\n",
    ],
)
def test_a_variable_that_is_not_set_is_looked_for_there(file: File, lines: str | bytes) -> None:
    assert _token(file, lines) == TOKEN


def test_what_is_set_counts_before_it(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GG_TOKEN", TOKEN)
    assert _token(file, f"GG_TOKEN={TOKEN[::-1]}\n") == TOKEN


@pytest.mark.parametrize("written", ["a\\ b", "'a", 'a" \\', "'a' 'b'", '"a\\"b"', "a\tb"])
def test_what_only_systemd_could_read_is_a_fault_and_not_guessed(file: File, written: str) -> None:
    (file.folder / "environment").write_text(f"GG_TOKEN={written}\n")
    fault = file.fault(NAMED)
    assert place(fault) == "burners.left.relay.token"
    assert f"{file.folder}/environment is not understood; write GG_TOKEN='…'" in fault


def test_where_it_is_not_set_there_either_the_file_is_named(file: File) -> None:
    for lines in (None, "OTHER=1\n"):
        if lines:
            (file.folder / "environment").write_text(lines)
        fault = file.fault(NAMED)
        assert f"GG_TOKEN: this environment variable is not set, nor by {file.folder}/env" in fault


def test_nothing_there_holds_anything_up(file: File) -> None:
    path = file.folder / "environment"
    os.mkfifo(path)
    assert "is not set" in file.fault(NAMED)
    path.unlink()
    path.write_text("A=b\n" * 100_000)
    assert "is longer than" in file.fault(NAMED)
