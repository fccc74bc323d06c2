"""The deployers of an account, one for each stack. Refuses calls that their policies do not allow."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from .calls import ApiCall
from .policy import Policies, Request


class Deployers:
    """Policies by stack. Without any, every call is allowed."""

    def __init__(self) -> None:
        self._policies: dict[str, Policies | None] = {}
        self._acting = threading.local()
        self._asked: dict[str, Request] = {}

    def restrict(self, stack: str, documents: Iterable[str]) -> None:
        """Have the deployer of a stack, such as `prod`, hold these policies and no others; without any, do anything."""
        texts = list(documents)
        self._policies[stack] = Policies(texts) if texts else None

    def asked(self) -> list[dict[str, Any]]:
        """Return what IAM was asked, the last request for each action and resource."""
        return [vars(each) for each in self._asked.copy().values()]

    def saved(self) -> tuple[dict[str, Policies | None], dict[str, Request]]:
        """Return what `load` takes."""
        return self._policies, self._asked

    def load(self, policies: dict[str, Policies | None], asked: dict[str, Request]) -> None:
        """Be the deployers that were saved."""
        self._policies, self._asked = policies, asked

    @contextlib.contextmanager
    def acting(self, urn: str) -> Iterator[None]:
        """Have the calls of this thread made by the deployer of the URN's stack."""
        self._acting.stack = urn.split(":")[2].partition("::")[0] if urn.startswith("urn:pulumi:") else ""
        try:
            yield
        finally:
            self._acting.stack = ""

    def check(self, call: ApiCall) -> None:
        """Refuse a call that the deployer may not make.

        Raises:
            ClientError: AWS's own error, with action, resource and reason.
        """
        stack = getattr(self._acting, "stack", "")
        # A function of the provider names no stack: what one of the deployers may read, it reads.
        held = [self._policies[stack]] if stack in self._policies else self._policies.values()
        policies = [each for each in held if each]
        if not policies:
            return
        for request in call.requests():
            self._asked[f"{request.action} {request.resource}"] = request
            refusals = [policy.refusal(request) for policy in policies]
            if all(refusals):
                raise _denied(call, f"{request.action} on resource: {request.resource} {refusals[0]}", request.context)


def _denied(call: ApiCall, what: str, context: Mapping[str, Any]) -> ClientError:
    shown = ", ".join(f"{key}={value}" for key, value in sorted(context.items()) if "tag" in key)
    message = f"User: arn:aws:iam::{call.account}:role/deployer is not authorized to perform: {what}"
    if shown:
        message += f" (condition keys: {shown})"
    return ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, call.operation)
