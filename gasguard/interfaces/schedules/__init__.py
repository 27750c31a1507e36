"""Schedules: what the calendar says, told to the guard."""
