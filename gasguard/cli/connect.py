"""Finds the way to the daemon that the options ask for."""

from pathlib import Path

from gasguard.cli.daemon import Daemon
from gasguard.cli.options import find_config, written_by_demo
from gasguard.cli.over_socket import SocketDaemon
from gasguard.config.load import load_control_socket


def connect(config_path: Path | None, mqtt_url: str | None) -> Daemon:
    """Through the broker where a URL is given, else over the local socket."""
    if mqtt_url is not None:
        from gasguard.cli.over_mqtt import MqttDaemon

        return MqttDaemon(mqtt_url)
    return connect_locally(config_path)


def connect_locally(config_path: Path | None) -> SocketDaemon:
    """Over the local socket."""
    path = find_config(config_path)
    demo = written_by_demo(path)
    begin = "gasguard demo" if demo else f"gasguard run -c {config_path or path}"
    return SocketDaemon(load_control_socket(path), begin, is_demo=demo)
