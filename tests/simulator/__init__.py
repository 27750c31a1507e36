"""Tests of the simulated stove, its relays, and simulated time."""
