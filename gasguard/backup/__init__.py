"""What a household would miss if its card died, in one file, and back again."""
