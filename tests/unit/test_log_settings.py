"""Settings of the log route: what each route needs, what becomes of them, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from components.docker.settings import DockerSettings
from tests.unit import stack_settings
from tests.unit.recording import declare
from tests.unit.stack_settings import refusals

BASE = {"base_url": "https://auth.example.com", "acme_email": "ops@example.com"}
LOKI = {"logs": "loki", "logs_endpoint": "https://loki.example.com"}
DATADOG = {"logs": "datadog", "logs_site": "datadoghq.eu", "logs_token": "key"}
CLOUDWATCH = {
    "logs": "cloudwatch",
    "logs_region": "eu-central-1",
    "logs_group": "/kotauth/prod",
    "logs_stream": "host-1",
    "logs_token": "ACWLtoken",
}
OTLP = {"logs": "otlp", "logs_endpoint": "http://host.docker.internal:4318"}
SITES = "must be exactly datadoghq.com or us3.datadoghq.com or us5.datadoghq.com or datadoghq.eu or "
SITES += "ap1.datadoghq.com or ap2.datadoghq.com"


@dataclass(frozen=True)
class Later:
    """A value that comes as an Output."""

    text: str


def resolved(**args: Any) -> DockerSettings:
    return DockerSettings.resolve({**BASE, **args}, "it")


def headers(**args: Any) -> dict[str, str]:
    def made() -> dict[str, Any]:
        # An Output belongs to the program that makes it.
        later = {key: pulumi.Output.secret(value.text) for key, value in args.items() if isinstance(value, Later)}
        return {"file": resolved(**{**args, **later}).log_headers("DockerDeployment it")}

    declared = declare(made)
    assert declared.secret_outputs == {"file"}
    return json.loads(declared.outputs["file"])


def test_without_a_route_nothing_is_sent() -> None:
    settings = resolved()
    assert (settings.logs, settings.has_log_route, settings.has_log_headers) == ("none", False, False)


@pytest.mark.parametrize(
    ("args", "url"),
    [
        (LOKI, "https://loki.example.com/otlp/v1/logs"),
        ({**LOKI, "logs_endpoint": "https://x.example.com/loki/"}, "https://x.example.com/loki/otlp/v1/logs"),
        ({**LOKI, "logs_endpoint": "https://x.example.com/otlp/v1/logs"}, "https://x.example.com/otlp/v1/logs"),
        (DATADOG, "https://otlp.datadoghq.eu/v1/logs"),
        (CLOUDWATCH, "https://logs.eu-central-1.amazonaws.com/v1/logs"),
        (OTLP, "http://host.docker.internal:4318/v1/logs"),
        ({**OTLP, "logs_endpoint": "https://otlp.example.com/v1/logs"}, "https://otlp.example.com/v1/logs"),
    ],
)
def test_where_lines_go(args: dict[str, str], url: str) -> None:
    assert resolved(**args).logs_destination == url


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ({**LOKI, "logs_token": "a$b"}, {"Authorization": "Bearer a$$b"}),
        ({**LOKI, "logs_headers": '{"X-Scope-OrgID": "acme"}'}, {"X-Scope-OrgID": "acme"}),
        ({**OTLP, "logs_token": "t", "logs_headers": {"X-A": "b"}}, {"X-A": "b", "Authorization": "Bearer t"}),
        (DATADOG, {"dd-api-key": "key"}),
        (
            CLOUDWATCH,
            {
                "Authorization": "Bearer ACWLtoken",
                "x-aws-log-group": "/kotauth/prod",
                "x-aws-log-stream": "host-1",
            },
        ),
    ],
)
def test_the_headers_of_each_route(args: dict[str, Any], wanted: dict[str, str]) -> None:
    assert headers(**args) == wanted


def test_an_output_is_checked_when_its_value_is_known() -> None:
    assert headers(**{**DATADOG, "logs_token": Later("later")}) == {"dd-api-key": "later"}
    with pytest.raises(Exception, match=r'DockerDeployment it is not valid:\n  logs_\w+ = "\[secret\]": must be '):
        headers(**{**DATADOG, "logs_token": Later("two\nlines")})


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({**DATADOG, "logs_token": ""}, 'logs_token = "": is required with logs datadog: set it'),
        ({**DATADOG, "logs_site": ""}, 'logs_site = "": is required with logs datadog: set it'),
        ({**DATADOG, "logs_site": "eu"}, f'logs_site = "eu": {SITES}'),
        (
            {**DATADOG, "logs_site": "ddog-gov.com"},
            f'logs_site = "ddog-gov.com": {SITES}; this site has no OTLP intake for logs; send the lines to a ',
        ),
        ({**DATADOG, "logs_token": "two\nlines"}, 'logs_token = "[secret]": must be one line of printable ASCII '),
        (
            {**DATADOG, "logs_headers": '{"a": "b"}'},
            'logs_headers = "[secret]": is only for logs loki or otlp: remove it, or change logs',
        ),
        ({**CLOUDWATCH, "logs_group": ""}, 'logs_group = "": is required with logs cloudwatch: set it'),
        ({**CLOUDWATCH, "logs_stream": ""}, 'logs_stream = "": is required with logs cloudwatch: set it'),
        ({**CLOUDWATCH, "logs_region": ""}, 'logs_region = "": is required with logs cloudwatch: set it'),
        ({**CLOUDWATCH, "logs_token": ""}, 'logs_token = "": is required with logs cloudwatch: set it'),
        (
            {**CLOUDWATCH, "logs_region": "Frankfurt"},
            'logs_region = "Frankfurt": must be a region such as eu-central-1',
        ),
        ({**CLOUDWATCH, "logs_stream": "a:b"}, 'logs_stream = "a:b": must be the name of an existing log stream'),
        ({**CLOUDWATCH, "logs_group": "a b"}, 'logs_group = "a b": must be the name of an existing log group'),
        ({**LOKI, "logs_headers": "X-Scope-OrgID=acme"}, 'logs_headers = "[secret]": must be a JSON object of header'),
        ({**LOKI, "logs_headers": '{"Host": "x"}'}, 'logs_headers = "[secret]": must have names of HTTP headers'),
        (
            {**LOKI, "logs_headers": '{"X-A": 1}'},
            'logs_headers = "[secret]": must have printable ASCII texts as values',
        ),
        (
            {**LOKI, "logs_token": "t", "logs_headers": '{"authorization": "Basic eA=="}'},
            'logs_headers = "[secret]": must not have Authorization beside logs_token: remove one of them',
        ),
        (
            {"logs_token": "t"},
            'logs_token = "[secret]": is only for logs loki or datadog or cloudwatch or otlp: remove',
        ),
    ],
)
def test_what_is_refused(args: dict[str, str], problem: str) -> None:
    (refused,) = refusals(lambda values: resolved(**values), args)
    assert refused.startswith(problem)


@pytest.mark.parametrize("key", ["logsToken", "logsHeaders"])
def test_no_secret_in_plain_text(key: str) -> None:
    values = {"baseUrl": BASE["base_url"], "acmeEmail": BASE["acme_email"], "logs": "otlp"}
    values |= {"logsEndpoint": "https://otlp.example.com", key: '{"X-A": "canary"}'}
    stack_settings.load(values, secrets=[key])
    (refused,) = refusals(stack_settings.load, values)
    assert refused.startswith(
        f'kotauth:{key} = "[secret]": must not be in plain text: run `pulumi config set --secret {key}'
    )
