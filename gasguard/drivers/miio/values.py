"""What devices mean by a value, however their firmware spells it. Nothing here is ever raised."""

_WORDS = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
_MOST = 2**31
"""Numbers beyond are none that a device means: ids, codes and properties are all below."""


def switch_of(value: object) -> bool | None:
    """Whether a switch is on: true, 1 or "on". None for what is neither that nor its opposite."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().casefold())
    number = whole(value) if not isinstance(value, bool) else int(value)
    return bool(number) if number in (0, 1) else None


def whole(value: object) -> int | None:
    """An integer from -2^31 to 2^31, also as text or as a float; None for anything else."""
    if isinstance(value, str):
        sign, digits = (-1, value[1:]) if value.startswith("-") else (1, value)
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
            return None
        value = sign * int(digits)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Also not a number and infinite: JSON knows both.
    return int(value) if -_MOST <= value <= _MOST and value == int(value) else None


def is_ok(result: object) -> bool:
    """Whether it is the older kind's word for success."""
    return isinstance(result, str) and result.strip().casefold() == "ok"
