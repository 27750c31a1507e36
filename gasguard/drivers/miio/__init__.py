"""Mi Home relays on the local network: the miIO protocol over UDP."""
