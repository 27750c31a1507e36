"""Text that comes from outside, made fit to be stored, published and printed."""

from typing import Any


def clean(data: Any) -> Any:
    """JSON data without halves of characters, which JSON can name (`\\ud800`) and UTF-8 cannot.

    Each becomes U+FFFD, in keys too. Raises RecursionError for data nested hundreds of levels deep.
    """
    if isinstance(data, str):
        return data if data.isascii() else _whole(data)
    if isinstance(data, dict):
        return {clean(key): clean(value) for key, value in data.items()}
    if isinstance(data, list):
        return [clean(item) for item in data]
    return data


def _whole(text: str) -> str:
    # "replace" would put a question mark: no sign that something was there.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shown(text: object) -> str:
    """As it is printed, of a name that a stranger may have written: no terminal obeys it."""
    return str(text) if str(text).isprintable() else ascii(str(text))
