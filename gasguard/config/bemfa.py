"""bemfa (巴法云) in the configuration."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from gasguard.config.broker import Tls
from gasguard.config.fields import Host, Strict, Whole
from gasguard.config.names import BurnerId


def _cloud_key(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\w{8,128}", value, re.ASCII):
        raise ValueError("must be the private key (私钥) that bemfa's console shows, 32 digits")
    return value


def _cloud_topic(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Za-z]{1,61}00[126]", value):
        raise ValueError(
            "must be letters and digits that end in 001 (outlet), 006 (switch) or 002 (light), "
            "for example gasleft002"
        )
    return value


def _distinct(topics: dict[str, str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for burner, topic in topics.items():
        other = taken.setdefault(topic, burner)
        if other != burner:
            raise ValueError(f"{other} and {burner} share {topic}; each burner needs its own")
    return topics


CloudKey = Annotated[SecretStr, BeforeValidator(_cloud_key)]
CloudTopic = Annotated[str, BeforeValidator(_cloud_topic)]


class Bemfa(Strict):
    """bemfa (巴法云): Mi Home's way to relays that are no Mi devices. Always TLS."""

    key: CloudKey
    host: Host = "bemfa.com"
    port: Whole = Field(9503, ge=1, le=65535)
    tls: Tls = Tls()
    topics: Annotated[dict[BurnerId, CloudTopic], AfterValidator(_distinct)] = Field(min_length=1)
    """Topic of each burner that the cloud may shut off."""
