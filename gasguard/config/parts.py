"""Single parts of a configuration, checked before there is a file: for whoever asks for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gasguard.config.broker import Mqtt
from gasguard.config.explain import explain
from gasguard.config.faults import Marks
from gasguard.config.fields import Strict
from gasguard.config.messages import Messages
from gasguard.config.relays.base import RelayConfig
from gasguard.config.relays.families import AnyRelay
from gasguard.errors import ConfigError


class _Parts(Strict):
    mqtt: Mqtt = Mqtt()
    messages: Messages | None = None
    relay: AnyRelay | None = None


def mqtt_of(raw: Mapping[str, Any], folder: Path) -> Mqtt:
    """The broker. Paths are relative to `folder`. Raises ConfigError."""
    return _checked({"mqtt": dict(raw)}, folder).mqtt


def messages_of(raw: Mapping[str, Any], folder: Path) -> Messages:
    """Who is told what. Raises ConfigError."""
    return _checked({"messages": dict(raw)}, folder).messages or Messages(to={})


def relay_of(raw: Mapping[str, Any], folder: Path) -> RelayConfig:
    """A relay. Raises ConfigError."""
    found = _checked({"relay": dict(raw)}, folder).relay
    if found is None:
        raise ConfigError(["relay: is missing"])
    return found


def fits(kind: Any, said: str) -> bool:  # Any: a type, also an annotated one
    """Whether a text is one of `kind`, which is of `fields`, `names` or `messages`."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        adapter.validate_python(said)
    except ValidationError:
        return False
    return True


def _checked(raw: dict[str, Any], folder: Path) -> _Parts:
    try:
        return _Parts.model_validate(raw, context=folder)
    except ValidationError as error:
        raise ConfigError(Marks().told(explain(error, _Parts, raw))) from None
