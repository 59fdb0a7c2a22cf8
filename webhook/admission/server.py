"""`serve`: gunicorn's master in this process, and workers that speak HTTPS. Everything a person may set."""

from __future__ import annotations

import gc
import logging
import math
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import uvloop  # noqa: F401 (gunicorn would quietly do without it)
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from webhook.admission.certificates import CERTIFICATE_FILE, KEY_FILE, CertificatePair
from webhook.admission.deadlines import Deadlines
from webhook.admission.serverlog import ServerLog, configure_logging
from webhook.admission.worker import Worker

ASGIApp = Callable[..., Any]
"""An ASGI 3 application: `await app(scope, receive, send)`, with the lifespan protocol."""

_SHARED_MEMORY = "/dev/shm"  # noqa: S108 (the kernel's; what gunicorn puts there is made safely and unlinked at once)
_MAX_FILES = 65536
_FAILED = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where and how to serve.

    `address` is host:port, an IPv6 host in brackets. `certificates` is a folder with tls.crt and tls.key.
    `drain` is for how long (s) the server still listens after SIGTERM, with readiness failing; within
    `graceful_timeout` (s) of it everything ends. `body_limit` (bytes) bounds memory: refusing what is
    larger is the application's part. `connections` is the most a worker keeps. `on_worker_exit` is told,
    in the master, the pid of a worker that ended, however it did.
    """

    address: str
    certificates: Path
    workers: int = 2
    graceful_timeout: float = 25
    drain: float = 2
    body_limit: int = 32 * 1024 * 1024
    connections: int = 1000
    deadlines: Deadlines = field(default_factory=Deadlines)
    on_worker_exit: Callable[[int], None] | None = None


def serve(make_app: Callable[[], ASGIApp], settings: ServerSettings) -> NoReturn:
    """Serve until SIGTERM or SIGINT, then exit with 0, or with 2 when it cannot be done.

    `make_app` is called in each worker. What it needs is best imported before: the workers, forked from
    this process, then share that memory. Ends by SystemExit, in this process and in every worker alike,
    so call it last. Raises CertificatePairError when there is nothing to serve TLS with.
    """
    configure_logging()
    _raise_file_limit()
    application = _Application(make_app, settings, CertificatePair(settings.certificates))
    gc.collect()
    master = os.getpid()
    try:
        Arbiter(application).run()
    except SystemExit as end:
        if end.code and os.getpid() == master:
            raise SystemExit(_FAILED) from None
        raise
    raise AssertionError("gunicorn's master ends by SystemExit")


class _Application(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """What gunicorn asks for its settings and for the application."""

    def __init__(
        self, make_app: Callable[[], ASGIApp], settings: ServerSettings, pair: CertificatePair
    ) -> None:
        self.settings = settings
        self.pair = pair
        self._make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        for name, value in _gunicorn_settings(self.settings, self.pair).items():
            self.cfg.set(name, value)

    def load(self) -> ASGIApp:
        return self._make_app()


def _gunicorn_settings(settings: ServerSettings, pair: CertificatePair) -> dict[str, Any]:
    def before_fork(_arbiter: Any, _worker: Any) -> None:
        pair.refresh()  # a worker that starts while the files are broken has what the master read last
        gc.freeze()  # what is here now stays in pages that the workers share

    def after_exit(_arbiter: Any, worker: Any) -> None:
        _tell(settings.on_worker_exit, worker.pid)

    return {
        "bind": [settings.address],
        "workers": settings.workers,
        "worker_class": Worker,
        "asgi_loop": "uvloop",
        "asgi_lifespan": "on",
        "http_parser": "fast",
        "http_protocols": "h1",
        "certfile": str(settings.certificates / CERTIFICATE_FILE),
        "keyfile": str(settings.certificates / KEY_FILE),
        "keepalive": math.ceil(settings.deadlines.idle),
        "graceful_timeout": math.ceil(settings.graceful_timeout),
        "logger_class": ServerLog,
        "control_socket_disable": True,
        "worker_tmp_dir": _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None,
        "pre_fork": before_fork,
        "child_exit": after_exit,
    }


def _tell(listener: Callable[[int], None] | None, pid: int) -> None:
    """Call the listener. An exception would take down the master, and every worker with it."""
    if listener is not None:
        try:
            listener(pid)
        except Exception:  # noqa: BLE001 (whatever it is, see above)
            _log.exception("on_worker_exit failed for worker %d", pid)


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: a connection is one, and the usual 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
