"""The sentences that people say to XiaoAi about a stove, as far as the simulator needs them."""

import re
from dataclasses import dataclass

_NUMERALS = "零一二三四五六七八九"
_DELAYED = re.compile(
    r"(\d{1,3}|[一二两三四五六七八九十半]{1,3})个?(秒钟?|分钟?|小时|钟头)(?:之|以)?后"
)
_UNIT_S = {"秒": 1, "分": 60, "小": 3600, "钟": 3600}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was meant. `delay_s` above 0 means off, so many seconds from now."""

    on: bool
    delay_s: float = 0.0


def parse_spoken(text: str) -> Spoken | None:
    """Understand 打开 / 关闭 / N分钟后关闭; None for anything else."""
    off, on = re.search("关闭|关掉|关上", text), re.search("打开|开启", text)
    if bool(off) == bool(on):
        return None
    delayed = _DELAYED.search(text)
    if delayed is None:
        return None if "后" in text else Spoken(on=bool(on))
    amount = _amount(delayed[1])
    if on or not amount:
        return None
    return Spoken(on=False, delay_s=amount * _UNIT_S[delayed[2][0]])


def _amount(word: str) -> float | None:
    """The number a word stands for, 1 to 999, or a half."""
    if word.isdigit():
        return float(word)
    if word == "半":
        return 0.5
    tens, ten, ones = word.replace("两", "二").rpartition("十")
    if "半" in word or len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return None
    if not ten:
        return float(_NUMERALS.index(ones))
    return 10.0 * (_NUMERALS.index(tens) if tens else 1) + (_NUMERALS.index(ones) if ones else 0)
