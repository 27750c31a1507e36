"""What black-box tests stand on: real processes, a real broker, simulated relays."""
