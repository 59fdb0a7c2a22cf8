"""Baseward: deny what would bring a Kubernetes cluster away from what Git declares."""

from __future__ import annotations

__version__ = "0.1.0"
