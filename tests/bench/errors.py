"""The one way in which the benchmark fails."""


class BenchError(Exception):
    """A run broke: what was to be measured did not happen. The message says what to look at."""
