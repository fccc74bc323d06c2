"""Malformed texts: documents that are none, 5 MB, names with line breaks, what is there twice."""

from __future__ import annotations

import base64
import gzip

import pulumi_aws as aws
import pulumi_docker as docker
import pytest
from pulumi.runtime.proto import resource_pb2

from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.change import Secret, add, put
from policy.testing.docker_program import build, envs
from policy.testing.wire import Registered, Violation, analyze, register
from tests import processor_time

from .nonsense import CANARY, Recorded, paths

MEGABYTES = 5 * 1024 * 1024
_DEEP = 100_000


@pytest.fixture(scope="module")
def recorded() -> dict[str, Recorded]:
    return {
        each.__name__.rpartition(".")[2]: Recorded(register(build(of=each.compliant), each.KNOWN))
        for each in (program, aws_program)
    }


def _sound(found: list[Violation]) -> set[str]:
    """Return what was found, where no rule crashed and no message shows the text."""
    for each in found:
        assert "crashed" not in each.message
        assert CANARY not in each.message
        assert len(each.message) < 2000
    return {each.rule for each in found}


_RIGHTS = {"name-allowed-actions", "name-changed-resources", "name-decryption-keys", "forbid-escalation"}
_DENY = '{"Effect": "Deny", "Action": "*", "Resource": "*"}'
_ALLOW = '{"Effect": "Allow", "Action": "*", "Resource": "*"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "null",
        "7",
        "[1]",
        f'"{CANARY}"',
        "{}",
        '{"Statement": []}',
        f'{{"Statement": "{CANARY}"}}',
        '{"Statement": [7]}',
        f'{{"statement": {_ALLOW}}}',
        f'{{"Statement": {_DENY}, "Statement": {_ALLOW}}}',
        f'{{"Statement": {_ALLOW.replace("Action", "action")}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Action": "s3:GetObject", "Resource": "*"}}',
        "[" * _DEEP,
        '{"Statement":' * _DEEP,
        f'{{"Statement": {"[" * 400}{"]" * 400}}}',
        '{"Statement": ' + "9" * 5000 + "}",
        '{"Statement": ' + "9" * 400 + "}",
        "\x00\ufeff{}",
        "x" * MEGABYTES,
    ],
    ids=lambda text: text[:40],
)
def test_a_policy_document_that_is_none_breaks_every_rule_about_rights(
    recorded: dict[str, Recorded], text: str
) -> None:
    found = recorded["aws_program"].with_nonsense("aws:iam/rolePolicy:RolePolicy", ("policy",), text)
    assert _sound(found) >= _RIGHTS


def test_a_statement_that_neither_allows_nor_denies_counts_as_allowing(recorded: dict[str, Recorded]) -> None:
    text = f'{{"Statement": {_ALLOW.replace("Allow", "Alow")}}}'
    found = recorded["aws_program"].with_nonsense("aws:iam/rolePolicy:RolePolicy", ("policy",), text)
    assert "name-allowed-actions" in _sound(found)


