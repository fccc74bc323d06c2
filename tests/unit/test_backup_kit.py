"""The two files of a kit, written and read."""

from __future__ import annotations

import json
import resource
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from cli.backups import kit
from cli.backups.kit import KEY_FILE, REPOSITORY_FILE, KeyKit, Kit, KitError, RepositoryKit, read, write
from cli.pulumi_command import ROOT

REPOSITORY = RepositoryKit(
    stack="prod",
    repository="s3:s3.example.com/backups",
    files={"repository_password": "secret", "s3_credentials": "[default]"},
    known_hosts="",
    base_url="https://auth.example.com",
    images={"server": "a", "database": "b", "backup": "c"},
)
KIT = Kit(REPOSITORY, KeyKit(stack="prod", secret_key="k" * 64))


def test_what_is_written_is_read_in_any_order(tmp_path: Path) -> None:
    files = write(tmp_path, KIT)
    assert read(files) == read(files[::-1]) == KIT
    assert read(files[:1]) == Kit(REPOSITORY, None)
    assert read(files).option == f"KIT={files[0]},{files[1]}"


def test_a_kit_in_a_folder_with_a_space_is_named_for_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "my usb"
    folder.mkdir()
    assert read(write(folder, KIT)[:1]).option == f"KIT='{folder}/kotauth-prod-repository.json'"


def test_each_file_is_for_its_owner_only_and_holds_no_secret_of_the_other(tmp_path: Path) -> None:
    repository, key = write(tmp_path, KIT)
    assert [oct(file.stat().st_mode & 0o777) for file in (repository, key)] == ["0o600", "0o600"]
    assert "k" * 64 not in repository.read_text()
    assert set(json.loads(key.read_text())) == {"format", "stack", "secret_key"}


def test_git_ignores_both_files_in_the_checkout() -> None:
    """By default the command writes them there."""
    files = [name.format(stack="prod") for name in (REPOSITORY_FILE, KEY_FILE)]
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == files


def test_no_file_is_written_over(tmp_path: Path) -> None:
    write(tmp_path, KIT)
    with pytest.raises(KitError, match=r"kotauth-prod-repository\.json exists: move it away"):
        write(tmp_path, KIT)


def test_half_a_kit_is_not_left(tmp_path: Path) -> None:
    (tmp_path / "kotauth-prod-secret-key.json").touch()
    with pytest.raises(KitError, match=r"kotauth-prod-secret-key\.json exists: move it away"):
        write(tmp_path, KIT)
    assert [file.name for file in tmp_path.iterdir()] == ["kotauth-prod-secret-key.json"]


def test_an_interruption_leaves_no_half_of_a_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(file: Path, text: str, written: list[Path]) -> None:
        if written:
            raise KeyboardInterrupt
        write_one(file, text, written)

    write_one = kit._write  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(kit, "_write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, KIT)
    assert [*tmp_path.iterdir()] == []


def test_a_medium_that_is_full(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(KitError, match=r"repository\.json can't be written: File too large"):
            write(tmp_path, KIT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="can't be written: No such file or directory"):
        write(tmp_path / "none", KIT)


def test_files_of_two_stacks(tmp_path: Path) -> None:
    repository, _ = write(tmp_path, KIT)
    other = tmp_path / "key.json"
    other.write_text(json.dumps({"format": 1, "stack": "staging", "secret_key": "x"}))
    with pytest.raises(KitError, match="the two files are of different stacks, prod and staging"):
        read([repository, other])


def test_two_files_of_one_kind(tmp_path: Path) -> None:
    repository, key = write(tmp_path, KIT)
    for twice in ([repository, repository, key], [repository, key, key]):
        with pytest.raises(KitError, match="KIT must name"):
            read(twice)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "repository": "s3:x"}',
        '{"format": 1}',
        json.dumps({"format": 1, **asdict(REPOSITORY), "images": {"server": "a"}}),
        json.dumps({"format": 1, **asdict(REPOSITORY), "images": None}),
        json.dumps({"format": 1, **asdict(REPOSITORY), "files": {"repository_password": 1}}),
        json.dumps({"format": 1, "stack": "prod", "secret_key": None}),
    ],
)
def test_a_file_that_is_none_of_a_kit(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(KitError, match="is no file of a backup kit"):
        read([file])


def test_a_missing_file_and_the_key_alone(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="can't be read: No such file"):
        read([tmp_path / "x.json"])
    _, key = write(tmp_path, KIT)
    with pytest.raises(KitError, match="KIT must name the file of the repository"):
        read([key])
