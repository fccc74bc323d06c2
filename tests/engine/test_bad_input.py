"""Each bad input is one clear error at preview, naming key, value and rule; several are all named; nothing is made."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

import engine
from tests.project import Project, Result

pytestmark = pytest.mark.engine

LOWER = "must start with https:// in lower case: TLS is mandatory"
ADDRESS = (
    "must name a host, not an IP address: clients send no server name for an address, so no certificate can be chosen"
)
REFERENCE = "must be an image reference with its registry, such as ghcr.io/inumansoul/kotauth:1.22.0"
MEMORY = "must be memory in MB, a whole number from 512 to 1048576 (Kotauth's documented minimum is 512 MB)"
PORT = "must be a TCP port, a whole number from 1 to 65535"
VERSION = "must be a major version of PostgreSQL, a whole number from 14 to 17 (Kotauth needs 14 or newer)"
FRONTEND = "must be exactly caddy"

ROWS: list[tuple[str, str, str]] = [
    ("baseUrl", "http://auth.example.com", LOWER),
    ("baseUrl", "https://auth.example.com/", "must not end with a slash: Kotauth appends its paths to it"),
    ("baseUrl", "HTTPS://auth.example.com", LOWER),
    ("baseUrl", "https://192.0.2.1", ADDRESS),
    ("baseUrl", "", "is required"),
    (
        "baseUrl",
        "https://auth.example.com/sso",
        "must be scheme, host and port only, without path, query or user",
    ),
    (
        "environment",
        "Production",
        "must be exactly production or development; Kotauth takes any other spelling for development, silently",
    ),
    (
        "image",
        "ghcr.io/inumansoul/kotauth:latest",
        "must name an exact tag or a digest: latest is moved to another image at a release",
    ),
    (
        "image",
        "ghcr.io/inumansoul/kotauth",
        "must name an exact tag or a digest: no tag means latest, another image tomorrow",
    ),
    (
        "image",
        "ghcr.io/inumansoul/kotauth:1.20.0",
        "must be version 1.21.0 or newer (older versions miss the API that the production checklist asks)",
    ),
    ("image", "Kotauth 1.22", REFERENCE),
    *[("memory", value, MEMORY) for value in ("256", "0", "-1", "lots")],
    ("cpus", "0.5", "must be processors, a number from 1 to 256 (Kotauth's documented minimum is 1 vCPU)"),
    ("httpPort", "0", PORT),
    ("httpPort", "70000", PORT),
    ("httpsPort", "70000", PORT),
    *[("databaseVersion", value, VERSION) for value in ("13", "99", "abc")],
    ("frontend", "apache", FRONTEND),
    ("frontend", "alb", f"{FRONTEND}; an ALB exists only on AWS, not with target docker"),
    ("target", "kubernetes", "must be exactly docker or aws"),
    ("updateCheck", "yes", "must be exactly true or false"),
    ("memorry", "1024", "is not known; is kotauth:memory meant?"),
    ("base_url", "https://auth.example.com", "is not known; is kotauth:baseUrl meant?"),
]


def runs() -> list[dict[str, str]]:
    """Share the rows out to as few runs as possible: one bad value of each setting in each."""
    found: list[dict[str, str]] = []
    for key, value, _ in ROWS:
        for run in found:
            if key not in run:
                run[key] = value
                break
        else:
            found.append({key: value})
    return found


RUNS = runs()


def errors(result: Result) -> list[str]:
    """Return the errors of the diagnostics, each with its lines; without Pulumi's own last word."""
    told = result.output.partition("\nDiagnostics:\n")[2].partition("\nResources:\n")[0]
    found = re.split(r"^ {4}error: ", told, flags=re.MULTILINE)[1:]
    return [error.strip() for error in found if "non-zero exit code" not in error]


def problems(project: Project) -> list[str]:
    """Preview, and return the lines of the one error; nothing may be made and nothing else be said."""
    result = project.preview(check=False)
    assert result.code != 0
    assert "Traceback" not in result.output
    assert set(result.summary) <= {"create", "errored"}
    assert result.summary.get("create", 0) <= 1, "more than the stack itself"
    (error,) = errors(result)
    assert not project.state()["deployment"].get("resources")
    return [line.strip() for line in error.splitlines()]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> list[list[str]]:
    """Return what each run was told."""
    told: list[list[str]] = []
    for number, settings in enumerate(RUNS):
        project = Project.create(tmp_path_factory.mktemp("bad") / str(number))
        project.configure(**settings)
        told.append(problems(project))
    return told


