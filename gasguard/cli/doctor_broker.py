"""The broker's rows in `gasguard doctor`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pydantic import SecretStr

from gasguard.config.load import Config
from gasguard.drivers.base import Finding
from gasguard.interfaces.mqtt.interface import subscriptions
from gasguard.mqtt.probe import Probed, probe
from gasguard.mqtt.server import Server, Subscription, fresh_id, peoples
from gasguard.mqtt.topics import Topics

_RULES = "check its access rules (firmware_notes/mqtt.md)"


def broker_findings(config: Config) -> list[Finding]:
    """A row for each host, and more for what is refused there. Blocks.

    Asked as the daemon asks, with its login, its last will and what it subscribes to.
    """
    asked_as = _beside_the_daemon(config)
    servers = [replace(asked_as, host=host, others=()) for host in asked_as.hosts]
    wanted = [replace(one, vital=False) for one in _wanted(config)]
    status = Topics(config.mqtt.base_topic).status
    with ThreadPoolExecutor(len(servers)) as pool:
        found = list(pool.map(lambda server: probe(server, wanted, status), servers))
    one_lives = any(not probed.problem for probed in found)
    return [
        finding
        for server, probed in zip(servers, found, strict=True)
        for finding in _rows(server, probed, one_lives=one_lives)
    ]


def _beside_the_daemon(config: Config) -> Server:
    """Under the daemon's own client id it would push the daemon out."""
    named = config.mqtt.client_id
    own = SecretStr(f"{named}-{fresh_id()}") if named is not None else None
    return replace(peoples(config.mqtt), client_id=own, gives_way=False)


def _wanted(config: Config) -> list[Subscription]:
    """What the daemon and its sensors listen to."""
    sensors = {topic for _, one in config.listening() for _, topic in one.topics()}
    return [
        *subscriptions(config.mqtt, scheduled=bool(config.schedules)),
        *map(Subscription, sorted(sensors)),
    ]


def _rows(server: Server, probed: Probed, *, one_lives: bool) -> Iterator[Finding]:
    where = server.addresses
    if probed.problem:
        yield Finding("broker", "warn" if one_lives else "fail", f"{where}: {probed.problem}")
        return
    if probed.lacks:
        yield Finding("broker", "warn", f"{where} {'; '.join(probed.lacks)}")
    else:
        yield Finding("broker", "ok", where)
    for topic in dict.fromkeys(probed.unheard):
        text = f"{where} refuses the subscription to {topic}: {_RULES}"
        yield Finding("broker topics", "fail", text)
    for topic, why in probed.unpublished.items():
        text = f"{where} refuses what is published on {topic} ({why}): {_RULES}"
        yield Finding("broker topics", "fail", text)
