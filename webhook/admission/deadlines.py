"""How long a client may take, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Phase(Enum):
    """What a connection is waiting for."""

    IDLE = auto()  # the first byte of another request
    HEADER = auto()  # the rest of a request's header; on a new connection also its first byte
    BODY = auto()  # the rest of its body
    ANSWER = auto()  # the application, or the client to take the answer
    CLOSING = auto()  # the client to close, too; meanwhile what it still sends is read and thrown away


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds, each for a phase as a whole: sending a byte now and then gains nothing.

    `answer` is the application's time (the API server gives it at most 30) and the client's to read.
    `idle` is above the 90 after which Go closes idle connections: whoever closes first must not be us.
    """

    handshake: float = 10
    header: float = 10
    body: float = 30
    answer: float = 60
    idle: float = 120
    close: float = 5

    def by_phase(self) -> dict[Phase, float]:
        """Return the deadline of each phase of a connection; the handshake comes before, in uvloop."""
        return {
            Phase.IDLE: self.idle,
            Phase.HEADER: self.header,
            Phase.BODY: self.body,
            Phase.ANSWER: self.answer,
            Phase.CLOSING: self.close,
        }
