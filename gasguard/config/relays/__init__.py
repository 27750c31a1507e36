"""Relays in the configuration, one family a module."""
