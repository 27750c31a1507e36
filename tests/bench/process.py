"""Processes that the benchmark starts, and what /proc says of them."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench.errors import BenchError

ROOT = Path(__file__).parents[2]
_END_WITHIN = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def running(
    folder: Path, name: str, *command: str, talks: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`command` for the length of the block; its standard error goes to `folder`/`name`.log.

    With `talks`, its standard output is a pipe that somebody reads. Ended with SIGTERM. Raises
    BenchError with the log's end when it ended before, or when the block ran out of time.
    """
    log = folder / f"{name}.log"
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if talks else asyncio.subprocess.DEVNULL,
            stderr=errors,
            cwd=ROOT,
            env=_as_installed(folder),
        )
    try:
        yield process
        if process.returncode is not None:
            raise BenchError(f"{name} ended early")
    except (TimeoutError, BenchError) as error:
        if process.returncode is None and isinstance(error, BenchError):
            raise
        fate = "out of time" if process.returncode is None else "ended early"
        raise BenchError(f"{name}: {fate}\n{_tail(log)}") from error
    finally:
        await _end(process)


def _as_installed(folder: Path) -> dict[str, str]:
    """An environment in which Python keeps what it compiles, as it does for an installed program.

    In a folder of this run: what lies beside the sources may be of another time, and compiled anew
    at each start. So the first start of a program is slower, and it is larger after it.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs `module` under this interpreter."""
    return (sys.executable, "-m", module, *arguments)


def gasguard_run(config: Path) -> tuple[str, ...]:
    """The command that runs the daemon."""
    return python("gasguard", "run", "-c", str(config))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_END_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def cpu_seconds(pid: int) -> float:
    """Processor time used so far, user and system, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident and proportional set size in MB (10^6 bytes)."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size = line.split(":")
        sizes[name] = int(size.split()[0]) * 1024 / 1e6
    return sizes["Rss"], sizes["Pss"]
