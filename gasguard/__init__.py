"""gasguard: shuts a gas burner off by timer, voice or MQTT, and can never light one."""

__version__ = "0.1.0"
