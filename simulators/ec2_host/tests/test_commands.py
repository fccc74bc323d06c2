"""Host scripts call only what the ECS-optimized Amazon Linux 2023 brings, and the rehearsal host has nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import components.aws.host
from simulators.docker_command import docker
from simulators.ec2_host import commands
from simulators.images import ensure

pytestmark = pytest.mark.docker
_FOLDER = Path(components.aws.host.__file__).parent
SCRIPTS = sorted(path for path in _FOLDER.rglob("*") if path.suffix in {".py", ".service", ".timer", ".sh"})
ABSENT = [
    "aws",
    "jq",
    "wget",
    "nc",
    "git",
    "perl",
    "pip3",
    "apt-get",
    "dpkg",
    "dhclient",
    "busybox",
    "dash",
    "amazon-cloudwatch-agent",
]


@pytest.fixture(scope="module")
def image(daemon: object) -> str:
    return ensure(["ec2-host"])["ec2-host"]


@pytest.fixture(scope="module")
def present(image: str) -> set[str]:
    """Return the commands of the rehearsal host."""
    return set(docker("run", "--rm", "--network=none", image, "bash", "-c", "compgen -c").split())


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_call_only_what_is_listed(present: set[str], path: Path) -> None:
    assert commands.called_by_file(path.name, path.read_text(), present) <= commands.PACKAGES.keys()


@pytest.mark.parametrize("command", commands.PACKAGES)
def test_what_is_listed_comes_with_a_package_that_the_image_has(present: set[str], command: str) -> None:
    assert commands.PACKAGES[command] in commands.available()
    assert command in present


@pytest.mark.parametrize("command", ABSENT)
def test_the_rehearsal_host_lacks_what_the_real_one_lacks(present: set[str], command: str) -> None:
    assert command not in present


def test_the_rehearsal_hosts_python_has_no_sdk(image: str) -> None:
    found = (
        "import importlib.util as u; print([n for n in ('boto3', 'botocore', 'awscli', 'docker') if u.find_spec(n)])"
    )
    assert docker("run", "--rm", "--network=none", image, "python3", "-c", found) == "[]"


def test_sh_is_bash_as_on_amazon_linux(image: str) -> None:
    assert "GNU bash" in docker("run", "--rm", "--network=none", image, "sh", "--version")


@pytest.mark.parametrize(
    ("path", "content", "called"),
    [
        ("a.py", "subprocess.run(['/usr/bin/jq', '.'])", {"jq"}),
        ("a.py", "self.call('ssm', 'GetParameter')", set()),
        ("a.py", "run('wget', url, timeout=3)", {"wget"}),
        ("a.py", "command = ['tail', '-f']\nfields = ['name', 'tail']", {"tail"}),
        (
            "a.service",
            "[Service]\nExecStartPre=-/usr/bin/rm -f /x\nExecStart=/usr/bin/docker \\\n run x",
            {"rm", "docker"},
        ),
        ("a.service", "[Service]\nExecStart=/bin/sh -c 'journalctl -f | sed s/a/b/'", {"sh", "journalctl", "sed"}),
        (
            "a.sh",
            "#!/bin/sh\nset -e\nA=1 curl x && if test -s y; then mv y z; fi\nx=$(date +%s)\n",
            {"curl", "mv", "date"},
        ),
    ],
)
def test_calls_are_found(path: str, content: str, called: set[str]) -> None:
    assert commands.called_by_file(path, content, {"tail"}) == called
