"""A git host on this machine, which clients reach by the name of a public one through a proxy."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from simulators.ec2_host.authority import Authority

_HEADERS = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
    "GIT_PROTOCOL": "Git-Protocol",
}
"""Variable of CGI to the header with its value."""


@contextmanager
def git_host(folder: Path, name: str) -> Generator[dict[str, str]]:
    """Serve the bare repositories in `folder/repositories`; yield the variables with which a client reaches them."""
    authority = Authority("Git host")
    trusted = folder / "authority.pem"
    trusted.write_text(authority.pem)

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_CONNECT(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with authority.context(name).wrap_socket(self.connection, server_side=True) as inner:
                Handler(inner, self.client_address, self.server)
            self.close_connection = True

        def do_GET(self) -> None:
            url, length = urlsplit(self.path), self.headers.get("Content-Length", "0")
            request = {
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROJECT_ROOT": str(folder / "repositories"),
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_LENGTH": length,
                **{variable: self.headers.get(header, "") for variable, header in _HEADERS.items()},
            }
            answered = subprocess.run(
                ["git", "http-backend"],
                input=self.rfile.read(int(length)),
                env={**os.environ, **request},
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
            # What a CGI program prints differs from HTTP in the first line alone.
            status = b"" if answered.startswith(b"Status: ") else b"200 OK\r\n"
            self.wfile.write(b"HTTP/1.0 " + status + answered.removeprefix(b"Status: "))

        def do_POST(self) -> None:
            self.do_GET()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {"HTTPS_PROXY": f"http://127.0.0.1:{server.server_port}", "SSL_CERT_FILE": str(trusted)}
        server.shutdown()
        thread.join()


def repository(folder: Path, name: str, content: str, tag: str) -> None:
    """Make `folder/repositories/NAME.git` with one commit, which has `folder/CONTENT`, under a tag."""
    bare = folder / "repositories" / f"{name}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
    author = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (["add", content], ["commit", "--quiet", "--message", "All"], ["tag", tag]):
        subprocess.run(["git", f"--git-dir={bare}", "--work-tree=.", *author, *command], cwd=folder, check=True)
