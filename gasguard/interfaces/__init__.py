"""Ways in and ways out: the outside world on one side, requests and snapshots on the other."""
