"""`gasguard`, and `python -m gasguard` as well."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C is heard while it is still being imported, too."""
    try:
        from gasguard.cli.main import main as command

        command()
    except KeyboardInterrupt:
        # As gasguard.cli.exits.INTERRUPTED, which may not be imported yet.
        sys.exit(130)


if __name__ == "__main__":
    main()
