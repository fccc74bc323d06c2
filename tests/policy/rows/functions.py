"""Rules of the area `functions`."""

import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, Change, From, Secret, add, put

from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws, spelled
from . import functions_callers

_EXPOSED = found("keep-secrets-out-of-functions@function")
_ENDED = found("run-supported-runtimes@function")
_VARIABLES = put("function", "environment", {"variables": {"MODE": "fast"}})


def _permission(**changed: object) -> Change:
    body = {"function": From("function", "name"), "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com"}
    return add("permission", aws.lambda_.Permission, {**body, **changed})


ROWS = (
    Row("run-supported-runtimes", "function", "function/runtime", "python3.8", absent=NOTHING),
    Row("plan-runtime-upgrades", "function", "function/runtime", "java17", unknown=_ENDED, absent=NOTHING),
    Row(
        "forbid-public-functions",
        "permission",
        "permission/principal",
        "*",
        setup=(_permission(principal="arn:aws:iam::123456789012:role/one"),),
        absent=REQUIRED,
    ),
    Row(
        "keep-secrets-out-of-functions",
        "function",
        "function/environment.variables.API_TOKEN",
        "hunter2",
        setup=(put("function", "environment", {"variables": {"API_TOKEN": ""}}),),
        unknown=NOTHING,
        absent=NOTHING,
    ),
    Row("trace-functions", "function", "function/tracing_config.mode", "PassThrough", absent=REQUIRED),
)


def _variable(name: str, value: object, *, ok: bool = False) -> Case:
    changes = (_VARIABLES, put("function", f"environment.variables.{name}", value))
    return Case(f"a function with {name}", changes, NOTHING if ok else _EXPOSED)


def _call(text: object) -> Change:
    return add("call", aws.lambda_.Invocation, {"function_name": From("function", "name"), "input": text})


def _input(name: str, value: object, *violations: str) -> Case:
    return Case(f"an input {name}", (_call(value),), found(*violations))


_RUNTIMES = (
    *spelled(
        "run-supported-runtimes",
        "function",
        lambda runtime: put("function", "runtime", runtime),
        caught=("provided.al2", "python3.10", "Python3.9", "nodejs", "dotnetcore2.0", "dotnet8", "java8", "go1.x"),
        passed=("provided.al2023", "python3.14", "Python3.13", "nodejs24.x", "dotnet10", "java21", "python3.15", ""),
    ),
    *spelled(
        "plan-runtime-upgrades",
        "function",
        lambda runtime: put("function", "runtime", runtime),
        caught=("java8.al2", "java11", "python3.11", "Ruby3.3", "nodejs22.x"),
        passed=("java25", "python3.12", "ruby3.4", "nodejs24.x", "nodejs26.x"),
    ),
    Case(
        "a layer that also fits a runtime without support",
        (add("layer", aws.lambda_.LayerVersion, {"layer_name": "shared", "compatible_runtimes": ["python3.8"]}),),
        NOTHING,
    ),
)


def _of_function(entry: object) -> Change:
    name, _, text = str(entry).partition("=")
    return put("function", "environment", {"variables": {name: text}})


_SECRETS = "keep-secrets-out-of-functions"
_TEXTS = (
    *spelled(
        _SECRETS,
        "function",
        _of_function,
        caught=(
            "DB_SECRET=hunter2",
            "STRIPE_SECRET_KEY=hunter2",
            "dbPassword=hunter2",
            "NEW_RELIC_LICENSE_KEY=0123456789abcdef",
            "DATABASE_URL=postgres://me:p%40ss@db/orders",
            'CONFIG={"db": {"password": "hunter2"}}',
            "PARAMETERS=user=me password=hunter2 host=db",
            "WEBHOOK=https://discord.com/api/webhooks/123456789/abcdefghijklmnopqrstuvwx",
            # What a secret says, under the name of a place.
            "DB_SECRET_ARN=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijk",
        ),
        passed=(
            "DB_SECRET_NAME=prod/orders/db",
            "DB_SECRET_ARN=arn:aws:secretsmanager:eu-central-1:1:secret:db",
            "RDS_secret_name=config/database_credentials",
            "DB_PASSWORD_PARAMETER=/prod/orders/db",
            "DB_PASSWORD={{resolve:secretsmanager:orders:SecretString:password}}",
            "KMS_KEY_ID=c0baad75-d0d3-24e3-95d1-1e4e38a44c4a",
            # As long as keys of AWS are.
            "STATE_MACHINE=MySuperCoolFortyCharLongStateMachineeeee",
            "METRIC_NAMESPACE=mdp/feature-logging/FdaCompositePipeline",
            "POWERTOOLS_METRICS_NAMESPACE=orders",
        ),
    ),
    *spelled(
        _SECRETS,
        "call",
        _call,
        caught=('{"password": "hunter2"}', '{"db": {"apiKey": "hunter2"}}', '{"url": "redis://:hunter2@cache"}'),
        passed=('{"secretId": "orders"}', '{"passwordLength": 24}', '{"token": null}', '{"tokens": [1, 2]}'),
    ),
)
_NO_VPC = found("restrict-database-ingress@role-to-database")

CASES = (
    _variable("MODE", "slow", ok=True),
    _variable("DB_SECRET", "arn:aws:secretsmanager:eu-central-1:1:secret:db", ok=True),
    _variable("USE_TOKEN", "true", ok=True),
    Case(
        "a service for an account without a name",
        (_permission(source_account=""),),
        found("forbid-public-functions@permission"),
    ),
    Case("an empty network", (put("function", "vpc_config", {}), put("function", "tracing_config", ABSENT)), _NO_VPC),
    _variable("UPSTREAM", "https://me:hunter2@example.com"),
    _variable("UPSTREAM", Secret("text")),
    _variable("UPSTREAM", From("database-password", "result")),
    _variable("UPSTREAM", UNKNOWN, ok=True),
    Case("all variables secret", (put("function", "environment", {"variables": Secret({"A": "b"})}),), _EXPOSED),
    _input("that names a secret", '{"secret_arn": "arn:1"}'),
    _input("that is one", Secret("{}"), "keep-secrets-out-of-functions@call"),
    _input("made of one", From("database-password", "result"), "keep-secrets-out-of-functions@call"),
    Case(
        "no runtime, but an image",
        (put("function", "package_type", "Image"), put("function", "runtime", ABSENT)),
        NOTHING,
    ),
    Case("no number", (put("function", "reserved_concurrent_executions", ABSENT),), found("trace-functions@function")),
    Case(
        "a function outside of the network",
        (put("function", "vpc_config", ABSENT), put("function", "tracing_config", ABSENT)),
        _NO_VPC,
    ),
    Case("a service for any caller", (_permission(),), found("forbid-public-functions@permission")),
    Case("a service for one bucket", (_permission(source_arn=From("files", "arn")),), NOTHING),
    Case(
        "an address for any caller",
        (add("url", aws.lambda_.FunctionUrl, {"function_name": "f", "authorization_type": "NONE"}),),
        found("forbid-public-functions@url"),
    ),
    Case(
        "an address for those who sign",
        (add("url", aws.lambda_.FunctionUrl, {"function_name": "f", "authorization_type": "AWS_IAM"}),),
        NOTHING,
    ),
)

TABLE = on_aws(*ROWS, *_RUNTIMES, *_TEXTS, *CASES, *functions_callers.CASES)
