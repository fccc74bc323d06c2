"""`make upgrade` to another major version of PostgreSQL: what it does where a step fails, and the switched state."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli import pulumi_command
from cli.backups import backup, upgrade
from cli.backups.job import JobError, Runner
from cli.backups.site import Site, SiteError
from cli.stack import Stack
from components.postgres.server import DATA_PATH

OLD = "kotauth-postgres-data-0c0ffee"


class Host:
    """A Docker host with the database and the server of a stack."""

    def __init__(self) -> None:
        self.posted: list[str] = []

    def get(self, path: str, **query: str) -> Any:
        if path == "/containers/json":
            (part,) = [label for label in json.loads(query["filters"])["label"] if "part=" in label]
            return [{"Id": part.partition("=")[2]}]
        if path.startswith("/volumes/"):
            return {"Labels": {"kotauth.stack": "kotauth/dev"}}
        return {
            "Id": path.split("/")[2],
            "Name": "/it",
            "State": {"Running": True},
            "Config": {"Image": "docker.io/library/postgres:14.23-bookworm", "User": "999:999"},
            "Mounts": [{"Type": "volume", "Destination": DATA_PATH, "Name": OLD}],
        }

    def stop(self, container: str, *, seconds: int) -> None:
        self.posted.append(f"/containers/{container}/stop")

    def post(self, path: str, body: Any = None, **_: object) -> Any:
        self.posted.append(path)
        return {"Name": body["Name"]} if body else None


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def site(host: Host) -> Site:
    settings: Any = SimpleNamespace(server=SimpleNamespace(database_version=17), backups=True)
    runner = Runner(host, "kotauth/dev")  # pyright: ignore[reportArgumentType]
    return Site(Stack("dev"), settings, runner, "kotauth", {})


def test_the_server_runs_again_where_the_backup_fails(site: Site, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise JobError("no space left on device")

    monkeypatch.setattr(backup, "make", fail)
    with pytest.raises(JobError, match="no space left"):
        upgrade.upgrade(site)
    assert host.posted == [f"/containers/server/{done}" for done in ("stop", "stop", "start")]


@pytest.mark.parametrize(("on", "remedy"), [(True, "run make up first"), (False, "backups are off: set kotauth")])
def test_the_server_is_not_stopped_where_no_backup_can_be_made(
    site: Site, host: Host, monkeypatch: pytest.MonkeyPatch, on: bool, remedy: str
) -> None:
    find = Site.find
    monkeypatch.setattr(Site, "find", lambda site, part: None if "backup" in part else find(site, part))
    site.settings.backups = on  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(SiteError, match=f"stack dev has no container of part backup-dump: {remedy}"):
        upgrade.upgrade(site)
    assert host.posted == []


def test_the_way_back_is_told_where_a_later_step_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    switched: list[str] = []

    def switch(_: Site, volume: str) -> None:
        switched.append(volume)

    def fail(_: Site) -> None:
        raise SystemExit(255)

    monkeypatch.setattr(backup, "make", lambda *_: backup.Made("0123abcd", 1, 1))
    monkeypatch.setattr(upgrade, "_switch", switch)
    monkeypatch.setattr(upgrade, "_deploy", fail)
    with pytest.raises(SystemExit):
        upgrade.upgrade(site)
    (new,) = switched
    assert new.startswith("kotauth-postgres-data-17-")
    printed = capsys.readouterr().out
    assert "set kotauth:databaseVersion to 14, then" in printed
    assert f"make upgrade STACK=dev VOLUME={OLD}" in printed


def test_the_way_back_to_the_old_image_is_printed_where_the_new_one_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have migrated the schema before."""

    def fail(*_: object) -> None:
        raise SystemExit(255)

    site.settings.server.database_version = 14  # pyright: ignore[reportAttributeAccessIssue]
    site.settings.server.image = SimpleNamespace(reference="kotauth:1.22.0")  # pyright: ignore
    monkeypatch.setattr(backup, "make", lambda *_: backup.Made("0123abcd", 1, 1))
    monkeypatch.setattr("cli.lifecycle.deploy", fail)
    with pytest.raises(SystemExit):
        upgrade.upgrade(site)
    assert "make up STACK=dev && make restore STACK=dev FROM=0123abcd" in capsys.readouterr().out


def test_an_older_version_is_refused(site: Site, host: Host) -> None:
    site.settings.server.database_version = 13  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(SiteError, match="an older version can't read them"):
        upgrade.upgrade(site)
    assert host.posted == []


def test_a_volume_of_another_stack_is_refused(site: Site, host: Host) -> None:
    """Two servers on one volume would destroy the data of both stacks."""
    site = replace(site, stack=Stack("staging"))
    with pytest.raises(SiteError, match=f"volume {OLD} is not of stack staging but of kotauth/dev"):
        upgrade.go_back(site, OLD)
    assert host.posted == []


@pytest.mark.parametrize("step", ["_stop", "_switch", "_deploy", "start"])
def test_a_way_back_that_is_interrupted_says_how_it_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("_stop", "_switch", "_deploy", "start"):
        monkeypatch.setattr(upgrade, name, interrupt if name == step else lambda *_: None)
    monkeypatch.setattr(upgrade, "_volume_version", lambda *_: 17)
    monkeypatch.setattr("cli.lifecycle.confirm", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        upgrade.go_back(site, OLD)
    assert f"To go on:\n  make upgrade STACK=dev VOLUME={OLD}\n" in capsys.readouterr().err


@pytest.mark.parametrize("current", [OLD, "new", ""], ids=["another", "the same, after an interruption", "none"])
def test_the_state_gets_the_new_name_of_the_volume_and_no_other_change(
    site: Site, monkeypatch: pytest.MonkeyPatch, current: str
) -> None:
    def state(volume: str) -> dict[str, Any]:
        urn = "urn:pulumi:dev::kotauth::docker:index/volume:Volume::kotauth-postgres-data"
        data = {"urn": urn, "id": volume, "inputs": {"name": volume}, "outputs": {"name": volume}}
        deleted = {"urn": urn, "id": "former", "delete": True}
        others = [deleted, {"urn": "urn:it", "id": "x", "inputs": {"mounts": [OLD]}}]
        return {"deployment": {"resources": [*([data] if volume else []), *others]}}

    imported: list[Any] = []

    def run_or_exit(*words: str, capture: bool = False) -> str:
        if words[:2] == ("stack", "import"):
            file = Path(words[words.index("--file") + 1])
            assert file.stat().st_mode & 0o777 == 0o600
            imported.append(json.loads(file.read_text()))
        return json.dumps(state(current)) if capture else ""

    monkeypatch.setattr(pulumi_command, "run_or_exit", run_or_exit)
    if current:
        upgrade._switch(site, "new")
    else:
        with pytest.raises(SiteError, match="has no volume of the database: run make up first"):
            upgrade._switch(site, "new")
    assert imported == ([state("new")] if current == OLD else [])
