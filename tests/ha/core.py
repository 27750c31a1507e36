"""One running Home Assistant core, spoken to as its own pages do: REST and WebSocket."""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from websockets.sync.client import ClientConnection, connect  # comes with the embedded broker

from tests.ha.cores import Core
from tests.support.processes import Process, listens
from tests.support.waiting import eventually

_YEARS = 3650 * 86400
_NOT_OURS = (
    "homeassistant.bootstrap",  # an old Python, and that pip is not called
    "aiohttp_fast_zlib",
    "homeassistant.components.camera.img_util",
    "aiohttp.server",  # that it refused a call of ours
    "homeassistant.components.homeassistant",  # that a lock knows no turn_on, when told to
)
_USER, _REFRESH = "owner", "refresh"


class Refused(Exception):
    """Home Assistant did not do what it was asked."""


class HomeAssistant:
    """A core in `folder`, with nothing configured but what a test of MQTT needs."""

    def __init__(self, core: Core, folder: Path) -> None:
        self._core, self.folder = core, folder
        self._port = _lasting_port()
        self._key = secrets.token_hex(64)
        self._token = _json_web_token(self._key)
        self._runs = 0
        self._write()
        self.start()

    def _write(self) -> None:
        storage = self.folder / ".storage"
        storage.mkdir(parents=True)
        (storage / "auth").write_text(json.dumps(_auth(self._key)))
        configuration = {
            "homeassistant": {"name": "Test kitchen", "time_zone": "Asia/Shanghai"},
            "http": {"server_host": "127.0.0.1", "server_port": self._port},
            **{key: {} for key in ("api", "websocket_api", "config", "script")},
            "notify": [],
            "logger": {"default": "warning"},
        }
        (self.folder / "automations.yaml").write_text("[]\n")
        text = yaml.safe_dump(configuration, sort_keys=False)
        path = self.folder / "configuration.yaml"
        path.write_text(f"{text}automation: !include automations.yaml\n")

    def start(self) -> None:
        self._runs += 1
        command = [str(self._core.hass), "-c", str(self.folder), "--skip-pip"]
        self.process = Process(command, self.folder / f"hass-{self._runs}.log", cwd=self.folder)
        try:
            eventually(self._running, 60, every=0.2)
        except BaseException:
            self.stop()
            print(self.process.output)
            raise

    def _running(self) -> bool:
        assert self.process.running, f"Home Assistant ended:\n{self.process.output}"
        try:
            return self.rest("GET", "config")["state"] == "RUNNING"
        except OSError:
            return False

    def stop(self) -> None:
        self.process.stop(30)

    @property
    def complaints(self) -> list[str]:
        """Warnings and errors of every run, but for those that are no fault of gasguard's."""
        logs = sorted(self.folder.glob("hass-*.log"))
        lines = [line for log in logs for line in log.read_text().splitlines()]
        bad = [line for line in lines if " WARNING " in line or " ERROR " in line]
        return [line for line in bad if not any(f"[{name}]" in line for name in _NOT_OURS)]

    # --- REST ---------------------------------------------------------------------------------

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise Refused(f"{path}: {error.code} {error.read().decode()}") from None

    def add_broker(self, host: str, port: int) -> None:
        """Set MQTT up, as a person does on the integrations page."""
        flow = self.rest("POST", "config/config_entries/flow", {"handler": "mqtt"})
        made = self.rest(
            "POST",
            f"config/config_entries/flow/{flow['flow_id']}",
            {"broker": host, "port": port},
        )
        assert made["type"] == "create_entry", made

    def call(self, service: str, entity: str | list[str] | None = None, **data: Any) -> None:
        """Call `domain.service`; raises Refused."""
        target = {} if entity is None else {"entity_id": entity}
        self.rest("POST", f"services/{service.replace('.', '/')}", {**target, **data})

    def fire(self, event: str, **data: Any) -> None:
        """Fire an event on Home Assistant's bus."""
        self.rest("POST", f"events/{event}", data)

    def states(self) -> dict[str, dict[str, Any]]:
        """Every entity's state with its attributes."""
        return {one["entity_id"]: one for one in self.rest("GET", "states")}

    def state(self, entity: str) -> str | None:
        return self.states().get(entity, {}).get("state")

    def attributes(self, entity: str) -> dict[str, Any]:
        return self.states()[entity]["attributes"]

    def until(self, within: float = 10.0, **wanted: str | None) -> None:
        """Wait for states; names are entity ids with `__` for the dot."""
        aims = {name.replace("__", "."): state for name, state in wanted.items()}

        def seen() -> dict[str, str | None]:
            states = self.states()
            return {name: states.get(name, {}).get("state") for name in aims}

        try:
            eventually(lambda: seen() == aims, within, every=0.05)
        except AssertionError:
            raise AssertionError(f"within {within} s: wanted {aims}, but: {seen()}") from None

    def automate(self, name: str, blueprint: str, **inputs: Any) -> str:
        """Make an automation of a blueprint; gives its entity id."""
        use = {"path": f"gasguard/{blueprint}.yaml", "input": inputs}
        body = {"alias": name, "use_blueprint": use}
        self.rest("POST", f"config/automation/config/{name}", body)
        self.until(**{f"automation__{name}": "on"})
        return f"automation.{name}"

    # --- WebSocket ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _asked(self, kind: str, **data: Any) -> Iterator[tuple[ClientConnection, Any]]:
        with connect(f"ws://127.0.0.1:{self._port}/api/websocket", max_size=None) as socket:
            assert json.loads(socket.recv(10))["type"] == "auth_required"
            socket.send(json.dumps({"type": "auth", "access_token": self._token}))
            assert json.loads(socket.recv(10))["type"] == "auth_ok"
            socket.send(json.dumps({"id": 1, "type": kind, **data}))
            answer = json.loads(socket.recv(15))
            if not answer["success"]:
                raise Refused(f"{kind}: {answer['error']}")
            yield socket, answer["result"]

    def ask(self, kind: str, **data: Any) -> Any:
        """One WebSocket command and its result; raises Refused."""
        with self._asked(kind, **data) as (_, result):
            return result

    @contextlib.contextmanager
    def hearing(self, event: str) -> Iterator[Callable[[float], dict[str, Any]]]:
        """Inside the block events of this type are heard: call it for the next one's data."""
        with self._asked("subscribe_events", event_type=event) as (socket, _):
            yield lambda within: json.loads(socket.recv(within))["event"]["data"]

    def registry(self) -> dict[str, dict[str, Any]]:
        """gasguard's registered entities by entity id: also those that are disabled."""
        entries = self.ask("config/entity_registry/list")
        ours = [one for one in entries if str(one.get("unique_id", "")).startswith("gasguard")]
        return {one["entity_id"]: one for one in ours}

    def devices(self) -> dict[str, dict[str, Any]]:
        """Devices of MQTT by name."""
        entries = self.ask("config/device_registry/list")
        mqtt = [one for one in entries if any(pair[0] == "mqtt" for pair in one["identifiers"])]
        assert len({one["name"] for one in mqtt}) == len(mqtt), mqtt
        return {one["name"]: one for one in mqtt}


