"""`gasguard discover`: miIO devices on the local network."""

import asyncio
import contextlib
import socket
from pathlib import Path

import click

from gasguard.cli.options import config_option
from gasguard.config import Config, MqttRelay, load_config
from gasguard.errors import DriverError


@click.command(epilog="Examples: gasguard discover      gasguard discover --address 192.168.1.50")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    default=("255.255.255.255",),
    show_default=True,
    help="Where to send the hello; several are allowed.",
)
@click.option("--seconds", default=3.0, show_default=True, help="How long to listen.")
@config_option()
def discover(addresses: tuple[str, ...], seconds: float, config_path: Path | None) -> None:
    """Find miIO devices: address, id, and the model of those whose token is configured (-c)."""
    config = load_config(config_path) if config_path else None
    click.echo(f"listening for {seconds:g} s ...", err=True)
    found = asyncio.run(_discover(addresses, seconds, config))
    for (host, port), (device_id, model) in sorted(found.items()):
        click.echo(f"{host}:{port}  id {device_id}  {model or 'model unknown (no token for it)'}")
    if not found:
        click.echo(
            "nothing answered: is this machine on the relays' Wi-Fi, and in the same subnet?",
            err=True,
        )


class _Listener(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], str] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        from gasguard.drivers.miio.codec import FrameError, decode

        with contextlib.suppress(FrameError):
            frame = decode(data, b"\0" * 16)
            if frame.payload is None:
                self.heard[addr[0], addr[1]] = frame.device_id.hex()


async def _discover(
    addresses: tuple[str, ...], seconds: float, config: Config | None
) -> dict[tuple[str, int], tuple[str, str | None]]:
    from gasguard.drivers.miio.codec import HELLO, PORT

    loop = asyncio.get_running_loop()
    transport, listener = await loop.create_datagram_endpoint(
        _Listener, family=socket.AF_INET, allow_broadcast=True
    )
    targets = {(address, PORT) for address in addresses} | set(_configured(config))
    try:
        for _ in range(3):  # the first may be lost, and bursts upset some devices
            for target in targets:
                with contextlib.suppress(OSError):
                    transport.sendto(HELLO, target)
            await asyncio.sleep(seconds / 3)
    finally:
        transport.close()
    return {
        where: (device_id, await _model(config, where))
        for where, device_id in listener.heard.items()
    }


def _configured(config: Config | None) -> list[tuple[str, int]]:
    burners = config.burners.values() if config else ()
    return [
        (relay.host, relay.port)
        for burner in burners
        for relay in burner.in_series
        if not isinstance(relay, MqttRelay)
    ]


async def _model(config: Config | None, where: tuple[str, int]) -> str | None:
    from gasguard.drivers.miio.relay import device_model

    for burner in config.burners.values() if config else ():
        for relay in burner.in_series:
            if not isinstance(relay, MqttRelay) and (relay.host, relay.port) == where:
                try:
                    return await device_model(relay, within=2.0)
                except DriverError as error:
                    return str(error)
    return None
