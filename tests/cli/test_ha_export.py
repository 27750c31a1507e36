"""`gasguard ha-export`: blueprints and cards for Home Assistant."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from gasguard.cli.main import cli
from gasguard.config.load import load_config
from gasguard.core.messages import Kind
from gasguard.interfaces.home_assistant.discovery import entity_ids
from tests.support.kitchen import relay

BLUEPRINTS = {"announce.yaml", "night_lock.yaml", "prewarning.yaml"}
BUILT_IN = {"vertical-stack", "horizontal-stack", "entities", "button", "conditional"}


class _Loader(yaml.SafeLoader):
    """Reads `!input name` as Home Assistant does, as a mark."""


_Loader.add_constructor("!input", lambda _loader, node: f"!input {node.value}")


def _export(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["ha-export", *words])
    assert done.exit_code == code, done.output
    return done.output


def _strings(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [text for pair in part.items() for one in pair for text in _strings(one)]
    if isinstance(part, list):
        return [text for one in part for text in _strings(one)]
    return [str(part)]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    flame = {"driver": "mqtt", "topic": "flame"}
    burners = {
        "left": {"relay": relay(), "name": "左灶", "flame": flame},
        "back": {"relay": relay(jog="500ms")},
    }
    data = {"mqtt": {"base_topic": "home/kitchen"}, "burners": burners}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def test_it_writes_into_home_assistants_folders_and_names_each_file(tmp_path):
    said = _export(str(tmp_path / "ha"))
    folder = tmp_path / "ha" / "blueprints" / "automation" / "gasguard"
    assert {path.name for path in folder.iterdir()} == BLUEPRINTS
    assert (tmp_path / "ha" / "gasguard_cards" / "left.yaml").exists()
    assert all(str(path) in said for path in folder.iterdir())


def test_what_was_changed_is_kept_unless_forced(tmp_path):
    _export(str(tmp_path))
    _export(str(tmp_path))
    card = tmp_path / "gasguard_cards" / "left.yaml"
    card.write_text("mine")
    blueprint = tmp_path / "blueprints" / "automation" / "gasguard" / "announce.yaml"
    blueprint.unlink()
    assert "gasguard_cards/left.yaml" in _export(str(tmp_path), code=1)
    assert (card.read_text(), blueprint.exists()) == ("mine", False)
    _export(str(tmp_path), "--force")
    assert card.read_text() != "mine"
    assert blueprint.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "blueprints").write_text("a file")
    assert str(tmp_path) in _export(str(tmp_path), code=1)


def test_a_card_for_each_burner_has_what_that_burner_has(tmp_path, config):
    _export(str(tmp_path), "-c", str(config))
    cards = tmp_path / "gasguard_cards"
    assert {path.name for path in cards.iterdir()} == {"left.yaml", "back.yaml"}
    for name in ("left", "back"):
        text = (cards / f"{name}.yaml").read_text(encoding="utf-8")
        card = yaml.safe_load(text)
        known = set(entity_ids(load_config(config), name).values())
        used = set(re.findall(r"\b\w+\.gasguard_\w+", text))
        assert used <= known
        assert f"button.gasguard_home_kitchen_{name}_off" in used
        types = set(re.findall(r"type: (\S+)", text))
        assert types <= BUILT_IN
        assert (f"binary_sensor.gasguard_home_kitchen_{name}_flame" in used) == (name == "left")
        assert (f"lock.gasguard_home_kitchen_{name}_lock" in used) == (name == "left")
        assert card["cards"][0]["title"] == {"left": "左灶", "back": "back"}[name]


def test_the_card_as_shipped_is_for_an_ordinary_left_burner(tmp_path):
    _export(str(tmp_path))
    text = (tmp_path / "gasguard_cards" / "left.yaml").read_text(encoding="utf-8")
    path = tmp_path / "config.yaml"
    flame = {"driver": "mqtt", "topic": "flame"}
    path.write_text(yaml.safe_dump({"burners": {"left": {"relay": relay(), "flame": flame}}}))
    known = set(entity_ids(load_config(path), "left").values())
    assert set(re.findall(r"\b\w+\.gasguard_\w+", text)) <= known


@pytest.mark.parametrize("name", sorted(BLUEPRINTS))
def test_a_blueprint_uses_each_of_its_inputs_and_no_other(tmp_path, name):
    _export(str(tmp_path))
    path = tmp_path / "blueprints" / "automation" / "gasguard" / name
    data = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    inputs = data["blueprint"]["input"]
    used = {text.removeprefix("!input ") for text in _strings(data) if text.startswith("!input ")}
    assert used == set(inputs)


def test_blueprints_speak_of_events_that_there_are(tmp_path):
    _export(str(tmp_path))
    folder = tmp_path / "blueprints" / "automation" / "gasguard"
    announce = yaml.load((folder / "announce.yaml").read_text(), _Loader)
    kinds = announce["blueprint"]["input"]["kinds"]
    options = set(kinds["selector"]["select"]["options"])
    assert set(kinds["default"]) <= options <= {kind.value for kind in Kind}
    assert all(f"'{kind}':" in announce["variables"]["text"] for kind in options)
    assert f"'{Kind.PREWARNING.value}'" in (folder / "prewarning.yaml").read_text()
