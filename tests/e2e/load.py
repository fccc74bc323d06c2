"""Visitors who come at a steady rate and never try anything twice."""

from __future__ import annotations

import http.client
import itertools
import select
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType

from simulators.kotauth.client import FORM, Answer, Client

PER_SECOND = 20
LOGIN_EVERY_SECONDS = 12.5
"""Five in a minute are allowed from one address; a sixth would be refused."""

_MOST_SECONDS = 600
_WORKERS = 24
_TOKEN = "/t/master/protocol/openid-connect/token"
_TOKEN_FORM = "grant_type=client_credentials&client_id=nobody&client_secret=nothing"
# The client is unknown: 400, or 401 (OAuth allows both). More than 20 tries a minute get a 429.
TOKEN_REFUSALS = (400, 401, 429)
_REQUESTS = (
    ("GET", "/t/master/.well-known/openid-configuration", None, (200,)),
    ("GET", "/health/ready", None, (200,)),
    ("GET", "/health", None, (200,)),
    ("POST", _TOKEN, _TOKEN_FORM, TOKEN_REFUSALS),
)


@dataclass(frozen=True)
class Outcome:
    """How one request or login ended."""

    what: str
    due: float
    """When it was due, in seconds from the beginning."""
    seconds: float
    """How long that was ago when it was answered: a late request counts as a slow one."""
    problem: str = ""
    version: str = ""
    """Version of the server that answered, as far as it said so."""


class Load:
    """Sends requests at a steady rate on new and on kept connections until the `with` block ends.

    With a password it also logs in, as often as one address may. ``expected`` are the statuses of an upstream that
    isn't Kotauth.
    """

    def __init__(
        self,
        client: Client,
        password: str | None = None,
        *,
        workers: int = _WORKERS,
        per_second: int = PER_SECOND,
        expected: Collection[int] | None = None,
    ) -> None:
        self._client = client
        self._per_second, self._expected = per_second, expected
        self._numbers = itertools.count()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(workers)]
        if password is not None:
            self._threads.append(threading.Thread(target=self._log_in, args=(password,)))
        self.outcomes: list[Outcome] = []
        self.dropped = 0
        """Kept connections that the other side had closed before the next request was sent on them."""
        self.began = 0.0
        """Moment of the monotonic clock."""

    def __enter__(self) -> Load:
        self.began = time.monotonic()
        for thread in self._threads:
            thread.start()
        time.sleep(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not error:
            time.sleep(1)
        self._end.set()
        for thread in self._threads:
            thread.join()

    @property
    def problems(self) -> list[str]:
        """What went wrong, in the order in which it did."""
        return [f"{o.what}, due at {o.due:.1f} s: {o.problem}" for o in self.outcomes if o.problem]

    @property
    def versions(self) -> set[str]:
        """Versions of the servers that answered."""
        return {outcome.version for outcome in self.outcomes} - {""}

    @property
    def worst_seconds(self) -> float:
        """The longest time that a visitor waited for an answer."""
        return max(outcome.seconds for outcome in self.outcomes)

    def __str__(self) -> str:
        logins = sum(outcome.what == "login" for outcome in self.outcomes)
        return (
            f"{len(self.outcomes) - logins} requests and {logins} logins, {len(self.problems)} failed, "
            f"worst {self.worst_seconds * 1000:.0f} ms"
        )

    def _work(self) -> None:
        kept = self._client.connection()
        while (number := next(self._numbers)) < _MOST_SECONDS * self._per_second:
            due = self.began + number / self._per_second
            if self._end.wait(max(0.0, due - time.monotonic())):
                break
            method, path, body, expected = _REQUESTS[number // 2 % len(_REQUESTS)]
            on = None
            if number % 2:
                if kept.sock and _ended(kept):
                    self.dropped += 1
                    kept.close()
                on = kept
            what = f"{method} {path} on a {'kept' if on else 'new'} connection"
            try:
                answer = self._client.request(method, path, body, FORM if body else None, on)
            except (OSError, http.client.HTTPException) as error:
                kept.close()
                self._note(what, due, repr(error))
                continue
            problem = "" if answer.status in (self._expected or expected) else f"{answer.status} {answer.text[:100]}"
            self._note(what, due, problem, answer.headers.get("x-simulator-version", ""))
        kept.close()

    def _log_in(self, password: str) -> None:
        number = 0
        while True:
            # Other tests may have logged in a moment ago.
            allowed = time.monotonic() + self._client.seconds_until_login()
            due = max(self.began + number * LOGIN_EVERY_SECONDS, allowed)
            if self._end.wait(max(0.0, due - time.monotonic())):
                return
            try:
                problem = _login_problem(self._client.login(password))
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
            self._note("login", due, problem)
            # One that took long is not made up for: several at once would be refused as too many.
            number = int((time.monotonic() - self.began) // LOGIN_EVERY_SECONDS) + 1

    def _note(self, what: str, due: float, problem: str, version: str = "") -> None:
        # Atomic, so that it needs no lock.
        self.outcomes.append(Outcome(what, due - self.began, time.monotonic() - due, problem, version))


def _login_problem(answer: Answer) -> str:
    if "KOTAUTH_ADMIN=" in answer.headers.get("set-cookie", ""):
        return ""
    return f"{answer.status} {answer.text[:100]}"


def _ended(connection: http.client.HTTPSConnection) -> bool:
    """Whether the other side has closed an idle connection: every pool of connections looks before it sends."""
    ended = select.poll()
    ended.register(connection.sock, select.POLLIN)
    return bool(ended.poll(0))
