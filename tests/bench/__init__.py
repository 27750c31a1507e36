"""The benchmark: real processes and sockets, simulated relays. Run it: `python -m tests.bench`."""
