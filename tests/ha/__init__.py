"""Real Home Assistant cores, each in a virtual environment of its own: `make test-ha`."""
