"""`make image`: the newest machine image, asked of AWS and written into the stack's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import host_image, image_digest, pulumi_command
from cli.stack import Stack
from components.kotauth import server as kotauth
from tests.engine.aws_stack import REGION, AwsStack
from tests.project import ROOT

pytestmark = pytest.mark.engine

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
PULLED = ("image", "frontendImage", "toolsImage")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Return stack prod with a file of its own."""
    (tmp_path / "Pulumi.prod.yaml").write_text((ROOT / "Pulumi.prod.yaml").read_text())
    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    for name, value in {"ACCESS_KEY_ID": "simulator", "SECRET_ACCESS_KEY": "simulator"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return Stack("prod")


def test_it_pins_what_an_update_would_take(
    production: AwsStack, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", production.aws.endpoint)
    # No registry is asked: what these say is in tests/unit/test_image_digest.py.
    monkeypatch.setattr(image_digest.Registries, "pinned", lambda _, image: f"{image.reference}@{DIGEST}")
    host_image.pin_images(stack)
    pinned = stack.setting("hostImageId")
    assert production.resources()["LaunchTemplate kotauth-server"]["outputs"]["imageId"] == pinned
    said = capsys.readouterr().out
    assert said.startswith(f"Pulumi.prod.yaml: kotauth:hostImageId is now {pinned}\n")
    assert stack.setting("image") == f"{kotauth.DEFAULT_IMAGE}@{DIGEST}"
    assert {f"Pulumi.prod.yaml: kotauth:{name} is now {stack.setting(name)}" for name in PULLED} < set(
        said.splitlines()
    )
    assert stack.setting("aws:region") == REGION


def test_what_no_registry_resolves_keeps_its_tag(
    production: AwsStack, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", production.aws.endpoint)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(SystemExit, match=rf"^error: {kotauth.DEFAULT_IMAGE} is not resolved: "):
        host_image.pin_images(stack)
    assert stack.setting("hostImageId")
    assert not any(stack.setting(name) for name in PULLED)


def test_no_answer_is_one_line(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stack.file.read_text()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SystemExit, match=r"^error: AWS does not return the newest image: Could not connect"):
        host_image.pin_images(stack)
    assert stack.file.read_text() == before


def test_a_stack_elsewhere_is_refused(stack: Stack) -> None:
    stack.file.write_text("config:\n  kotauth:baseUrl: https://auth.example.org\n")
    with pytest.raises(SystemExit, match=r"kotauth:target of prod is not aws"):
        host_image.pin_images(stack)


def test_what_names_no_image_is_refused_before_anything_is_asked(stack: Stack) -> None:
    settings = "kotauth:target: aws\n  kotauth:image: nonsense\n  kotauth:databaseVersion: '9'\n"
    stack.file.write_text(f"config:\n  {settings}")
    with pytest.raises(SystemExit) as end:
        host_image.pin_images(stack)
    assert str(end.value).startswith("error: 2 values of the stack's file are not valid:\n")
    assert 'kotauth:databaseVersion = "9": ' in str(end.value)
    assert 'kotauth:image = "nonsense": ' in str(end.value)
