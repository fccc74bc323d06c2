"""The host's programs on this machine: services that have given values, and containers of the plan."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from components.aws.host.container_plan import container_plan
from components.aws.host.scripts import bring_up
from components.aws.host.scripts.services import Services
from components.workload.spec import ContainerSpec

ME = (os.getuid(), os.getgid())


class Answers(Services):
    """Services that have these values."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__()
        self.values = values
        self.asked: list[tuple[str, ...]] = []

    def _value(self, *key: str) -> Any:
        self.asked.append(key)
        value = self.values["/".join(key)]
        if isinstance(value, Exception):
            raise value
        return value

    def parameter(self, name: str) -> str:
        return json.dumps(self._value(name))

    def secret(self, arn: str, version: str) -> str:
        return self._value(arn, version)

    def registry_login(self, region: str) -> str:
        return self._value(region)

    def s3_object(self, bucket: str, sha256: str) -> bytes:
        return self._value(bucket, sha256)


def container(name: str, image: str, **more: Any) -> dict[str, Any]:
    plain: ContainerSpec = {
        "part": name,
        "image": image,
        "user": f"{ME[0]}:{ME[1]}",
        "memory": 512,
        "cpus": 1,
        "probe": {"command": ["true"], "interval_seconds": 5, "timeout_seconds": 4, "retries": 3},
    }
    return {**container_plan(plain), **more}


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def as_me(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what root would own belong to the user who runs the test."""
    real = bring_up.write
    monkeypatch.setattr(
        bring_up,
        "write",
        lambda path, content, mode=0o600, owner=ME: real(path, content, mode=mode, owner=owner),
    )
