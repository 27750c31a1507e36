"""The language that the user's locale asks for, of those that gasguard has."""

import os
from typing import Literal

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of_locale() -> Literal["en", "zh"]:
    """As the C library has it: the first of these that is set decides."""
    said = next((os.environ[key] for key in _LOCALE if os.environ.get(key)), "")
    return "zh" if said.casefold().startswith(("zh", "chinese")) else "en"
