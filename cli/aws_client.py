"""Requests to AWS with the user's credentials. boto3 takes half a second to load, so only a request loads it."""

from __future__ import annotations

import importlib
from typing import Any


class AwsError(Exception):
    """AWS can't be reached, or refuses the request."""


def call(service: str, region: str, operation: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - no type stubs
    """Return what AWS answers to one request, such as ``call("ssm", "eu-central-1", "get_parameter", Name=…)``.

    An empty region is the user's own.

    Raises:
        AwsError: There is no answer; the text says why.
    """
    boto3, errors = (importlib.import_module(name) for name in ("boto3", "botocore.exceptions"))
    try:
        return getattr(boto3.client(service, region_name=region or None), operation)(**request)
    except (errors.BotoCoreError, errors.ClientError) as error:
        raise AwsError(error) from None
