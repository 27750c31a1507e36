"""The local socket: the command line's way in that needs no broker."""
