"""A simulated stove and its relays, speaking the real miIO protocol; deterministic from a seed."""
