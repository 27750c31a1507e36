"""`python -m gasguard` is the same as the `gasguard` console script."""

from gasguard.cli.main import main

if __name__ == "__main__":
    main()
