"""Burners as people name them at the command line: in any case, and with the Tab key."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from gasguard.cli.exits import Misused
from gasguard.cli.options import find_config
from gasguard.config.yaml_file import read_file
from gasguard.errors import GasguardError, no_burner
from gasguard.mqtt.topics import ALL, meant

F = TypeVar("F", bound=Callable[..., Any])


def burner_argument(**options: Any) -> Callable[[F], F]:
    """One BURNER; `nargs=-1` makes it several. Completed from the configuration."""
    several = options.get("nargs") == -1
    metavar = (
        "[BURNER]..." if several else "BURNER" if options.get("required", True) else "[BURNER]"
    )
    name = "burners" if several else "burner"
    return click.argument(name, metavar=metavar, shell_complete=_complete, **options)


def known(written: Iterable[str], burners: Iterable[str]) -> list[str]:
    """The ids that are meant, each once. Raises Misused for one that does not exist."""
    ids = list(burners)
    found = dict.fromkeys(meant(written, ids))
    for name in found:
        if name not in ids:
            raise Misused(no_burner(name, ids))
    return list(found)


def configured_burner(ctx: click.Context, name: str) -> dict[str, Any]:
    """What the configuration's file has of it; nothing where that is not to be found."""
    try:
        file = read_file(find_config(ctx.params.get("config_path")))
    except GasguardError:
        return {}
    burners = file.data.get("burners")
    found = burners.get(name.casefold()) if isinstance(burners, dict) else None
    return found if isinstance(found, dict) else {}


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    # Of the file alone: the daemon may be far away, and Tab must answer at once.
    try:
        file = read_file(find_config(ctx.params.get("config_path")))
    except GasguardError:
        return []
    burners = file.data.get("burners")
    ids = [str(name) for name in burners] if isinstance(burners, dict) else []
    if ctx.info_name == "off":
        ids.append(ALL)
    there = ctx.params.get(parameter.name or "") or ()
    return [name for name in ids if name.startswith(incomplete.casefold()) and name not in there]
