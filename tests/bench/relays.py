"""A process full of relays: `python -m tests.bench.relays GROUP…`.

Standard output: `ready`, then a line `GROUP INDEX 1|0 NANOSECONDS` whenever a contact opens or
closes (CLOCK_MONOTONIC, which all processes share). Standard input: `loss SHARE`, `close GROUP
INDEX`; its end is the end.
"""

import asyncio
import sys
import time

from tests.bench.device import Device
from tests.bench.site import Group


async def serve(groups: list[Group]) -> None:
    """Serve every group until standard input ends."""
    devices: dict[tuple[str, int], Device] = {}
    for group in groups:
        for index in range(group.count):
            devices[group.name, index] = device = _device(group, index)
            await device.start()
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    print("ready", flush=True)
    while line := (await commands.readline()).decode():
        match line.split():
            case ["loss", share]:
                for device in devices.values():
                    device.lose(float(share))
            case ["close", name, number]:
                devices[name, int(number)].switch_by_hand(False)


def _device(group: Group, index: int) -> Device:
    def moved(is_open: bool) -> None:
        print(group.name, index, int(is_open), time.monotonic_ns(), flush=True)

    return Device(group.host(index), f"{group.name} {index}", moved)


if __name__ == "__main__":
    asyncio.run(serve([Group.from_argument(text) for text in sys.argv[1:]]))
