"""The people's way in and out over MQTT."""
