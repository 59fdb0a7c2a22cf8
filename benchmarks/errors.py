"""What can go wrong with a measurement itself; a bound that is not met is a result, and no error."""

from __future__ import annotations


class BenchmarkError(Exception):
    """A measurement could not be made: a process ended, or an answer was not the expected one."""
