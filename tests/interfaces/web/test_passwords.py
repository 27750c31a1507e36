"""What is kept of a password, and what is the same secret."""

import random

import pytest

from gasguard.interfaces.web.passwords import Password, same_secret
from gasguard.interfaces.web.sessions import LASTS, Sessions
from gasguard.interfaces.web.setup_code import is_code, new_code, same_code

LUCK = random.Random(1)


def test_the_same_secret_is_the_same_and_none_is_none():
    assert same_secret("abc", "abc")
    assert same_secret("küche\udcff", "küche\udcff")
    for kept, told in (("abc", "ab"), ("abc", "abcd"), ("abc", "ABC"), ("abc", ""), ("", "")):
        assert not same_secret(kept, told)


def test_a_password_is_kept_with_a_salt_of_its_own():
    one, other = Password.made("same one", LUCK), Password.made("same one", LUCK)
    assert one.hashed != other.hashed
    kept = Password.from_text(one.to_text())
    assert kept.fits("same one")
    assert not kept.fits("same One")


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "7", "[]", "{}", '{"salt": "00", "hashed": ""}',
     '{"salt": "00", "hashed": "00", "n": 1}', '{"salt": 1, "hashed": 2}',
     '{"salt": "zz", "hashed": "' + "00" * 64 + '"}',
     '{"salt": "00", "hashed": "' + "00" * 64 + '", "n": 1048576, "r": 1048576}',
     '{"salt": "00", "hashed": "' + "00" * 64 + '", "n": true}'],
)  # fmt: skip
def test_what_was_not_kept_so_is_no_password(text):
    with pytest.raises(ValueError):
        Password.from_text(text)


def test_codes_are_read_as_they_are_written():
    codes = {new_code(LUCK) for _ in range(1000)}
    assert len(codes) == 1000
    for code in codes:
        assert is_code(code)
        assert not set(code) & set("01ILO")
        assert same_code(code, code.lower().replace("-", ""))
    assert not same_code("", "")
    assert not same_code("damaged", "damaged")


def test_a_session_lasts_ninety_days_and_longer_where_the_clock_was_wrong():
    sessions = Sessions()
    now = 1_800_000_000.0
    cookie = sessions.open(now, LUCK)
    assert sessions.is_open(cookie, now + LASTS - 1)
    assert not sessions.is_open(cookie, now + LASTS)
    # A Pi without a battery begins with an old time.
    assert sessions.is_open(cookie, 0.0)
    kept = Sessions.from_text(sessions.to_text())
    assert kept.is_open(cookie, now)
    assert not kept.is_open(cookie[:-1], now)


def test_the_oldest_session_makes_room():
    sessions = Sessions()
    cookies = [sessions.open(float(number), LUCK) for number in range(100)]
    assert [sessions.is_open(cookie, 100.0) for cookie in cookies] == [False] * 36 + [True] * 64
