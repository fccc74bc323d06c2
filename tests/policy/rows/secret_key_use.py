"""Rules of the area `secret-key-use`."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_random as random

from policy.testing.aws_host import PROXY_UNIT, mount, server, sha256, user_data
from policy.testing.aws_program import KNOWN as AWS_KNOWN
from policy.testing.change import ABSENT, Change, From, Secret, add, copied, put
from policy.testing.docker_program import KNOWN, POSTGRES, envs

from ..mutation import NOTHING, Case, Found, Row, found, on_aws, table

_DOCKER_ROLE, _AWS_ROLE = "kotauth:index:DockerDatabaseRole", "kotauth:index:AwsDatabaseRole"
_HEX = "0123456789abcdef" * 4


class _Library(pulumi.ComponentResource):
    """A component that is given the key."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: object) -> None:
        super().__init__("example:index:Login", name, inputs, opts)
        docker.Volume(f"{name}-files", opts=pulumi.ResourceOptions(parent=self))


def _fingerprint(key: str) -> str:
    return sha256(f"kotauth-infra/key/v1|{sha256(key)}")[:16]


class _Role(pulumi.ComponentResource):
    """What carries one file to the job that makes the database's roles."""

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, *, token: str, file: str, content: Any
    ) -> None:
        super().__init__(token, name, None, opts)
        docker.Container(
            f"{name}-carrier",
            image=POSTGRES,
            start=False,
            must_run=False,
            network_mode="none",
            uploads=[{"file": f"/files/{file}", "content": pulumi.Output.secret(content), "permissions": "0400"}],
            labels=[{"label": "kotauth.part", "value": "files"}],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _file(
    name: str,
    make: Callable[[str], str],
    expected: Found,
    *,
    known: bool = True,
    below: str = _DOCKER_ROLE,
    file: str = "key_fingerprint",
) -> Case:
    carrier = add("of", _Role, {"token": below, "file": file, "content": From("key", "result", make)})
    return Case(f"a file with {name}, {known=}", (carrier,), expected, KNOWN if known else None)


class _Call(pulumi.ComponentResource):
    """What passes something on to the function that makes the database's roles."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, *, token: str, text: Any) -> None:
        super().__init__(token, name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        aws.lambda_.Invocation(f"{name}-call", function_name="role", input=pulumi.Output.secret(text), opts=child)


def _call(
    name: str, make: Callable[[str], str], expected: Found, *, known: bool = True, below: str = _AWS_ROLE
) -> Case:
    call = add("call", _Call, {"token": below, "text": From("secret-key", "result", make)})
    return Case(f"a call with {name}, {known=}", (call,), expected, AWS_KNOWN if known else None)


def _json(fingerprint: str) -> str:
    return json.dumps({"host": "db", "key_fingerprint": fingerprint})


_CACHED = [*envs(), "KAUTH_REDIS_URL=rediss://cache:6379"]
# A second server with files of its own, which hold the same key.
_TWO = (
    add("second-key", random.RandomPassword, {"length": 64, "opts": {"protect": True}}, first=True),
    add("second-files", docker.Volume, {}, first=True),
    put("server", "envs", _CACHED),
    copied("server-carrier", "second-carrier"),
    put("second-carrier", "volumes.0.volume_name", From("second-files", "name")),
    copied("server", "second"),
    put("second", "volumes.0.volume_name", From("second-files", "name")),
)

ROWS = (
    Row(
        "use-one-secret-key",
        "server",
        "second-carrier/uploads.0.content",
        From("second-key", "result", sha256),
        unknown=found("use-one-secret-key@server", "trace-secret-key@second"),
        absent=found(
            "use-one-secret-key@server",
            "trace-secret-key@second",
            "use-hex-secret-key@second",
            "encrypt-secret-files@second-carrier",
        ),
        setup=_TWO,
    ),
    Row(
        "keep-secret-key-apart",
        "database",
        "database/volumes.2.volume_name",
        From("server-files", "name"),
        absent=NOTHING,
        setup=(
            put("database", "volumes.+", {"volume_name": From("frontend-files", "name"), "container_path": "/more"}),
        ),
    ),
)


def _key(content: object) -> Change:
    return put("server-carrier", "uploads.0.content", content)


def _labels(name: str) -> list[dict[str, object]]:
    return [{"label": name, "value": From("key", "result", sha256)}]


_MOUNT = "--mount=type=bind,source=/run/kotauth/server,target=/keys,readonly"
_SECRET = {
    "description": "Copy of the secret_key",
    "kms_key_id": "alias/kotauth",
    "recovery_window_in_days": 30,
    "opts": {"protect": True},
}
_VERSION = {"secret_id": From("copy", "id"), "secret_string": From("key", "result", sha256)}
_APART = found("keep-secret-key-apart@key")
_CALLED = found("keep-secret-key-apart@secret-key", "keep-secrets-out-of-functions@call-call")
_OF_KEY, _DIGEST = From("key", "result"), From("key", "result", sha256)

CASES = (
    Case("two servers with the same key", _TWO, NOTHING),
    Case("two servers with the same key, known", _TWO, NOTHING, KNOWN),
    Case(
        "two servers with keys that are known",
        (*_TWO, _key(Secret(_HEX)), put("second-carrier", "uploads.0.content", Secret(_HEX[::-1]))),
        found("use-one-secret-key@server"),
    ),
    Case(
        "a key that was brought along beside one that is made",
        (*_TWO, put("second-carrier", "uploads.0.content", From("second-key", "result", sha256)), _key(Secret(_HEX))),
        found("use-one-secret-key@server"),
    ),
    Case("the key is a password of the database", (put("database-carrier", "uploads.0.content", _OF_KEY),), _APART),
    Case("a digest of the key", (put("server-files", "labels", _labels("kotauth.content")),), NOTHING),
    Case("a label of the key", (put("server-files", "labels", _labels("backup")),), _APART),
    Case(
        "what is made of the key is kept by something else", (put("database-password", "keepers.key", _OF_KEY),), _APART
    ),
    Case(
        "one of two long passwords, which goes elsewhere, too",
        (
            put("administrator-password", "length", 64),
            put("server-carrier", "uploads.2.content", From("administrator-password", "result")),
        ),
        NOTHING,
    ),
    _file("the fingerprint", _fingerprint, NOTHING, known=False),
    _file("the fingerprint", _fingerprint, NOTHING),
    _file("another fingerprint", lambda key: sha256(key)[:16], _APART),
    _file("the key", sha256, _APART),
    _file("the fingerprint, elsewhere", _fingerprint, _APART, known=False, below="example:index:Role"),
    _file("the fingerprint by another name", _fingerprint, _APART, known=False, file="role.sql"),
    Case("an input of a component", (add("login", _Library, {"secret_key": _OF_KEY}),), NOTHING),
    Case(
        "the volumes of the server",
        (put("frontend", "volumes.+", {"from_container": From("server", "name")}),),
        found("keep-secret-key-apart@frontend"),
    ),
    Case(
        "a volume beside the key",
        (
            add("shared", docker.Volume, {}, first=True),
            put("server-carrier", "uploads.0", ABSENT),
            put("server", "envs", envs(KAUTH_SECRET_KEY_FILE="/run/keys/secret_key")),
            put("server", "uploads", [{"file": "/run/keys/secret_key", "content": _DIGEST, "permissions": "0400"}]),
            put("server", "volumes.+", {"volume_name": From("shared", "name"), "container_path": "/shared"}),
            put("frontend", "volumes.+", {"volume_name": From("shared", "name"), "container_path": "/shared"}),
        ),
        NOTHING,
    ),
    Case(
        "a volume whose name is known",
        (
            put("server-files", "name", "files"),
            put("frontend", "volumes.+", {"volume_name": "files", "container_path": "/more"}),
        ),
        found("keep-secret-key-apart@frontend"),
    ),
    Case(
        "a copy in Secrets Manager",
        (
            add("copy", aws.secretsmanager.Secret, _SECRET),
            add("copy-version", aws.secretsmanager.SecretVersion, _VERSION),
        ),
        NOTHING,
    ),
)

_HOSTS = ("template", "second")
_READ = put("template", "user_data", user_data(proxy=PROXY_UNIT.replace("--publish", f"{_MOUNT} --publish")))
_FOLDER = mount("/run/kotauth/server/secrets", "/run/secrets")


def _read(name: str, option: str, key: dict[str, object] = _FOLDER) -> Case:
    """Return the case of a proxy on a host with one more option, and where the server's key is."""
    file = server(mounts=[key])
    data = user_data(server=file, proxy=PROXY_UNIT.replace("--publish", f"{option} --publish"))
    changes = (
        put("template", "user_data", data),
        put("server-file", "key", sha256(file)),
        put("server-file", "content", file),
    )
    return Case(f"the key of a host in another container, {name}", changes, found("keep-secret-key-apart@template"))


ON_AWS = (
    _read("by its file", "-v /run/kotauth/server/secrets/secret_key:/key:ro"),
    _read(
        "mounted as a file by both",
        "-v /srv/secret_key:/key:ro",
        mount("/srv/secret_key", "/run/secrets/secret_key"),
    ),
    _read("by a folder above", "-v /srv/secrets:/keys:ro", mount("/srv", "/run")),
    _read("with all that the server has", "--volumes-from=server:ro"),
    Case("the key of a host in another container", (_READ,), found("keep-secret-key-apart@template")),
    Case(
        "the key as a stored password",
        (put("database-password-secret-version", "secret_string", From("secret-key", "result")),),
        found("keep-secret-key-apart@secret-key"),
    ),
    _call("the fingerprint", lambda key: _json(_fingerprint(key)), NOTHING, known=False),
    _call("the fingerprint", lambda key: _json(_fingerprint(key)), NOTHING),
    _call("another fingerprint", lambda key: _json(sha256(key)[:16]), _CALLED),
    _call("the key", lambda key: _json(sha256(key)), _CALLED),
    _call(
        "the fingerprint and the key", lambda key: f'{_json(_fingerprint(key))[:-1]}, "k": "{sha256(key)}"}}', _CALLED
    ),
    _call("no JSON", sha256, _CALLED),
    _call("the fingerprint, elsewhere", lambda key: _json(_fingerprint(key)), _CALLED, below="example:index:Role"),
    _call("something, elsewhere", sha256, _CALLED, known=False, below="example:index:Role"),
    Case(
        "a second host with the same key",
        (copied("template", "second"),),
        found(*(f"{rule}@{host}" for rule in ("share-state-between-servers", "run-one-frontend") for host in _HOSTS)),
    ),
)

TABLE = [*table(*ROWS, *CASES), *on_aws(*ON_AWS)]
