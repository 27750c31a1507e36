"""Relays on the machine's own pins."""
