"""What can be wrong with a control plane.

ControlPlaneError         it could not be built, started or ended; the message says what to do
└── NoGoError             there is no Go to build it with (exit code 3: tests may be skipped)
"""

from __future__ import annotations


class ControlPlaneError(Exception):
    """Something is broken; the message is for people."""

    exit_code = 1


class NoGoError(ControlPlaneError):
    """etcd, kube-apiserver and kubectl are neither given nor cached, and Go is missing."""

    exit_code = 3
