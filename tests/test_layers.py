"""The table "Rooms" of the design, enforced: who may import whom."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "gasguard"

_WORDS = {"gasguard.core.messages", "gasguard.core.model", "gasguard.core.instant"}
"""What the core says to others, without what it decides."""
_COMMON = {"gasguard.errors", "gasguard.clock", "gasguard.luck", "gasguard.text", "gasguard.files"}
_DEVICES = {
    "gasguard.drivers.base",
    "gasguard.drivers.board",
    "gasguard.drivers.bus",
    "gasguard.drivers.names",
}
_DISK = {
    "gasguard.guard.database",
    "gasguard.guard.records",
    "gasguard.guard.journal",
    "gasguard.guard.burns",
}
_ANYTHING = {"gasguard"}
_OUTSIDE = {"*"}
"""Any library: the room's own affair."""


class Room(NamedTuple):
    """A prefix of module names, and what modules under it may import."""

    prefix: str
    may_import: set[str]
    libraries: set[str] = _OUTSIDE


# The longest prefix that fits a module is its room. Everything in a room may import the room.
ROOMS = [
    Room("gasguard.core", set(), libraries=set()),
    Room("gasguard.errors", set(), libraries=set()),
    Room("gasguard.luck", set(), libraries=set()),
    Room("gasguard.logs", set(), libraries=set()),
    Room("gasguard.alone", set(), libraries=set()),
    Room("gasguard.memory", set(), libraries=set()),
    Room("gasguard.starts", set(), libraries=set()),
    Room("gasguard.text", set(), libraries=set()),
    Room("gasguard.files", set(), libraries=set()),
    Room("gasguard.clock", {"gasguard.core.instant"}, libraries=set()),
    Room("gasguard.durations", {"gasguard.errors"}, libraries=set()),
    Room("gasguard.quantities", set(), libraries=set()),
    Room("gasguard.health", _COMMON, libraries=set()),
    Room(
        "gasguard.mqtt",
        {"gasguard.health", *_COMMON},
        libraries={"paho", "pydantic"},
    ),
    Room("gasguard.mqtt.topics", set(), libraries=set()),
    Room("gasguard.mqtt.words", {"gasguard.text"}, libraries=set()),
    Room(
        "gasguard.config",
        {"gasguard.durations", "gasguard.errors", "gasguard.mqtt.topics", "gasguard.quantities"},
        libraries={"pydantic", "yaml"},
    ),
    Room("gasguard.drivers.board", {"gasguard.errors"}, libraries=set()),
    Room("gasguard.drivers.bus", set(), libraries=set()),
    Room("gasguard.drivers.names", set(), libraries=set()),
    Room(
        "gasguard.drivers.understanding",
        {"gasguard.config.sensors", "gasguard.quantities", "gasguard.text"},
        libraries=set(),
    ),
    Room(
        "gasguard.drivers.warming",
        {"gasguard.config.sensors", "gasguard.drivers.bus", "gasguard.drivers.understanding"},
        libraries=set(),
    ),
    Room(
        "gasguard.drivers.base",
        {*_WORDS, "gasguard.config.relays.base", *_DEVICES, *_COMMON},
        libraries=set(),
    ),
    Room(
        "gasguard.drivers",
        {*_WORDS, "gasguard.config", *_COMMON},
        libraries=set(),
    ),
    Room("gasguard.drivers.steady", set(), libraries=set()),
    Room(
        "gasguard.drivers.machine",
        {"gasguard.drivers.adc.bus", "gasguard.drivers.board", "gasguard.drivers.gpio.kernel"},
        libraries=set(),
    ),
    Room(
        "gasguard.drivers.adc",
        {*_WORDS, "gasguard.config", *_DEVICES, "gasguard.drivers.steady", *_COMMON},
        libraries={"smbus2"},
    ),
    Room(
        "gasguard.drivers.gpio",
        {*_WORDS, "gasguard.config", *_DEVICES, *_COMMON},
        libraries={"gpiod"},
    ),
    Room(
        "gasguard.drivers.miio",
        {*_WORDS, "gasguard.config", *_DEVICES, *_COMMON},
        libraries={"miio"},
    ),
    Room(
        "gasguard.drivers.mqtt",
        {
            *_WORDS,
            "gasguard.config",
            *_DEVICES,
            "gasguard.drivers.steady",
            "gasguard.drivers.understanding",
            "gasguard.drivers.warming",
            "gasguard.health",
            "gasguard.mqtt",
            *_COMMON,
        },
        libraries={"pydantic"},
    ),
    Room(
        "gasguard.guard",
        {"gasguard.core", "gasguard.drivers.base", "gasguard.health", *_COMMON},
        libraries=set(),
    ),
    Room("gasguard.guard.keeper", {*_WORDS, "gasguard.drivers.base", *_COMMON}, libraries=set()),
    Room("gasguard.guard.store", {"gasguard.core.recovery", *_DISK, *_COMMON}, libraries=set()),
    Room(
        "gasguard.guard.copies",
        {"gasguard.core.model", "gasguard.core.recovery", "gasguard.errors"}
        | {"gasguard.guard.database", "gasguard.guard.records"},
        libraries=set(),
    ),
    Room("gasguard.guard.database", {"gasguard.guard.records", *_COMMON}, libraries=set()),
    Room("gasguard.guard.records", {"gasguard.core.recovery"}, libraries=set()),
    Room("gasguard.guard.journal", set(), libraries=set()),
    Room("gasguard.guard.burns", set(), libraries=set()),
    Room(
        "gasguard.interfaces",
        {
            *_WORDS,
            "gasguard.config",
            "gasguard.guard.bulletins",
            "gasguard.guard.burns",
            "gasguard.guard.controller",
            "gasguard.guard.store",
            "gasguard.guard.proof_test",
            "gasguard.durations",
            "gasguard.health",
            "gasguard.mqtt",
            *_COMMON,
        },
    ),
    Room(
        "gasguard.interfaces.messages",
        {
            *_WORDS,
            "gasguard.config.messages",
            "gasguard.guard.bulletins",
            "gasguard.guard.controller",
            "gasguard.interfaces.home_assistant.words",
            "gasguard.interfaces.payloads",
            *_COMMON,
        },
        libraries=set(),
    ),
    Room("gasguard.interfaces.metrics.text", set(), libraries=set()),
    Room(
        "gasguard.interfaces.metrics",
        {
            "gasguard.core.messages",
            "gasguard.core.model",
            "gasguard.guard.bulletins",
            "gasguard.guard.keeper",
        },
        libraries=set(),
    ),
    # Processes of their own: what they import, the daemon must not.
    Room(
        "gasguard.interfaces.web",
        {
            "gasguard.durations",
            "gasguard.errors",
            "gasguard.files",
            "gasguard.clock",
            "gasguard.luck",
            "gasguard.health",
            "gasguard.logs",
            "gasguard.interfaces.explain",
            "gasguard.interfaces.home_assistant.words",
            "gasguard.interfaces.local.unix",
            "gasguard.interfaces.metrics.text",
        },
        libraries={"starlette", "uvicorn", "h11"},
    ),
    Room("gasguard.interfaces.messages.child", set(), libraries={"apprise", "requests"}),
    Room(
        "gasguard.outputs",
        {
            *_WORDS,
            "gasguard.config.hood",
            "gasguard.drivers.base",
            "gasguard.guard.bulletins",
            "gasguard.guard.controller",
            *_COMMON,
        },
        libraries=set(),
    ),
    # What they decide is decided without anybody.
    Room(
        "gasguard.outputs.hood",
        {"gasguard.drivers.base", "gasguard.outputs.kitchen"},
        libraries=set(),
    ),
    Room("gasguard.outputs.kitchen", {*_WORDS}, libraries=set()),
    Room(
        "gasguard.simulator",
        {
            "gasguard.drivers.board",
            "gasguard.drivers.miio.codec",
            "gasguard.config",
            "gasguard.mqtt",
            *_COMMON,
        },
        libraries=set(),
    ),
    Room(
        "gasguard.backup",
        {
            "gasguard.alone",
            "gasguard.config.environment",
            "gasguard.config.load",
            "gasguard.config.yaml_file",
            "gasguard.errors",
            "gasguard.guard.copies",
            "gasguard.guard.records",
            "gasguard.guard.store",
            "gasguard.interfaces.web.keyring",
            "gasguard.interfaces.web.passwords",
            "gasguard.interfaces.web.settings",
            "gasguard.text",
        },
        libraries={"pydantic"},
    ),
    # What comes out of a file that anybody may have had meets nothing but this.
    Room(
        "gasguard.backup.archive",
        {"gasguard.backup.contents", "gasguard.backup.errors"},
        libraries={"pydantic"},
    ),
    Room("gasguard.backup.swap", set(), libraries=set()),
    Room("gasguard.backup.environment", {"gasguard.config.environment"}, libraries=set()),
    Room("gasguard.assemble", _ANYTHING, libraries=set()),
    Room("gasguard.app", _ANYTHING),
    Room("gasguard.ways_in", _ANYTHING, libraries=set()),
    Room("gasguard.cli", _ANYTHING),
    Room("gasguard.__main__", {"gasguard.cli"}, libraries=set()),
    Room("gasguard.__init__", set(), libraries=set()),
]
MAY_IMPORT_CLI = {"gasguard.cli", "gasguard.__main__"}
MAY_IMPORT_MIIO = {"gasguard.drivers.miio"}
MAY_IMPORT_PAHO = {"gasguard.mqtt"}
MAY_IMPORT_APPRISE = {"gasguard.interfaces.messages.child"}


