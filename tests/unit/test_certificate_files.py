"""The user's certificate files are judged at preview, each fault by one error that names the file and the reason."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.aws.settings import AwsSettings
from components.config import certificate
from components.config.frontends import FRONTENDS
from components.docker.settings import DockerSettings
from components.inputs.error import InvalidInputError
from tests import bad_settings
from tests.certificates import HOST, NOW, intermediate, issued, root
from tests.unit import stack_settings
from tests.unit.aws import statements
from tests.unit.aws_deployments import ALB, CADDY, deployed, files
from tests.unit.conftest import PUBLIC, deploy
from tests.unit.recording import Declared

GOOD = issued()
BASE: dict[str, Any] = {"base_url": f"https://{HOST}", "certificates": "files"}
ON_AWS: dict[str, Any] = {**CADDY, "certificates": "files"}
DER = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"
"""A key in another form than PEM, which looks like the path of a file."""


def given(chain: str = GOOD.chain, key: str = GOOD.key) -> dict[str, str]:
    return {"certificate_chain": chain, "certificate_key": key}


def refusals(**more: Any) -> dict[str, str]:
    """Return the rule of each refused input."""
    lines = stack_settings.refusals(lambda values: DockerSettings.resolve(values, "it"), {**BASE, **given(), **more})
    parts = [re.fullmatch(r'(\w+) = "(.*?)": (.*)', line) for line in lines]
    return {part[1]: part[3] for part in parts if part}


def content(settings: DockerSettings | AwsSettings) -> object:
    """Return the one secret file that the proxy gets."""
    ((name, value),) = settings.frontend_secrets("DockerDeployment it").items()
    assert name == "certificate.pem"
    declared: list[object] = []

    @pulumi.runtime.test
    def read() -> pulumi.Output[None]:
        assert isinstance(value, pulumi.Output)
        return pulumi.Output.all(value, value.is_secret()).apply(declared.extend)

    read()
    assert declared[1] is True, "the key is not marked as secret"
    return declared[0]


@pytest.mark.parametrize(
    ("name", "host"),
    [(HOST, HOST), ("*.example.com", HOST), ("AUTH.example.com", HOST), ("auth", "auth")],
)
def test_a_certificate_for_the_host_name(name: str, host: str) -> None:
    brought = issued("other.example.com", name)
    args = {**BASE, "base_url": f"https://{host}", **given(brought.chain, brought.key)}
    assert DockerSettings.resolve(args, "it").certificates == "files"


@pytest.mark.parametrize("root_included", [False, True])
def test_the_secret_file_is_the_chain_and_then_the_key(root_included: bool) -> None:
    chain = GOOD.chain + (root().pem if root_included else "")
    noise = "subject=CN = auth.example.com\n" + chain.replace("\n", "\r\n")
    assert content(DockerSettings.resolve({**BASE, **given(noise)}, "it")) == chain + GOOD.key


def test_a_file_is_read_from_the_project_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/chain.pem").write_text(GOOD.chain)
    (tmp_path / "tls/key.pem").write_text(GOOD.key)
    settings = DockerSettings.resolve({**BASE, **given("tls/chain.pem", "tls/key.pem")}, "it")
    assert content(settings) == GOOD.chain + GOOD.key
    assert GOOD.key not in repr(settings)


NAMES = (
    *("other key", "issuer first", "no link", "expired", "other name", "no name", "key in chain", "cut off", "damaged"),
    *("no key", "damaged key", "passphrase", "two keys"),
)
WRONG: list[tuple[dict[str, str], str, str]] = [
    (
        given(key=issued("x.example.com").key),
        "certificate_key",
        "must be the key of the certificate in {chain}: the key in {key} is another; "
        "give the key that was made with the request of this certificate",
    ),
    (
        given(intermediate().pem + GOOD.certificate),
        "certificate_chain",
        "must begin with the certificate of the key, which is number 2 in {chain}: "
        "put it first, and after each certificate its issuer",
    ),
    (
        given(GOOD.certificate + root().pem + intermediate().pem),
        "certificate_chain",
        "must have the issuer after each certificate: number 2 in {chain} did not issue number 1; "
        "correct the order, or remove what is not of the chain",
    ),
    (
        given((expired := issued(end=-0.5)).chain, expired.key),
        "certificate_chain",
        f"must be valid now: number 1 in {{chain}} expired on {(NOW - timedelta(days=0.5)).date()}; renew it",
    ),
    (
        given((other := issued("example.com", "*.auth.example.com")).chain, other.key),
        "certificate_chain",
        f"must be for {HOST}, the host name of base_url: the certificate in {{chain}} is for "
        "example.com, *.auth.example.com; use a certificate with this name in its subject alternative names",
    ),
    (
        given((nameless := issued("")).chain, nameless.key),
        "certificate_chain",
        f"must be for {HOST}, the host name of base_url: the certificate in {{chain}} is for no host name; "
        "use a certificate with this name in its subject alternative names",
    ),
    (
        given(GOOD.chain + GOOD.key),
        "certificate_chain",
        "must be certificates only: {chain} also has a private key, which has its own setting",
    ),
    (
        given(GOOD.chain[:200]),
        "certificate_chain",
        "must be in PEM form: {chain} has no complete block -----BEGIN CERTIFICATE-----",
    ),
    (
        given(GOOD.chain.replace("MII", "AAA", 1)),
        "certificate_chain",
        "must be in PEM form: certificate number 1 in {chain} is damaged",
    ),
    (
        given(key=GOOD.certificate),
        "certificate_key",
        "must be in PEM form: {key} has no complete block -----BEGIN PRIVATE KEY-----",
    ),
    (
        given(key=GOOD.key.replace("MIG", "AAA")),
        "certificate_key",
        "must be in PEM form: private key number 1 in {key} is damaged",
    ),
    (
        given(key=GOOD.encrypted_key()),
        "certificate_key",
        "must be a key without a passphrase: the key in {key} is encrypted; "
        "decrypt it with `openssl pkey -in FILE -out NEW_FILE`",
    ),
    (
        given(key=GOOD.key + issued("x.example.com").key),
        "certificate_key",
        "must be one private key: {key} has 2; keep the key of the certificate",
    ),
]
"""Inputs, the one that is refused, and its rule, with the sources of the chain and of the key."""


@pytest.mark.parametrize(("args", "name", "rule"), WRONG, ids=NAMES)
def test_wrong_text(args: dict[str, str], name: str, rule: str) -> None:
    assert refusals(**args) == {name: rule.format(chain="its text", key="its text")}


@pytest.mark.parametrize(("args", "name", "rule"), WRONG, ids=NAMES)
def test_a_wrong_file_is_named(args: dict[str, str], name: str, rule: str, tmp_path: Path) -> None:
    paths = {input_name: tmp_path / f"{input_name}.pem" for input_name in args}
    for input_name, path in paths.items():
        path.write_text(args[input_name])
    chain, key = map(str, paths.values())
    assert refusals(certificate_chain=chain, certificate_key=key) == {name: rule.format(chain=chain, key=key)}


def unreadable(source: str, reason: str) -> str:
    return (
        f"must be PEM text or the path of a readable file: {source} can't be read ({reason}); "
        "a relative path starts in the project's folder"
    )


def test_a_certificate_is_not_valid_yet() -> None:
    early = issued(begin=1)
    begin = f"{NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    assert refusals(**given(early.chain, early.key)) == {
        "certificate_chain": f"must be valid now: number 1 in its text is valid only from {begin}; "
        "wait until then, or use another certificate"
    }


@pytest.mark.parametrize("name", ["certificate_chain", "certificate_key"])
def test_a_file_that_can_t_be_read(name: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    assert refusals(**{name: missing}) == {name: unreadable(missing, "No such file or directory")}
    (folder := tmp_path / "folder.pem").mkdir()
    assert refusals(**{name: str(folder)}) == {name: unreadable(str(folder), "Is a directory")}


@pytest.mark.parametrize("key", [DER, "PuTTY-User-Key-File-3: ecdsa\nComment: me@example.com"])
def test_a_key_that_is_not_pem_is_not_shown(key: str) -> None:
    assert refusals(certificate_key=key)["certificate_key"].startswith(unreadable("its file", "")[:70])


@pytest.mark.parametrize(
    "text",
    [GOOD.key, GOOD.chain + GOOD.key, GOOD.key.replace("\n", "\\n")],
    ids=["key", "chain and key", "key in one line"],
)
def test_a_key_in_place_of_the_chain_is_not_shown(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        DockerSettings.resolve({**BASE, **given(text)}, "it")
    assert 'certificate_chain = "[secret]": must be ' in str(refused.value)
    assert GOOD.key[30:60] not in str(refused.value)


@pytest.mark.parametrize("name", ["certificate_chain", "certificate_key"])
def test_the_home_of_an_unknown_user_is_no_path(name: str) -> None:
    assert refusals(**{name: "~unknown-user/a.pem"}) == {name: unreadable("~unknown-user/a.pem", "not a path")}


@pytest.mark.parametrize("name", ["certificate_chain", "certificate_key"])
def test_files_need_both(name: str) -> None:
    assert refusals(**{name: ""}) == {name: "is required with certificates files: give PEM text, or the path of a file"}


@pytest.mark.parametrize("certificates", ["acme", "internal"])
def test_only_files_takes_them(certificates: str) -> None:
    rule = "is only for certificates files: set both, or remove this"
    assert refusals(certificates=certificates, acme_email="ops@example.com") == {
        "certificate_chain": rule,
        "certificate_key": rule,
    }


PUBLIC_NAME = {"base_url": f"https://{HOST}", "acme_email": "ops@example.com"}


def limit(monkeypatch: pytest.MonkeyPatch, *certificates: str) -> None:
    """Have Caddy support only these, and one other proxy all."""
    proxy = FRONTENDS["caddy"]
    monkeypatch.setattr(certificate, "FRONTENDS", {"caddy": replace(proxy, certificates=certificates), "able": proxy})


@pytest.mark.parametrize(
    ("possible", "chosen", "rule"),
    [
        (["files"], "acme", "must be exactly files; acme needs frontend able"),
        (["files"], "internal", "must be exactly files; internal needs frontend able"),
        (["acme", "files"], "internal", "must be exactly acme or files; internal needs frontend able"),
    ],
)
def test_a_source_that_the_proxy_does_not_support(
    possible: list[str], chosen: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, *possible)
    assert refusals(**PUBLIC_NAME, certificates=chosen)["certificates"] == rule


@pytest.mark.parametrize(
    ("possible", "url", "source"),
    [
        (["acme", "files"], f"https://{HOST}", "acme"),
        (["files"], f"https://{HOST}", "files"),
        (["acme", "files"], "https://auth.localhost", "files"),
        (["files"], "https://auth.localhost", "files"),
    ],
)
def test_the_default_is_what_the_proxy_supports(
    possible: list[str], url: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, *possible)
    brought = issued(url.removeprefix("https://"))
    pair = given(brought.chain, brought.key) if source == "files" else {}
    args = {"base_url": url, "acme_email": "ops@example.com", **pair}
    assert DockerSettings.resolve(args, "it").certificates == source
    on_aws = {**CADDY, "base_url": url, **pair}
    if not url.endswith("localhost"):
        assert AwsSettings.resolve(on_aws, "it").certificates == source


def test_a_proxy_without_a_default_needs_its_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, "files")
    rule = "is required with certificates files: give PEM text, or the path of a file"
    assert set(stack_settings.refusals(lambda values: DockerSettings.resolve(values, "it"), PUBLIC_NAME)) == {
        f'certificate_chain = "": {rule}',
        f'certificate_key = "": {rule}',
    }


@pytest.mark.parametrize("key", [GOOD.key, "tls/key.pem"], ids=["text", "path"])
def test_a_stack_takes_a_secret_key_or_a_path(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/key.pem").write_text(GOOD.key)
    values = {"baseUrl": f"https://{HOST}", "certificates": "files", "certificateChain": GOOD.chain}
    is_text = key == GOOD.key
    stack = stack_settings.load({**values, "certificateKey": key}, secrets=["certificateKey"] if is_text else [])
    assert isinstance(stack.inputs["certificate_key"], pulumi.Output) is is_text
    assert content(DockerSettings.resolve({**stack.inputs, "labels": {}}, "it")) == GOOD.chain + GOOD.key


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [("certificateKey", GOOD.key, {"certificates": "files"}), ("secretKey", "k" * 32, {})],
    ids=["certificateKey", "secretKey"],
)
def test_a_secret_in_plain_text_is_refused_with_the_command(name: str, value: str, more: dict[str, str]) -> None:
    more = {**more, "certificateChain": GOOD.chain} if more else more
    assert stack_settings.refusals(stack_settings.load, {**bad_settings.ON_DOCKER, **more, name: value}) == [
        f'kotauth:{name} = "[secret]": must not be in plain text: run `pulumi config set --secret {name} '
        f"--stack {pulumi.get_stack()}`, which reads the terminal or a file (`< FILE`)"
    ]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (given(), None),
        (
            given(key=issued("x.example.com").key),
            'certificate_key = "[secret]": must be the key of the certificate in its text: the key in its text is '
            "another; give the key that was made with the request of this certificate",
        ),
        (
            given((other := issued("example.com")).chain, other.key),
            f"must be for {HOST}, the host name of base_url: the certificate in its text is for example.com; "
            "use a certificate with this name in its subject alternative names",
        ),
        (given(chain="", key=GOOD.key), 'certificate_chain = "": must be PEM text'),
        (given(key=DER), 'certificate_key = "[secret]": must be PEM text'),
    ],
    ids=["good", "other key", "other name", "no chain", "no PEM"],
)
def test_an_output_is_checked_when_its_value_is_known(args: dict[str, str], line: str | None) -> None:
    outputs = {name: pulumi.Output.from_input(value) for name, value in args.items()}
    settings = DockerSettings.resolve({**BASE, **outputs}, "it")
    if line is None:
        assert content(settings) == GOOD.chain + GOOD.key
        return
    with pytest.raises(InvalidInputError, match=re.escape(line)) as refused:
        content(settings)
    assert args["certificate_key"] not in str(refused.value)


def uploads(deployment: Declared, carrier: str) -> dict[str, str]:
    return {upload["file"]: upload["content"] for upload in deployment.named(f"{carrier}-carrier").inputs["uploads"]}


def test_on_docker_the_proxy_reloads_the_file_and_the_key_is_nowhere_else() -> None:
    args: Any = {**PUBLIC, **BASE, **given()}
    deployment = deploy(args)
    carrier = deployment.named("kotauth-frontend-next-secrets-carrier")
    assert "uploads" in carrier.secret_inputs
    assert [upload["content"] for upload in carrier.inputs["uploads"]] == [GOOD.chain + GOOD.key]
    assert deployment.outputs["ca_certificate"] == ""
    for resource in deployment.resources:
        assert GOOD.key not in repr({**resource.inputs, "uploads": None}).replace("\\n", "\n"), resource.name


def test_on_aws_the_host_reads_the_newest_version() -> None:
    declared = deployed({**ON_AWS, **given()})
    version = declared.named("kotauth-certificate-version")
    assert version.inputs["secretString"] == GOOD.chain + GOOD.key
    assert version.secret_inputs == {"secretString"}
    assert not declared.named("kotauth-certificate", ":Secret").protect
    plan = json.loads(files(declared)["/etc/kotauth/boot.json"])
    assert plan["secrets"]["frontend"] == {"certificate.pem": "AWSCURRENT"}
    renewed = issued(HOST, end=60)
    assert files(deployed({**ON_AWS, **given(renewed.chain, renewed.key)})) == files(declared), "the host is replaced"
    rights = statements(declared.named("kotauth-server-rights"))
    readable = {arn for each in rights if "secretsmanager:GetSecretValue" in each["Action"] for arn in each["Resource"]}
    assert any(":kotauth-certificate" in arn for arn in readable)


def test_on_aws_there_is_no_internal_authority() -> None:
    values = {**CADDY, "certificates": "internal"}
    assert stack_settings.refusals(lambda given: AwsSettings.resolve(given, "it"), values) == [
        'certificates = "internal": must be exactly acme or files; internal exists only with target docker'
    ]


def test_a_load_balancer_takes_no_certificate_files() -> None:
    args = {**ALB, "certificates": "files", **given()}
    rule = f"is only for frontend {' or '.join(FRONTENDS)}: remove it; the load balancer uses ACM"
    lines = stack_settings.refusals(lambda values: AwsSettings.resolve(values, "it"), args)
    assert [(line.partition(" = ")[0], line.partition('": ')[2]) for line in lines] == [
        ("certificates", rule),
        ("certificate_chain", rule),
        ("certificate_key", rule),
    ]
