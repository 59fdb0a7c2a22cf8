"""How a repository is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_TIMEOUT = 300.0
DEFAULT_MAX_SIZE = 2**30


@dataclass(frozen=True, slots=True)
class Access:
    """How a repository is reached, and how long and how much that may take.

    ``credentials`` is a folder of files that may be replaced at any time, as a mounted Secret is;
    ``timeout`` in seconds for a fetch; ``max_size`` in bytes for what is fetched of the repository.
    """

    credentials: Path | None = None
    proxy: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    max_size: int = DEFAULT_MAX_SIZE
