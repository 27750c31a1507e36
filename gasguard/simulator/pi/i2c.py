"""A simulated I²C bus with converters on it, and what can go wrong with all of it."""

import errno
import math
from collections.abc import Callable
from random import Random

_OFFSET = 1.5
"""mV that the bias makes in the leads of a sound circuit."""
_OPEN = 460.0
"""mV that it makes at open inputs: more than the converter can tell."""
_HUM_MV, _HZ = 20.0, 50.0
_MUX = {0b000: (0, 1), 0b011: (2, 3), 0b100: (0, 1), 0b110: (2, 3)}
_TO_GROUND = 0b100
_HALF_SUPPLY = 1650.0
_SCALES = {0b001: 4096.0, 0b101: 256.0}

FAULTS = (
    *("none", "open", "short", "swapped", "hum", "grounded"),
    *("still", "silent", "foreign", "stuck", "gone"),
)
"""Of the wires: open, short, swapped, hum, grounded (not isolated, and the minus is open). Of the
converter: still (it converts nothing more), silent (it does not answer), foreign (something else
answers). Of the bus: stuck, gone."""


class SimulatedAds1115:
    """A converter with thermocouples between its inputs."""

    def __init__(self, random: Random, time: Callable[[], float]) -> None:
        self.inputs: dict[tuple[int, int], Callable[[], float]] = {}
        """What the thermocouple gives that is between two inputs, in mV."""
        self.faults: dict[tuple[int, int], str] = {}
        """What is wrong with it, or with all that it hangs on, by inputs."""
        self._random, self._time = random, time
        self._known: dict[tuple[int, int], tuple[float, float]] = {}
        """When each thermocouple was looked at last, and what it gave: a window takes no time."""
        self._config = 0x8583
        self._last = 0

    @property
    def _pair(self) -> tuple[int, int]:
        return _MUX.get(self._config >> 12 & 0b111, (0, 0))

    @property
    def fault(self) -> str:
        """What is wrong with the converter, or with the wires to the inputs that it measures."""
        own = (one for one in self.faults.values() if one in ("still", "silent", "foreign"))
        return next(own, self.faults.get(self._pair, "none"))

    def write(self, register: int, word: int) -> None:
        """Set a register."""
        if register == 1:
            self._config = word

    def read(self, register: int, now: float) -> int:
        """A register as it is at that time, in seconds."""
        if self.fault == "foreign":
            return 0x1940
        if register == 1:
            return self._config | 0x8000
        if self.fault != "still":
            noise = self._random.choice((-2, -1, 0, 1, 2))
            scale = _SCALES.get(self._config >> 9 & 0b111, 2048.0)
            counts = round(self._millivolts(now) / scale * 0x8000) + noise
            self._last = min(0x7FFF, max(-0x8000, counts)) & 0xFFFF
        return self._last

    def _millivolts(self, now: float) -> float:
        if self._pair not in self.inputs:
            return _OPEN
        gives = self._gives(self._pair)
        if self._config >> 12 & _TO_GROUND:
            return _OFFSET if self.fault == "grounded" else _HALF_SUPPLY
        match self.fault:
            case "open":
                return _OPEN
            case "short":
                return 0.0
            case "swapped":
                return _OFFSET - gives
            case "grounded":
                return 0.24 * (_OFFSET + gives)
            case "hum":
                return _OFFSET + gives + _HUM_MV * math.sin(2 * math.pi * _HZ * now)
        return _OFFSET + gives

    def _gives(self, pair: tuple[int, int]) -> float:
        at = self._time()
        if self._known.get(pair, (None, 0.0))[0] != at:
            self._known[pair] = at, self.inputs[pair]()
        return self._known[pair][1]


class SimulatedBus:
    """One bus: `gasguard.drivers.board.I2c`. Its clock goes on while it is waited at."""

    def __init__(self, time: Callable[[], float]) -> None:
        self.converters: dict[int, SimulatedAds1115] = {}
        """By address."""
        self.read_takes = 0.0004
        """Seconds, at 100 kHz."""
        self._time, self._ahead = time, 0.0

    @property
    def hangs(self) -> bool:
        """Whether calls do not come back."""
        return self._has("stuck")

    def write(self, address: int, register: int, word: int) -> None:
        """See `I2c.write`."""
        self._at(address).write(register, word)

    def read(self, address: int, register: int) -> int:
        """See `I2c.read`."""
        self.pause(self.read_takes)
        return self._at(address).read(register, self.now())

    def now(self) -> float:
        """See `I2c.now`."""
        return self._time() + self._ahead

    def pause(self, seconds: float) -> None:
        """See `I2c.pause`. Nobody waits."""
        self._ahead += seconds

    def _at(self, address: int) -> SimulatedAds1115:
        if self._has("gone"):
            raise OSError(errno.ENOENT, "No such file or directory")
        converter = self.converters.get(address)
        if converter is None or converter.fault == "silent":
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return converter

    def _has(self, fault: str) -> bool:
        return any(fault in one.faults.values() for one in self.converters.values())
