"""`python -m tests.support.old_broker PORT`: a broker that speaks MQTT 3.1.1 only."""

import asyncio
import signal
import sys

from gasguard.cli.broker import embedded_broker


async def main(port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with embedded_broker(port):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