@pytest.mark.parametrize(("key", "value", "rule"), ROWS, ids=[f"{key}={value}" for key, value, _ in ROWS])
def test_bad_value(refusals: list[list[str]], key: str, value: str, rule: str) -> None:
    (told,) = (told for settings, told in zip(RUNS, refusals, strict=True) if settings.get(key) == value)
    assert f'kotauth:{key} = "{value}": {rule}' in told


def test_every_value_of_a_run_is_named_and_nothing_else(refusals: list[list[str]]) -> None:
    for settings, (head, *told) in zip(RUNS, refusals, strict=True):
        assert sorted(line.split(" = ")[0] for line in told) == sorted(f"kotauth:{key}" for key in settings)
        assert head.startswith(f"{len(settings)} values of" if len(settings) > 1 else "the configuration of stack test")


def test_a_single_bad_value(project: Project) -> None:
    project.configure(memory="256")
    assert problems(project) == ["the configuration of stack test is not valid:", f'kotauth:memory = "256": {MEMORY}']


def test_an_up_makes_nothing_either(project: Project) -> None:
    project.configure(baseUrl="")
    result = project.up(check=False)
    assert result.code != 0
    assert 'kotauth:baseUrl = "": is required' in result.output
    assert [r["type"] for r in project.state()["deployment"].get("resources", [])] in ([], ["pulumi:pulumi:Stack"])


def test_equal_ports(project: Project) -> None:
    project.configure(httpPort="8443")
    assert problems(project)[1:] == ['kotauth:httpPort = "8443": must differ from the https port']


def test_public_certificates_need_an_address_and_a_public_name(project: Project) -> None:
    project.configure(certificates="acme")
    assert problems(project)[1:] == [
        'kotauth:acmeEmail = "": is required with certificates acme: the authority writes to it',
        'kotauth:baseUrl = "https://kotauth.localhost:8443": is a local name, which no public authority certifies; '
        "use certificates internal",
    ]


@pytest.mark.parametrize("how", ["--secret", "--plaintext"])
def test_a_secret_key_that_is_too_short_is_not_shown(project: Project, how: str) -> None:
    key = "0123456789abcdefghijklmnopqrstu"
    project.pulumi("config", "set", how, "secretKey", key)
    told = problems(project)
    assert told[1:] == ['kotauth:secretKey = "[secret]": must have 32 characters or more, it has 31']
    assert key not in project.preview(check=False).output


def test_a_secret_under_a_wrong_name_is_not_shown(project: Project) -> None:
    project.pulumi("config", "set", "--secret", "secretkey", "0123456789abcdefghijklmnopqrstuvwxyz")
    assert problems(project)[1:] == ['kotauth:secretkey = "[secret]": is not known; is kotauth:secretKey meant?']


def test_no_docker_daemon(project: Project, tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/none.sock"
    project.variables["DOCKER_HOST"] = address
    (told,) = problems(project)
    assert told.startswith(f"no Docker daemon answers at {address}: ")
    assert told.endswith("Start Docker, or choose another daemon with `pulumi config set docker:host` or DOCKER_HOST.")


def test_no_docker_daemon_at_the_stack_s_own_address(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        address = f"tcp://127.0.0.1:{dead.getsockname()[1]}"
    project.configure(**{"docker:host": address})
    (told,) = problems(project)
    assert told.startswith(f"no Docker daemon answers at {address}: ")


def test_the_passphrase_is_lost(project: Project) -> None:
    passphrase = project.path / ".pulumi-local" / "passphrase"
    passphrase.unlink()
    with pytest.raises(engine.EngineError, match="the passphrase of the local state is gone") as refused:
        project.preview()
    assert str(passphrase) in str(refused.value)
    assert "kotauth/test" in str(refused.value)
    assert not passphrase.exists()
