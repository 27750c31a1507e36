"""A thermocouple on this machine's own I²C bus."""
