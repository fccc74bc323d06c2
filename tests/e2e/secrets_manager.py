"""Secrets Manager, played by moto behind a door that throttles on request."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}

_THROTTLED = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class SecretsManager:
    """Serves on one address until it is stopped."""

    address: str
    throttled: int = 0
    """How many of the next readings are refused."""
    read: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """ARN and staging label of each reading that was answered."""

    def __post_init__(self) -> None:
        """Start serving."""
        self._wanted, self._were_read = 0, threading.Event()
        moto: Any = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer = make_server(
            self.address, 0, self._guard(moto), threaded=True, request_handler=_Quiet
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._client: Any = boto3.client(
            "secretsmanager",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://{self.address}:{self._server.server_port}"

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()

    def reads(self, count: int) -> threading.Event:
        """Return what is set once so many more readings were answered."""
        self._were_read.clear()
        self.read.clear()
        self._wanted = count
        return self._were_read

    def keep(self, value: str, *labels: str) -> str:
        """Keep a value in a secret of its own, and return its ARN."""
        arn = self._client.create_secret(Name=uuid.uuid4().hex)["ARN"]
        self.renew(arn, value, *labels)
        return arn

    def renew(self, arn: str, value: str, *labels: str) -> None:
        """Give a secret a new version; the ones before keep their labels."""
        before = self._client.describe_secret(SecretId=arn).get("VersionIdsToStages", {})
        self._client.put_secret_value(SecretId=arn, SecretString=value, VersionStages=["AWSCURRENT", *labels])
        # moto takes every label from the version before, Secrets Manager only AWSCURRENT.
        for version, label in ((version, label) for version, kept in before.items() for label in kept):
            if not label.startswith("AWS") and label not in labels:
                self._client.update_secret_version_stage(SecretId=arn, VersionStage=label, MoveToVersionId=version)

    def _guard(self, application: Any) -> Any:
        def guarded(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            if environ.get("HTTP_X_AMZ_TARGET") != "secretsmanager.GetSecretValue":
                return application(environ, start)
            if self.throttled:
                self.throttled -= 1
                start("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
                return [_THROTTLED]
            asked = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            request = json.loads(asked)
            self.read.append((request["SecretId"], request["VersionStage"]))
            if len(self.read) >= self._wanted:
                self._were_read.set()
            return application({**environ, "wsgi.input": io.BytesIO(asked)}, start)

        return guarded
