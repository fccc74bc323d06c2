"""Rules of the area `secret-exposure`: texts that hold a secret, and texts that look so."""

import pulumi_aws as aws

from policy.testing.aws_program import KNOWN as AWS_KNOWN
from policy.testing.change import UNKNOWN, Change, From, Secret, add, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Row, found, spelled
from .secret_commands import CAUGHT_COMMANDS, PASSED_COMMANDS

_ENVIRONMENT, _LABELS, _COMMANDS = (f"keep-secrets-out-of-{each}" for each in ("environment", "labels", "commands"))
_ADVICE = "name-secret-references"


def _envs(entry: object) -> Change:
    return put("frontend", "envs", [entry])


def _label(text: object) -> Change:
    name, _, value = str(text).partition("=")
    return put("frontend", "labels.+", {"label": name, "value": value})


def _command(words: object) -> Change:
    return put("frontend", "command", words)


def _file(upload: object) -> Change:
    file, _, content = str(upload).partition(" ")
    permissions = content if content.isdigit() else "0400"
    body = {"file": file, "content": Secret("x") if content.isdigit() else content, "permissions": permissions}
    return put("frontend-carrier", "uploads.+", body)


def _mount(volume: object) -> Change:
    source, target, *mode = str(volume).split(":")
    body = {"host_path": source, "container_path": target, "read_only": bool(mode)}
    return put("frontend", "volumes.+", body)


TEXTS = (
    *spelled(
        _ENVIRONMENT,
        "frontend",
        _envs,
        caught=(
            "RAILS_MASTER_KEY=0123456789abcdef0123456789abcdef",
            "SECRET_KEY_BASE=0123456789abcdef",
            "APP_KEY=base64:Jk3b0m9sJ2k4l5m6n7o8p9q0r1s2t3u4v5w6x7y8z9A=",
            "APP_KEY=base64:2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10=",
            "COOKIE_KEY=2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10=",
            "PROXY_AUTH=Basic dXNlcjpwYXNz",
            "RABBITMQ_ERLANG_COOKIE=hunter2",
            "spring.datasource.password=hunter2",
            "ConnectionStrings__Default=Server=db;User Id=sa;Password=hunter2;",
            "JAVA_OPTS=-Xmx1g -Ddb.password=hunter2",
            "REDIS_ARGS=--requirepass hunter2",
            'SPRING_APPLICATION_JSON={"spring":{"datasource":{"password":"hunter2"}}}',
            "UPSTREAM=ghp_0123456789abcdef0123456789abcdef0123",
            "CONFIG=eyJwYXNzd29yZCI6Imh1bnRlcjIifQ==",
            "SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T0001/B0001/abcdefgh",
            "SENTRY_DSN=https://abc:def@sentry.example.com/1",
            "DB_PASSWORD=${DB_PASSWORD:-hunter2}",
            # Under the name of a place, too.
            "DB_SECRET_NAME=-----BEGIN RSA PRIVATE KEY-----",
        ),
        passed=(
            "PASSWORD_MIN_LENGTH=12",
            "POSTGRES_HOST_AUTH_METHOD=scram-sha-256",
            "PASSWORD_RESET_URL=https://example.com/reset",
            "SENTRY_DSN=https://abc@o1.ingest.sentry.io/1",
            "DB_PASSWORD=${DB_PASSWORD}",
            "DB_PASSWORD=op://vault/db/password",
            "DB_SECRET_NAME=orders-db",
            "SLACK_SIGNING_SECRET=projects/1/secrets/Slack/versions/latest",
            "MAX_TOKENS=4096",
            "MYSQL_ALLOW_EMPTY_PASSWORD=yes",
            "JWT_PUBLIC_KEY=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
            "AWS_CA_BUNDLE=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "TOKENIZERS_PARALLELISM=false",
            "CORS_ALLOW_CREDENTIALS=true",
        ),
    ),
    *spelled(
        _LABELS,
        "frontend",
        _label,
        caught=(
            "com.example.db.password=hunter2",
            "apiToken=hunter2",
            "proxy.headers=Authorization: Basic bWU6aHVudGVyMg==",
            "upstream=amqp://me:hunter2@queue",
            'config={"client_secret": "hunter2"}',
            "note=glpat-0123456789abcdefghij",
            "start=redis-server --requirepass hunter2",
        ),
        passed=(
            "com.example.password.policy=strict",
            "traefik.http.middlewares.auth.basicauth.users=admin:$apr1$salt$hash",
            "traefik.http.middlewares.auth.forwardauth.address=http://auth:8080/token",
            "org.opencontainers.image.revision=55e7e7703f17c41f276caf8f1a1b744d674259f8",
            "com.example.secret-name=orders/db",
            "org.opencontainers.image.description=Signs every token for one hour",
            "upstream=amqp://queue:5672",
        ),
    ),
    *spelled(_COMMANDS, "frontend", _command, caught=CAUGHT_COMMANDS[:12], passed=PASSED_COMMANDS[:12]),
    *spelled(
        "encrypt-secret-files",
        "frontend-carrier",
        _file,
        caught=(
            "/files/tls.pem -----BEGIN PRIVATE KEY-----",
            "/files/secrets.json {}",
            "/files/id_ed25519 x",
            "/files/app.env DB_PASSWORD=hunter2",
            "/files/app.conf upstream=https://me:hunter2@example.com",
            "/files/.pgpass x",
            "/files/client_secret.json x",
        ),
        passed=(
            "/files/tls.pem -----BEGIN CERTIFICATE-----",
            "/files/public_key.pem x",
            "/files/app.env DB_PASSWORD_FILE=/run/secrets/db",
            "/files/app.conf upstream=https://example.com",
            "/files/id_ed25519.pub x",
            "/files/password_policy.json {}",
            "/files/authorized_keys x",
        ),
    ),
    *spelled(
        "restrict-secret-files",
        "frontend-carrier",
        _file,
        caught=[
            f"/files/{each}"
            for each in ("tls.key 0444", "id_rsa 0640", "tokens.json 644", ".pgpass 0660", "a.p12 0404")
        ],
        passed=[
            f"/files/{each}"
            for each in ("tls.key 0400", "id_rsa 600", "tokens.json 0700", "a.pub 0644", "token.md 0644")
        ],
    ),
    *spelled(
        "mount-secret-files-read-only",
        "frontend",
        _mount,
        caught=(
            "/srv/a:/run/secrets",
            "/srv/a:/run/secrets/",
            "/srv/a:/var/run/secrets/db",
            "/srv/a:/run/secrets/../secrets/db",
            "/srv/tls.key:/etc/app/tls.key",
        ),
        passed=(
            "/srv/a:/run/secrets:ro",
            "/srv/a:/run/secretsfile",
            "/srv/a:/var/lib/keys",
            "/srv/tls.crt:/etc/app/tls.crt",
            "/srv/tls.key:/etc/app/tls.key:ro",
        ),
    ),
    Case(
        "memory where a container writes its own secrets",
        (put("frontend", "mounts", [{"type": "tmpfs", "target": "/run/secrets"}]),),
        NOTHING,
        rule="mount-secret-files-read-only",
        state=PASSED,
    ),
    Case(
        "a flag of the entry point whose value is the command",
        (put("frontend", "entrypoints", ["redis-server", "--requirepass"]), put("frontend", "command", ["hunter2"])),
        found(f"{_COMMANDS}@frontend"),
        rule=_COMMANDS,
        state=CAUGHT,
    ),
    Case(
        "a flag whose value is unknown",
        (put("frontend", "command", ["run", "--password", UNKNOWN, "hunter2"]),),
        NOTHING,
        rule=_COMMANDS,
        state=PASSED,
    ),
    Row(
        _ADVICE,
        "frontend",
        "frontend/envs",
        ["DB_SECRET=prod/orders/db"],
        secret=found(f"{_ENVIRONMENT}@frontend"),
        unknown=NOTHING,
        absent=NOTHING,
        setup=(put("frontend", "envs", []),),
    ),
    *spelled(
        _ADVICE,
        "frontend",
        _envs,
        caught=(
            "DB_SECRET=prod/orders/db",
            "dbSecret=orders/database-password",
            "ORDERS_CREDENTIALS=my-app/eu/db_v2",
            "STRIPE_TOKEN=Payments/stripe",
            "API_KEY=prod/apiKey",
        ),
        passed=(
            "DB_SECRET_NAME=prod/orders/db",
            "DB_SECRET_ID=prod/orders/db",
            "DB_SECRET=/prod/orders/db",
            "DB_SECRET=arn:aws:secretsmanager:eu-central-1:1:secret:prod/orders/db",
            "SECRETS_PREFIX=prod/orders",
            "IMAGE=acme/orders/db",
        ),
    ),
)


