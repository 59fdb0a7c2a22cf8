"""A repository that others read from, and servers for it."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self


class Origin:
    """A Git repository with a work tree, on branch main."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files into the work tree; None removes one."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Write files and commit everything; return the commit."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def bare(self, folder: Path) -> Path:
        """Make a bare copy, as a server has one that can leave files out; return its folder."""
        self.git("clone", "--quiet", "--bare", str(self.folder), str(folder))
        self.git("--git-dir", str(folder), "config", "uploadpack.allowFilter", "true")
        return folder

    def lose(self, oid: str, copy: Path) -> None:
        """Take one object out of a copy of this repository."""
        packs = copy / "objects/pack"
        for pack in packs.glob("*.pack"):
            moved = pack.rename(copy / pack.name)
            with moved.open("rb") as content:
                subprocess.run(["git", "unpack-objects", "-q"], cwd=copy, stdin=content, check=True)
        for left in packs.iterdir():
            left.unlink()
        (copy / "objects" / oid[:2] / oid[2:]).unlink()


class HttpServer:
    """Serves Git repositories over http, or https with a TLS context, on a free port, below three roots.

    ``/v2/`` speaks the smart protocol, ``/v0/`` only its oldest version, ``/dumb/`` plain files. The
    rest of the path is that of the repository's folder. ``requests`` has the path of each request, and
    ``logins`` its Authorization header.

    To be changed while it runs: ``login`` is the header that it demands, ``status`` what it answers instead,
    ``moved_to`` the URL that it sends everybody to, and ``watch`` is called while a client waits.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self.logins: list[str | None] = []
        self.login: str | None = None
        self.status: int | None = None
        self.moved_to: str | None = None
        self.watch: Callable[[], object] = lambda: None
        self._scheme = "http" if tls is None else "https"
        self._listener = _Listener(self)
        if tls is not None:
            self._listener.socket = tls.wrap_socket(self._listener.socket, server_side=True)
        self.address = f"127.0.0.1:{self._listener.server_port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def url(self, root: str, folder: Path) -> str:
        return f"{self._scheme}://{self.address}/{root}{folder}"


class _Listener(ThreadingHTTPServer):
    def __init__(self, owner: HttpServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that was killed."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def do_GET(self) -> None:
        owner, login = self.server.owner, self.headers.get("Authorization")
        owner.requests.append(self.path)
        owner.logins.append(login)
        owner.watch()
        if owner.login not in {None, login}:
            self._refuse(401, ("WWW-Authenticate", 'Basic realm="here"'))
        elif owner.status is not None:
            self._refuse(owner.status)
        elif owner.moved_to is not None:
            self._refuse(302, ("Location", owner.moved_to + self.path))
        elif self.path.startswith("/dumb/"):
            self._send_file(Path(self.path.removeprefix("/dumb").partition("?")[0]))
        else:
            self._run_backend()

    do_POST = do_GET  # noqa: N815  # the name that http.server looks for

    def _refuse(self, status: int, *headers: tuple[str, str]) -> None:
        self._body()
        self._answer(status, dict(headers), b"")

    def _send_file(self, path: Path) -> None:
        if path.is_file():
            self._answer(200, {}, path.read_bytes())
        else:
            self._answer(404, {}, b"")

    def _run_backend(self) -> None:
        version, _, rest = self.path.removeprefix("/").partition("/")
        path, _, query = rest.partition("?")
        environment = {
            **os.environ,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_TRANSLATED": f"/{path}",
            "PATH_INFO": f"/{path}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "") if version == "v2" else "",
        }
        command = ["git", "http-backend"]
        done = subprocess.run(command, input=self._body(), env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self._answer(int(headers.pop("Status", "200").split()[0]), headers, content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunk(self) -> bytes:
        content = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return content

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))  # over TLS the end must be known
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass
