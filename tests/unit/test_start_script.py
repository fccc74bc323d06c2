"""PostgreSQL's start script, run for real with commands in place of PostgreSQL's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from components.postgres import server
from tests.unit.shell import Shell

FOLDER = Path(server.__file__).parent
SCRIPT = (FOLDER / "start.sh").read_text()
DATA = "/var/lib/postgresql/data/cluster"
PASSWORD_FILE = "/run/secrets/administrator_password"
INITDB = r"""
set -e
for argument; do case $argument in --pgdata=*) data=${argument#*=} ;; esac; done
mkdir "$data"
echo 14 >"$data/PG_VERSION"
echo "initdb $*" >>"$CALLS"
"""
POSTGRES = r"""
case $1 in
  --version) echo "postgres (PostgreSQL) $SERVER (Debian $SERVER-1.pgdg120+1)" ;;
  --single) echo "single: $(cat)" >>"$CALLS" ;;
  *) echo "serving $*" ;;
esac
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.command("initdb", INITDB)
    shell.command("postgres", POSTGRES)
    return shell


def start(shell: Shell, version: str = "14.23") -> subprocess.CompletedProcess[str]:
    environment = {
        "ADMINISTRATOR": "kotauth_admin",
        "DATABASE": "kotauth",
        "SERVER": version,
        "CALLS": str(shell.root / "calls"),
    }
    return shell.run(SCRIPT, "-c", "log_statement=ddl", moved=(DATA, PASSWORD_FILE), environment=environment)


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.sh")), ids=lambda script: script.name)
def test_syntax(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_start_makes_cluster_and_database(shell: Shell) -> None:
    done = start(shell)
    data = shell.root / DATA.lstrip("/")
    assert (done.returncode, done.stdout) == (0, f"serving -D {data} -c log_statement=ddl\n")
    calls = (shell.root / "calls").read_text().splitlines()
    assert calls[1:] == ['single: CREATE DATABASE "kotauth"']
    assert f"--pwfile={shell.root}{PASSWORD_FILE}" in calls[0]
    assert "--auth=scram-sha-256" in calls[0]
    assert "host all all all scram-sha-256" in (data / "pg_hba.conf").read_text()


def test_the_second_start_makes_nothing(shell: Shell) -> None:
    start(shell)
    before = (shell.root / "calls").read_text()
    assert start(shell).returncode == 0
    assert (shell.root / "calls").read_text() == before


def test_a_first_start_that_was_cut_off_is_made_again(shell: Shell) -> None:
    half = shell.file(f"{DATA}.new/PG_VERSION")
    half.write_text("14\n")
    assert start(shell).returncode == 0
    assert not half.exists()


def test_a_first_start_that_fails_leaves_no_cluster(shell: Shell) -> None:
    shell.command("postgres", "exit 1")
    assert start(shell).returncode != 0
    assert not (shell.root / DATA.lstrip("/")).exists()


@pytest.mark.parametrize("version", ["15.18", "9.6.24", "140.1"])
def test_data_of_another_major_version_is_left_alone(shell: Shell, version: str) -> None:
    start(shell)
    done = start(shell, version)
    assert done.returncode == 1
    assert done.stderr == (
        f"the data on this volume was made by PostgreSQL 14, the image holds {version.partition('.')[0]}: "
        "a major version needs dump and restore\n"
    )
