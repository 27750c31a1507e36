"""What follows the guard's news and drives devices of its own. The guard waits for none of it."""
