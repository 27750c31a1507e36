"""`gasguard ha-export`: what Home Assistant does not get by discovery, blueprints and cards."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import click
import yaml

from gasguard.cli.help import examples
from gasguard.cli.options import config_option
from gasguard.config.load import Config, load_config
from gasguard.errors import GasguardError
from gasguard.interfaces.home_assistant.discovery import entity_ids

_EXAMPLE = "gasguard_left_"
"""How ids begin in the card that is shipped."""


@click.command(epilog=examples("gasguard ha-export -c config.yaml ~/homeassistant"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@config_option()
@click.option("--force", is_flag=True, help="Replace files that were changed.")
def ha_export(folder: Path, config_path: Path | None, force: bool) -> None:
    """Write blueprints and a dashboard card into DIR, Home Assistant's configuration folder.

    With -c FILE there is a card for each of its burners, else one for a burner `left`.
    """
    data = files("gasguard") / "data" / "home_assistant"
    wanted = {
        f"blueprints/{path}": text for path, text in _tree(data.joinpath("blueprints"))
    } | _cards(
        data.joinpath("card.yaml").read_text(encoding="utf-8"),
        load_config(config_path) if config_path else None,
    )
    changed = [path for path, text in wanted.items() if _differs(folder / path, text)]
    if changed and not force:
        raise GasguardError(
            f"these were changed since, or are older ({', '.join(changed)}); "
            "--force replaces them. Nothing was written"
        )
    for path, text in wanted.items():
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise GasguardError(f"{folder / path}: {error.strerror}") from None
        click.echo(folder / path)


def _tree(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _tree(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") != text
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True


def _cards(example: str, config: Config | None) -> dict[str, str]:
    if config is None:
        return {"gasguard_cards/left.yaml": example}
    found = {}
    for name, burner in config.burners.items():
        ids = entity_ids(config, name)
        card: dict[str, Any] = _only(yaml.safe_load(example), ids)
        card["cards"][0]["title"] = burner.name or name
        text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
        found[f"gasguard_cards/{name}.yaml"] = text
    return found


def _only(part: Any, ids: dict[str, str]) -> Any:  # YAML data
    """The card with this burner's entities; rows of entities that it does not have are gone."""
    if isinstance(part, dict):
        return {key: _only(value, ids) for key, value in part.items()}
    if isinstance(part, list):
        return [_only(one, ids) for one in part if not _missing(one, ids)]
    if isinstance(part, str) and _EXAMPLE in part:
        return ids[part.partition(_EXAMPLE)[2]]
    return part


def _missing(part: Any, ids: dict[str, str]) -> bool:
    entity = part.get("entity", "") if isinstance(part, dict) else ""
    return _EXAMPLE in entity and entity.partition(_EXAMPLE)[2] not in ids
