"""`make restore-drill`: prove that a backup can be restored, beside the live system and without touching it.

A throwaway PostgreSQL gets the backup, and Kotauth starts on it with the stack's own secret key. They share nothing but
a loopback interface: Kotauth on production data would send mail and call webhooks, and from an internal network of
Docker a container still reaches its host.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from components.docker.database import APPLY_ROLE, KEY_FINGERPRINT_FILE
from components.kotauth import server as kotauth
from components.kotauth.base_url import parse_base_url
from components.kotauth.database import DatabaseConnection
from components.kotauth.secret_files import SECRET_FILES
from components.kotauth.secret_key import chain_key_id, key_fingerprint
from components.postgres.role import OWNER, connection_limit, login_name, role_script, role_settings, scram_verifier
from components.postgres.server import ADMINISTRATOR, USER, database_server
from components.workload.spec import ContainerSpec

from .database import Database
from .job import Job, JobError, Mount, Runner, from_spec
from .listing import age, is_future
from .manifest import Manifest
from .restore import compare, step
from .source import SECRETS, Source

_HOST = "127.0.0.1"
_POOL = 2
_DATABASE_MEMORY_MB = 512
_READY_SECONDS, _QUICK_SECONDS = 180.0, 60.0
_ANSWERS = ("users", "audit-logs")
_ASK = """
for answer in "$@"; do
  curl -fsS --max-time 30 -H @/run/key/header "http://127.0.0.1:8080/t/master/api/v1/$answer?limit=1" || exit
  echo
done
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a drill runs."""

    source: Source
    wanted: str
    """Id of a backup, or `latest`."""
    server_image: str
    database_image: str
    base_url: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class Result:
    """What a drill measured."""

    manifest: Manifest
    seconds: float
    """From the begin of the drill until Kotauth was ready (RTO)."""
    newest_row_age: float | None
    """Age of the newest line of the audit log in seconds, at the begin of the drill (RPO); None without a line."""
    backup_age: float

    def __str__(self) -> str:
        """Return the result for people."""
        newest = f", newest audit row {_old(self.newest_row_age)}" if self.newest_row_age is not None else ""
        rows = self.manifest.rows
        return (
            f"The backup can be restored: {sum(rows.values())} rows in {len(rows)} tables.\n"
            f"RPO  backup {_old(self.backup_age)}{newest}\n"
            f"RTO  {self.seconds:.0f} s from the start of the drill to a server that is ready"
        )


def _old(seconds: float) -> str:
    return "from the future: the clock of its host was wrong" if is_future(seconds) else f"{age(seconds)} old"


def drill(runner: Runner, plan: Plan) -> Result:
    """Restore, start, ask, compare, and remove everything, also after a failure.

    Raises ``JobError`` or ``ManifestError`` with the step that failed and why.
    """
    runner = replace(runner, stack_label=f"{runner.stack_label}/drill")
    runner.sweep()
    print("Until the drill ends, a copy of the production data lies on this Docker host.")
    try:
        return _drill(runner, plan)
    finally:
        runner.sweep_up("A copy of the production data")
        print("Removed the copy and its containers.")


def _drill(runner: Runner, plan: Plan) -> Result:
    began, now = time.monotonic(), time.time()
    work, files = runner.make_volume(), runner.make_volume()
    step("Reading the backup")
    manifest = plan.source.fetch(runner, plan.wanted, work)
    login, password, api_key = login_name(1), secrets.token_hex(24), f"kauth_master_{secrets.token_hex(24)}"
    database = Database(
        runner=runner,
        image=plan.database_image,
        user=kotauth.USER,
        secrets=Mount(volume=files, path=SECRETS),
        network="",
        environment={"PGHOST": _HOST, "PGDATABASE": OWNER, "PGUSER": login},
        work=work,
    )
    fingerprint = key_fingerprint(plan.secret_key)
    if why := manifest.key_problem(fingerprint, chain_key_id(plan.secret_key)):
        raise JobError(f"the secret key does not belong to the backup: {why}")
    database.verify(manifest)
    _put_secrets(runner, plan, files, password, api_key)
    step("Starting PostgreSQL")
    role = role_script(role_settings(login, scram_verifier(password), connection_limit(_POOL)))
    database = replace(database, network=_start_database(database, role, fingerprint))
    step("Restoring")
    if misfit := manifest.misfit(postgres=database.look().postgres, schema_version=None, image=plan.server_image):
        raise JobError(misfit)
    compare(manifest, database.restore())
    step("Starting Kotauth")
    spec = _server(plan, login)
    _guard(runner, spec, database)
    with _named("Kotauth does not start"):
        runner.start(from_spec(spec, mounts=[database.secrets], networks=[database.network]), seconds=_READY_SECONDS)
    seconds = time.monotonic() - began
    step("Asking its API")
    _ask(runner, plan.server_image, database.network, api_key)
    newest = None if manifest.newest_row is None else now - manifest.newest_row
    return Result(manifest, seconds, newest, now - manifest.time)


def _put_secrets(runner: Runner, plan: Plan, volume: str, password: str, api_key: str) -> None:
    """Fill the volume of the server's secret files."""
    scopes = ["users:read", "audit_logs:read"]
    key_hash = hashlib.sha256(api_key.encode()).hexdigest()
    entries = [{"tenant": "master", "name": f"restore-drill-{key_hash[:8]}", "scopes": scopes, "keyHash": key_hash}]
    # Kotauth only takes an administrator's password that its rules accept, and ignores it where there are users.
    contents = (plan.secret_key, password, f"Aa1{secrets.token_hex(16)}", json.dumps(entries))
    files = {name: content.encode() for name, content in zip(SECRET_FILES, contents, strict=True)}
    carrier = Job(
        image=plan.database_image,
        command=["true"],
        user=kotauth.USER,
        mounts=[Mount(volume=volume, path=SECRETS, read_only=False)],
        files={SECRETS: {**files}},
    )
    runner.remove(runner.create(carrier))


