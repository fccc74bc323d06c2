"""The function that makes the database roles on AWS, as its archive holds it: how it waits, refuses and keeps silent.

What the roles may do in the end is tested with `role.sql` itself, which this function applies there, too.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from components.postgres.role import scram_verifier
from components.postgres.server import ADMINISTRATOR
from simulators.ec2_host.authority import Authority
from tests.e2e.cluster import RDS, password
from tests.e2e.lambda_runtime import LAST_ATTEMPT_SECONDS, Called
from tests.e2e.rds import HOST, OTHER_HOST, Rds
from tests.e2e.traces import Search

pytestmark = pytest.mark.docker

FIRST, SECOND = password(), password()
SECONDS = 4
"""How long the function may try where it should give up."""
LONG_SECONDS = 240
"""How long it may try where it should succeed, on a busy machine."""


@pytest.fixture(scope="module")
def rds(images: dict[str, str]) -> Iterator[Rds]:
    """Yield a database on which nothing was done yet."""
    rds = Rds.start(images["databaseImage"], RDS)
    try:
        yield rds
    finally:
        rds.stop()


@contextmanager
def after_the_first_attempt(rds: Rds, mend: Callable[[], object]) -> Iterator[None]:
    """Mend something when the function tries for the second time, which it does by reading its two secrets again."""
    again = rds.secrets.reads(3)
    mending = threading.Thread(target=lambda: again.wait(300) and mend())
    mending.start()
    yield
    mending.join()


@pytest.fixture(scope="module")
def secret(rds: Rds) -> str:
    """Return the ARN of the login's password in its first version."""
    return rds.secrets.keep(FIRST, "v1")


@pytest.fixture(scope="module")
def search(rds: Rds) -> Search:
    """Return a search for all secrets and their verifiers."""
    secrets = {"administrator": rds.administrator_password, "first": FIRST, "second": SECOND}
    return Search(secrets | {f"verifier of {name}": scram_verifier(value) for name, value in secrets.items()})


@pytest.fixture(autouse=True)
def no_secret_is_told(rds: Rds, search: Search) -> Iterator[None]:
    """Look for secrets in every input, answer, error, log and trace of each test, also of calls that fail.

    In plain, base64, hex, url-encoded and compressed form.
    """
    yield
    spoken = "\n".join(rds.spoken)
    rds.spoken.clear()
    assert search.find(spoken.encode()) == set()


@pytest.fixture(scope="module")
def first(rds: Rds, secret: str) -> Called:
    """Return how a call with the first version ended, after which there is a login."""
    return rds.call(password_secret_arn=secret)


def test_the_first_call_makes_a_login_that_works(rds: Rds, first: Called) -> None:
    assert first.payload == {"login": "kotauth_a"}
    assert first.messages == [("INFO", f"kotauth_a can be used on {HOST}:5432")]
    assert rds.log_in("SELECT session_user, current_user", "kotauth_a", FIRST).output == "kotauth_a|kotauth\n"


def test_it_reads_exactly_the_two_secrets_in_the_versions_that_it_is_told(rds: Rds, secret: str) -> None:
    rds.secrets.read.clear()
    rds.call(password_secret_arn=secret)
    assert rds.secrets.read == [(rds.administrator_secret, "AWSCURRENT"), (secret, "v1")]


def test_a_second_call_changes_nothing(rds: Rds, secret: str) -> None:
    assert not rds.call(password_secret_arn=secret).error
    before = rds.roles()
    assert not rds.call(password_secret_arn=secret).error
    assert rds.roles() == before


def test_a_new_pool_size_changes_the_connection_limit(rds: Rds, secret: str) -> None:
    assert not rds.call(password_secret_arn=secret, pool_size=20).error
    assert rds.as_superuser("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'kotauth_a'") == "45"


def test_a_rotation_gives_the_other_login_a_password_and_leaves_the_first_one_its_own(
    rds: Rds, secret: str, first: Called
) -> None:
    rds.secrets.renew(secret, SECOND, "v2")
    assert rds.call(password_secret_arn=secret, password_version=2).payload == {"login": "kotauth_b"}
    assert rds.log_in("SELECT session_user", "kotauth_b", SECOND).output == "kotauth_b\n"
    assert rds.log_in("SELECT session_user", "kotauth_a", FIRST).output == "kotauth_a\n"


def test_the_version_before_can_still_be_applied(rds: Rds, secret: str) -> None:
    """A server of the old generation may need it during the roll, when a new version is there already."""
    assert rds.call(password_secret_arn=secret, password_version=1).payload == {"login": "kotauth_a"}
    assert rds.log_in("SELECT session_user", "kotauth_a", FIRST).output == "kotauth_a\n"


def test_a_wrong_password_of_the_administrator_is_told_at_once(rds: Rds, secret: str) -> None:
    wrong = rds.secrets.keep(json.dumps({"username": ADMINISTRATOR, "password": f"{rds.administrator_password}x"}))
    called = rds.call(password_secret_arn=secret, administrator_secret_arn=wrong)
    assert called.error == f"the administrator's password was refused by {HOST}:5432"
    assert called.messages == [("ERROR", called.error)]


def test_a_missing_version_of_the_password_is_told_at_once(rds: Rds, secret: str) -> None:
    called = rds.call(password_secret_arn=secret, password_version=7)
    assert called.error == f"secret {secret} has no version with the label v7"


def test_an_administrator_s_secret_of_another_form_is_refused_and_not_quoted(rds: Rds, secret: str) -> None:
    called = rds.call(password_secret_arn=secret, administrator_secret_arn=secret)
    assert called.error == f'secret {secret} must be JSON with "username" and "password"'


