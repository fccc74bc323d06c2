"""The Docker daemon is found as the provider finds it: what counts, what wins, what is refused."""

from __future__ import annotations

import json
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import set_all_config

from components.docker.daemon.address import Address, AddressError, Certificates, find

PEM = {"ca": "the authority", "cert": "the certificate", "key": "the key"}
MATERIAL = {f"{name}Material": text for name, text in PEM.items()}
CERTIFICATES = Certificates(PEM["ca"], PEM["cert"], PEM["key"])
TCP = "tcp://docker.test:2376"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a user's home; nothing is set."""
    for name in (
        "HOST",
        "CONTEXT",
        "CERT_PATH",
        "TLS_VERIFY",
        "SSH_OPTS",
        *(f"{name.upper()}_MATERIAL" for name in PEM),
    ):
        monkeypatch.delenv(f"DOCKER_{name}", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_dir=str(tmp_path)))
    yield tmp_path
    set_all_config({})


def configure(values: Mapping[str, str]) -> None:
    set_all_config({f"docker:{key}": value for key, value in values.items()})


def context(home: Path, name: str, host: str, *, certificates: bool = False) -> None:
    meta = home / ".docker" / "contexts" / "meta" / f"id-of-{name}" / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    if certificates:
        (home / ".docker" / "contexts" / "tls" / f"id-of-{name}" / "docker").mkdir(parents=True)


def certificate_folder(home: Path) -> str:
    for name, text in PEM.items():
        (home / f"{name}.pem").write_text(text)
    return str(home)


def test_nothing_is_set() -> None:
    assert find() == Address("unix:///var/run/docker.sock")


