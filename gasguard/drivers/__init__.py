"""Devices: one family a module, all behind the protocols of `base`."""
