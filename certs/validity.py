"""From when until when a certificate is valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from certs.errors import InvalidLifetimeError

_BACKDATE = timedelta(hours=1)  # a client whose clock is behind must not meet a certificate from the future


@dataclass(frozen=True, slots=True)
class Validity:
    """The first and the last second at which a certificate is valid, in UTC."""

    begin: datetime
    end: datetime

    @classmethod
    def starting(cls, now: datetime, lifetime: timedelta) -> Validity:
        """Return the validity from one hour before `now` until `lifetime` after it, in whole seconds.

        Raises InvalidLifetimeError for a lifetime that is not positive or passes the year 9999, and
        ValueError for a `now` without a time zone.
        """
        if now.tzinfo is None:
            raise ValueError("now must carry its time zone")
        if lifetime <= timedelta(0):
            raise InvalidLifetimeError(f"a certificate cannot last {lifetime}: give a positive lifetime")
        second = now.astimezone(UTC).replace(microsecond=0)
        try:
            return cls(second - _BACKDATE, second + lifetime)
        except OverflowError as error:
            raise InvalidLifetimeError(
                f"a certificate cannot last {lifetime.days} days: give a lifetime that ends by the year 9999"
            ) from error

    def within(self, issuer_end: datetime) -> Validity:
        """Return this validity, or raise InvalidLifetimeError if it ends after the issuer's.

        A leaf is worth nothing once its CA has ended, so its own date would be misleading.
        """
        if self.end > issuer_end:
            raise InvalidLifetimeError(
                f"the serving certificate would end {self.end:%Y-%m-%d},"
                f" after its CA ({issuer_end:%Y-%m-%d}): give it a shorter lifetime, or the CA a longer one"
            )
        return self
