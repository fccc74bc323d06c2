"""Rules of the area `backups`."""

from policy.testing.change import ABSENT, UNKNOWN, From, Secret, put, without
from policy.testing.docker_program import KNOWN, mounted

from ..mutation import NOTHING, Case, Found, Row, found, spelled, state, table

_NO_BACKUP = found("have-backups-on-docker@server")


def _states(rule: str, container: str, name: str, bad: str, *, absent: Found | None = None) -> list[Case]:
    """Return the four states of the last variable of a container."""
    exactly = found(f"{rule}@{container}")
    position = 1 if container == "backup-dump" else 0
    path = f"envs.{position}"
    hidden = found(f"keep-secrets-out-of-environment@{container}")
    return [
        state(rule, "known", (put(container, path, f"{name}={bad}"),), exactly),
        state(rule, "secret", (put(container, path, Secret(f"{name}={bad}")),), exactly | hidden),
        state(rule, "unknown", (put(container, path, UNKNOWN),), exactly),
        state(rule, "absent", (put(container, path, ABSENT),), exactly if absent is None else absent),
    ]


ROWS = (
    *_states("encrypt-backup-repository", "backup-store", "RESTIC_REPOSITORY", "s3:http://minio.example.com/backups"),
    *_states("dump-with-own-login", "backup-dump", "PGUSER", "kotauth"),
    Row(
        "store-backups-apart",
        "backup-store",
        "backup-store/volumes.1.volume_name",
        From("data", "name"),
        unknown=found("keep-secret-key-apart@backup-store"),
        absent=NOTHING,
    ),
    Row(
        "separate-backup-store-from-database",
        "backup-store",
        "backup-store/networks_advanced",
        [{"name": From("database-network", "name")}],
        secret=found("use-own-network@backup-store", "separate-backup-store-from-database@backup-store"),
        unknown=found("use-own-network@backup-store", "separate-backup-store-from-database@backup-store"),
        absent=NOTHING,
        setup=(put("backup-store", "networks_advanced", []),),
    ),
)

CASES = (
    *(
        Case(
            f"the options {' '.join(options)}",
            (put("backup-store", "command", ["backup", *options]),),
            found("encrypt-backup-repository@backup-store"),
        )
        for options in (
            ["--insecure-no-password"],
            ["--insecure-tls"],
            ["--repo", "s3:http://minio.example.com/backups"],
            ["--repo=REST:http://backup.example.com/"],
        )
    ),
    Case(
        "the login of the administrator",
        (put("backup-dump", "envs.1", "PGUSER=kotauth_admin"),),
        found("dump-with-own-login@backup-dump"),
    ),
    Case(
        "the database's volume as the spool",
        (put("backup-dump", "volumes.0.volume_name", From("data", "name")),),
        found("store-backups-apart@backup-dump") | _NO_BACKUP,
    ),
    Case(
        "the database's volume by its name",
        (put("backup-store", "volumes.+", mounted("data", "/data")),),
        found("store-backups-apart@backup-store"),
        outputs=KNOWN,
    ),
    Case("dumps that nothing stores", (without("backup-store"),), _NO_BACKUP),
    Case("dumps that the store does not see", (put("backup-store", "volumes.0", ABSENT),), _NO_BACKUP),
    Case(
        "a dump that does not reach the database",
        (put("backup-dump", "networks_advanced", ABSENT), put("backup-dump", "network_mode", "none")),
        _NO_BACKUP,
    ),
    Case(
        "a container of one's own that reaches the database",
        (without("backup-store"), put("backup-dump", "labels.0.value", "backup")),
        NOTHING,
    ),
)

SPELLINGS = (
    *spelled(
        "encrypt-backup-repository",
        "backup-store",
        lambda address: put("backup-store", "envs.0", f"RESTIC_REPOSITORY={address}"),
        caught=(
            "s3:http://minio.example.com/backups",
            "S3:HTTP://minio.example.com/backups",
            "rest:http://backup.example.com/",
            "swift:http://backup.example.com/x",
            "",
        ),
        passed=(
            "s3:https://minio.example.com/backups",
            "s3:s3.eu-central-1.amazonaws.com/backups",
            "sftp:kotauth@backup.example.com:/http",
            "rest:https://backup.example.com/",
            "/repository",
        ),
    ),
    *spelled(
        "dump-with-own-login",
        "backup-dump",
        lambda login: put("backup-dump", "envs.1", login),
        caught=(
            *(f"PGUSER={login}" for login in ("kotauth", "kotauth_admin", "", "postgres", "kotauth_a", "kotauth_b")),
            "PGPORT=5432",
            "pguser=kotauth_backup",
        ),
        passed=("PGUSER=kotauth_backup", "PGUSER=reader", "PGUSER=kotauth_adm", "PGUSER=Kotauth", "PGUSER=kotauth2"),
    ),
)

TABLE = [*table(*ROWS, *CASES, *SPELLINGS)]
