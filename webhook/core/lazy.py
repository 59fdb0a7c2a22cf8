"""A property that is worked out once, when it is first looked at.

What ``functools.cached_property`` is from Python 3.12 on: before, it takes a lock each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  # used as `property` is
    """Decorates a method without arguments; its result takes the place of the method."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        """Remember the method."""
        self._work = work
        self._name = work.__name__
        self.__doc__ = work.__doc__

    def __get__(self, instance: object, owner: type) -> T:
        """Work it out and put it where Python looks first from now on."""
        result = instance.__dict__[self._name] = self._work(instance)
        return result
