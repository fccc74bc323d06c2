"""Calls of AWS services, each repeated while its failure may pass. `stages.py` repeats the stages of the boot."""

from __future__ import annotations

import copy
import json
import random
import re
import time
import urllib.parse
from collections.abc import Mapping

from .aws import Aws, AwsError

ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 20
REGION = "meta-data/placement/region"
_PASSING = re.compile("Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestTimeout|ExpiredToken")


def may_pass(error: AwsError) -> bool:
    """Whether the same request may succeed a little later."""
    return error.status in (0, 429) or error.status >= 500 or bool(_PASSING.search(error.answer))


class Services(Aws):
    """The services by their operations."""

    @property
    def instance(self) -> str:
        """The instance's id."""
        return self.known("meta-data/instance-id")

    def call(self, service: str, headers: dict[str, str], body: bytes) -> bytes:
        """Return the answer to one request; raise ``AwsError`` when it is refused or all attempts failed.

        ``service`` begins its endpoint, and its last word is what requests are signed for.
        """
        signed_for = service.rpartition(".")[2]
        attempt = 0
        while True:
            try:
                return self.ask("POST", self.url(service), signed_for, headers, body)
            except AwsError as error:
                attempt += 1
                if "ExpiredToken" in error.answer:
                    self.keys = {}
                if attempt == ATTEMPTS or not may_pass(error):
                    raise
            # Full jitter: hosts that were throttled together don't come back together.
            time.sleep(random.uniform(0, min(LONGEST_WAIT_SECONDS, 2**attempt)))  # noqa: S311 - no secret

    def json(self, service: str, target: str, payload: Mapping[str, object]) -> dict[str, object]:
        """Return the answer of a service that speaks JSON; ``target`` is the operation with its prefix."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        return json.loads(self.call(service, headers, json.dumps(payload).encode()) or b"{}")

    def parameter(self, name: str) -> str:
        """Return a parameter's value."""
        answer = self.json("ssm", "AmazonSSM.GetParameter", {"Name": name, "WithDecryption": True})
        return str(answer["Parameter"]["Value"])  # type: ignore[index]

    def secret(self, arn: str, version: str) -> str:
        """Return the value of a secret's version with this label; raise ``ValueError`` where it is not text."""
        payload = {"SecretId": arn, "VersionStage": version}
        answer = self.json("secretsmanager", "secretsmanager.GetSecretValue", payload)
        if not answer.get("SecretString"):
            raise ValueError(f"the version of {arn} has no text: write it as SecretString, not as SecretBinary")
        return str(answer["SecretString"])

    def registry_login(self, region: str) -> str:
        """Return what Docker sends to the private registries of a region; it is good for twelve hours."""
        there = copy.copy(self)
        there.known = lambda path: region if path == REGION else self.known(path)  # type: ignore[assignment]
        answer = there.json("api.ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", {})
        return str(answer["authorizationData"][0]["authorizationToken"])  # type: ignore[index]

    def give_up_host(self) -> None:
        """Have the Auto Scaling group replace this instance."""
        form = {"Action": "SetInstanceHealth", "Version": "2011-01-01", "InstanceId": self.instance}
        body = urllib.parse.urlencode({**form, "HealthStatus": "Unhealthy"}).encode()
        self.call("autoscaling", {"Content-Type": "application/x-www-form-urlencoded"}, body)

    def put_log_events(self, group: str, stream: str, events: list[dict[str, object]]) -> None:
        """Hand log lines over, making the stream where it isn't there yet."""
        names = {"logGroupName": group, "logStreamName": stream}
        try:
            self.json("logs", "Logs_20140328.PutLogEvents", {**names, "logEvents": events})
        except AwsError as error:
            if "ResourceNotFound" not in error.answer:
                raise
            self.json("logs", "Logs_20140328.CreateLogStream", names)
            self.json("logs", "Logs_20140328.PutLogEvents", {**names, "logEvents": events})