def _start_database(database: Database, role: str, fingerprint: str) -> str:
    """Start PostgreSQL, make the server's login in it by ``role``, its `role.sql`, and return its network."""
    runner, image = database.runner, database.image
    administrator = secrets.token_hex(24).encode()
    spec = database_server(image=image, memory=_DATABASE_MEMORY_MB, cpus=1, database=OWNER)
    files = {"administrator_password": administrator}
    with _named("PostgreSQL does not start"):
        started = runner.start(
            from_spec(spec, files={SECRETS: {**files}, **{volume["path"]: {} for volume in spec.get("volumes", [])}}),
            seconds=_READY_SECONDS,
        )
    network = f"container:{started}"
    with _named("the database role can't be made"):
        runner.run(
            Job(
                image=image,
                command=["sh", "-c", APPLY_ROLE],
                user=USER,
                environment={"PGHOST": _HOST, "PGDATABASE": OWNER, "PGUSER": ADMINISTRATOR},
                files={
                    SECRETS: {**files, "role.sql": role.encode()},
                    "/run/key": {KEY_FINGERPRINT_FILE: fingerprint.encode()},
                },
                networks=[network],
            ),
            seconds=_QUICK_SECONDS,
        )
    return network


def _server(plan: Plan, login: str) -> ContainerSpec:
    return kotauth.server(
        image=plan.server_image,
        base_url=parse_base_url(plan.base_url),
        environment="production",
        memory=kotauth.MEMORY_FLOOR_MB,
        cpus=kotauth.CPU_FLOOR,
        pool_size=_POOL,
        update_check=False,
        database=DatabaseConnection(_HOST, OWNER, login, plan.database_image),
    )


def _guard(runner: Runner, spec: ContainerSpec, database: Database) -> None:
    check = spec.get("before_start")
    assert check  # noqa: S101 - a server always has it
    job = Job(
        image=check["image"],
        command=check["command"],
        user=spec["user"],
        environment=database.environment,
        mounts=[database.secrets],
        networks=[database.network],
    )
    with _named("the key guard refuses the server"):
        runner.run(job, seconds=_QUICK_SECONDS)


def _ask(runner: Runner, image: str, network: str, api_key: str) -> None:
    job = Job(
        image=image,
        command=["sh", "-c", _ASK, "ask", *_ANSWERS],
        user=kotauth.USER,
        files={"/run/key": {"header": f"Authorization: Bearer {api_key}\n".encode()}},
        networks=[network],
    )
    with _named("the restored server doesn't answer its API"):
        answers = runner.run(job, seconds=_QUICK_SECONDS).splitlines()
        for name, answer in zip(_ANSWERS, answers, strict=True):
            if not isinstance(json.loads(answer).get("data"), list):
                raise JobError(f"{name}: {answer[:200]}")


@contextmanager
def _named(what: str) -> Generator[None]:
    """Say which step failed."""
    try:
        yield
    except JobError as error:
        raise JobError(f"{what}: {error}") from error
