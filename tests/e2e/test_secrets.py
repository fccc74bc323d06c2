"""No generated secret is anywhere but in the files that its reader gets, in no form."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from simulators.docker_command import docker
from tests.e2e.places import containers, generated_secrets, image, label, places, volume_files
from tests.e2e.stack import Stack
from tests.e2e.traces import Search

pytestmark = [pytest.mark.docker, pytest.mark.engine]

READERS = {
    "secret key": {"server-secrets/secret_key"},
    "kotauth-admin-password": {"server-secrets/admin_password"},
    "kotauth-database-password": {"server-secrets/database_password"},
    "kotauth-postgres-administrator-password": {
        "postgres-secrets/administrator_password",
        "database-role-files/administrator_password",
    },
    "kotauth-backup-login-password": {"backup-dump-secrets/backup_password"},
    "kotauth-backup-repository-password": {"backup-store-secrets/repository_password"},
    # Kotauth gets its hash only.
    "kotauth-checklist-api-key": set[str](),
    "checklist API key": set[str](),
    # What the key was made of, and what the state is encrypted with.
    "kotauth-secret-key": set[str](),
    "passphrase": set[str](),
}
SERVER, DATABASE, BACKUPS = "10001:10001", "999:999", "65534:65534"
OWNERS = {
    "server-secrets/secret_key": SERVER,
    "server-secrets/admin_password": SERVER,
    "server-secrets/database_password": SERVER,
    "server-secrets/api_keys.json": SERVER,
    "postgres-secrets/administrator_password": DATABASE,
    "database-role-files/administrator_password": DATABASE,
    "database-role-files/role.sql": DATABASE,
    "backup-dump-secrets/backup_password": BACKUPS,
    "backup-store-secrets/repository_password": BACKUPS,
}

CANARY = f"Canary{uuid.uuid4().hex}{uuid.uuid4().hex}"


def written(secret: bytes) -> dict[str, bytes]:
    """Return a secret in each form, with something before and after it, as it would be within something larger."""
    more = (b"<" + secret + b"> and more " * 3, b"<<" + secret + b">", b"<<<" + secret + b">>")
    percent = "".join(f"%{byte:02X}" for byte in secret)
    return {
        "plain": b"<" + secret + b">",
        "hex": secret.hex().encode(),
        "upper-case hex": secret.hex().upper().encode(),
        "url-encoded": percent.encode(),
        **{f"base64 {n}": base64.b64encode(text) for n, text in enumerate(more)},
        **{f"url-safe base64 {n}": base64.urlsafe_b64encode(text).rstrip(b"=") for n, text in enumerate(more)},
        **{f"base64 of gzip {n}": base64.b64encode(b"<" * n + gzip.compress(text)) for n, text in enumerate(more)},
        "base64 of zlib": base64.b64encode(zlib.compress(more[0])),
        "base64 of gzip of base64": base64.b64encode(gzip.compress(base64.b64encode(more[1]))),
    }


def packed(secret: bytes) -> dict[str, bytes]:
    """Return the forms that are not text."""
    return {"gzip": gzip.compress(b"." * 99 + secret), "zlib": b"before " + zlib.compress(secret, 9) + b" after"}


# Everything at once: what the search answers says which of them it saw.
TEXT = b" ".join(written(CANARY.encode()).values()).decode()
SEEN = {"plain", "hex", "upper-case hex", "base64", "url-safe base64", "url-encoded", "base64 of gzip of plain"}


@pytest.fixture(scope="module")
def secrets(stack: Stack) -> dict[str, str]:
    """Return the generated secrets by name."""
    return generated_secrets(stack)


@pytest.fixture
def planted(stack: Stack) -> Iterator[Stack]:
    """Yield the stack with a canary in each kind of place."""
    name = f"kotauth-canary-{uuid.uuid4().hex[:8]}"
    mine = ("--label", label(stack), "--label", "kotauth.part=canary")
    common = (*mine, "--network=none", "--user=0:0", "--entrypoint=sh")
    file = stack.project.path / ".pulumi-local" / "state" / f"{name}.json.gz"
    try:
        docker("volume", "create", *mine, "--label", f"canary={TEXT}", name)
        docker("network", "create", "--internal", *mine, "--label", f"canary={TEXT}", name)
        script = 'echo "$2"; { printf %s "$1" | base64 -d; echo "$2"; } >/canary/file; sleep 600; :'
        binary = base64.b64encode(b" ".join(packed(CANARY.encode()).values())).decode()
        volume = f"--volume={name}:/canary"
        docker(
            *("run", "--detach", "--name", f"{name}-running", *common, volume),
            *(image(stack), "-c", script, "sh", binary, TEXT),
        )
        docker("exec", "--detach", f"--env=CANARY={TEXT}", f"{name}-running", "sleep", "600")
        docker("create", "--name", f"{name}-stopped", *common, f"--env=CANARY={TEXT}", image(stack))
        stack.administrator_sql(f"CREATE TABLE kotauth.canary AS SELECT '{TEXT}'::text AS text")
        file.write_bytes(b"".join([*packed(CANARY.encode()).values(), TEXT.encode()]))
        yield replace(stack, up=TEXT)
    finally:
        stack.administrator_sql("DROP TABLE IF EXISTS kotauth.canary")
        file.unlink(missing_ok=True)
        for kind, names in (("rm", (f"{name}-running", f"{name}-stopped")), ("volume", (name,)), ("network", (name,))):
            docker(*((kind, "--force", "--volumes") if kind == "rm" else (kind, "rm")), *names, check=False)


@pytest.mark.parametrize("form", written(b""))
def test_the_search_knows_the_form(form: str) -> None:
    assert Search({"canary": CANARY}).find(b"before " + written(CANARY.encode())[form] + b" after")


@pytest.mark.parametrize("form", packed(b""))
def test_the_search_unpacks(form: str) -> None:
    assert Search({"canary": CANARY}).find(b"before " + packed(CANARY.encode())[form] + b" after")


@pytest.mark.parametrize("half", [CANARY[:40], CANARY[-40:]], ids=["begin", "end"])
def test_the_search_finds_a_shortened_secret(half: str) -> None:
    assert Search({"canary": CANARY}).find(f"x{half}".encode())


def test_the_search_knows_a_key_by_its_bytes() -> None:
    key = bytes.fromhex(uuid.uuid4().hex * 2)
    for text in (key, key.hex().upper().encode(), base64.b64encode(b"<" + key)):
        assert Search({"key": key.hex()}).find(text)


def test_a_canary_is_found_in_every_kind_of_place(planted: Stack) -> None:
    search = Search({"canary": CANARY})
    found = {place: {form for _, form in search.find(content)} for place, content in places(planted)}
    found["volume's file"] = set().union(
        *({form for _, form in search.find(file.content)} for file in volume_files(planted))
    )
    seen_in: dict[str, set[str]] = defaultdict(set)
    for place, forms in found.items():
        if forms:
            seen_in[_kind(place)] |= forms
    assert {kind: SEEN - forms for kind, forms in seen_in.items()} == {
        "output of the up": set(),
        "file .pulumi-local": set(),
        "inspect running": set(),
        "inspect stopped": set(),
        "log running": set(),
        "log postgres": set(),
        "environ running": set(),
        "cmdline running": set(),
        "volume": set(),
        "volume's file": set(),
        "network": set(),
        "database": set(),
    }
    assert {"gzip of plain", "zlib of plain"} <= seen_in["file .pulumi-local"] & seen_in["volume's file"]


def _kind(place: str) -> str:
    kind, _, rest = place.partition(" ")
    if kind in ("inspect", "log", "environ", "cmdline"):
        return f"{kind} {'postgres' if 'postgres' in rest else rest.rpartition('-')[2]}"
    if kind == "file":
        return f"file {PurePosixPath(rest).parts[0]}"
    return kind if kind in ("volume", "network") else place


def test_every_generated_secret_is_looked_for(stack: Stack, secrets: dict[str, str]) -> None:
    assert set(secrets) == set(READERS)
    assert secrets["kotauth-admin-password"] == stack.outputs["adminPassword"]
    assert min(map(len, secrets.values())) >= 32


def test_no_secret_is_anywhere_else(stack: Stack, secrets: dict[str, str]) -> None:
    search = Search(secrets)
    looked_at = dict(places(stack))
    assert {place: found for place, content in looked_at.items() if (found := search.find(content))} == {}
    # That there was something to look at.
    whole = {
        kind: b"".join(looked_at[place] for place in looked_at if place.startswith(kind)) for kind in ("environ", "log")
    }
    assert b"KAUTH_SECRET_KEY_FILE=" in whole["environ"]
    assert b"database system is ready" in whole["log"]
    assert "created" in stack.up


def test_each_secret_is_in_the_files_of_its_readers_only(stack: Stack, secrets: dict[str, str]) -> None:
    search = Search(secrets)
    found: dict[str, set[str]] = {name: set() for name in secrets}
    for file in volume_files(stack):
        for name, _ in search.find(file.content):
            found[name].add(_short(file.volume) + "/" + file.path)
    assert found == READERS


def test_only_its_reader_can_read_a_secret_file(stack: Stack) -> None:
    files = {f"{_short(file.volume)}/{file.path}": (file.owner, file.mode) for file in volume_files(stack)}
    secret = {path: rights for path, rights in files.items() if "secrets/" in path or "-files/" in path}
    assert secret == {path: (owner, "0400") for path, owner in OWNERS.items()}


@pytest.mark.parametrize("user", ["12345:12345", "0:0"])
def test_another_user_in_the_container_can_t_read_them(stack: Stack, user: str) -> None:
    read = ("sh", "-c", "cat /run/secrets/* 2>/dev/null; echo done")
    server = stack.container("server")
    assert docker("exec", f"--user={user}", server, *read) == "done"
    assert docker("exec", server, *read) != "done"


def test_nothing_is_written_beside_the_volumes_where_it_could_be(stack: Stack) -> None:
    for inspected in json.loads(docker("inspect", *containers(stack))):
        if inspected["HostConfig"]["ReadonlyRootfs"]:
            continue
        points = {PurePosixPath(mount["Destination"]) for mount in inspected["Mounts"]}
        points |= set(map(PurePosixPath, inspected["HostConfig"].get("Tmpfs") or {}))
        allowed = points | {parent for point in points for parent in point.parents}
        written_to = {PurePosixPath(line.split(" ", 1)[1]) for line in docker("diff", inspected["Id"]).splitlines()}
        assert written_to <= allowed, inspected["Name"]


def _short(volume: str) -> str:
    """Return a volume's name as the program has it, without the engine's ending."""
    return volume.removeprefix("kotauth-").rpartition("-")[0]
