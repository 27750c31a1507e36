"""Simulated time and network."""

import asyncio
import math
import socket
import time

import pytest

from gasguard.simulator import simtime
from gasguard.simulator.simtime import DeadlockError, EndlessError, SimulatedClock, SimulatedLoop

from .kitchen import Client


class Echo(Client):
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        super().datagram_received(data, addr)
        assert self.transport
        self.transport.sendto(data, addr)


async def echo(host: str = "127.0.0.9", port: int = 54321) -> Echo:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(Echo, local_addr=(host, port))
    return protocol


def test_a_day_passes_in_no_time() -> None:
    async def sleep() -> float:
        start = asyncio.get_running_loop().time()
        await asyncio.sleep(30 * 86400)
        return asyncio.get_running_loop().time() - start

    real = time.monotonic()
    assert simtime.run(sleep(), limit=math.inf) == pytest.approx(30 * 86400)
    assert time.monotonic() - real < 1


def test_timers_fire_at_their_moment() -> None:
    async def measure() -> list[float]:
        loop = asyncio.get_running_loop()
        start, fired = loop.time(), []
        for delay in (0.3, 0.1, 0.2):
            loop.call_later(delay, lambda: fired.append(loop.time() - start))
        await asyncio.sleep(1)
        return fired

    assert simtime.run(measure()) == pytest.approx([0.1, 0.2, 0.3])


def test_deadlock_is_an_error() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError) as caught:
        simtime.run(wait())
    assert "in wait" in caught.value.__notes__[0]


def test_a_story_that_time_does_not_end_is_an_error_that_says_where_it_stands() -> None:
    cleaned_up: list[float] = []

    async def poll() -> None:
        try:
            while True:
                await asyncio.sleep(2)
        finally:
            await asyncio.sleep(1)
            cleaned_up.append(asyncio.get_running_loop().time())

    async def story() -> None:
        polling = asyncio.create_task(poll())
        await never_done(polling)

    async def never_done(polling: "asyncio.Task[None]") -> None:
        await asyncio.wait([polling])

    with pytest.raises(EndlessError, match="not ended after 3600 s") as caught:
        simtime.run(story(), limit=3600.0)
    (note,) = caught.value.__notes__
    assert note.index("in story") < note.index("in never_done")
    assert cleaned_up, "what was cut short could not end well"


def test_a_story_that_ends_neither_by_time_nor_by_being_cancelled_is_left() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(2)
            except asyncio.CancelledError:
                continue

    with pytest.raises(EndlessError):
        simtime.run(stubborn(), limit=60.0)


def test_time_that_stands_still_is_an_error() -> None:
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(EndlessError, match="time stands still"):
        simtime.run(spin())


def test_executors_run_in_place() -> None:
    async def work() -> tuple[int, float]:
        before = asyncio.get_running_loop().time()
        result = await asyncio.to_thread(lambda: 6 * 7)
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return result, asyncio.get_running_loop().time() - before

    assert simtime.run(work()) == (42, 0.0)


def test_datagrams_take_the_latency_and_keep_their_order() -> None:
    async def story() -> None:
        start = asyncio.get_running_loop().time()
        await echo()
        client = await Client.to("127.0.0.9")
        for number in range(100):
            client.send(bytes([number]))
        await asyncio.sleep(1)
        assert [data[0] for _, data in client.got] == list(range(100))
        assert {round(at - start, 6) for at, _ in client.got} == {0.01}

    simtime.run(story(), latency=0.005)


def test_connected_endpoints_hear_only_their_peer() -> None:
    async def story() -> None:
        server = await echo()
        stranger = await echo("127.0.0.10", 7)
        client = await Client.to("127.0.0.9")
        assert client.transport and stranger.transport and server.transport
        here = client.transport.get_extra_info("sockname")
        stranger.transport.sendto(b"boo", here)
        server.transport.sendto(b"well", here)
        await asyncio.sleep(1)
        assert [data for _, data in client.got] == [b"well"]
        with pytest.raises(ValueError, match="Invalid address"):
            client.transport.sendto(b"x", ("127.0.0.10", 7))

    simtime.run(story())


def test_addresses_are_taken_once_and_freed_by_close() -> None:
    async def story() -> None:
        first = await echo()
        with pytest.raises(OSError, match="taken"):
            await echo()
        assert first.transport
        first.transport.close()
        assert first.transport.is_closing()
        await echo()

    simtime.run(story())


def test_datagrams_to_nobody_and_from_closed_endpoints_vanish() -> None:
    async def story() -> None:
        client = await Client.to("127.0.0.77")
        client.send(b"hello?")
        await asyncio.sleep(1)
        assert client.transport
        client.transport.close()
        client.send(b"again")
        await asyncio.sleep(1)
        assert client.got == []

    simtime.run(story())


def test_addresses_and_data_are_checked_as_by_asyncio() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        server = await echo()
        assert server.transport
        with pytest.raises(ValueError, match="address to send to"):
            server.transport.sendto(b"x")
        with pytest.raises(TypeError):
            server.transport.sendto("x")  # type: ignore[arg-type]
        with pytest.raises(OSError, match="knows no name"):
            await Client.to("example.org")
        await loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 99))
        client = await Client.to("127.0.0.55", 99)
        client.send(b"anyone?")
        server.transport.abort()
        await asyncio.sleep(1)
        assert client.got == [], "answered from 127.0.0.1, which is not whom it asked"
        local = await Client.to("localhost", 99)
        local.send(b"you?")
        await asyncio.sleep(1)
        assert [data for _, data in local.got] == [b"you?"]

    simtime.run(story())


def test_real_sockets_work_too() -> None:
    async def story() -> None:
        left, right = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=left)
        right.sendall(b"hello\n")
        assert await asyncio.wait_for(reader.readline(), 10) == b"hello\n"
        right.close()
        writer.close()
        await writer.wait_closed()

    simtime.run(story())


def test_jitter_comes_from_the_seed() -> None:
    def arrivals(seed: int) -> list[float]:
        async def story() -> list[float]:
            await echo()
            client = await Client.to("127.0.0.9")
            for _ in range(20):
                client.send(b"x")
            await asyncio.sleep(1)
            return [at for at, _ in client.got]

        with asyncio.Runner(loop_factory=lambda: SimulatedLoop(seed=seed, jitter=0.05)) as runner:
            return runner.run(story())

    assert arrivals(1) == arrivals(1) != arrivals(2)


def test_clock() -> None:
    async def story() -> None:
        clock = SimulatedClock(asyncio.get_running_loop(), wall0=1000.0, boot_id="a", boot0=50.0)
        await asyncio.sleep(10)
        assert clock.now() == pytest.approx((60.0, 1010.0))
        clock.jump_wall(-3600)
        assert clock.now() == pytest.approx((60.0, -2590.0))
        clock.reboot("b")
        await asyncio.sleep(1)
        assert clock.now().boot == pytest.approx(1.0)
        assert clock.boot_id() == "b" and clock.synchronised()
        clock.is_synchronised = False
        assert not clock.synchronised()

    simtime.run(story())
