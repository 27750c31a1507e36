"""One broker, seen from anywhere. Nothing else in gasguard imports paho."""
