"""Why a burner is as it is, and why it went out last: from its state and events, in sentences."""
