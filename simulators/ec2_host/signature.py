"""Checks AWS Signature Version 4, which moto doesn't: a client that signs wrongly must fail here as it would on AWS.

Source: "Create a signed AWS API request" in the IAM user guide. It is written from there, not with botocore, whose own
signatures a test compares it with.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from simulators.ec2_host import credentials
from simulators.ec2_host.credentials import Credentials

CLOCK_SKEW = datetime.timedelta(minutes=5)
_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=(?P<key>\w+)/(?P<date>\d{{8}})/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request,"
    r" ?SignedHeaders=(?P<signed>[\w;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class RefusedError(Exception):
    """What AWS would answer: a code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Request:
    """A request as it arrived. Header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Signed:
    """A request whose signature holds."""

    owner: str
    region: str
    service: str


def check(request: Request, key: str) -> Signed:
    """Return who signed a request and for what; `key` is the lab's, which all credentials come from.

    Raises RefusedError with AWS's own error codes.
    """
    header = request.headers.get("authorization")
    if not header:
        raise RefusedError("MissingAuthenticationTokenException", "the request has no Authorization header")
    parts = _AUTHORIZATION.fullmatch(header)
    if not parts:
        raise RefusedError("IncompleteSignatureException", f"malformed Authorization header: {header}")
    issued = _credentials(parts["key"], request, key)
    signed = parts["signed"].split(";")
    for name in ("host", *(name for name in request.headers if name.startswith("x-amz-"))):
        if name not in signed:
            raise RefusedError("SignatureDoesNotMatch", f"the header {name} must be signed")
    stamp = request.headers.get("x-amz-date", "")
    _check_clock(stamp, parts["date"])
    scope = f"{parts['date']}/{parts['region']}/{parts['service']}/aws4_request"
    canonical = hashlib.sha256(_canonical(request, signed, parts["service"]).encode()).hexdigest()
    secret = f"AWS4{issued.secret_key}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    expected = hmac.new(secret, f"{_ALGORITHM}\n{stamp}\n{scope}\n{canonical}".encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected, parts["signature"]):
        raise RefusedError("SignatureDoesNotMatch", "the signature does not match the request")
    return Signed(issued.owner, parts["region"], parts["service"])


def _credentials(access_key: str, request: Request, key: str) -> Credentials:
    try:
        return credentials.check(key, access_key, request.headers.get("x-amz-security-token", ""))
    except credentials.ExpiredError:
        raise RefusedError("ExpiredTokenException", "the security token has expired") from None
    except credentials.UnknownError:
        raise RefusedError("UnrecognizedClientException", "the security token is invalid") from None


def _check_clock(stamp: str, date: str) -> None:
    try:
        sent = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise RefusedError("IncompleteSignatureException", f"malformed X-Amz-Date: {stamp!r}") from None
    if abs(datetime.datetime.now(datetime.UTC) - sent) > CLOCK_SKEW or not stamp.startswith(date):
        raise RefusedError("SignatureDoesNotMatch", f"signature not current: {stamp}")


def _canonical(request: Request, signed: list[str], service: str) -> str:
    url = urlsplit(request.target)
    # S3 signs the path as it is sent; all others encode it once more.
    path = (url.path or "/") if service == "s3" else quote(url.path or "/", safe="/-_.~")
    pairs = [(quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(url.query, keep_blank_values=True)]
    query = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    digest = hashlib.sha256(request.body).hexdigest()
    if service == "s3":
        declared = request.headers.get("x-amz-content-sha256", "")
        if declared not in (digest, "UNSIGNED-PAYLOAD"):
            raise RefusedError("XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not the digest of the body")
        digest = declared
    return "\n".join([request.method, path, query, headers, ";".join(signed), digest])