def _module_name(path: Path) -> str:
    parts = ["gasguard", *path.relative_to(PACKAGE).with_suffix("").parts]
    is_package = parts[-1] == "__init__" and len(parts) > 2
    return ".".join(parts[:-1] if is_package else parts)


MODULES = {_module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def under(name: str, prefixes: set[str]) -> bool:
    """Whether a dotted name is one of the prefixes or lies below one."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def imports(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Dotted names of all that a module imports, wherever in it and however it is written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = module.split(".")
            above = here[: len(here) - node.level + is_package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            # `from package import module` reaches the module, `from module import name` does not.
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base
        elif isinstance(node, ast.Call) and _called(node.func) in ("import_module", "__import__"):
            yield from (word.value for word in node.args[:1] if isinstance(word, ast.Constant))
        elif isinstance(node, ast.Constant) and node.value in MODULES:
            yield node.value  # imported by its name, later


RELAY_CLASSES = {"MiotRelay", "MiioRelay", "MqttRelay", "GpioRelay"}
"""What each family's settings are: what others want to know of them, `RelayConfig` says."""
FAMILY_FOLDERS = {
    "gasguard.config.relays",
    "gasguard.drivers.gpio",
    "gasguard.drivers.miio",
    "gasguard.drivers.mqtt",
    "gasguard.simulator.miio",
    "gasguard.simulator.mqtt",
    "gasguard.simulator.pi",
}


def asked_classes(source: str) -> Iterator[str]:
    """Relay classes, settings or drivers, that a module tells apart by isinstance or match."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node.func) in ("isinstance", "issubclass"):
            names = {_called(part) for part in ast.walk(node) if isinstance(part, ast.expr)}
        elif isinstance(node, ast.MatchClass):
            names = {_called(node.cls)}
        else:
            continue
        known = RELAY_CLASSES | {name + "Driver" for name in RELAY_CLASSES}
        yield from sorted(names & known)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import one another, late imports included, each circle once."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            found.append(path[path.index(module) :])
            return
        if module in done:
            return
        for other in sorted(graph.get(module, ())):
            visit(other, [*path, module])
        done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return found


def _graph() -> dict[str, set[str]]:
    graph = {}
    for module, path in MODULES.items():
        source, is_package = path.read_text(encoding="utf-8"), path.name == "__init__.py"
        found = set(imports(source, module, is_package=is_package))
        graph[module] = {name for name in found if name in MODULES and name != module}
    return graph


def _called(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def room_of(module: str) -> Room | None:
    fitting = [room for room in ROOMS if under(module, {room.prefix})]
    return max(fitting, key=lambda room: len(room.prefix), default=None)


def faults(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What in this module breaks the table."""
    room = room_of(module)
    if room is None:
        return [f"{module} is in no room: give it one in ROOMS and in the design"]
    found = []
    for name in sorted(set(imports(source, module, is_package=is_package))):
        top = name.partition(".")[0]
        if top == "gasguard":
            allowed = name == "gasguard" or under(name, {room.prefix, *room.may_import})
            allowed &= not under(name, {"gasguard.cli"}) or under(module, MAY_IMPORT_CLI)
        elif top == "miio":
            allowed = under(module, MAY_IMPORT_MIIO)
        elif top == "paho":
            allowed = under(module, MAY_IMPORT_PAHO)
        elif top == "apprise":
            allowed = under(module, MAY_IMPORT_APPRISE)
        else:
            known = sys.stdlib_module_names | room.libraries
            allowed = room.libraries == _OUTSIDE or top in known
        if not allowed:
            found.append(f"{module} must not import {name}")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_room_may(module):
    path = MODULES[module]
    source = path.read_text(encoding="utf-8")
    assert faults(source, module, is_package=path.name == "__init__.py") == []


def test_no_two_files_import_one_another():
    assert circles(_graph()) == []


@pytest.mark.parametrize("module", [m for m in MODULES if not under(m, FAMILY_FOLDERS)])
def test_nobody_outside_its_family_tells_relay_classes_apart(module):
    assert list(asked_classes(MODULES[module].read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "isinstance(relay, MiotRelay)",
        "isinstance(relay, miio.MiioRelay | MqttRelay)",
        "isinstance(driver, (A, MqttRelayDriver))",
        "match relay:\n    case MqttRelay():\n        pass",
    ],
)
def test_a_planted_question_for_a_relay_class_is_found(line):
    assert list(asked_classes(line))


def test_a_planted_circle_is_found():
    planted = _graph()
    planted["gasguard.errors"] = {"gasguard.durations"}
    assert circles(planted) == [["gasguard.errors", "gasguard.durations"]]


def test_a_late_import_by_name_counts():
    assert list(imports('table = {"x": "gasguard.cli.main"}', "gasguard.app")) == [
        "gasguard.cli.main"
    ]


def test_the_walk_finds_the_package():
    assert {"gasguard.core.machine", "gasguard.config.load", "gasguard.__init__"} <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("gasguard.core.actions", "import pydantic"),
        ("gasguard.core.actions", "from gasguard.clock import Clock"),
        ("gasguard.core.actions", "from ..errors import GasguardError"),
        ("gasguard.core.actions", "from .. import errors"),
        ("gasguard.core.actions", "def late():\n    import gasguard.guard.store"),
        ("gasguard.mqtt.desk", "from gasguard.config.broker import Mqtt"),
        ("gasguard.config.load", "from gasguard.mqtt.link import MqttLink"),
        ("gasguard.drivers.base", "from gasguard.drivers.mqtt.relay import MqttRelayDriver"),
        ("gasguard.drivers.miio.relay", "def late():\n    import gasguard.drivers.mqtt.relay"),
        ("gasguard.guard.keeper", "from gasguard.drivers.miio.relay import MiotRelayDriver"),
        ("gasguard.simulator.bridge", "import paho.mqtt.client"),
        ("gasguard.cli.over_mqtt", "import paho.mqtt.client"),
        ("gasguard.guard.controller", "from gasguard.drivers.miio.relay import connect"),
        ("gasguard.guard.controller", "from gasguard.interfaces import mqtt"),
        ("gasguard.drivers.gpio", "import miio"),
        ("gasguard.drivers.mqtt.relay", "import gpiod"),
        ("gasguard.drivers.gpio", "import importlib; importlib.import_module('miio.protocol')"),
        ("gasguard.drivers.gpio", "from gasguard.core import step"),
        ("gasguard.drivers.base", "from gasguard.guard.controller import Controller"),
        ("gasguard.drivers.mqtt.relay", "import paho.mqtt.client"),
        (
            "gasguard.drivers.mqtt.relay",
            "from gasguard.interfaces.mqtt.interface import MqttInterface",
        ),
        ("gasguard.drivers.miio.relay", "from gasguard.mqtt.link import MqttLink"),
        ("gasguard.mqtt.link", "from gasguard.interfaces.mqtt.interface import MqttInterface"),
        ("gasguard.mqtt.topics", "import yaml"),
        ("gasguard.interfaces.bemfa", "from gasguard.core import step"),
        ("gasguard.interfaces.bemfa", "from gasguard.core.machine import step"),
        ("gasguard.interfaces.bemfa", "from gasguard.drivers.base import Relay"),
        ("gasguard.interfaces.bemfa", "import miio.protocol"),
        ("gasguard.interfaces.web", "from gasguard.core.messages import Off"),
        ("gasguard.interfaces.web", "from gasguard.config.load import Config"),
        ("gasguard.cli.messages", "import apprise"),
        ("gasguard.interfaces.messages.courier", "def late():\n    import apprise"),
        ("gasguard.interfaces.messages.outbox", "import requests"),
        ("gasguard.interfaces.messages.child", "from gasguard.config.load import Config"),
        ("gasguard.simulator.stove", "from gasguard.drivers.miio.transport import Transport"),
        ("gasguard.simulator.stove", "from gasguard.core.model import Phase"),
        ("gasguard.guard.store", "import pydantic"),
        ("gasguard.guard.store", "from gasguard.core import step"),
        ("gasguard.app", "from gasguard.cli import main"),
        ("gasguard.app", "from miio import Device"),
        ("gasguard.attic", "import os"),
    ],
)
def test_a_breach_is_found(module, line):
    assert faults(line, module)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("gasguard.core.actions", "from dataclasses import replace"),
        ("gasguard.core.actions", "from .model import Phase"),
        ("gasguard.core.actions", "from . import model"),
        ("gasguard.guard.controller", "from gasguard.core import step, next_deadline"),
        ("gasguard.drivers.miio.codec", "from miio.protocol import Message"),
        ("gasguard.interfaces.bemfa", "from gasguard.core.messages import Off"),
        ("gasguard.interfaces.bemfa", "from gasguard.core import messages"),
        ("gasguard.mqtt.server", "import paho.mqtt.client"),
        ("gasguard.interfaces.messages.child", "def late():\n    import apprise"),
        ("gasguard.drivers.mqtt.connection", "from gasguard.mqtt.link import MqttLink"),
        ("gasguard.simulator.miio.relay", "from gasguard.drivers.miio.codec import parse"),
        ("gasguard.app", "from gasguard.interfaces import mqtt"),
        ("gasguard.cli.run", "from gasguard.app import run"),
        ("gasguard.cli.main", "from gasguard import __version__"),
    ],
)
def test_what_the_table_permits_is_no_breach(module, line):
    assert faults(line, module) == []


def test_relative_imports_of_a_package_start_in_the_package():
    assert list(imports("from . import model", "gasguard.core", is_package=True)) == [
        "gasguard.core.model"
    ]
