"""A disk and a resolver of one process's own: in a mount namespace, where the kernel allows one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.missing import missing

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
_BEGIN = 'mount -t tmpfs -o size=16m none "$1" && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'


def needs_namespaces() -> None:
    """Leave a test out where nobody may mount, as in many containers."""
    command = [*_UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        missing("no program unshare: install util-linux")
    if done.returncode:
        missing(f"mounting is not permitted here: {done.stderr.strip()}")


def disk_and_hosts(folder: Path, hosts: Path) -> list[str | Path]:
    """Return what runs a program with a disk of 16 MiB at a folder, and a file of its own as /etc/hosts."""
    return [*_UNSHARE, "sh", "-c", _BEGIN, "sh", folder, hosts]


def seen_by(pid: int, folder: Path) -> Path:
    """Return a folder as a process sees it."""
    return Path(f"/proc/{pid}/root{folder}")


def make_read_only(pid: int, folder: Path) -> None:
    """Have a folder read-only for whoever opens something in it from now on."""
    # Mounted over itself, as a mount on which a file is open for writing stays as it is.
    _inside(pid, 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"', folder)


def make_writable_again(pid: int, folder: Path) -> None:
    _inside(pid, 'umount "$1"', folder)


def _inside(pid: int, script: str, folder: Path) -> None:
    enter = ("nsenter", f"--target={pid}", "--user", "--mount", "--preserve-credentials")
    subprocess.run([*enter, "sh", "-c", script, "sh", folder], check=True, capture_output=True)
