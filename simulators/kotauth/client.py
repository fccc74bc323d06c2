"""A client of the running stack, as a browser or a back end would be one."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

_LOGINS, _WINDOW_SECONDS = 5, 60
"""So many logins are allowed from one address in so long."""
_logins: defaultdict[tuple[str, int], deque[float]] = defaultdict(lambda: deque(maxlen=_LOGINS))
"""When the last logins of this process at each address were answered."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; several lines of one name joined by a comma."""
    text: str


class _Connection(http.client.HTTPSConnection):
    """Goes to one address whatever the name is, and still checks the name's certificate."""

    def __init__(self, address: str, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)  # pyright: ignore


@dataclass(frozen=True)
class Client:
    """Speaks https with the public address; verifies with the stack's own certificate authority."""

    host: str
    port: int
    ca_certificate: str
    address: str = "127.0.0.1"
    """Where the public address leads to."""
    timeout: float = 60
    """Seconds to wait for each part of an answer, on a busy machine too."""

    def connection(self, timeout: float | None = None) -> http.client.HTTPSConnection:
        """Return a new connection; it stays open for several requests."""
        context = ssl.create_default_context(cadata=self.ca_certificate)
        return _Connection(self.address, self.host, self.port, timeout or self.timeout, context)

    def request(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        on: http.client.HTTPSConnection | None = None,
    ) -> Answer:
        """Send one request, on a connection of its own unless one is given. Redirects are not followed."""
        connection = on or self.connection()
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            if on is None:
                connection.close()
        joined: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return Answer(response.status, joined, text)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET a path."""
        return self.request("GET", path, headers=headers)

    def finds_it_ready(self) -> bool:
        """Whether the server and its database answer now."""
        try:
            return self.get("/health/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def seconds_until_login(self) -> float:
        """Return after how many seconds another login is allowed, whatever test sent those before."""
        answered = _logins[self.address, self.port]
        return max(0.0, answered[0] + _WINDOW_SECONDS - time.monotonic()) if len(answered) == _LOGINS else 0.0

    def login(self, password: str, username: str = "admin", headers: Mapping[str, str] | None = None) -> Answer:
        """Walk the admin console's login: the answer to the last request, 302 with the session's cookie if it worked.

        Waits until the server allows another one. A wrong password ends earlier, with 401, and so does a server that
        doesn't answer.
        """
        time.sleep(self.seconds_until_login())
        more = dict(headers or {})
        start = self.request("GET", "/admin/login", headers=more)
        if start.status != 302:
            return start
        try:
            posted = self.submit_login(_path(start.headers["location"]), username, password, more)
        finally:
            _logins[self.address, self.port].append(time.monotonic())
        if posted.status != 302:
            return posted
        cookies = {"Cookie": _cookies(start)}
        return self.request("GET", _path(posted.headers["location"]), headers={**more, **cookies})

    def submit_login(self, authorize: str, username: str, password: str, headers: Mapping[str, str]) -> Answer:
        """Show a login's form and send it filled in, as a browser does: with the cookie that came with the form."""
        shown, cookie = self.show_login(authorize, headers)
        if shown.status != 200:
            return shown
        form = urlencode({"username": username, "password": password})
        return self.request("POST", urlsplit(authorize).path, form, {**FORM, **headers, "Cookie": cookie})

    def show_login(self, authorize: str, headers: Mapping[str, str] | None = None) -> tuple[Answer, str]:
        """Show a login's form; the answer, and the cookie for sending it."""
        shown = self.get(authorize, headers)
        return shown, _cookies(shown)


def _path(location: str) -> str:
    url = urlsplit(location)
    return f"{url.path}?{url.query}" if url.query else url.path


def _cookies(answer: Answer) -> str:
    return "; ".join(re.findall(r"(?:^|, )([A-Z_]+=[^;,]*)", answer.headers.get("set-cookie", "")))
