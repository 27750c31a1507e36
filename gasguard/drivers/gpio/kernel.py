"""This machine's pins, through libgpiod 2. It is imported where a pin is first asked for."""

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from gasguard.config.relays.gpio import PI_CHIPS, SIMULATED
from gasguard.drivers.board import Line, Look, Pull
from gasguard.errors import Unreachable

_INSTALL = "install it beside gasguard: pip install 'gasguard[pi]'"
_WAITS = re.compile(r"/(?:i2c|spi|usb|w1_bus)[^/]*/")
"""In a chip's place in the kernel's tree: each call to it goes over a bus, and may hang with it."""
_CONSUMER = "gasguard"
_PARAMETER = "/sys/module/{}/parameters/persist_gpio_outputs"


class KernelChips:
    """See `Board`. `dev` and `sys` are where the kernel shows its devices."""

    def __init__(self, dev: str = "/dev", sys: str = "/sys") -> None:
        self._dev, self._sys = Path(dev), Path(sys)
        self._chips: dict[str, KernelPins] = {}
        """By path, for as long as the process lives: so are their lines held."""

    def pins(self, chip: str) -> "KernelPins":
        """See `Board.pins`."""
        if chip == SIMULATED:
            raise Unreachable("a simulated chip is nowhere but in the demo that simulates it")
        library = _library()
        if chip.startswith("/"):
            return self._usable(Path(chip), library)
        found = {pins.label: pins for pins in reversed([*self._all(library)])}
        wanted = PI_CHIPS if chip == "auto" else (chip,)
        for label in wanted:
            if label in found:
                return self._usable(Path(found[label].path), library)
        there = f"there are {', '.join(sorted(found))}" if found else "there is no chip at all"
        of_a_pi = " of a Pi's header" if chip == "auto" else f" called {chip}"
        raise Unreachable(f"no GPIO chip{of_a_pi}: {there}; gasguard discover lists them")

    def chips(self) -> Iterator["KernelPins"]:
        """See `Board.chips`."""
        try:
            library = _library()
        except Unreachable:
            return
        yield from (pins for pins in self._all(library) if not self._waits(Path(pins.path)))

    def _all(self, library: ModuleType) -> Iterator["KernelPins"]:
        paths = sorted(self._dev.glob("gpiochip*"), key=lambda path: (len(path.name), path.name))
        for path in paths:
            # A link is another name for one that is there.
            if not path.is_symlink():
                try:
                    yield self._opened(path, library)
                except OSError:
                    continue

    def _usable(self, path: Path, library: ModuleType) -> "KernelPins":
        if self._waits(path):
            raise Unreachable(
                f"{path} hangs on a bus that can hold up the guard: take a pin of the processor's "
                "own, as chip: auto has them"
            )
        try:
            return self._opened(path, library)
        except OSError as error:
            raise Unreachable(f"{path}: {said(error)}") from None

    def _opened(self, path: Path, library: ModuleType) -> "KernelPins":
        real = os.path.realpath(path)
        if real not in self._chips or self._chips[real].gone:
            self._chips[real] = KernelPins(real, library, self._sys)
        return self._chips[real]

    def _waits(self, path: Path) -> bool:
        name = os.path.basename(os.path.realpath(path))
        place = os.path.realpath(self._sys / "bus/gpio/devices" / name)
        return _WAITS.search(place) is not None


class KernelPins:
    """See `Pins`."""

    def __init__(self, path: str, library: ModuleType, sys: Path) -> None:
        """Raises OSError where it is no chip, or this user may not use it."""
        self._gpiod, self._path, self._sys = library, path, sys
        with _kernel_errors():
            self._chip: Any = library.Chip(path)  # Any: the library is not there unless it is used
            self._label = str(self._chip.get_info().label)
        self._lines: dict[int, _KernelLine] = {}
        self.gone = False
        """This chip is there no more; one like it may be."""

    @property
    def label(self) -> str:
        """See `Pins.label`."""
        return self._label

    @property
    def path(self) -> str:
        """See `Pins.path`."""
        return self._path

    @property
    def keeps_outputs(self) -> bool | None:
        """See `Pins.keeps_outputs`. Two drivers have the choice, as a parameter of their module."""
        module = "pinctrl_rp1" if self._label == "pinctrl-rp1" else "pinctrl_bcm2835"
        try:
            said = Path(_PARAMETER.replace("/sys", str(self._sys), 1).format(module)).read_text()
        except OSError:
            return None
        return said.strip() in ("Y", "1")

    def look(self, number: int) -> Look:
        """See `Pins.look`."""
        with _kernel_errors():
            info = self._chip.get_line_info(number)
        output = info.direction == self._gpiod.line.Direction.OUTPUT
        return Look(output, (info.consumer or "the kernel") if info.used else "")

    def hold(self, number: int, *, active_low: bool) -> Line:
        """See `Pins.hold`."""
        if number not in self._lines:
            settings = self._gpiod.LineSettings(active_low=active_low)
            with _kernel_errors():
                request = self._chip.request_lines({number: settings}, consumer=_CONSUMER)
            self._lines[number] = _KernelLine(self._gpiod, request, number, active_low)
        return self._lines[number]

    def drop(self, number: int) -> None:
        """See `Pins.drop`."""
        self.gone = True
        if line := self._lines.pop(number, None):
            line.release()


class _KernelLine:
    def __init__(self, library: ModuleType, request: Any, number: int, active_low: bool) -> None:
        self._line, self._settings = library.line, library.LineSettings
        self._request, self._number, self._active_low = request, number, active_low

    def get(self) -> bool:
        with _kernel_errors():
            return bool(self._request.get_value(self._number) == self._line.Value.ACTIVE)

    def set(self, active: bool) -> None:
        with _kernel_errors():
            self._request.set_value(self._number, self._value(active))

    def drive(self, active: bool, pull: Pull) -> None:
        # The kernel sets the level first, and the direction behind it.
        self._become(
            direction=self._line.Direction.OUTPUT,
            output_value=self._value(active),
            bias=self._bias(pull),
        )

    def listen(self, pull: Pull) -> None:
        self._become(direction=self._line.Direction.INPUT, bias=self._bias(pull))

    def release(self) -> None:
        with _kernel_errors():
            self._request.release()

    def _become(self, **settings: object) -> None:
        whole = self._settings(active_low=self._active_low, **settings)
        with _kernel_errors():
            self._request.reconfigure_lines({self._number: whole})

    def _value(self, active: bool) -> object:
        return self._line.Value.ACTIVE if active else self._line.Value.INACTIVE

    def _bias(self, pull: Pull) -> object:
        return self._line.Bias.PULL_UP if pull == "up" else self._line.Bias.PULL_DOWN


@contextlib.contextmanager
def _kernel_errors() -> Iterator[None]:
    """libgpiod's Python makes other exceptions of some of the kernel's numbers."""
    try:
        yield
    except (ValueError, NotImplementedError) as error:
        raise OSError(
            errno.EINVAL, f"there is no such line, or it cannot do that: {error}"
        ) from None


def _library() -> ModuleType:
    try:
        import gpiod
    except ImportError:
        raise Unreachable(f"Python's gpiod (libgpiod 2) is not there: {_INSTALL}") from None
    if not hasattr(gpiod, "LineSettings"):
        version = getattr(gpiod, "__version__", "1")
        raise Unreachable(f"gpiod {version} is another program, or too old: {_INSTALL}")
    return gpiod


def said(error: OSError) -> str:
    """What the kernel says, with what to do where that is known."""
    remedies = {
        errno.EACCES: "this user may not use it; add it to the group gpio",
        errno.EPERM: "this user may not use it; add it to the group gpio",
        errno.EBUSY: "another program, or the kernel, uses it",
        errno.ENOENT: "is not there",
    }
    text = error.strerror or str(error)
    return remedies.get(error.errno or 0, text)
