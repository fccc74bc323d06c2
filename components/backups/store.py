"""The container that stores the dumps of the spool in the repository, as a ContainerSpec."""

from __future__ import annotations

from dataclasses import dataclass

from ..inputs.image import image as image_rule
from ..workload.spec import CONFIG_DIRECTORY, ContainerSpec
from .dump import COMMON, CPUS, FOLDER, MEMORY_MB, SPOOL, SPOOL_VOLUME, USER, probe
from .dump import PART as DUMP_PART
from .repository import FOLDER as REPOSITORY_FOLDER
from .repository import Repository, secret_file_names

PART = "backup-store"
DEFAULT_IMAGE = "docker.io/restic/restic:0.18.1"
REPOSITORY_VOLUME = "repository"
PASSWORD_FILE = "repository_password"  # noqa: S105 - a file's name

parse_image = image_rule(2, (0, 17), "older versions don't tell a missing repository from a wrong password")


@dataclass(frozen=True)
class Retention:
    """Of how many days, weeks and months the newest backup is kept."""

    daily: int
    weekly: int
    monthly: int


def store(  # noqa: PLR0913 - one argument for each thing that a target decides
    *,
    stack: str,
    image: str,
    repository: Repository,
    known_hosts: str,
    schedule: list[str],
    retention: Retention,
) -> ContainerSpec:
    """Return the spec of the container that takes dumps from the spool of the dump container.

    ``known_hosts`` are the lines by which ssh knows the host of the repository; empty without SFTP.
    """
    spec: ContainerSpec = {
        "part": PART,
        "image": image,
        "user": USER,
        "memory": MEMORY_MB,
        "cpus": CPUS,
        "entrypoint": ["sh", f"{CONFIG_DIRECTORY}/store.sh"],
        "command": ["loop"],
        "environment": {
            "RESTIC_REPOSITORY": repository.address,
            # Two processors' worth of threads need less memory than one for each processor of the host.
            "GOMAXPROCS": "2",
            "GOGC": "20",
            "STACK": stack,
            "SCHEDULE": " ".join(schedule),
            "KEEP_DAILY": str(retention.daily),
            "KEEP_WEEKLY": str(retention.weekly),
            "KEEP_MONTHLY": str(retention.monthly),
        },
        "secret_files": [PASSWORD_FILE, *secret_file_names(repository)],
        "config_files": {
            "common.sh": COMMON,
            **{name: (FOLDER / name).read_text() for name in ("repository.sh", "store.sh")},
            **({"known_hosts": known_hosts} if known_hosts else {}),
        },
        "shared_volumes": [{"owner": DUMP_PART, "name": SPOOL_VOLUME, "path": SPOOL, "read_only": False}],
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "probe": probe(["sh", f"{CONFIG_DIRECTORY}/store.sh", "probe"]),
    }
    if not repository.is_remote:
        spec["volumes"] = [{"name": REPOSITORY_VOLUME, "path": REPOSITORY_FOLDER, "kept": True}]
    return spec
