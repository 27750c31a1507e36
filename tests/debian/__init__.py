"""gasguard on bare Debian, as a new user meets it: `make test-debian`."""
