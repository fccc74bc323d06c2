"""Where a secret of a running stack could have been written down: everything but the secret files."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulators.docker_command import docker
from tests.e2e.stack import Stack

_SECRET = "4dabf18193072939515e22adb298388d"
"""The engine's mark of a secret value."""
_RANDOM = "random:index/randomPassword:RandomPassword"
_CREDENTIALS = "kotauth:index:KotauthCredentials"
# For each process "pid environ|cmdline base64"; a process may end while it is read.
_READ_PROCESSES = (
    'for pid in "$@"; do for what in environ cmdline; do '
    'if content=$(base64 -w0 "/proc/$pid/$what" 2>/dev/null); then echo "$pid $what $content"; fi; done; done'
)
_EVERYTHING = (
    "SELECT nspname, schema_to_xml(nspname, true, false, '') FROM pg_namespace WHERE nspname !~ '^pg_|^information';"
    "SELECT * FROM pg_authid; SELECT * FROM pg_settings; SELECT * FROM pg_db_role_setting"
)


def generated_secrets(stack: Stack) -> dict[str, str]:
    """Return every generated secret of the stack by name, and the passphrase that encrypts them in its state."""
    exported = json.loads(stack.project.pulumi("stack", "export", "--show-secrets").output)
    secrets = {"checklist API key": stack.outputs["checklistApiKey"]}
    for resource in exported["deployment"]["resources"]:
        name = resource["urn"].rpartition("::")[2]
        if resource["type"] == _RANDOM:
            secrets[name] = _plain(resource["outputs"]["result"])
        if resource["type"] == _CREDENTIALS:
            secrets["secret key"] = _plain(resource["outputs"]["secret_key"])
    secrets["passphrase"] = (stack.project.path / ".pulumi-local" / "passphrase").read_text().strip()
    return secrets


def _plain(value: Any) -> str:
    return str(json.loads(value["plaintext"]) if isinstance(value, dict) and _SECRET in value else value)


def label(stack: Stack) -> str:
    """Return the label that everything of the stack carries."""
    return f"kotauth.stack=kotauth/{stack.project.stack}"


def containers(stack: Stack) -> list[str]:
    """Return the ids of all containers of the stack, running or not."""
    return docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label(stack)}").split()


def places(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each place with what is there."""
    yield "exported state", json.dumps(stack.project.state()).encode()
    yield "stack outputs", stack.project.pulumi("stack", "output", "--json").output.encode()
    yield "output of the up", stack.up.encode()
    for file in stack.project.path.rglob("*"):
        if file.is_file() and file.name != "passphrase" and ".venv" not in file.parts:
            yield f"file {file.relative_to(stack.project.path)}", file.read_bytes()
    yield from _of_the_daemon(stack)
    yield "database", stack.administrator_sql(_EVERYTHING).encode()


def _of_the_daemon(stack: Stack) -> Iterator[tuple[str, bytes]]:
    names: dict[str, str] = {}
    for inspected in json.loads(docker("inspect", *containers(stack))):
        name = names[inspected["Id"]] = inspected["Name"].lstrip("/")
        yield f"inspect {name}", json.dumps(inspected).encode()
        yield f"log {name}", _log(inspected["Id"])
    for kind in ("volume", "network"):
        for name in docker(kind, "ls", "--quiet", "--filter", f"label={label(stack)}").split():
            yield f"{kind} {name}", docker(kind, "inspect", name).encode()
    yield from _processes(stack, names)


def _log(container: str) -> bytes:
    done = subprocess.run(["docker", "logs", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return done.stdout


def _processes(stack: Stack, names: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Read the processes of the running containers as the host sees them, also if the test does not run as root.

    A one-shot container may end meanwhile, with its processes.
    """
    running = docker("ps", "--quiet", "--no-trunc", "--filter", f"label={label(stack)}").split()
    owner: dict[str, str] = {}
    for container in running:
        for pid in docker("top", container, "-eo", "pid", check=False).split()[1:]:
            owner[pid] = names[container]
    lines = docker(
        *("run", "--rm", "--network=none", "--pid=host", "--user=0:0", "--cap-add=SYS_PTRACE", "--entrypoint=sh"),
        *(image(stack), "-c", _READ_PROCESSES, "read", *owner),
    )
    for line in lines.splitlines():
        pid, what, content = line.split(" ")
        yield f"{what} {pid} {owner[pid]}", base64.b64decode(content)


def image(stack: Stack) -> str:
    """Return an image of the stack with the usual tools."""
    return stack.inspect(stack.container("database"))["Image"]


@dataclass(frozen=True)
class VolumeFile:
    """A file in a volume."""

    volume: str
    path: str
    owner: str
    mode: str
    content: bytes


def volume_files(stack: Stack) -> Iterator[VolumeFile]:
    """Yield each file of the stack's volumes, as root of the host would find it; not the database's own."""
    listed = docker("volume", "ls", "--quiet", "--filter", f"label={label(stack)}").split()
    names = [name for name in listed if "-postgres-data-" not in name]
    done = subprocess.run(
        [
            *("docker", "run", "--rm", "--network=none", "--user=0:0", "--entrypoint=tar"),
            *(f"--volume={name}:/volumes/{name}:ro" for name in names),
            *(image(stack), "--create", "--directory=/volumes", "."),
        ],
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            if member.isfile():
                _, volume, path = member.name.split("/", 2)
                content = archive.extractfile(member)
                assert content
                yield VolumeFile(volume, path, f"{member.uid}:{member.gid}", f"{member.mode:04o}", content.read())
