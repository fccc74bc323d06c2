"""A Docker daemon that answers: the one that is there, else a new one, else a message that says what to do."""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import cache, debian, progress
from .errors import EngineError

DATA_ROOT = Path("/var/lib/docker")
SOCKET = "unix:///var/run/docker.sock"
_SYSTEMD = Path("/run/systemd/system")
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_ANSWER_SECONDS = 10.0


@dataclass
class Daemon:
    """A daemon that answers."""

    host: str
    """Its address, as `DOCKER_HOST` spells it."""
    version: str
    started: bool = False
    """Whether the call that returned this object started it."""
    pid: int | None = None
    """Its process, if it was started from here and not by systemd: only then it can be stopped."""
    data_root: Path = DATA_ROOT

    def stop(self) -> None:
        """Stop it and wait until it is gone; its containers stop with it."""
        if self.pid is None:
            raise EngineError(
                f"the Docker daemon at {self.host} was not started by `python3 -m toolchain docker`: it is not stopped"
            )
        _signal(self.pid, signal.SIGTERM)
        if not _gone(self.pid, _STOP_SECONDS):
            _signal(self.pid, signal.SIGKILL)
            _gone(self.pid, _STOP_SECONDS)
        self.pid = None
        _record().unlink(missing_ok=True)


def ensure_daemon(data_root: Path = DATA_ROOT) -> Daemon:
    """Return a daemon that answers; install and start one where that is possible.

    Args:
        data_root: Where a daemon that has to be started keeps its images and volumes (not with systemd, which has
            its own configuration).

    Raises:
        EngineError: None answers and none can be started; the message says what to do.
    """
    if version := _answer():
        return _answering(version)
    if host := os.environ.get("DOCKER_HOST"):
        raise EngineError(f"no Docker daemon answers at DOCKER_HOST={host}: start it, or unset DOCKER_HOST")
    _install()
    if version := _answer():
        # Debian's package starts the daemon where an init system lets it.
        return Daemon(SOCKET, version, started=True)
    if _SYSTEMD.is_dir():
        return _start_by_systemd()
    return _start(data_root)


def stop_started() -> bool:
    """Stop the daemon that an earlier call started here; return whether there was one. Others are left alone."""
    if not (record := _read_record()):
        return False
    Daemon(SOCKET, "", pid=record[0], data_root=record[1]).stop()
    return True


def _answering(version: str) -> Daemon:
    host = os.environ.get("DOCKER_HOST") or _context_host() or SOCKET
    if host == SOCKET and (record := _read_record()):
        return Daemon(host, version, pid=record[0], data_root=record[1])
    return Daemon(host, version)


def _answer() -> str:
    """Return the version of the daemon that the docker client talks to, empty if none answers."""
    return _client("version", "--format", "{{.Server.Version}}")


def _context_host() -> str:
    return _client("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")


def _client(*arguments: str) -> str:
    try:
        completed = subprocess.run(
            ["docker", *arguments], capture_output=True, text=True, check=True, timeout=_ANSWER_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return completed.stdout.strip()


def _install() -> None:
    missing = [program for program in ("docker", "dockerd", "iptables") if not _program(program)]
    if not missing:
        return
    if not debian.can_install():
        raise EngineError(
            f"no Docker daemon answers and {', '.join(missing)} cannot be installed from here: install Docker"
            " (https://docs.docker.com/engine/install/) and start it, or set DOCKER_HOST to a daemon elsewhere"
        )
    packages = {"dockerd": "docker.io", "iptables": "iptables"}
    debian.install([package for program, package in packages.items() if program in missing])
    if not _program("docker"):
        # Newer releases keep the client in a package of its own.
        debian.install(["docker-cli"])


def _program(name: str) -> str | None:
    # Root's PATH lacks the sbin folders after some kinds of `su`.
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def _start_by_systemd() -> Daemon:
    with progress.step("Starting Docker (systemctl start docker)"):
        started = subprocess.run(["systemctl", "start", "docker"], capture_output=True, text=True, check=False)
        if started.returncode != 0:
            raise EngineError(f"`systemctl start docker` failed, try it with sudo:\n{started.stderr.strip()}")
        return Daemon(SOCKET, _until_it_answers(None), started=True)


def _start(data_root: Path) -> Daemon:
    if os.geteuid() != 0:
        raise EngineError(
            "no Docker daemon answers. As root: run `dockerd`, or `python3 -m toolchain docker`;"
            " or add yourself to the group docker if one is running"
        )
    with progress.step(f"Starting dockerd in the background (data in {data_root}, log in {_log()})"):
        pid = _launch(data_root)
        return Daemon(SOCKET, _until_it_answers(pid), started=True, pid=pid, data_root=data_root)


def _launch(data_root: Path) -> int:
    dockerd = _program("dockerd")
    if dockerd is None:
        raise EngineError("dockerd is not installed")
    _log().parent.mkdir(parents=True, exist_ok=True)
    with _log().open("ab") as log:
        process = subprocess.Popen(
            [dockerd, "--host", SOCKET, "--data-root", str(data_root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    _record().write_text(json.dumps({"pid": process.pid, "data_root": str(data_root)}), encoding="utf-8")
    return process.pid


def _until_it_answers(pid: int | None) -> str:
    deadline = time.monotonic() + _START_SECONDS
    waiting = progress.Waiting("waiting for the daemon to answer")
    while time.monotonic() < deadline:
        if version := _answer():
            return version
        if pid is not None and _gone(pid, 0):
            break
        waiting.tick()
        time.sleep(0.2)
    tail = _log().read_text(encoding="utf-8", errors="replace").splitlines()[-10:] if pid is not None else []
    raise EngineError("\n    ".join([f"dockerd does not answer; its log is {_log()}:", *tail]))


def _log() -> Path:
    return cache.folder() / "logs" / "dockerd.log"


def _record() -> Path:
    return cache.folder() / "dockerd.json"


def _read_record() -> tuple[int, Path] | None:
    """Return pid and data root of the daemon that an earlier call started, if that process is still dockerd."""
    try:
        record = json.loads(_record().read_text(encoding="utf-8"))
        pid = int(record["pid"])
        if b"dockerd" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid, Path(record["data_root"])
    except (OSError, ValueError, KeyError):
        pass
    return None


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _gone(pid: int, seconds: float) -> bool:
    """Wait for the end of a process, which need not be a child of ours."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return True
        except ChildProcessError:
            if _is_over(pid):
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)


def _is_over(pid: int) -> bool:
    """Whether a process ended, also where its parent has not read its exit code yet."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
    except ProcessLookupError:
        return True
    except OSError:
        return False  # no /proc here
    return state == b"Z"
