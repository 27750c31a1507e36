"""Simulated relays behind an MQTT broker: Zigbee2MQTT, Tasmota, ESPHome, or any topics."""
