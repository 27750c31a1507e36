"""Messages to people's phones."""