def test_a_database_that_is_not_there_is_refused(rds: Rds, secret: str) -> None:
    called = rds.call(password_secret_arn=secret, database="missing")
    assert called.error == f'{HOST}:5432 refused: database "missing" does not exist (SQLSTATE 3D000)'


def test_an_unknown_authority_is_refused(rds: Rds, secret: str) -> None:
    # Of the same name: what counts is the key.
    called = rds.call(password_secret_arn=secret, ca_bundle=Authority("RDS of a test").pem)
    assert called.error.startswith(f"the certificate of {HOST}:5432 is not trusted: ")


def test_amazon_s_authorities_are_the_default_and_do_not_know_this_server(rds: Rds, secret: str) -> None:
    called = rds.call(password_secret_arn=secret, ca_bundle="")
    assert called.error.startswith(f"the certificate of {HOST}:5432 is not trusted: ")


def test_another_host_name_is_refused(rds: Rds, secret: str) -> None:
    called = rds.call(password_secret_arn=secret, database_host=OTHER_HOST)
    assert called.error == f"the certificate of {OTHER_HOST}:5432 is for another host name"


def test_a_server_without_tls_gets_no_password(rds: Rds, secret: str) -> None:
    rds.set("ssl", "off")
    called = rds.call(password_secret_arn=secret)
    rds.set("ssl", "on")
    assert called.error == f"{HOST}:5432 refuses TLS"


def test_it_waits_for_a_database_that_comes_later(rds: Rds, secret: str) -> None:
    with rds.away(), after_the_first_attempt(rds, rds.come_back):
        called = rds.call(password_secret_arn=secret, seconds=LONG_SECONDS)
    assert called.payload == {"login": "kotauth_a"}
    assert called.messages[0][1].startswith(f"no connection to {HOST}:5432: ")


def test_it_waits_for_a_database_that_takes_no_more_connections(rds: Rds, secret: str) -> None:
    rds.as_superuser(f"ALTER ROLE {ADMINISTRATOR} CONNECTION LIMIT 0")
    free = functools.partial(rds.as_superuser, f"ALTER ROLE {ADMINISTRATOR} CONNECTION LIMIT -1")
    with after_the_first_attempt(rds, free):
        called = rds.call(password_secret_arn=secret, seconds=LONG_SECONDS)
    assert called.payload == {"login": "kotauth_a"}
    assert called.messages[0][1] == f"{HOST}:5432 can't do it yet: all its connections are taken. Trying again"


def test_it_waits_for_a_lock(rds: Rds, secret: str) -> None:
    rds.call(password_secret_arn=secret)  # so that there is a role to lock
    holding = "BEGIN; ALTER ROLE kotauth_a CONNECTION LIMIT 1; SELECT pg_sleep(600); ROLLBACK"

    def hold() -> None:
        with contextlib.suppress(AssertionError):  # it is cancelled in the end
            rds.as_superuser(holding)

    holder = threading.Thread(target=hold)
    holder.start()
    while rds.as_superuser("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0":
        assert holder.is_alive(), "the lock was never held"
    let_go = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with after_the_first_attempt(rds, functools.partial(rds.as_superuser, let_go)):
        called = rds.call(password_secret_arn=secret, seconds=LONG_SECONDS)
    holder.join()
    assert called.payload == {"login": "kotauth_a"}
    assert called.messages[0][1].startswith(f"{HOST}:5432 can't do it yet: another session holds a lock on the roles")


def test_it_gives_up_in_time_and_says_what_it_waited_for(rds: Rds, secret: str) -> None:
    with rds.away():
        called = rds.call(password_secret_arn=secret, seconds=SECONDS)
    assert called.error.startswith(f"no connection to {HOST}:5432: ")
    # What the start took of the time is not left to try in.
    assert re.search(r"\. Tried for -?\d+ s$", called.error)
    assert 0 < called.seconds_left < LAST_ATTEMPT_SECONDS


def test_it_gets_past_throttling(rds: Rds, secret: str) -> None:
    rds.secrets.throttled = 4  # more than boto3 itself tries
    called = rds.call(password_secret_arn=secret, seconds=LONG_SECONDS)
    assert called.payload == {"login": "kotauth_a"}
    assert (
        called.messages[0][1]
        == f"secret {rds.administrator_secret} could not be read: ThrottlingException. Trying again"
    )


def test_throttling_without_an_end_is_told(rds: Rds, secret: str) -> None:
    rds.secrets.throttled = 10**6
    called = rds.call(password_secret_arn=secret, seconds=SECONDS)
    rds.secrets.throttled = 0
    assert called.error.startswith(
        f"secret {rds.administrator_secret} could not be read: ThrottlingException. Tried for "
    )


def test_an_unforeseen_error_is_told_without_its_text(rds: Rds, secret: str) -> None:
    no_text = rds.secrets.keep(json.dumps({"username": ADMINISTRATOR, "password": "\ud800" + FIRST}))
    called = rds.call(password_secret_arn=secret, administrator_secret_arn=no_text)
    assert re.fullmatch(r"unexpected UnicodeEncodeError in \w+\.py, line \d+", called.error)


def test_the_search_finds_a_secret_in_what_is_told(rds: Rds, secret: str, search: Search) -> None:
    assert not rds.call(password_secret_arn=secret).error
    assert ("first", "gzip of plain") in search.find(gzip.compress(f"{rds.spoken} {FIRST}".encode()))


def test_the_database_never_got_a_password(rds: Rds, secret: str) -> None:
    assert not rds.call(password_secret_arn=secret).error
    log = rds.log()
    assert "kotauth.verifier" in log  # every statement is logged there
    assert Search({"first": FIRST, "second": SECOND}).find(log.encode()) == set()
