"""Which images `make` writes into the settings of the development stack."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cli import development_images, pulumi_command
from cli.stack import DEVELOPMENT, Stack
from simulators.images import choice

CADDY, NGINX = "localhost/kotauth-infra/caddy:2.11.9", "localhost/kotauth-infra/nginx:1.22.1"
OFFICIAL = "docker.io/library/nginx:1.30.5"
OWN = "localhost/mine/caddy:1.0.0"


@pytest.mark.parametrize(
    ("before", "available", "after"),
    [
        ("", NGINX, NGINX),
        (NGINX, NGINX, NGINX),
        # What was written for the proxy that the stack had before.
        (CADDY, NGINX, NGINX),
        (CADDY, OFFICIAL, ""),
        (CADDY, "", ""),
        # What the user wrote.
        (OWN, NGINX, OWN),
        (OFFICIAL, NGINX, OFFICIAL),
    ],
)
def test_the_image_of_the_frontend_is_one_of_the_proxy_that_is_set(
    before: str, available: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"Pulumi.{DEVELOPMENT}.yaml"
    file.write_text(yaml.safe_dump({"config": {"kotauth:frontendImage": before} if before else {}}))

    def change(command: str, verb: str, setting: str, *rest: str) -> str:
        assert command == "config"
        config = yaml.safe_load(file.read_text())["config"]
        if verb == "set":
            config[f"kotauth:{setting}"] = rest[0]
        else:
            del config[f"kotauth:{setting}"]
        file.write_text(yaml.safe_dump({"config": config}))
        return ""

    def choose(_frontend: str, *, backups: bool) -> dict[str, str]:
        assert not backups
        return {"image": "docker.io/any:1.0.0", **({"frontendImage": available} if available else {})}

    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    monkeypatch.setattr(pulumi_command, "run_or_exit", change)
    monkeypatch.setattr(choice, "choose", choose)
    stack = Stack(DEVELOPMENT)
    development_images.choose(stack)
    assert stack.setting("frontendImage") == after
