"""How commands reach the daemon: its local socket, or the broker. Same words either way."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from gasguard.cli.main import Misused, Unreached
from gasguard.cli.options import find_config
from gasguard.config.load import load_control_socket
from gasguard.interfaces.local.unix import socket_address

ANSWER_WITHIN = 12.0
"""Seconds until a daemon that says nothing counts as hung."""

Ack = dict[str, Any]


class Link(Protocol):
    """A way to the daemon."""

    def command(self, command: str, burners: list[str], value: str) -> Iterator[Ack]:
        """Acknowledgements (with `burner`) as they come; ends when every burner's is final.

        No burner means all, for off only. Raises Misused (unknown burner) or Unreached.
        """
        ...

    def states(self) -> dict[str, dict[str, Any]]:
        """Every burner's state."""
        ...

    def watch(self) -> Iterator[dict[str, dict[str, Any]]]:
        """States now, and again whenever something changed, for ever."""
        ...

    def history(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """Events of the last `since` seconds, newest last."""
        ...


def connect(config_path: Path | None, mqtt_url: str | None) -> Link:
    """The link that the options ask for."""
    if mqtt_url is not None:
        from gasguard.cli.mqtt_link import MqttClientLink

        return MqttClientLink(mqtt_url)
    return connect_locally(config_path)


def connect_locally(config_path: Path | None) -> "SocketLink":
    """The daemon's local socket."""
    return SocketLink(load_control_socket(find_config(config_path)))


class SocketLink:
    """The daemon's local socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _ask(self, request: dict[str, Any], *, timeout: float | None) -> Iterator[dict[str, Any]]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout)
            try:
                with socket_address(self._path) as address:
                    client.connect(address)
                client.sendall(json.dumps(request).encode() + b"\n")
                for line in client.makefile("rb"):
                    answer = json.loads(line)
                    if "error" in answer:
                        raise Misused(answer["message"])
                    yield answer
            except TimeoutError:
                raise Unreached(f"the daemon at {self._path} does not answer") from None
            except OSError as error:
                raise Unreached(
                    f"no daemon at {self._path} ({error.strerror or error}); is it running? "
                    "Start it with: gasguard run -c FILE"
                ) from None

    def command(self, command: str, burners: list[str], value: str) -> Iterator[Ack]:
        """See `Link.command`."""
        request = {"command": command, "burners": burners, "value": value}
        for answer in self._ask(request, timeout=ANSWER_WITHIN):
            yield answer["ack"]

    def states(self) -> dict[str, dict[str, Any]]:
        """See `Link.states`."""
        for answer in self._ask({"command": "status"}, timeout=ANSWER_WITHIN):
            states: dict[str, dict[str, Any]] = answer["states"]
            return states
        raise Unreached(f"the daemon at {self._path} hung up")

    def watch(self) -> Iterator[dict[str, dict[str, Any]]]:
        """See `Link.watch`."""
        for answer in self._ask({"command": "watch"}, timeout=ANSWER_WITHIN):
            yield answer["states"]
        raise Unreached("the daemon has ended")

    def history(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """See `Link.history`."""
        if burner is not None and burner not in (known := self.states()):
            raise Misused(f"no burner {burner!r}; there are: {', '.join(known)}")
        request = {"command": "history", "burner": burner, "since": since}
        for answer in self._ask(request, timeout=ANSWER_WITHIN):
            yield answer["event"]

    def proof_test(self, burner: str) -> Iterator[dict[str, Any]]:
        """The steps of a proof test as they are done. It is only to be had at the stove."""
        request = {"command": "proof-test", "burner": burner}
        for answer in self._ask(request, timeout=None):
            yield answer["step"]


def wait_until(deadline: float) -> float:
    """Seconds left until `deadline` (time.monotonic), at least 0."""
    return max(0.0, deadline - time.monotonic())
