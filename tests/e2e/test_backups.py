"""`make backup`, `backups`, `restore`, `restore-drill`, `backup-kit` and `upgrade`, on stacks that run."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import pytest

from cli import pulumi_command
from cli import stack as of_command
from cli.backups.__main__ import main
from simulators import images as built
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.places import generated_secrets
from tests.e2e.stack import Stack
from tests.e2e.traces import Search

pytestmark = [pytest.mark.docker, pytest.mark.engine]

Make = Callable[..., str]
ROWS = "SELECT count(*) FROM kotauth.users; SELECT count(*) FROM kotauth.audit_log"
USERS = (
    "INSERT INTO kotauth.users (tenant_id, username, email, password_hash) "
    "SELECT 1, 'user' || n, 'user' || n || '@example.com', 'x' FROM generate_series(1, 100) n"
)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Make]:
    """Return what runs a command for a stack, in the stack's own project, and returns what it printed."""

    def run(stack: Stack, command: str, *words: str, typed: str = "", code: int = 0) -> str:
        monkeypatch.setattr(pulumi_command, "ROOT", stack.project.path)
        monkeypatch.setattr(pulumi_command, "engine_variables", lambda: stack.project.environment)
        # The project is a copy without the policy pack.
        monkeypatch.setattr(of_command.Stack, "policy_options", [])
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        try:
            ended: object = main([command, "--stack", stack.project.stack, *words])
        except SystemExit as exit_:
            ended = exit_.code
        printed = "".join(capsys.readouterr())
        assert (ended == code) if isinstance(ended, int) else bool(ended) == bool(code), f"{ended}\n{printed}"
        return f"{printed}{ended}"

    yield run
    pulumi.runtime.set_all_config({})


@pytest.fixture
def kit(stack: Stack, make: Make, tmp_path: Path) -> list[Path]:
    """Return the two files of the stack's kit."""
    make(stack, "backup-kit", "--out", str(tmp_path))
    return [tmp_path / f"kotauth-{stack.project.stack}-{part}.json" for part in ("repository", "secret-key")]


def of_kit(kit: list[Path]) -> tuple[str, str]:
    return "--kit", ",".join(map(str, kit))


def test_a_backup_is_made_listed_and_told(stack: Stack, make: Make) -> None:
    made = re.search(r"^Stored backup (\w{8}): (.+), in (?:\d+|less than 1) s$", make(stack, "backup"), re.MULTILINE)
    assert made
    listed = make(stack, "backups")
    assert re.search(rf"^{made[1]} .+ {re.escape(made[2])}  manual$", listed, re.MULTILINE)
    assert "Last check of the repository: " in listed
    assert "FAILED" not in make(stack, "status")


def test_a_failure_is_told(stack: Stack, make: Make) -> None:
    store = stack.container("backup-store")
    stack.docker("stop", store)
    try:
        assert "doesn't run: start it with docker start" in make(stack, "backups", code=1)
        assert "doesn't run" in make(stack, "backup", code=1)
    finally:
        stack.docker("start", store)


