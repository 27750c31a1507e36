"""What setup says, in both languages."""

from typing import Literal

from gasguard.cli.setup.words_en import ENGLISH
from gasguard.cli.setup.words_zh import CHINESE

Language = Literal["en", "zh"]
_TEXTS: dict[Language, dict[str, str]] = {"en": ENGLISH, "zh": CHINESE}


def text(language: Language, key: str, **values: object) -> str:
    """The words for `key`."""
    words = _TEXTS[language][key]
    return words.format(**values) if values else words