def _variable(name: str, text: object, *changes: Change) -> tuple[Change, ...]:
    return (*changes, put("function", "environment", {"variables": {name: text}}))


_PLACE = "prod/orders/db"
_LATER = {
    **AWS_KNOWN,
    "secret-key-secret": {"name": _PLACE, "arn": f"arn:aws:secretsmanager:eu:1:secret:{_PLACE}-a1b2c3"},
}
_PARAMETER = add("secret-parameter", aws.ssm.Parameter, {"name": _PLACE, "type": "SecureString", "value": Secret("x")})
ON_AWS = (
    Case(
        "a place of a function",
        _variable("DB_SECRET", _PLACE),
        found(f"{_ADVICE}@function"),
        rule=_ADVICE,
        state=CAUGHT,
    ),
    *(
        Case(f"the name of a secret, {name}", changes, NOTHING, outputs, _ADVICE, PASSED)
        for name, changes, outputs in (
            ("before the first update", _variable("DB_SECRET", From("secret-key-secret", "name")), None),
            ("after it", _variable("DB_SECRET", From("secret-key-secret", "name")), _LATER),
            ("written out", _variable("DB_SECRET", _PLACE), _LATER),
            ("that is an input", _variable("DB_SECRET", _PLACE, put("secret-key-secret", "name", _PLACE)), None),
            ("that is a word", _variable("DB_SECRET", "orders", put("secret-key-secret", "name", "orders")), None),
            ("of a parameter", _variable("DB_PASSWORD", _PLACE, _PARAMETER), None),
        )
    ),
)
