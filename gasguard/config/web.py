"""The page on the phone in the configuration."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from gasguard.config.fields import EachOnce, Host, Strict, Whole

USUAL_PORT = 8420
_SHORTEST_TOKEN = 16
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not listened at


def _token(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(rf"[!-~]{{{_SHORTEST_TOKEN},256}}", value):
        raise ValueError(
            f"must be at least {_SHORTEST_TOKEN} letters, digits or signs without blanks; make one "
            "with: openssl rand -hex 16"
        )
    return value


class Web(Strict):
    """`gasguard web`: the page, in a process of its own."""

    host: Host = "0.0.0.0"  # noqa: S104 - phones are elsewhere; what they may do, they log in for
    """Where it listens: an address of this machine, or all of them."""
    port: Whole = Field(USUAL_PORT, ge=1, le=65535)
    names: Annotated[list[Host], EachOnce] = Field(
        ["gasguard.local"], max_length=16, examples=["names: [gasguard.local]"]
    )
    """Names it answers to beside this machine's own."""
    language: Literal["auto", "en", "zh"] = "auto"
    """That of the page; auto is the browser's."""
    metrics_token: Annotated[SecretStr, BeforeValidator(_token)] | None = None
    """Who sends it may read /metrics from elsewhere; None: nobody but this machine."""

    def url(self, hostname: str) -> str:
        """Where people elsewhere find it: the address that it listens at; where that is all of
        them, the first name that somebody has written, or this machine's `hostname` as mDNS has it.
        """
        host = self.host
        if host in _EVERYWHERE:
            written = self.names if "names" in self.model_fields_set else []
            host = written[0] if written else f"{hostname.partition('.')[0] or 'localhost'}.local"
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.port}/"
