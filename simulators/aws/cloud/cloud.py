"""Runs moto as a server in this process, and makes boto3 clients that talk to it."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from werkzeug.serving import WSGIRequestHandler, make_server

from . import moto_corrections

ACCOUNT = "123456789012"
REGION = "eu-central-1"
"""The region of a program that sets none."""
CREDENTIALS = {"aws_access_key_id": "simulator", "aws_secret_access_key": "simulator"}

_making = threading.Lock()
watchers: list[Callable[[str, str, dict[str, Any], str], None]] = []
"""Called before each call of this process: service, operation, members, region. One that raises refuses it."""


@functools.cache
def prepare() -> Any:
    """Return moto as a WSGI application, corrected."""
    os.environ.update(MOTO_ACCOUNT_ID=ACCOUNT, MOTO_ACM_VALIDATION_WAIT="0")
    from moto.core.config import default_user_config  # noqa: PLC0415 - after its environment
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415

    moto_corrections.apply()
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    default_user_config["lambda"] = {"use_docker": False}
    return DomainDispatcherApplication(create_backend_app)


def start() -> str:
    """Start moto on a free port of this machine and return its address."""
    server = make_server("127.0.0.1", 0, prepare(), threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.port}"


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@functools.cache
def client(service: str, region: str, endpoint: str, attempts: int = 10, *, watched: bool = True) -> Any:
    """Return a client of the service in that region; like the real provider's it tries again when throttled."""
    with _making:  # a boto3 session is not made for threads; its clients are
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            config=Config(
                retries={"total_max_attempts": attempts, "mode": "standard"},
                s3={"addressing_style": "path"},
                max_pool_connections=32,
            ),
            **CREDENTIALS,
        )

    def tell(params: dict[str, Any], model: Any, **_: Any) -> None:
        for watcher in watchers:
            watcher(service, model.name, params, region)

    if watched:
        made.meta.events.register("provide-client-params", tell)
    return made