def left(stack: Stack) -> str:
    """Return what commands have left on the host."""
    label = f"--filter=label=kotauth.command=kotauth/{stack.project.stack}"
    return "".join(
        docker(*command, "--quiet", filtered)
        for command in (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        for filtered in (label, f"{label}/drill", f"{label}/restore")
    )


def test_a_drill_proves_the_newest_backup_and_leaves_nothing(stack: Stack, make: Make, kit: list[Path]) -> None:
    make(stack, "backup")
    for words in ((), of_kit(kit)):
        printed = make(stack, "restore-drill", *words)
        assert "The backup can be restored: " in printed
        assert "RPO  backup " in printed
        assert re.search(r"^RTO  \d+ s", printed, re.MULTILINE)
        assert "a copy of the production data lies on this Docker host" in printed
    assert left(stack) == ""


def test_a_drill_has_no_way_out_and_shows_no_secret(stack: Stack, make: Make) -> None:
    """A recording target stands for a webhook and a mail server. Containers of other networks reach its address."""
    network = next(iter(stack.inspect(stack.container("frontend"))["NetworkSettings"]["Networks"].values()))
    accepted: list[object] = []
    with socket.create_server((network["Gateway"], 0)) as target:
        address = target.getsockname()
        threading.Thread(target=lambda: accepted.append(target.accept()), daemon=True).start()
        tries: list[int] = []
        shown: list[bytes] = []

        def ask(*words: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(["docker", *words], check=False, capture_output=True)

        def reach() -> None:
            label = f"label=kotauth.command=kotauth/{stack.project.stack}/drill"
            # All at once first: a server of the drill is there for some seconds only.
            containers = ask("ps", "--all", "--quiet", "--filter", label).stdout.decode().split()
            shown.extend(ask(*words).stdout for words in (("inspect", *containers), *(("logs", c) for c in containers)))
            for container in ask("ps", "--quiet", "--filter", label, "--filter", "health=healthy").stdout.split():
                command = f"exec 3<>/dev/tcp/{address[0]}/{address[1]}"
                tries.append(ask("exec", container.decode(), "bash", "-c", command).returncode)

        ended = threading.Event()
        watcher = threading.Thread(target=lambda: [reach() for _ in iter(lambda: ended.wait(0.3), True)])
        watcher.start()
        make(stack, "restore-drill")
        ended.set()
        watcher.join()
        assert tries, "no container of the drill was seen"
        assert 0 not in tries
        assert accepted == []
        socket.create_connection(address).close()
        eventually("the target records", lambda: bool(accepted))
    search = Search(generated_secrets(stack))
    assert b"KAUTH_SECRET_KEY_FILE" in b"".join(shown)
    assert [found for text in shown if (found := search.find(text))] == []


def test_a_drill_fails_with_the_key_of_another_stack(stack: Stack, make: Make, kit: list[Path]) -> None:
    told = json.loads(kit[1].read_text())
    kit[1].write_text(json.dumps({**told, "secret_key": "another" * 6}))
    assert "the secret key does not belong to the backup" in make(stack, "restore-drill", *of_kit(kit), code=1)
    assert left(stack) == ""


def test_a_stack_with_data_is_restored_only_when_its_name_is_typed_and_is_backed_up_first(
    stack: Stack, make: Make
) -> None:
    password = stack.outputs["adminPassword"]
    assert stack.client.login(password).status == 302
    make(stack, "backup")
    before = stack.administrator_sql(ROWS)
    stack.administrator_sql(USERS)
    assert "Nothing was changed." in make(stack, "restore", typed="yes\n", code=1)
    assert stack.client.finds_it_ready()
    printed = make(stack, "restore", typed=f"{stack.project.stack}\n")
    saved = re.search(r"it is backup (\w{8})", printed)
    assert saved
    assert stack.administrator_sql(ROWS) == before
    eventually("the server answers", stack.client.finds_it_ready)
    assert stack.client.login(password).status == 302
    # What was there can be restored, too; the login above is in it no more.
    make(stack, "restore", "--from", saved[1], typed=f"{stack.project.stack}\n")
    assert int(stack.administrator_sql(ROWS).split()[0]) == int(before.split()[0]) + 100
    stack.administrator_sql("DELETE FROM kotauth.users WHERE password_hash = 'x'")
    assert "before-restore" in make(stack, "backups")
    eventually("the server answers", stack.client.finds_it_ready)


def test_a_backup_that_does_not_exist_changes_nothing(stack: Stack, make: Make) -> None:
    assert "there is no backup deadbeef" in make(stack, "restore", "--from", "deadbeef", code=1)
    assert stack.client.finds_it_ready()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], pulumi_engine: None) -> Iterator[Stack]:
    """Yield a second stack, with a secret key of its own."""
    other = Stack.start_with_backups(tmp_path_factory.mktemp("other") / "project", "other", images)
    yield other
    other.remove()


def test_a_new_stack_takes_over_by_the_kit_once_it_has_the_old_key_and_then_another_postgresql(
    stack: Stack, other: Stack, make: Make, kit: list[Path], images: dict[str, str]
) -> None:
    password = stack.outputs["adminPassword"]
    assert stack.client.login(password).status == 302
    make(stack, "backup")
    rows = stack.administrator_sql(ROWS)
    own_password = other.outputs["adminPassword"]
    refused = make(other, "restore", *of_kit(kit[:1]), code=1)
    assert "is not the one that wrote this backup" in refused
    assert f"pulumi config set --secret secretKey --stack {other.project.stack}" in refused
    assert other.client.login(own_password).status == 302, "nothing was changed"

    old_key = generated_secrets(stack)["secret key"]
    other.project.pulumi("config", "set", "--secret", "secretKey", old_key)
    make(other, "restore", *of_kit(kit[:1]), typed=f"{other.project.stack}\n")
    assert other.administrator_sql(ROWS) == rows
    eventually("the server answers", other.client.finds_it_ready)
    assert other.client.login(password).status == 302

    rows = other.administrator_sql(ROWS)
    chain = "SELECT string_agg(concat(row_hash, chain_key_id), ',' ORDER BY id) FROM kotauth.audit_log"
    before = other.administrator_sql(chain)
    other.project.configure(databaseVersion="17", databaseImage=built.newer_database(17))
    assert "run `make upgrade STACK=" in other.project.up(check=False).output
    printed = make(other, "upgrade")
    assert other.administrator_sql("SHOW server_version_num").startswith("17")
    assert (other.administrator_sql(ROWS), other.administrator_sql(chain)) == (rows, before)
    eventually("the server answers", other.client.finds_it_ready)
    assert other.client.login(password).status == 302
    assert other.project.preview().summary.keys() == {"unchanged"}

    volume = re.search(r"docker volume rm (\S+)", printed)
    assert volume
    other.administrator_sql(USERS)
    refused = make(other, "upgrade", "--volume", volume[1], code=1)
    assert f"volume {volume[1]} has data of PostgreSQL 14, and databaseVersion is 17: set it to 14" in refused
    assert "there is no volume kotauth-none" in make(other, "upgrade", "--volume", "kotauth-none", code=1)
    other.project.configure(databaseVersion="14", databaseImage=images["databaseImage"])
    assert "an older version can't read them" in make(other, "upgrade", code=1)
    assert other.client.finds_it_ready(), "nothing was changed"
    make(other, "upgrade", "--volume", volume[1], typed=f"{other.project.stack}\n")
    assert other.administrator_sql("SHOW server_version_num").startswith("14")
    assert (other.administrator_sql(ROWS), other.administrator_sql(chain)) == (rows, before)
    eventually("the server answers", other.client.finds_it_ready)
    assert other.client.login(password).status == 302
