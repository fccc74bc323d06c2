"""Asks AWS with the standard library alone: the host's image has no AWS CLI and no SDK.

Requests are signed with the instance's own credentials (Signature Version 4). What asks more than the bucket, and does
so patiently, is in `services`: this part has to fit the user data.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from calendar import timegm
from functools import lru_cache

METADATA = "http://169.254.169.254/latest/"
TOKEN_SECONDS = 21600
REFRESH_SECONDS = 300
TIMEOUT_SECONDS = 10

# No proxy may come between, whatever the environment says.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class AwsError(Exception):
    """AWS refused, or didn't answer; then the status is 0."""

    def __init__(self, what: str, status: int, answer: str) -> None:
        """Keep the status and what was answered."""
        super().__init__(f"{what}: {status or 'no answer'}: {answer}")
        self.status = status
        self.answer = answer


def send(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return the answer; raise ``AwsError`` for any but a good one."""
    request = urllib.request.Request(url, body or None, headers, method=method)  # noqa: S310 - our own addresses
    try:
        with _open(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise AwsError(url, error.code, error.read().decode(errors="replace")[:500]) from None
    except (OSError, http.client.HTTPException) as error:
        raise AwsError(url, 0, str(error)) from None


class Metadata:
    """What the instance knows about itself, asked with a session token (IMDSv2)."""

    def __init__(self, base: str = METADATA) -> None:
        """Ask at ``base``."""
        self._base = base
        self._token = ("", 0.0)

    def get(self, path: str) -> str:
        """Return what lies under ``path``."""
        token, expires = self._token
        if time.monotonic() >= expires:
            asked = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            token = send("PUT", self._base + "api/token", asked).decode()
            self._token = (token, time.monotonic() + TOKEN_SECONDS - REFRESH_SECONDS)
        return send("GET", self._base + path, {"X-aws-ec2-metadata-token": token}).decode()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(  # noqa: PLR0913 - all that a signature covers
    method: str, url: str, headers: dict[str, str], body: bytes, *, service: str, region: str, keys: dict[str, str]
) -> dict[str, str]:
    """Return ``headers`` with those of Signature Version 4; ``keys`` are the credentials as the metadata gives them."""
    parts = urllib.parse.urlsplit(url)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body).hexdigest()
    added = {"Host": parts.netloc, "X-Amz-Date": now, "X-Amz-Security-Token": keys["Token"]}
    if service == "s3":
        added["X-Amz-Content-SHA256"] = digest
    signed = {**headers, **added}
    lower = {key.lower(): value.strip() for key, value in signed.items()}
    names = ";".join(sorted(lower))
    lines = "".join(f"{key}:{value}\n" for key, value in sorted(lower.items()))
    canonical = f"{method}\n{parts.path}\n{parts.query}\n{lines}\n{names}\n{digest}"
    scope = f"{now[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{keys['SecretAccessKey']}".encode()
    for step in scope.split("/"):
        key = _hmac(key, step)
    signature = _hmac(key, text).hex()
    credential = f"Credential={keys['AccessKeyId']}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "Authorization": authorization}


class Aws:
    """Requests to the services of the host's own region, with its own role."""

    def __init__(self, metadata: Metadata | None = None) -> None:
        """Find out nothing yet: the metadata may come late."""
        self.metadata = metadata or Metadata()
        self.known = lru_cache(None)(self.metadata.get)
        self.keys: dict[str, str] = {}

    def credentials(self) -> dict[str, str]:
        """Return keys that live a while longer."""
        expires = self.keys.get("Expiration", "1970-01-01T00:00:00Z")
        if timegm(time.strptime(expires, "%Y-%m-%dT%H:%M:%SZ")) - time.time() < REFRESH_SECONDS:
            path = "meta-data/iam/security-credentials/"
            self.keys = json.loads(self.metadata.get(path + self.metadata.get(path).split("\n")[0]))
        return self.keys

    def url(self, service: str, bucket: str = "") -> str:
        """Return the endpoint of a service, or of a bucket."""
        host = f"{service}.{self.known('meta-data/placement/region')}.{self.known('meta-data/services/domain')}"
        return f"https://{bucket}.{host}/" if bucket else f"https://{host}/"

    def ask(self, method: str, url: str, service: str, headers: dict[str, str], body: bytes = b"") -> bytes:
        """Return the answer to one signed request."""
        region, keys = self.known("meta-data/placement/region"), self.credentials()
        return send(method, url, sign(method, url, headers, body, service=service, region=region, keys=keys), body)

    def s3_object(self, bucket: str, sha256: str) -> bytes:
        """Return the object that is named by the hash of its content; raise ``AwsError`` where it holds another."""
        url = self.url("s3", bucket) + sha256
        content = self.ask("GET", url, "s3", {})
        if hashlib.sha256(content).hexdigest() != sha256:
            raise AwsError(url, 200, "not the content that was asked for")
        return content
