"""What Home Assistant is told about gasguard."""
