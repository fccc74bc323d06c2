"""The check of signatures accepts what botocore signs and nothing that was changed afterwards."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.host import credentials, signature
from tests.host.signature import RefusedError, Request

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
    "request_",
    [
        signed(),
        signed("secretsmanager", body='{"SecretId": "ä"}'.encode()),
        signed("autoscaling", body=b"Action=SetInstanceHealth&HealthStatus=Unhealthy"),
        signed("s3", "GET", "/bucket/a%20folder/file%2B1.txt", b""),
        signed("s3", "GET", "/bucket?versionId=a%2Fb&acl=", b""),
        signed("logs", "GET", "/a%20path/b?name=a%20b&name=a&empty=", b""),
    ],
)
def test_botocores_requests_are_accepted(request_: Request) -> None:
    found = signature.check(request_, KEY)
    assert (found.owner, found.region) == (OWNER, "eu-central-1")


def with_header(name: str, value: str) -> Request:
    request = signed()
    return replace(request, headers={**request.headers, name: value})


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(signed(), body=b"{ }"), "SignatureDoesNotMatch"),
        (replace(signed(), target="/other"), "SignatureDoesNotMatch"),
        (replace(signed(), method="PUT"), "SignatureDoesNotMatch"),
        (with_header("x-amz-target", "Another.Action"), "SignatureDoesNotMatch"),
        (with_header("host", "kms.eu-central-1.amazonaws.com"), "SignatureDoesNotMatch"),
        (with_header("x-amz-not-signed", "1"), "SignatureDoesNotMatch"),
        (with_header("x-amz-date", "20200101T000000Z"), "SignatureDoesNotMatch"),
        (with_header("x-amz-date", "yesterday"), "IncompleteSignatureException"),
        (with_header("x-amz-security-token", "bWFkZS11cA=="), "UnrecognizedClientException"),
        (with_header("authorization", "Basic abc"), "IncompleteSignatureException"),
        (with_header("authorization", ""), "MissingAuthenticationTokenException"),
        (replace(signed("s3", "PUT", "/bucket/file", b"1"), body=b"2"), "XAmzContentSHA256Mismatch"),
    ],
)
def test_a_changed_request_is_refused(request_: Request, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        signature.check(request_, KEY)
    assert refused.value.code == code


def test_credentials_of_another_lab_are_refused() -> None:
    with pytest.raises(RefusedError, match="UnrecognizedClientException"):
        signature.check(signed(), "another key")


def test_credentials_end_one_rotation_after_they_were_replaced() -> None:
    request = signed(rotation=0.1)
    signature.check(request, KEY)
    time.sleep(0.25)
    with pytest.raises(RefusedError, match="ExpiredTokenException"):
        signature.check(request, KEY)