def _data(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


_ALIASES = "\n".join(
    [
        f"a: &a [{CANARY}]",
        *(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
)
USER_DATA = {
    "5 MB": _data("x" * MEGABYTES),
    "5 MB that are no base64": "-" * MEGABYTES,
    "a megabyte of line breaks": _data(gzip.compress(b"#!/bin/sh\n" + b"\n" * 10**6)),
    "a megabyte of letters": _data(gzip.compress(b"#!/bin/sh\n" + b"a" * 10**6)),
    "many commands on one line": _data(gzip.compress(b"#!/bin/sh\n" + b"docker -x " * 20_000)),
    "a megabyte of one command": _data(gzip.compress(b"#!/bin/sh\ndocker run " + b"-" * 10**5)),
    "broken compression": _data(b"\x1f\x8b" + b"x" * 100),
    "lists of lists of lists": _data(
        f"#cloud-config\n{_ALIASES}\nwrite_files: [{{path: /x, content: *i}}]\nruncmd: [*i]"
    ),
    "deep brackets": _data("#cloud-config\n" + "[" * 9000),
    "deep JSON": _data(f"#cloud-config\nwrite_files: [{{path: /etc/kotauth/boot.json, content: '{'[' * 9000}'}}]"),
    "quotes that stay open": _data(f"#!/bin/sh\ndocker run --name server '{CANARY}"),
    "no image": _data("#!/bin/sh\ndocker run --rm -e\n"),
    "no text": _data(bytes(range(256))),
    "a broken part": _data("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\n\n--\n"),
}


@pytest.mark.parametrize("name", USER_DATA)
def test_user_data_that_is_none_ends_soon(recorded: dict[str, Recorded], name: str) -> None:
    found: list[Violation] = []
    change = ("aws:ec2/launchTemplate:LaunchTemplate", ("userData",), USER_DATA[name])
    assert processor_time.seconds(lambda: found.extend(recorded["aws_program"].with_nonsense(*change))) < 5
    # Whatever it says, it starts no server any more.
    assert "find-kotauth-server" in _sound(found)


def test_user_data_that_is_secret_shows_no_image() -> None:
    data = Secret(_data("#!/bin/sh\ndocker run --privileged example.com/canary:latest\n"))
    found = analyze(register(build(put("template", "user_data", data), of=aws_program.compliant)))
    assert {each.rule for each in found} >= {"pin-image", "allow-image-registries", "forbid-privileged-containers"}
    assert not [each for each in found if "canary" in each.message]


LONG = {
    "letters": "a" * 250_000,
    "addresses": "a://" * 62_500,
    "keys": "-----BEGIN A" * 20_000,
    "dots": "a.b_c-" * 40_000,
    "line breaks": "\n" * 250_000,
    "beginnings of tokens": "eyJ-" * 25_000,
    "words of one command": "-x htpasswd " + "a " * 25_000,
    "headers": "set-header x-forwarded-for " * 5_000,
    "a probe": f"/health/ready -{'I' * 12_500}1; echo{' ' * 12_500}|",
}
_ONE = {
    "image": "docker.io/library/caddy:2.11.9",
    "user": "10001",
    "envs": ["MODE=fast"],
    "command": ["run"],
    "labels": [{"label": "team", "value": "shop"}],
    "uploads": [{"file": "/etc/nginx.conf", "content": "user www;"}],
    "volumes": [{"container_path": "/data", "host_path": "/srv"}],
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_ends_soon_and_is_not_shown(name: str) -> None:
    one = Recorded(register(lambda: docker.Container("one", **_ONE) and None))
    for path in sorted(paths(next(one.values("docker:index/container:Container", ())), ())):
        change = ("docker:index/container:Container", path, LONG[name])
        assert processor_time.seconds(lambda change=change: _sound(one.with_nonsense(*change))) < 1, path


NAMES = ("größer-漢字-🔑", "two\nlines", "a::b", "'\"`$(x)", "a/b c", "n" * 1000, "../..", "%s{0}", "<script>")


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:10])
def test_a_name_can_be_anything(name: str) -> None:
    changes = (
        add(name, docker.Container, {"image": "docker.io/library/caddy:2.11.9", "privileged": True}),
        add(f"{name}-policy", aws.iam.Policy, {"policy": "{"}),
    )
    found = analyze(register(build(*changes)))
    mine = [each for each in found if each.resource == name.rpartition("::")[2]]
    assert "forbid-privileged-containers" in {each.rule for each in mine}
    assert "forbid-escalation" in {each.rule for each in found}
    assert not [each for each in found if "crashed" in each.message]


def test_a_variable_that_is_there_twice_is_refused() -> None:
    twice = put("server", "envs", [*envs(), "KAUTH_ENV=development"])
    (violation,) = analyze(register(build(twice)))
    assert violation.rule == "set-production-environment"
    assert "is not the only entry for KAUTH_ENV" in violation.message


def test_a_label_that_is_there_twice_is_refused() -> None:
    twice = put("server", "labels.+", {"label": "kotauth.part", "value": "worker"})
    found = analyze(register(build(twice)))
    assert {each.rule for each in found} >= {"publish-only-from-frontend", "complete-stack", "trace-secret-key"}
    assert all("is not the only label kotauth.part" in each.message for each in found)


def test_groups_that_name_each_other_are_judged() -> None:
    one, other = f"urn:pulumi:test::shop::{_GROUP}::one", f"urn:pulumi:test::shop::{_GROUP}::other"
    requests = []
    for urn, peer in ((one, other), (other, one)):
        request = resource_pb2.RegisterResourceRequest(type=_GROUP, name=urn.rpartition("::")[2])
        request.object.update({"ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["::/0"]}]})
        request.propertyDependencies["ingress"].urns.extend([urn, peer])
        requests.append((urn, request))
    found = analyze(Registered(requests))
    assert {f"{each.rule}@{each.resource}" for each in found} == {
        f"{rule}@{name}" for rule in ("limit-world-ingress", "describe-security-groups") for name in ("one", "other")
    }


_GROUP = "aws:ec2/securityGroup:SecurityGroup"
