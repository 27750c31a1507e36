"""This machine's own pins: one board for the process, whose pins are held until it ends."""

from gasguard.drivers.board import Board
from gasguard.drivers.gpio.kernel import KernelBoard

MACHINE: Board = KernelBoard()
