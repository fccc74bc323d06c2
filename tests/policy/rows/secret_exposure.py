"""Rules of the area `secret-exposure`."""

import pulumi_aws as aws
import pulumi_random as random

from policy.testing.aws_host import PROXY_UNIT, user_data
from policy.testing.change import ABSENT, UNKNOWN, From, Secret, add, put
from policy.testing.docker_program import KNOWN

from ..mutation import NOTHING, Case, Row, found, on_aws, table
from .frontend_jobs import FILL
from .secret_exposure_text import ON_AWS as TEXTS_ON_AWS
from .secret_exposure_text import TEXTS
from .secret_keys_of_certificates import CASES as PRIVATE_KEYS
from .secret_keys_of_certificates import ON_AWS as PRIVATE_KEYS_ON_AWS
from .topology_certificates import KEYS

_PASSWORD = From("admin-password", "result")
_KEY_FILE = {"file": "/files/tls.key", "content": Secret("text"), "permissions": "0400"}

ROWS = (
    Row(
        "keep-secrets-out-of-environment",
        "frontend",
        "frontend/envs",
        ["API_TOKEN=hunter2"],
        unknown=NOTHING,
        absent=NOTHING,
        setup=(put("frontend", "envs", []),),
    ),
    Row(
        "keep-secrets-out-of-labels",
        "frontend",
        "frontend/labels.1.value",
        "https://me:hunter2@proxy",
        unknown=NOTHING,
        absent=NOTHING,
        setup=(put("frontend", "labels.+", {"label": "upstream", "value": "https://proxy"}),),
    ),
    Row(
        "keep-secrets-out-of-commands",
        "frontend",
        "frontend/command",
        ["run", "--password=hunter2"],
        unknown=NOTHING,
        absent=NOTHING,
    ),
    Row(
        "encrypt-secret-files",
        "frontend-carrier",
        "frontend-carrier/uploads.1.content",
        "text",
        secret=NOTHING,
        setup=(put("frontend-carrier", "uploads.+", _KEY_FILE),),
    ),
    Row("restrict-secret-files", "server-carrier", "server-carrier/uploads.0.permissions", "0444"),
    Row("mount-secret-files-read-only", "server", "server/volumes.0.read_only", False),
)


def _environment(entry: object, *violations: str, outputs: dict | None = None) -> Case:
    name = f"envs {entry if isinstance(entry, str) else 'from a password'} {'known' if outputs else ''}"
    return Case(name, (put("frontend", "envs", [entry]),), found(*violations), outputs)


_EXPOSED = "keep-secrets-out-of-environment@frontend"
_PLAIN = "forbid-plain-random-secrets@made"


def _made_by(name: str, kind: type, inputs: dict, output: str, *violations: str) -> Case:
    changes = (add("made", kind, inputs, first=True), put("frontend", "envs", [From("made", output)]))
    return Case(f"envs from {name}", changes, found(*violations))


