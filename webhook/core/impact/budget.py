"""How much work one analysis may be, counted in steps and not in time: the same everywhere."""

from __future__ import annotations

from webhook.core.errors import TooLargeError

MAX_STEPS = 30_000
"""Steps of one analysis, each about a microsecond: comparing two elements, splitting one."""


class Budget:
    """The steps that are left. Not shared between requests."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Start with all of them."""
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises TooLargeError when there are none left."""
        self._left -= steps
        if self._left < 0:
            raise TooLargeError