def _lasting_port() -> int:
    """Below those that the system hands out: a core takes seconds to take it, and restarts."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if not listens(port):
            return port


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json_web_token(key: str) -> str:
    now = int(time.time()) - 60
    claims = {"iss": _REFRESH, "iat": now, "exp": now + _YEARS}
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_base64(hmac.digest(key.encode(), text.encode(), hashlib.sha256))}"


def _auth(key: str) -> dict[str, Any]:
    """Home Assistant's own file of users: one owner with a long-lived token."""
    user = {
        "id": _USER,
        "group_ids": ["system-admin"],
        "is_owner": True,
        "is_active": True,
        "name": "Owner",
        "system_generated": False,
        "local_only": False,
    }
    token = {
        "id": _REFRESH,
        "user_id": _USER,
        "client_id": None,
        "client_name": "tests",
        "client_icon": None,
        "token_type": "long_lived_access_token",
        "created_at": "2024-01-01T00:00:00+00:00",
        "access_token_expiration": float(_YEARS),
        "token": secrets.token_hex(64),
        "jwt_key": key,
        "last_used_at": None,
        "last_used_ip": None,
        "credential_id": None,
        "version": None,
    }
    groups = [{"id": "system-admin", "name": "Administrators"}]
    data = {"users": [user], "groups": groups, "credentials": [], "refresh_tokens": [token]}
    return {"version": 1, "minor_version": 1, "key": "auth", "data": data}
