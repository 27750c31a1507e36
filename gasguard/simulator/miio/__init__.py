"""Simulated Mi Home modules on UDP."""
