"""Faults that a test can inject, and the log of operations."""

from __future__ import annotations

import base64
import fnmatch
import json
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..access import Deployers
from ..cloud import saved, world


class OrderedError(Exception):
    """AWS refuses, by order of a test."""


@dataclass
class _Order:
    operation: str
    match: str
    message: str
    times: int | None
    """None: until cleared."""

    def fits(self, operation: str, token: str, name: str) -> bool:
        if self.times == 0 or operation != self.operation:
            return False
        return any(fnmatch.fnmatchcase(meant, self.match) for meant in (token, name))


class Controls:
    """Shared by all calls; a type is meant by its token, a resource by its name, both with * as wildcard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[_Order] = []
        self._slow: list[tuple[str, float]] = []
        self._cleared = threading.Condition(self._lock)
        self._answers: list[tuple[str, str]] = []
        self._log: list[dict[str, Any]] = []
        self.deployers = Deployers()

    def restrict(self, stack: str, *documents: str) -> None:
        """Have the deployer of a stack hold these policies and no others."""
        self.deployers.restrict(stack, documents)

    def asked(self) -> list[dict[str, Any]]:
        """Return what IAM was asked about the deployers."""
        return self.deployers.asked()

    def fail(self, operation: str, match: str, message: str, times: int | None = 1) -> None:
        """Have an operation (create, update, delete, read) fail."""
        with self._lock:
            self._orders.append(_Order(operation, match, message, times))

    def never_healthy(self, match: str, times: int | None = None) -> None:
        """Have groups that wait for healthy instances give up, and be there nevertheless."""
        self.fail("wait", match, "", times)

    def fail_activity(self, match: str, times: int | None = 1) -> None:
        """Have a group's first launch fail, as in a zone without capacity; the group tries again by itself."""
        self.fail("activity", match, "", times)

    def slow(self, match: str, seconds: float) -> None:
        """Have creation, update and deletion take longer, at most until cleared."""
        with self._lock:
            self._slow.append((match, seconds))

    def answer_invocation(self, prefix: str, url: str) -> None:
        """Say who is asked what functions whose name begins so answer."""
        with self._lock:
            self._answers.insert(0, (prefix, url))

    def function_code(self, function: str, region: str) -> str:
        """Return a function's archive in base64."""
        return base64.b64encode(world.function_code(function, region)).decode()

    def hosted_zone(self, name: str, zone_id: str) -> None:
        """Have a hosted zone."""
        world.add_hosted_zone(name, zone_id)

    def image(self, image_id: str, architecture: str, region: str) -> None:
        """Have a machine image."""
        world.add_image(image_id, architecture, region)

    def save(self, file: str) -> None:
        """Write what AWS has, what was done and what the deployers were asked to a file."""
        with self._lock:
            saved.save(Path(file), (self._log, self.deployers.saved()))

    def load(self, file: Path) -> None:
        """Begin with what was saved."""
        self._log, deployers = saved.load(file)
        self.deployers.load(*deployers)

    def clear(self) -> None:
        """Forget all orders; the log stays."""
        with self._lock:
            for orders in (self._orders, self._slow, self._answers):
                orders.clear()
            self._cleared.notify_all()

    def operations(self) -> list[dict[str, Any]]:
        """Return what was done, in order."""
        with self._lock:
            return list(self._log)

    def record(self, operation: str, token: str, urn: str, **detail: Any) -> None:
        """Write down what was done."""
        with self._lock:
            self._log.append({"operation": operation, "type": token, "urn": urn, "detail": detail})

    def before(self, operation: str, token: str, name: str) -> None:
        """Be slow or fail, if so ordered.

        Raises:
            OrderedError: It was ordered.
        """
        if operation != "read":
            with self._cleared:
                waits = (seconds for match, seconds in self._slow if fnmatch.filter((token, name), match))
                self._cleared.wait_for(lambda: not self._slow, sum(waits))
        if (order := self.take(operation, token, name)) is not None:
            raise OrderedError(order)

    def take(self, operation: str, token: str, name: str) -> str | None:
        """Return the message of an order that fits, used up by one."""
        with self._lock:
            for order in self._orders:
                if order.fits(operation, token, name):
                    order.times = None if order.times is None else order.times - 1
                    return order.message
        return None

    def wait(self, token: str, name: str, timeout: str, *, ignore_failed_activities: bool) -> None:
        """Wait for a group's instances to be healthy: at once, or in vain.

        Raises:
            OrderedError: It was ordered that they never are, or an activity failed and the group doesn't ignore that.
        """
        if self.take("activity", token, name) is not None and not ignore_failed_activities:
            raise OrderedError(
                "waiting for Auto Scaling Group capacity satisfied: scaling activity (simulator): Failed: Launching a "
                "new EC2 instance. Status Reason: We currently do not have sufficient capacity in the Availability Zone"
            )
        if self.take("wait", token, name) is not None:
            raise OrderedError(
                "waiting for Auto Scaling Group capacity satisfied: timeout while waiting for state to become 'ok' "
                "(last state: 'want at least 1 healthy instance(s) registered to Load Balancer, have 0', "
                f"timeout: {timeout})"
            )

    def invoke(self, function: str, payload: str) -> str:
        """Return what a function answers; by default an empty object.

        Raises:
            OrderedError: The function failed; the message is its payload.
        """
        url = next((url for prefix, url in self._answers if function.startswith(prefix)), None)
        if url is None:
            return "{}"
        request = urllib.request.Request(url, json.dumps([function, payload]).encode())  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310 - the test's own address
            answer = json.load(response)
        if "error" in answer:
            raise OrderedError(answer["error"])
        return answer["payload"]
