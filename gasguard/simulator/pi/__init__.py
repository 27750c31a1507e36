"""A simulated Raspberry Pi: the pins of its header."""