SOURCES = (
    _made_by("a suffix", random.RandomString, {"length": 8}, "result"),
    _made_by("a random string", random.RandomString, {"length": 9}, "result", _EXPOSED, _PLAIN),
    _made_by("a random string of unknown length", random.RandomString, {"length": UNKNOWN}, "result", _EXPOSED, _PLAIN),
    _made_by("a random id", random.RandomId, {"byte_length": 4}, "hex"),
    _made_by("an access key", aws.iam.AccessKey, {"user": "app"}, "secret", _EXPOSED),
    _made_by("a user", aws.iam.User, {}, "name"),
)
CASES = (
    *SOURCES,
    *(
        _environment(entry, _EXPOSED)
        for entry in (
            "DB_PASSWORD=x",
            "KAUTH_SECRET_KEY=x",
            "AWS_SECRET_ACCESS_KEY=x",
            "PGPASSWORD=x",
            "api_key=x",
            "REDIS_URL=rediss://kotauth:hunter2@cache:6379",
            "DB_URL=jdbc:postgresql://db/k?user=k&password=hunter2",
            "CERT=-----BEGIN EC PRIVATE KEY-----",
        )
    ),
    *map(_environment, ("DB_PASSWORD_FILE=/run/secrets/p", "DB_PASSWORD=", "TOKEN_TTL=60", "URL=https://host:443/a@b")),
    # A switch, and two places where the secret is.
    *map(
        _environment,
        (
            "MYSQL_RANDOM_ROOT_PASSWORD=yes",
            "GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/google.json",
            "DB_SECRET=arn:aws:secretsmanager:eu-central-1:1:secret:db",
        ),
    ),
    *(_environment(entry, _EXPOSED) for entry in ("DB_PASSWORD=/A1b2", "DB_PASSWORD=/Ab/c+d", "DB_PASSWORD=yes!")),
    _environment(_PASSWORD, _EXPOSED),
    _environment(_PASSWORD, _EXPOSED, outputs=KNOWN),
    Case("all of envs marked secret", (put("frontend", "envs", Secret(["A=b"])),), found(_EXPOSED)),
    Case(
        "all of envs from a password",
        (put("frontend", "envs", From("admin-password", "result", lambda t: [t])),),
        found(_EXPOSED),
    ),
    Case(
        "a container that is not started",
        (put("frontend-carrier", "envs", ["API_TOKEN=x"]),),
        found("keep-secrets-out-of-environment@frontend-carrier"),
    ),
    Case(
        "a command from a password",
        (put("frontend", "command.+", _PASSWORD),),
        found("keep-secrets-out-of-commands@frontend"),
    ),
    Case(
        "a probe with a password",
        (put("frontend", "healthcheck.tests.+", Secret("hunter2")),),
        found("keep-secrets-out-of-commands@frontend"),
    ),
    Case(
        "an entry point with a password",
        (put("frontend", "entrypoints", ["redis-server", "--requirepass hunter2"]),),
        found("keep-secrets-out-of-commands@frontend"),
    ),
    Case(
        "a label from a password",
        (put("frontend", "labels.+", {"label": "version", "value": _PASSWORD}),),
        found("keep-secrets-out-of-labels@frontend"),
    ),
    Case("a digest from a password", (), NOTHING, outputs=KNOWN),
    Case(
        "a digest that is too long to be one",
        (put("role", "labels.1.value", "0" * 64),),
        found("keep-secrets-out-of-labels@role"),
    ),
    Case(
        "all labels marked secret, a digest among them",
        (
            put(
                "role",
                "labels",
                Secret(
                    [
                        {"label": "kotauth.part", "value": "job"},
                        {"label": "kotauth.trigger", "value": "0123456789abcdef"},
                    ]
                ),
            ),
        ),
        NOTHING,
    ),
    Case(
        "all labels marked secret",
        (put("role", "labels", Secret([{"label": "kotauth.part", "value": "job"}])),),
        found("keep-secrets-out-of-labels@role"),
    ),
    Case("all labels unknown", (put("frontend-carrier", "labels", UNKNOWN),), NOTHING),
    Case(
        "a password in clear",
        (put("server-carrier", "uploads.1.content", "hunter2"),),
        found("encrypt-secret-files@server-carrier"),
    ),
    Case("a script about keys", (put("frontend-carrier", "uploads.0.file", "/files/key_guard.sh"),), NOTHING),
    Case("no owner's bit", (put("server-carrier", "uploads.0.permissions", "0600"),), NOTHING),
    Case(
        "readable by the group",
        (put("server-carrier", "uploads.0.permissions", "0440"),),
        found("restrict-secret-files@server-carrier"),
    ),
    Case(
        "secret files in the other notation",
        (
            put("server", "volumes", ABSENT),
            put(
                "server",
                "mounts",
                [{"type": "volume", "source": From("server-files", "name"), "target": "/run/secrets"}],
            ),
        ),
        found("mount-secret-files-read-only@server"),
    ),
)

_WRITABLE = PROXY_UNIT.replace("target=/run/secrets,readonly", "target=/run/secrets")
_ONE_FILE = "-v /srv/tls.key:/run/secrets/tls.key --publish"
ON_AWS = (
    *(
        Case(
            f"secret files of a host that can be written, {name}",
            (put("template", "user_data", user_data(proxy=proxy)),),
            found("mount-secret-files-read-only@template"),
        )
        for name, proxy in {
            "one of them": PROXY_UNIT.replace("--publish", _ONE_FILE),
            "in so many words": PROXY_UNIT.replace("/run/secrets,readonly", "/run/secrets,readonly=false"),
        }.items()
    ),
    Case(
        "secret files of a host that can be written",
        (put("template", "user_data", user_data(proxy=_WRITABLE)),),
        found("mount-secret-files-read-only@template"),
    ),
)

TABLE = [
    *table(*ROWS, *CASES, *TEXTS, *FILL, *PRIVATE_KEYS, *KEYS),
    *on_aws(*ON_AWS, *TEXTS_ON_AWS, *PRIVATE_KEYS_ON_AWS),
]
