"""Read files in several processes, in order, with few of them in memory at a time.

A worker is a Python of its own that imports no more than reading needs (``multiprocessing`` would
import the whole command into each). It gets a `Reading` and then lists of files on its standard
input, and answers each list on its standard output, all as pickles. It ends with its input, so that
none outlives the process that started it, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from webhook.baseline.errors import RenderError
from webhook.baseline.reading import Outcome, Reading
from webhook.baseline.render import File
from webhook.core.printing import safe

FEW_FILES = 400
"""Up to this many are read faster here than a worker starts."""

_BATCH_FILES = 128
_BATCH_BYTES = 256 * 1024
_MAX_WORKERS = 4  # each takes some 26 MiB, and a container sees all processors of its machine
_AHEAD = 2  # batches for each worker, done or to be done, while the one before is being stored
_END = 10.0  # seconds


def batches(files: Iterable[File]) -> Iterator[list[File]]:
    """Gather files to batches that are worth sending."""
    batch: list[File] = []
    size = 0
    for file in files:
        batch.append(file)
        size += len(file.content)
        if len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def read_all(
    reading: Reading, files: Iterable[File], count: int
) -> Generator[tuple[int, Outcome], None, None]:
    """Yield, for each batch of the files in order, how many it has and what they gave.

    ``count`` is how many files there are. Raises RenderError where a worker dies.
    """
    workers = min(os.cpu_count() or 1, _MAX_WORKERS)
    if count <= FEW_FILES or workers == 1:
        for batch in batches(files):
            yield len(batch), reading.read(batch)
        return
    with _Workers(reading, workers) as pool:
        yield from pool.read_all(batches(files))


class _Workers:
    """Some workers, each driven by a thread that sends a batch and waits for its outcome."""

    def __init__(self, reading: Reading, count: int) -> None:
        self._count = count
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._workers = [_Worker(reading) for _ in range(count)]
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reading")
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for worker in self._workers:
                worker.kill()  # so that no thread waits for an outcome that nobody wants
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def read_all(self, batches: Iterator[list[File]]) -> Iterator[tuple[int, Outcome]]:
        """Yield what each batch gave, in the order of the batches."""
        pending: deque[tuple[int, Future[Outcome]]] = deque()
        for batch in batches:
            pending.append((len(batch), self._threads.submit(self._read, batch)))
            if len(pending) >= _AHEAD * self._count:
                yield _done(pending.popleft())
        while pending:
            yield _done(pending.popleft())

    def _read(self, batch: list[File]) -> Outcome:
        worker = self._idle.get()
        try:
            return worker.read(batch)
        finally:
            self._idle.put(worker)


def _done(pending: tuple[int, Future[Outcome]]) -> tuple[int, Outcome]:
    count, future = pending
    return count, future.result()


class _Worker:
    """One process that reads files."""

    def __init__(self, reading: Reading) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C is for the process that started it
        )
        self._requests = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._send(reading)

    def read(self, batch: list[File]) -> Outcome:
        """Have a batch read. Raises RenderError where the worker has died."""
        self._send(batch)
        try:
            outcome: Outcome = pickle.load(self._answers)  # noqa: S301  # written by our own process
        except (EOFError, OSError, pickle.UnpicklingError):
            raise RenderError(
                "a process that reads manifests died, perhaps for want of memory; it was at work on the"
                f" files {safe(batch[0].path)} to {safe(batch[-1].path)}"
            ) from None
        return outcome

    def _send(self, value: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # the missing answer tells
            pickle.dump(value, self._requests, pickle.HIGHEST_PROTOCOL)
            self._requests.flush()

    def kill(self) -> None:
        """End it in the middle of its work."""
        self._process.kill()

    def close(self) -> None:
        """Let it end, and make sure that it does."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()


def main() -> None:
    """Be a worker: answer each list of files on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer lists of files with their outcomes, until there are no more."""
    reading: Reading = pickle.load(requests)  # noqa: S301  # written by the process that started this one
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            files: list[File] = pickle.load(requests)  # noqa: S301  # see above
            pickle.dump(reading.read(files), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
