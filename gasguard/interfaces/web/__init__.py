"""The page on the phone: a process of its own, which speaks to the daemon over its local socket."""
