"""YAML interprets no value: each field says what its text means, and nothing is guessed."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from gasguard.config.load import Config
from tests.config.files import SOUND, TOKEN, File, place

LEASE = SOUND.replace("}", ", lease: {after: 3:00, siid: 2, piid: 3, off: -1}}")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("20:00", 1200),
        ("1:00", 60),
        ("1:30", 90),
        ("0:45:00", 2700),
        ("010", 600),
        ("07", 420),
        ("0.5", 30),
        ("1.50", 90),
        ('"20:00"', 1200),
        ("'20'", 1200),
        ("!!str 20", 1200),
        ("半小时", 1800),
    ],
)
def test_a_duration_is_what_stands_there(file: File, written: str, seconds: float) -> None:
    config = file.sound(f"{SOUND}    limits: {{prewarn: {written}}}\n")
    assert config.burners["left"].limits.prewarn == seconds


@pytest.mark.parametrize(
    "written",
    ["0x10", "0o10", "1_0", "1e1", ".inf", ".nan", "2026-01-02", "on", "yes", "+5", "1,5",
     "-1"],
)  # fmt: skip
def test_what_only_yaml_would_take_for_a_duration(file: File, written: str) -> None:
    fault = file.fault(f'{SOUND}    limits: {{prewarn: "{written}"}}\n')
    assert fault.startswith("burners.left.limits.prewarn: is no duration; write for example 90s")
    if "," not in written:
        unquoted = file.fault(f"{SOUND}    limits: {{prewarn: {written}}}\n")
        assert unquoted.rpartition("(")[0] == fault.rpartition("(")[0]


def test_three_minutes_of_a_lease_are_no_three_hours(file: File) -> None:
    relay: Any = file.sound(LEASE).burners["left"].relay
    assert relay.lease.after == 180


@pytest.mark.parametrize(("written", "port"), [("1883", 1883), ("01883", 1883), ("'22'", 22)])
def test_a_port_is_decimal(file: File, written: str, port: int) -> None:
    assert file.sound(f"{SOUND}mqtt: {{port: {written}}}\n").mqtt.port == port


@pytest.mark.parametrize(
    "written",
    ["22:22", "0x10", "0o10", "0b1", "1_0", "1e3", "1883.0", "NaN", "inf", ".inf", "-1", "+1",
     "true", "yes", "2026-01-02", "٢٢", "9" * 4000, "70000", "0"],
)  # fmt: skip
def test_what_is_no_port(file: File, written: str) -> None:
    for text in (written, f'"{written}"'):
        fault = file.fault(f"{SOUND}mqtt: {{port: {text}}}\n")
        assert fault.startswith("mqtt.port: must be ")
        assert "at least 1 and at most 65535" in fault


@pytest.mark.parametrize("written", ["ON", "on", "yes", "Yes", "true", "TRUE", "'true'", "'on'"])
def test_what_means_true(file: File, written: str) -> None:
    assert file.sound(f"{SOUND}allow_remote_rearm: {written}\n").allow_remote_rearm is True


@pytest.mark.parametrize("written", ["OFF", "no", "False", "'no'"])
def test_what_means_false(file: File, written: str) -> None:
    text = f"{SOUND}mqtt: {{home_assistant: {{discovery: {written}}}}}\n"
    assert file.sound(text).mqtt.home_assistant.discovery is False


@pytest.mark.parametrize("written", ["1", "0", "t", "y", "enable", "''", "[]", "{}"])
def test_what_means_neither(file: File, written: str) -> None:
    fault = file.fault(f"{SOUND}allow_remote_rearm: {written}\n")
    assert fault.startswith("allow_remote_rearm: must be true or false (line 4")


@pytest.mark.parametrize(
    "word", ["0123", "1e10", "0x00124b0024c0ffee", "2026-01-02", "on", "1_0", "12:30:45"]
)
def test_text_is_text_whatever_it_looks_like(file: File, word: str) -> None:
    relay = f"{{driver: mqtt, kind: zigbee2mqtt, device: {word}, contact: normally_open}}"
    text = (
        f"mqtt: {{username: {word}, password: {word}}}\n"
        f"burners: {{left: {{name: {word}, relay: {relay}}}}}\n"
    )
    config = file.sound(text)
    left: Any = config.burners["left"]
    assert config.mqtt.password is not None
    assert (config.mqtt.username, config.mqtt.password.get_secret_value()) == (word, word)
    assert (left.name, left.relay.command_topic) == (word, f"zigbee2mqtt/{word}/set")


def test_what_stands_for_a_value_is_text_too(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GG_PORT", "1884")
    monkeypatch.setenv("GG_DISCOVERY", "off")
    monkeypatch.setenv("GG_PREWARN", "1:00")
    (file.folder / "token").write_text(f"\ufeff{'1' * 32}\n")
    text = SOUND.replace(TOKEN, "!file token") + "    limits: {prewarn: !env GG_PREWARN}\n"
    text += "mqtt: {port: !env GG_PORT, home_assistant: {discovery: !env GG_DISCOVERY}}\n"
    config = file.sound(text)
    left: Any = config.burners["left"]
    assert (config.mqtt.port, config.mqtt.home_assistant.discovery) == (1884, False)
    assert (left.limits.prewarn, left.relay.token.get_secret_value()) == (60, "1" * 32)


@pytest.mark.parametrize("key", ["off", '"off"', "false", "False", "FALSE"])
def test_a_key_that_a_writer_of_yaml_1_1_turned_into_a_truth_value(file: File, key: str) -> None:
    relay: Any = file.sound(LEASE.replace("off:", f"{key}:")).burners["left"].relay
    assert relay.lease.off == -1


def test_such_a_key_is_pointed_at_as_it_stands_there(file: File) -> None:
    fault = file.fault(LEASE.replace("off: -1", "false: x"))
    assert fault.startswith("burners.left.relay.lease.off: must be a whole number in digits")
    assert file.path.read_text().splitlines()[2].index("x}") + 1 == int(fault[:-1].split()[-1])


def test_both_spellings_at_once_are_a_fault(file: File) -> None:
    (fault,) = file.faults(LEASE.replace("off: -1", "off: -1, false: 0"))
    assert place(fault) == "burners.left.relay.lease.false"


def test_burners_keep_the_names_that_stand_there(file: File) -> None:
    for name in ("off", "no", "on", "null"):
        assert list(file.sound(SOUND.replace("left", name)).burners) == [name]


# --- nothing there --------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["", "~", "null", "Null"])
def test_an_optional_text_may_be_left_empty(file: File, nothing: str) -> None:
    config = file.sound(f"{SOUND}mqtt:\n  username: {nothing}\n  password: {nothing}\n")
    assert (config.mqtt.username, config.mqtt.password) == (None, None)


def test_null_in_quotes_is_a_word(file: File) -> None:
    assert file.sound(f"{SOUND}mqtt: {{username: 'null'}}\n").mqtt.username == "null"
    assert file.sound(f"{SOUND}mqtt: {{username: ''}}\n").mqtt.username == ""


def test_a_block_with_usual_values_may_be_empty(file: File) -> None:
    config = file.sound(f"{SOUND}    limits:\nmqtt:\nhazards:\n")
    assert config.burners["left"].limits.prewarn == 60


@pytest.mark.parametrize("key", ["voice", "flame", "limits:\n      max_burn"])
def test_what_would_guard_more_is_not_silently_left_out(file: File, key: str) -> None:
    assert "is empty; write" in file.fault(f"{SOUND}    {key}:\n")
    file.sound(f"{SOUND}    {key}: null\n")


def test_tls_with_nothing_behind_it_is_not_taken_for_none(file: File) -> None:
    assert file.fault(f"{SOUND}mqtt:\n  tls:\n").startswith("mqtt.tls: is empty; write its keys")
    assert file.sound(f"{SOUND}mqtt:\n  tls: {{}}\n").mqtt.tls is not None


@pytest.mark.parametrize(
    ("text", "of"),
    [
        (f"{SOUND}mqtt: {{port: }}\n", "mqtt.port"),
        (f"{SOUND}  right:\n", "burners.right"),
        (SOUND.replace(TOKEN, "~"), "burners.left.relay.token"),
        (f"{SOUND}state_dir:\n", "state_dir"),
        (f"{SOUND}on_shutdown: ~\n", "on_shutdown"),
    ],
)
def test_nothing_where_something_must_be(file: File, text: str, of: str) -> None:
    assert file.fault(text).startswith(f"{of}: is empty; ")


# --- every field there is -------------------------------------------------------------------------


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for inner in get_args(annotation):
        yield from _models(inner)


def _counts() -> Iterator[Any]:
    for model in dict.fromkeys(_models(Config)):
        for name, field in model.model_fields.items():
            if not list(_models(field.annotation)) and _takes_numbers(field.annotation):
                yield pytest.param(field, id=f"{model.__name__}.{name}")


def _takes_numbers(annotation: Any) -> bool:
    if annotation in (int, float, bool):
        return True
    return any(_takes_numbers(inner) for inner in get_args(annotation))


@pytest.mark.parametrize("field", list(_counts()))
def test_no_field_guesses_at_numbers_as_pydantic_would(field: Any) -> None:
    """A new field takes Whole, Number, Flag or Duration, not int, float or bool."""
    taken = TypeAdapter(Annotated[(field.annotation, "as in the model", *field.metadata)])
    for guessed in ("1_0", "1e1", "nan", "inf", "0x1", "t", "y", "1_0.5"):
        with pytest.raises(ValidationError):
            taken.validate_python(guessed)
