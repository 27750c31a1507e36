"""Schedules as they are written, and what is told of those that are none."""

import pytest

from gasguard.config.schedules import EVERY_DAY
from tests.config.files import SOUND, place, where

NIGHT = "schedules:\n  night:\n    lock: {{from: {}, to: {}{}}}\n"


def lock(begins: str = '"22:00"', to: str = '"06:00"', more: str = "") -> str:
    return SOUND + NIGHT.format(begins, to, more)


def off(rest: str) -> str:
    return f"{SOUND}schedules:\n  bedtime:\n    {rest}\n"


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("22:00", 1320), ('"22:00"', 1320), ("7:05", 425), ("07:05:00", 425), ("00:00", 0)],
)
def test_a_time_of_day_is_what_stands_there(file, written, minutes):
    """22:00 without quotes is a number in YAML 1.1."""
    assert file.sound(lock(written)).schedules["night"].lock.begins == minutes
    assert file.sound(off(f"off: {written}")).schedules["bedtime"].off.at == minutes


def test_a_window_may_end_with_the_day(file):
    assert file.sound(lock("00:00", "24:00")).schedules["night"].lock.to == 1440


@pytest.mark.parametrize(
    ("days", "meant"),
    [
        ("", EVERY_DAY),
        (", days: daily", EVERY_DAY),
        (", days: [mon, WED, Sunday]", {0, 2, 6}),
        (", days: weekdays", {0, 1, 2, 3, 4}),
        (", days: [weekend, mon]", {5, 6, 0}),
        (", days: fri", {4}),
    ],
)
def test_days_are_names_and_monday_is_monday(file, days, meant):
    assert file.sound(lock(more=days)).schedules["night"].lock.days == meant
    told = file.sound(off(f'off: {{at: "23:30"{days}}}'))
    assert told.schedules["bedtime"].off.days == meant


def test_all_burners_are_meant_unless_some_are_named(file):
    two = lock().replace("burners:\n", f"burners:\n  right: {{relay: {RIGHT}}}\n")
    assert file.sound(two).schedules_of("right")
    named = file.sound(f"{two}    burners: [left]\n")
    assert not named.schedules_of("right")
    assert named.schedules_of("left")


RIGHT = "{driver: miot, host: 192.168.1.51, token: fedcba9876543210fedcba9876543210, " + (
    "contact: normally_open}"
)


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        (lock('"25:00"'), "lock.from", "23:30"),
        (lock('"24:00"'), "lock.from", "23:59"),
        (lock("22"), "lock.from", "23:30"),
        (lock("10pm"), "lock.from", "23:30"),
        (lock(to='"24:01"'), "lock.to", "24:00"),
        (lock("22:00", "22:00"), "lock", "24:00 for the whole day"),
        (lock(more=", days: [1]"), "lock.days", "mon"),
        (lock(more=", days: [someday]"), "lock.days", "[mon, tue, wed]"),
        (lock(more=", days: []"), "lock.days", "every day"),
        (lock(more=", dasy: [mon]"), "lock.dasy", "did you mean days?"),
        (f"{lock()}    grace: 5h\n", "grace", "at most 4h"),
        (f"{lock('22:00', '22:30')}    grace: 30m\n", "grace", "as long as the window"),
        (f"{lock()}    burners: [lfet]\n", "burners.0", "did you mean left?"),
        (f"{lock()}    burners: []\n", "burners", "must not be empty"),
        (f'{lock()}    off: "23:30"\n', "", "not both"),
        (off("grace: 5m"), "", "needs either lock:"),
        (off('off: "23:30"\n    grace: 5m'), "grace", "goes with lock:"),
        (off("off: bedtime"), "off.at", "23:30"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_is_right(file, text, at, right):
    told = file.fault(text)
    name = "bedtime" if "bedtime:" in text else "night"
    assert place(told) == f"schedules.{name}" + (f".{at}" if at else "")
    assert right in told
    assert where(told)[0] > 4


@pytest.mark.parametrize(
    ("zone", "right"),
    [
        ("Asia/Beijing", "Asia/"),
        ("Europe/Berlinn", "Europe/Berlin"),
        ("CST-8x", "Asia/Shanghai"),
        ("UTC+8", "Asia/Shanghai"),
    ],
)
def test_a_zone_that_is_none_is_told(file, zone, right):
    told = file.fault(f"timezone: {zone}\n{SOUND}")
    assert place(told) == "timezone"
    assert right in told


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/localtime", "~", "''"])
def test_a_zone_is_a_name(file, zone):
    if zone == "~":
        assert file.sound(f"timezone: {zone}\n{SOUND}").timezone is None
    else:
        assert place(file.fault(f"timezone: {zone}\n{SOUND}")) == "timezone"


def test_a_relay_in_jog_mode_holds_no_lock_and_takes_an_off(file):
    jogs = SOUND.replace("contact:", "jog: 500ms, contact:")
    told = file.fault(lock().replace(SOUND, jogs))
    assert place(told) == "schedules.night.lock"
    assert "off:" in told
    assert file.sound(off('off: "23:30"').replace(SOUND, jogs))


@pytest.mark.parametrize("name", ["schedule", "all"])
def test_a_burner_is_not_called_what_stands_for_something_else_in_topics(file, name):
    assert name in file.fault(SOUND.replace("left:", f"{name}:"))
