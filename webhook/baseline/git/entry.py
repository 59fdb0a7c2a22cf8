"""A file in a commit."""

from __future__ import annotations

from typing import NamedTuple

_LINK_MODE = "120000"
_OTHER_MODES = (_LINK_MODE, "160000")  # the second is a submodule's


class Entry(NamedTuple):
    """A file in a commit; ``size`` in bytes."""

    path: str
    mode: str
    oid: str
    size: int

    @property
    def is_link(self) -> bool:
        """Tell whether it is a symbolic link."""
        return self.mode == _LINK_MODE

    @property
    def is_file(self) -> bool:
        """Tell whether it is neither a symbolic link nor a submodule."""
        return self.mode not in _OTHER_MODES
