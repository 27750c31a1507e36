"""What parts of the configuration file look like; `gasguard.config` puts them together."""
