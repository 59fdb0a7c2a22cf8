"""The command line: up, down, build, restart-apiserver."""
# ruff: noqa: T201  # what it prints is its answer

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.controlplane import binaries
from tests.controlplane.access import PEOPLE, SERVICE_ACCOUNTS
from tests.controlplane.errors import ControlPlaneError
from tests.controlplane.servers import locked

DESCRIPTION = (
    "A real etcd and kube-apiserver with RBAC, an audit log and a real kubectl, in one folder. Linux only."
)
EPILOG = """\
example:
  tests/controlplane/controlplane up /tmp/cp      4 s, the first time also 6 to 10 minutes to build
  . /tmp/cp/env                                   kubectl is this control plane's, as admin
  kubectl --kubeconfig /tmp/cp/alice get netpol   ... and as alice
  tests/controlplane/controlplane down /tmp/cp    end it; `up` again goes on with the same data

kubeconfigs in DIR (tokens of ServiceAccounts last 24 h):
  admin                 everything (system:masters)
  alice                 the ClusterRole edit in the namespace shop, nothing else
  oncall                the same; writes the six governed kinds everywhere; may break the glass
  gitops                the ServiceAccount gitops-system/gitops, cluster-admin
  namespace-controller, garbage-collector, clusterrole-aggregation-controller
                        the ServiceAccounts of these controllers: no kube-controller-manager runs

also in DIR: env (to source), bin/, audit.log (JSON lines), etcd.log, kube-apiserver.log,
etcd.json and kube-apiserver.json (process id, start time and command line of each)

environment:
  KUBEBUILDER_ASSETS    a folder with etcd, kube-apiserver and kubectl to use instead of building
  BASEWARD_CACHE        where the build is kept (default: $XDG_CACHE_HOME/baseward, ~/.cache/baseward)

exit codes: 0 fine, 1 failed, 2 wrong usage, 3 nothing built and no Go to build with
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    options = _parser().parse_args(arguments)
    # As an exception, so that an `up` which is told to end takes its processes with it.
    signal.signal(signal.SIGTERM, _exit)
    try:
        options.run(options)
    except ControlPlaneError as error:
        print(f"controlplane: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="controlplane",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, run, text in (
        ("up", _up, "start a control plane in DIR, build it first if need be"),
        ("down", _down, "end the one in DIR, and wait until it is gone"),
        ("restart-apiserver", _restart_apiserver, "end only kube-apiserver, start it with the same flags"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("folder", metavar="DIR", type=lambda text: Path(text).resolve())
        verb.set_defaults(run=run)
        if run is not _down:
            verb.add_argument(
                "--timeout", type=float, default=90, help="seconds until it must be ready (default 90)"
            )
    text = "build if need be, and print the folder of etcd, kube-apiserver and kubectl"
    verbs.add_parser("build", help=text, description=text).set_defaults(run=_build)
    return parser


def _up(options: argparse.Namespace) -> None:
    programs = binaries.find()
    began = time.monotonic()
    with locked(options.folder) as plane:
        if plane.is_up():
            print(f"{plane.folder} is up already: {plane.server}")
            return
        plane.up(programs, options.timeout)
        print(
            f"{plane.folder} is up: {plane.server} (in {time.monotonic() - began:.1f} s)\n"
            f"  kubeconfigs: {' '.join([*PEOPLE, *SERVICE_ACCOUNTS])}\n"
            f"  . {plane.folder}/env    makes kubectl use it, as admin"
        )


def _down(options: argparse.Namespace) -> None:
    if not options.folder.is_dir():
        print(f"Nothing runs in {options.folder}: there is no such folder")
        return
    with locked(options.folder) as plane:
        print(f"{plane.folder} is down" if plane.down() else f"Nothing runs in {plane.folder}")


def _restart_apiserver(options: argparse.Namespace) -> None:
    if not options.folder.is_dir():
        raise ControlPlaneError(f"There is no {options.folder}: start a control plane there with `up`.")
    with locked(options.folder) as plane:
        plane.restart_apiserver(options.timeout)
        print(f"kube-apiserver is up again: {plane.server}")


def _build(_: argparse.Namespace) -> None:
    print(binaries.find())


def _exit(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