@pytest.mark.parametrize(
    ("values", "variables", "found"),
    [
        ({}, {"DOCKER_HOST": TCP}, Address(TCP)),
        ({"host": TCP}, {"DOCKER_HOST": "unix:///other.sock"}, Address(TCP)),
        ({"host": "ssh://a"}, {"DOCKER_SSH_OPTS": "-i  key"}, Address("ssh://a", ("-i", "key"))),
        (
            {"host": "ssh://a", "sshOpts": '["-o", "ProxyJump=a b"]'},
            {"DOCKER_SSH_OPTS": "-i key"},
            Address("ssh://a", ("-o", "ProxyJump=a b")),
        ),
        ({"host": TCP, **MATERIAL}, {}, Address(TCP, (), CERTIFICATES)),
        (
            {"host": TCP},
            {"DOCKER_CA_MATERIAL": PEM["ca"], "DOCKER_CERT_MATERIAL": PEM["cert"], "DOCKER_KEY_MATERIAL": PEM["key"]},
            Address(TCP, (), CERTIFICATES),
        ),
        (
            {"host": TCP, "certMaterial": PEM["cert"], "keyMaterial": PEM["key"]},
            {},
            Address(TCP, (), Certificates("", PEM["cert"], PEM["key"])),
        ),
        ({"host": TCP}, {"DOCKER_TLS_VERIFY": "1"}, "the provider does not read DOCKER_TLS_VERIFY"),
        ({"host": TCP, "caMaterial": PEM["ca"]}, {}, "docker:caMaterial is ignored without docker:certMaterial"),
    ],
)
def test_what_counts(
    values: Mapping[str, str], variables: Mapping[str, str], found: Address | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(values)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    address = find()
    if isinstance(found, Address):
        assert address == found
    else:
        assert address.certificates is None
        assert address.remarks[0].startswith(found)


@pytest.mark.parametrize("variable", [False, True])
def test_a_folder_of_certificates(home: Path, monkeypatch: pytest.MonkeyPatch, variable: bool) -> None:
    folder = certificate_folder(home)
    if variable:
        monkeypatch.setenv("DOCKER_CERT_PATH", folder)
        configure({"host": TCP})
    else:
        configure({"host": TCP, "certPath": folder})
    assert find() == Address(TCP, (), CERTIFICATES)


@pytest.mark.parametrize("variable", [False, True])
def test_a_context_wins_over_a_host(home: Path, monkeypatch: pytest.MonkeyPatch, variable: bool) -> None:
    context(home, "other", "ssh://other")
    context(home, "production", "ssh://deploy@production")
    (home / ".docker" / "contexts" / "meta" / "a").mkdir()
    (home / ".docker" / "contexts" / "meta" / "a" / "meta.json").write_text("no JSON")
    monkeypatch.setenv("DOCKER_HOST", TCP)
    if variable:
        monkeypatch.setenv("DOCKER_CONTEXT", "production")
    else:
        configure({"context": "production"})
    address = find()
    assert address.url == "ssh://deploy@production"
    name = "DOCKER_CONTEXT" if variable else "docker:context"
    assert address.remarks == (
        f'DOCKER_HOST is ignored because {name} is "production" and a context takes precedence: unset one of the two',
    )


def test_a_context_s_certificates_do_not_count_and_are_named(home: Path) -> None:
    context(home, "production", TCP, certificates=True)
    configure({"context": "production"})
    address = find()
    assert address.certificates is None
    folder = home / ".docker/contexts/tls/id-of-production/docker"
    assert address.remarks == (
        f"the provider does not read the certificates of a context: set docker:certPath to {folder}",
    )


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"context": "default"}, r'docker:context = "default": there is no such context in .*Create the context there'),
        ({"sshOpts": "-i key"}, "docker:sshOpts must be a list of strings, one for each argument of ssh. "),
        ({"sshOpts": "[1]"}, "docker:sshOpts must be a list of strings, one for each argument of ssh. "),
        ({"host": "10.0.0.1:2375"}, 'docker:host = "10.0.0.1:2375" has no scheme, .* set ssh://USER@HOST, tcp:'),
        ({"host": "/var/run/docker.sock"}, 'docker:host = "/var/run/docker.sock" has no scheme'),
        ({"host": "me:p@ss@example.com"}, r'docker:host = "me:\[secret\]@example.com" has no scheme'),
        ({"certMaterial": "x"}, "docker:certMaterial is set without docker:keyMaterial"),
        ({"keyMaterial": "x"}, "docker:keyMaterial is set without docker:certMaterial"),
        ({**MATERIAL, "certPath": "/x"}, "docker:certMaterial and docker:certPath are both set"),
        (
            {"certPath": "/none"},
            'docker:certPath = "/none": ca.pem can\'t be read: No such file or .* contain ca.pem, cert.pem and key.pem',
        ),
        (MATERIAL, "docker:certMaterial sets client certificates, .* the daemon is unix:///var/run/docker.sock. Unset"),
        (
            {**MATERIAL, "host": "ssh://a"},
            "docker:certMaterial sets client certificates, .* the daemon is ssh://a. Unset",
        ),
    ],
)
def test_what_the_provider_refuses(values: Mapping[str, str], told: str) -> None:
    configure(values)
    with pytest.raises(AddressError, match=f"^{told}"):
        find()


@pytest.mark.parametrize("scheme", ["ssh", "http", "tcp"])
@given(
    user=st.from_regex(r"[a-z.-]{0,8}", fullmatch=True),
    password=st.from_regex(r"[A-Z0-9%:@!$&'()*+,;=._~-]{3,20}", fullmatch=True),
)
def test_no_password_of_an_address_is_shown(scheme: str, user: str, password: str) -> None:
    address = Address(f"{scheme}://{user}:{password}@docker.test:2375")
    assert str(address) == f"{scheme}://{user}:[secret]@docker.test:2375"
    assert password not in repr(address)


def test_nothing_secret_is_shown() -> None:
    configure({"host": TCP, "sshOpts": '["-o", "ProxyCommand=hunter2"]', "caMaterial": "hunter2"})
    address = find()
    assert "hunter2" not in f"{address} {address!r} {address.remarks}"
    assert "hunter2" not in repr(Certificates("", "hunter2", "hunter2"))
