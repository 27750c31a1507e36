"""What is counted, for those who watch many things over a long time: Prometheus and its like."""
