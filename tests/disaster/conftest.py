"""Kitchens, as in tests/processes."""

from tests.processes.conftest import kitchen, make_kitchen

__all__ = ["kitchen", "make_kitchen"]
