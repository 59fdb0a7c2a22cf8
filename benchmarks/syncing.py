"""What following Git costs: a poll, one changed file, and the way from a push to a decision."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.objects import manifest, path_of
from benchmarks.report import Finding, ratio_finding
from benchmarks.repository import BRANCH, FOLDER, make_repository
from webhook.admission.state import BaselineState
from webhook.baseline.receiver import Receiver
from webhook.baseline.schedule import Schedule
from webhook.baseline.sync import Synchronizer
from webhook.config import ReceiverConfig, Source
from webhook.core.normalize.left_out import LeftOut

FILES = 10_000
POLL_BOUND, CHANGE_BOUND, PUSH_BOUND = 1.3, 0.1, 2.0

_POLLS = 30
_PUSHES = 5
_SECRET = b"a secret of this benchmark"
_HOUR = 3600.0


def syncing(rounds: int) -> list[Finding]:
    """Measure all of it on a repository of 10,000 manifests."""
    with tempfile.TemporaryDirectory(prefix="baseward-benchmark-") as name:
        folder = Path(name)
        work = _Work(folder)
        return [_poll(work, rounds), _change(work, rounds), _push(work)]


class _Work:
    """A bare repository, as a server has one, and a work tree to push from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = folder / "origin.git"
        self._tree = folder / "tree"
        make_repository(self.bare, FILES)
        self._git(folder, "clone", "--quiet", str(self.bare), str(self._tree))
        self._number = 0

    def push_a_change(self) -> str:
        """Change one file, push it, and return the commit."""
        self._number += 1
        number = self._number * 7 % FILES
        text, change = manifest(number), f"    change: c{self._number}\n"
        if "  labels:\n" not in text:
            text = text.replace("metadata:\n", "metadata:\n  labels:\n", 1)
        text = text.replace("  labels:\n", f"  labels:\n{change}", 1)
        (self._tree / path_of(number)).write_text(text)
        self._git(self._tree, "commit", "--quiet", "--all", "--message", "change")
        self._git(self._tree, "push", "--quiet", "origin", BRANCH)
        return self._git(self._tree, "rev-parse", "HEAD")

    def synchronizer(self, state: Path) -> Synchronizer:
        source = Source("platform", self.bare.as_uri(), BRANCH, FOLDER)
        return Synchronizer([source], state, LeftOut())

    @staticmethod
    def _git(folder: Path, *arguments: str) -> str:
        who = ("-c", "user.name=A Benchmark", "-c", "user.email=benchmark@example.com")
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _poll(work: _Work, rounds: int) -> Finding:
    """Compare a poll that finds nothing new with a bare `git ls-remote`, taking turns."""
    bare = ["git", "ls-remote", work.bare.as_uri(), f"refs/heads/{BRANCH}"]
    ratios: list[float] = []
    polls: list[float] = []
    with closing(work.synchronizer(work.folder / "poll")) as sync:
        sync.sync_once()
        for _ in range(rounds):
            ours, theirs = 0.0, 0.0
            for _ in range(_POLLS):
                theirs += _seconds(lambda: subprocess.run(bare, check=True, capture_output=True))
                ours += _seconds(lambda: _nothing_new(sync))
            ratios.append(ours / theirs)
            polls.append(ours / _POLLS)
    more = f"a poll takes {statistics.median(polls) * 1000:.1f} ms"
    return ratio_finding("a poll that finds nothing new, to git ls-remote", ratios, POLL_BOUND, more)


def _nothing_new(sync: Synchronizer) -> None:
    result = sync.sync_once()
    if result.changed or result.errors:
        raise BenchmarkError(f"a poll found something: {result.errors}")


def _change(work: _Work, rounds: int) -> Finding:
    """Compare the sync of a one-file change with the first one, clone and all."""
    ratios: list[float] = []
    firsts: list[float] = []
    for number in range(rounds):
        state = work.folder / f"change-{number}"
        with closing(work.synchronizer(state)) as sync:
            firsts.append(_seconds(sync.sync_once))
            changes: list[float] = []
            for _ in range(3):
                commit = work.push_a_change()
                changes.append(_seconds(sync.sync_once))
                if sync.sync_once().sources[0].commit != commit:
                    raise BenchmarkError("a change was not found")
            ratios.append(statistics.median(changes) / firsts[-1])
        shutil.rmtree(state)
    first = statistics.median(firsts)
    more = f"the first sync takes {first:.2f} s, a change {statistics.median(ratios) * first * 1000:.0f} ms"
    return ratio_finding(f"one file of {FILES:,} changed, to the first sync", ratios, CHANGE_BOUND, more)


def _push(work: _Work) -> Finding:
    """Measure the time from a push hook until a worker serves the commit."""
    state = work.folder / "push"
    seconds: list[float] = []
    with _receiving(work, state) as (address, served):
        for _ in range(_PUSHES):
            commit = work.push_a_change()
            began = time.perf_counter()
            _tell(address, work.bare.as_uri())
            served(commit)
            seconds.append(time.perf_counter() - began)
    slowest = max(seconds)
    return Finding(
        "from a push hook until the commit is enforced",
        f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}..{slowest:.2f})",
        f"{PUSH_BOUND:.1f} s",
        slowest <= PUSH_BOUND,
        f"the receiver, a fetch, a snapshot of {FILES:,} objects, and a worker that looks twice a second",
    )


@contextmanager
def _receiving(work: _Work, state: Path) -> Iterator[tuple[str, Callable[[str], None]]]:
    """Run what `baseward sync` runs, and look for new snapshots as a worker does."""
    secret = work.folder / "secret"
    secret.write_bytes(_SECRET)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    sync = work.synchronizer(state)
    schedule = Schedule(sync, _HOUR)
    thread = threading.Thread(target=schedule.run)
    thread.start()
    worker = BaselineState(state, LeftOut())

    def served(commit: str) -> None:
        deadline = time.monotonic() + 60
        while worker.snapshot is None or worker.snapshot.commits.get("platform") != commit:
            if time.monotonic() > deadline:
                raise BenchmarkError(f"{commit} was not served in 60 s")
            time.sleep(0.5)  # as a worker's task does
            worker.look()

    try:
        if not schedule.look_now(120):
            raise BenchmarkError("the first sync did not end")
        with Receiver(
            ReceiverConfig(address=address, secret=secret), list(sync.sources.values()), schedule.request
        ):
            yield address, served
    finally:
        schedule.stop()
        thread.join()
        sync.close()


def _tell(address: str, repository: str) -> None:
    body = json.dumps({"repository": {"clone_url": repository}}).encode()
    signature = hmac.new(_SECRET, body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    request = urllib.request.Request(f"http://{address}/hooks/git", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
