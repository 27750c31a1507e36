"""What people may call burners and sensors."""

import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


_TAKEN = ("all", "schedule")
"""Words that stand where a burner's id does, in topics."""


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "is no name; use a-z, 0-9 and _, a letter first, at most 32, for example kitchen_gas"
        )
    return value


def _burner_id(value: str) -> str:
    if value in _TAKEN or not _NAME.fullmatch(value):
        raise ValueError(
            "is no burner id; use a-z, 0-9 and _, a letter first, at most 32, and not 'all' or "
            "'schedule', for example front_left"
        )
    return value


BurnerId = Annotated[str, AfterValidator(_burner_id)]
Name = Annotated[str, AfterValidator(_name)]
