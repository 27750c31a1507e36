"""`gasguard setup`: asks, finds, tests, writes."""
