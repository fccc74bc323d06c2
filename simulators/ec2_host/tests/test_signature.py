"""The check of signatures accepts what botocore signs and nothing that was changed afterwards."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simulators.ec2_host import credentials, signature
from simulators.ec2_host.signature import RefusedError, Request

KEY = "the lab's"
OWNER = "10.0.0.5"


def signed(
    service: str = "ssm", method: str = "POST", url: str = "/", body: bytes = b"{}", rotation: float = 3600
) -> Request:
    issued = credentials.issue(KEY, OWNER, rotation)
    host = f"{service}.eu-central-1.amazonaws.com"
    headers = {"Host": host, "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Some.Action"}
    request = AWSRequest(method, f"https://{host}{url}", headers, body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(issued.access_key, issued.secret_key, issued.token), service, "eu-central-1").add_auth(request)
    return Request(method, url, {name.lower(): value for name, value in request.headers.items()}, body)


@pytest.mark.parametrize(
    "what",
    [
        (),
        ("secretsmanager", "POST", "/", '{"SecretId": "ä"}'.encode()),
        ("autoscaling", "POST", "/", b"Action=SetInstanceHealth&HealthStatus=Unhealthy"),
        ("s3", "GET", "/bucket/a%20folder/file%2B1.txt", b""),
        ("s3", "GET", "/bucket?versionId=a%2Fb&acl=", b""),
        ("logs", "GET", "/a%20path/b?name=a%20b&name=a&empty=", b""),
    ],
    ids=["nothing else said", "not ASCII", "a form", "a path", "a query", "a query in order"],
)
def test_botocores_requests_are_accepted(what: tuple[Any, ...]) -> None:
    found = signature.check(signed(*what), KEY)
    assert (found.owner, found.region) == (OWNER, "eu-central-1")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"body": b"{ }"}, "SignatureDoesNotMatch"),
        ({"target": "/other"}, "SignatureDoesNotMatch"),
        ({"method": "PUT"}, "SignatureDoesNotMatch"),
        ({"x-amz-target": "Another.Action"}, "SignatureDoesNotMatch"),
        ({"host": "kms.eu-central-1.amazonaws.com"}, "SignatureDoesNotMatch"),
        ({"x-amz-not-signed": "1"}, "SignatureDoesNotMatch"),
        ({"x-amz-date": "20200101T000000Z"}, "SignatureDoesNotMatch"),
        ({"x-amz-date": "yesterday"}, "IncompleteSignatureException"),
        ({"x-amz-security-token": "bWFkZS11cA=="}, "UnrecognizedClientException"),
        ({"authorization": "Basic abc"}, "IncompleteSignatureException"),
        ({"authorization": ""}, "MissingAuthenticationTokenException"),
    ],
    ids=str,
)
def test_a_changed_request_is_refused(changed: dict[str, Any], code: str) -> None:
    request = signed()
    parts = {name: changed[name] for name in changed if name in {"body", "target", "method"}}
    headers = {name: changed[name] for name in changed if name not in parts}
    assert refusal(replace(request, headers={**request.headers, **headers}, **parts)) == code


def test_a_changed_object_is_refused() -> None:
    assert refusal(replace(signed("s3", "PUT", "/bucket/file", b"1"), body=b"2")) == "XAmzContentSHA256Mismatch"


def refusal(request: Request) -> str:
    with pytest.raises(RefusedError) as refused:
        signature.check(request, KEY)
    return refused.value.code


def test_credentials_of_another_lab_are_refused() -> None:
    with pytest.raises(RefusedError, match="UnrecognizedClientException"):
        signature.check(signed(), "another key")


def test_credentials_end_one_rotation_after_they_were_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    replaced = (now // 3600 + 1) * 3600
    monkeypatch.setattr(credentials, "time", SimpleNamespace(time=lambda: now))
    request = signed(rotation=3600)
    monkeypatch.setattr(credentials, "time", SimpleNamespace(time=lambda: replaced + 3599))
    signature.check(request, KEY)
    monkeypatch.setattr(credentials, "time", SimpleNamespace(time=lambda: replaced + 3601))
    with pytest.raises(RefusedError, match="ExpiredTokenException"):
        signature.check(request, KEY)
