"""A repository that others read from, and servers for it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
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
        """Make a bare copy, as a server has one; return its folder."""
        self.git("clone", "--quiet", "--bare", str(self.folder), str(folder))
        return folder


class HttpServer:
    """Serves Git repositories over plain http on a free port, below three roots.

    ``/v2/`` speaks the smart protocol, ``/v0/`` only its oldest version, ``/dumb/`` plain files. The
    rest of the path is that of the repository's folder. ``requests`` has the path of each request.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                if self.path.startswith("/dumb/"):
                    self._send_file(Path(self.path.removeprefix("/dumb").partition("?")[0]))
                else:
                    self._run_backend()

            do_POST = do_GET  # noqa: N815  # the name that http.server looks for

            def _send_file(self, path: Path) -> None:
                self.send_response(200 if path.is_file() else 404)
                self.end_headers()
                if path.is_file():
                    self.wfile.write(path.read_bytes())

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
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                command = ["git", "http-backend"]
                done = subprocess.run(command, input=body, env=environment, capture_output=True, check=False)
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                lines = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
                headers = dict(lines)
                self.send_response(int(headers.pop("Status", "200").split()[0]))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, root: str, folder: Path) -> str:
        return f"http://{self.address}/{root}{folder}"
