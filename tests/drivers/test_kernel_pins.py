"""This machine's pins through libgpiod: its own words, with the kernel behind them played here.

gpio-sim is in no kernel of Debian's; where there is a real chip, `gasguard discover` shows it.
"""

import errno
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpiod
import pytest
from gpiod.line import Bias, Direction, Value

from gasguard.drivers.gpio.kernel import KernelChips
from gasguard.errors import Unreachable


class Kernel:
    """Chips by path, each with what was asked of its lines."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.asked: list[tuple[str, Any]] = []
        self.direction = Direction.INPUT
        self.level = Value.INACTIVE
        self.busy = False
        self.opened = 0

    def chip(self, path: str) -> "Chip":
        self.opened += 1
        if path not in self.labels:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return Chip(self, self.labels[path])


class Chip:
    def __init__(self, kernel: Kernel, label: str) -> None:
        self._kernel, self._label = kernel, label

    def get_info(self) -> Any:
        return SimpleNamespace(label=self._label, num_lines=54)

    def get_line_info(self, number: int) -> Any:
        if number > 53:
            raise ValueError("Invalid argument")
        used = "lirc" if self._kernel.busy else ""
        return SimpleNamespace(direction=self._kernel.direction, used=bool(used), consumer=used)

    def request_lines(self, config: dict[int, gpiod.LineSettings], consumer: str) -> "Request":
        if self._kernel.busy:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._kernel.asked.append((f"request by {consumer}", config))
        return Request(self._kernel)


class Request:
    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def get_value(self, _number: int) -> Value:
        return self._kernel.level

    def set_value(self, number: int, value: Value) -> None:
        self._kernel.asked.append(("set", {number: value}))

    def reconfigure_lines(self, config: dict[int, gpiod.LineSettings]) -> None:
        self._kernel.asked.append(("reconfigure", config))

    def release(self) -> None:
        self._kernel.asked.append(("release", None))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(gpiod, "Chip", kernel.chip)
    return kernel


Plug = Callable[..., str]


@pytest.fixture
def plug(kernel: Kernel, tmp_path: Path) -> Plug:
    """Puts a chip into the machine, below `dev` and `sys`; gives its path."""

    def plug(name: str, label: str, place: str = "platform/soc/fe200000.gpio") -> str:
        device = tmp_path / "sys/devices" / place / name
        device.mkdir(parents=True)
        bus = tmp_path / "sys/bus/gpio/devices"
        bus.mkdir(parents=True, exist_ok=True)
        (bus / name).symlink_to(device)
        path = tmp_path / "dev" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        kernel.labels[str(path)] = label
        return str(path)

    return plug


@pytest.fixture
def board(tmp_path: Path) -> KernelChips:
    return KernelChips(str(tmp_path / "dev"), str(tmp_path / "sys"))


@pytest.mark.parametrize("label", ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"])
def test_the_headers_chip_is_found_by_its_label(board: KernelChips, plug: Plug, label: str) -> None:
    plug("gpiochip0", "brcmvirt-gpio")
    path = plug("gpiochip10", label)
    plug("gpiochip2", "raspberrypi-exp-gpio")
    assert board.pins("auto").path == board.pins(label).path == board.pins(path).path == path


def test_a_link_to_a_chip_is_no_other_chip(board: KernelChips, plug: Plug, tmp_path: Path) -> None:
    path = plug("gpiochip0", "pinctrl-rp1")
    (tmp_path / "dev/gpiochip4").symlink_to(path)
    assert [pins.path for pins in board.chips()] == [path]
    assert board.pins(str(tmp_path / "dev/gpiochip4")) is board.pins("auto")


def test_where_there_is_none_that_is_told_with_those_that_are_there(
    board: KernelChips, plug: Plug
) -> None:
    with pytest.raises(Unreachable, match="there is no chip at all"):
        board.pins("auto")
    plug("gpiochip0", "brcmvirt-gpio")
    with pytest.raises(Unreachable, match="of a Pi's header: there are brcmvirt-gpio"):
        board.pins("auto")
    with pytest.raises(Unreachable, match="called pinctrl-rp1"):
        board.pins("pinctrl-rp1")
    with pytest.raises(Unreachable, match="/dev/gpiochip77: is not there"):
        board.pins("/dev/gpiochip77")


def test_a_chip_behind_a_bus_is_none_for_a_guard(board: KernelChips, plug: Plug) -> None:
    path = plug("gpiochip3", "mcp23017", "platform/soc/i2c-1/1-0020")
    for chip in (path, "mcp23017"):
        with pytest.raises(Unreachable, match="can hold up the guard"):
            board.pins(chip)
    assert not [*board.chips()]


def test_a_pin_is_taken_as_it_is_and_becomes_an_output_with_its_level_in_one_step(
    board: KernelChips, plug: Plug, kernel: Kernel
) -> None:
    plug("gpiochip0", "pinctrl-bcm2711")
    line = board.pins("auto").hold(5, active_low=True)
    line.drive(True, "up")
    line.set(False)
    (request, asked), (reconfigure, became), last = kernel.asked
    assert request == "request by gasguard"
    assert asked[5].direction is Direction.AS_IS
    assert reconfigure == "reconfigure"
    assert became[5].direction is Direction.OUTPUT
    assert became[5].output_value is Value.ACTIVE
    assert became[5].bias is Bias.PULL_UP
    assert asked[5].active_low and became[5].active_low
    assert last == ("set", {5: Value.INACTIVE})


def test_a_pin_is_taken_once_and_given_back_only_when_its_chip_is_gone(
    board: KernelChips, plug: Plug, kernel: Kernel
) -> None:
    plug("gpiochip0", "pinctrl-bcm2711")
    pins = board.pins("auto")
    assert pins.hold(17, active_low=False) is pins.hold(17, active_low=False)
    assert [what for what, _ in kernel.asked] == ["request by gasguard"]
    pins.drop(17)
    assert [what for what, _ in kernel.asked] == ["request by gasguard", "release"]
    board.pins("auto").hold(17, active_low=False)
    assert kernel.opened == 2, "the chip that is gone is not asked again"


def test_whoever_holds_a_pin_is_seen_without_taking_it(
    board: KernelChips, plug: Plug, kernel: Kernel
) -> None:
    plug("gpiochip0", "pinctrl-bcm2711")
    kernel.busy, kernel.direction = True, Direction.OUTPUT
    look = board.pins("auto").look(17)
    assert (look.output, look.used_by) == (True, "lirc")
    assert kernel.asked == []
    with pytest.raises(OSError):
        board.pins("auto").hold(17, active_low=False)
    with pytest.raises(OSError):
        board.pins("auto").look(99)


@pytest.mark.parametrize(("said", "keeps"), [("Y\n", True), ("N\n", False), (None, None)])
def test_what_the_kernel_does_with_a_pin_that_is_given_back(
    board: KernelChips, plug: Plug, tmp_path: Path, said: str | None, keeps: bool | None
) -> None:
    plug("gpiochip0", "pinctrl-bcm2711")
    if said is not None:
        folder = tmp_path / "sys/module/pinctrl_bcm2835/parameters"
        folder.mkdir(parents=True)
        (folder / "persist_gpio_outputs").write_text(said)
    assert board.pins("auto").keeps_outputs is keeps


@pytest.mark.parametrize("there", [None, SimpleNamespace(__version__="1.5.4")])
def test_a_library_that_is_not_there_or_another_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, board: KernelChips, there: object
) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", there)
    with pytest.raises(Unreachable, match=r"pip install 'gasguard\[pi\]'"):
        board.pins("auto")
    assert [*board.chips()] == []
