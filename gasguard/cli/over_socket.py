"""The way to the daemon over its local socket."""

import contextlib
import errno
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gasguard.alone import is_taken
from gasguard.cli.burners import known
from gasguard.cli.daemon import ANSWER_WITHIN, Ack
from gasguard.cli.exits import Misused, Unreached
from gasguard.errors import StoreError
from gasguard.interfaces.local.unix import elsewhere, socket_address


class SocketDaemon:
    """The daemon's local socket."""

    def __init__(self, path: Path, begin: str = "gasguard run -c FILE", *, is_demo: bool = False):
        """`begin` starts the daemon, if it is not running."""
        self._path, self._begin, self._is_demo = path, begin, is_demo

    def _ask(self, request: dict[str, Any], *, timeout: float | None) -> Iterator[dict[str, Any]]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout)
            try:
                if not self._connect(client):
                    # Somebody else's daemon may listen there: it must not take this for its own.
                    request = {**request, "state_dir": str(self._path.parent)}
                client.sendall(json.dumps(request).encode() + b"\n")
                for line in client.makefile("rb"):
                    answer = json.loads(line)
                    if answer.get("error") == "other_daemon":
                        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
                    if answer.get("error") == "not_read":
                        raise StoreError(f"the history cannot be read: {answer['message']}")
                    if "error" in answer:
                        raise Misused(answer["message"])
                    yield answer
            except TimeoutError:
                raise Unreached(f"the daemon at {self._path} does not answer") from None
            except PermissionError:
                raise Unreached(
                    f"you may not speak to the daemon at {self._path}: use sudo, or join its group"
                ) from None
            except OSError as error:
                raise Unreached(self._absent(error.strerror or str(error))) from None

    def _absent(self, why: str) -> str:
        if is_taken(self._path.parent):
            return f"the daemon runs, but not its socket {self._path} ({why}): use --mqtt"
        if self._is_demo:
            return f"the demo has ended ({self._path}: {why}); start it again with: {self._begin}"
        return f"no daemon at {self._path} ({why}); is it running? Start it with: {self._begin}"

    def _connect(self, client: socket.socket) -> bool:
        """Whether it is at the path that is its own. Raises OSError where it is nowhere."""
        try:
            _connect(client, self._path)
        except OSError as error:
            for place in elsewhere(self._path):
                with contextlib.suppress(OSError):
                    _connect(client, place)
                    return False
            raise error from None
        return True

    def request(self, asks: str, burners: list[str], value: str) -> Iterator[Ack]:
        """See `Daemon.request`."""
        request = {"command": asks, "burners": burners, "value": value}
        for answer in self._ask(request, timeout=ANSWER_WITHIN):
            yield answer["ack"]

    def states(self) -> dict[str, dict[str, Any]]:
        """See `Daemon.states`."""
        states, _ = self.status()
        return states

    def status(self) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """Every burner's state, and what is wrong with the daemon itself, by part."""
        answer = self._status()
        return answer["states"], answer.get("troubles", {})

    def _status(self) -> dict[str, Any]:
        return self._first({"command": "status"})

    def _first(self, request: dict[str, Any]) -> dict[str, Any]:
        """Its first answer. Raises Unreached where there is none."""
        for answer in self._ask(request, timeout=ANSWER_WITHIN):
            return answer
        raise Unreached(f"the daemon at {self._path} hung up")

    def metrics(self) -> dict[str, Any]:
        """The status, with what was counted since the daemon's start."""
        return self._first({"command": "metrics"})

    def schedules(self) -> dict[str, dict[str, Any]]:
        """See `Daemon.schedules`."""
        found: dict[str, dict[str, Any]] = self._status().get("schedules", {})
        return found

    def skip(self, schedule: str) -> Ack:
        """See `Daemon.skip`."""
        ack: Ack = self._first({"command": "skip", "schedule": schedule})["ack"]
        return ack

    def watch(self) -> Iterator[dict[str, dict[str, Any]]]:
        """See `Daemon.watch`."""
        for answer in self._ask({"command": "watch"}, timeout=ANSWER_WITHIN):
            yield answer["states"]
        raise Unreached(f"the daemon has ended; start it again with: {self._begin}")

    def history(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """See `Daemon.history`."""
        return self._past("history", burner, since)

    def burns(self, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        """See `Daemon.burns`."""
        return self._past("burns", burner, since)

    def story(self, burner: str) -> Iterator[dict[str, Any]]:
        """See `Daemon.story`."""
        return self._past("story", burner, 0.0)

    def _past(self, asks: str, burner: str | None, since: float) -> Iterator[dict[str, Any]]:
        if burner is not None:
            (burner,) = known([burner], self.states())
        request = {"command": asks, "burner": burner, "since": since}
        # All at once: the daemon waits for nobody who reads at the pace of a pager.
        yield from [answer["event"] for answer in self._ask(request, timeout=ANSWER_WITHIN)]

    def proof_test(self, burner: str) -> Iterator[dict[str, Any]]:
        """The steps of a proof test as they are done. It is only to be had at the stove."""
        request = {"command": "proof-test", "burner": burner}
        for answer in self._ask(request, timeout=None):
            yield answer["step"]


def _connect(client: socket.socket, path: Path) -> None:
    with socket_address(path) as address:
        client.connect(address)
