"""The volumes, files and jobs beside a container, which have its image, user and labels.

One of the jobs gives new files to a running container without a restart: it puts them beside the files in use, has the
container load them, and then replaces the files in use. Before the first start it only puts the files in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker

from ..workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB
from ..workload.spec import CONFIG_DIRECTORY, NEXT, SECRETS_DIRECTORY, ContainerSpec, PersistentVolume, Reload
from .files import DockerFiles, DockerFilesArgs
from .hardened import Attachment, Mount, Runtime
from .job import run_job

_OWNER_LABEL = "kotauth.owner"
_VOLUME = "docker:index/volume:Volume"
_SCRIPT = (Path(__file__).parent / "reload.sh").read_text()
_NO_SOCKET = "-"
"""Stands for no socket: the provider refuses an empty word in a command."""
_SEND = 'kill -s "$1" 1'


@dataclass(frozen=True, kw_only=True)
class Companions:
    """Makes the companions of one container."""

    name: str
    spec: ContainerSpec
    owner: str
    """`uid:gid` of the container's user."""
    labels: Mapping[str, pulumi.Input[str]]
    files_image: pulumi.Input[str]
    opts: pulumi.ResourceOptions

    def runtime(self, **different: object) -> Runtime:
        """Return the runtime of a small job."""
        defaults = {"part": "job", "image": self.spec["image"], "user": self.owner, "labels": self.labels}
        limits = {"memory": CHECK_MEMORY_MB, "cpus": CHECK_CPUS}
        return Runtime(**{**defaults, **limits, **different})  # pyright: ignore[reportArgumentType]

    def volume(self, short: str, opts: pulumi.ResourceOptions | None = None) -> pulumi.Output[str]:
        """Make a volume that a change of the container's user does not replace; return its name."""
        return self._volume(short, self.labels, opts or self.opts)

    def owned_volume(self, short: str) -> pulumi.Output[str]:
        """Make a volume that a change of the container's user replaces; return its name.

        The new user can't read the files of the former one.
        """
        return self._volume(short, {**self.labels, _OWNER_LABEL: self.owner}, self.opts)

    def _volume(
        self,
        short: str,
        labels: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> pulumi.Output[str]:
        volume = docker.Volume(
            f"{self.name}-{short}",
            labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in sorted(labels.items())],
            opts=opts,
        )
        return volume.name

    def files(
        self, short: str, contents: Mapping[str, pulumi.Input[str]], volume: pulumi.Input[str] | None = None
    ) -> DockerFiles:
        """Put files into a volume of their own, or into the folder `next` of an existing one."""
        args: DockerFilesArgs = {
            "image": self.files_image,
            "files": contents,
            "owner": self.owner,
            "labels": dict(self.labels),
        }
        if volume is not None:
            args["volume"], args["directory"] = volume, NEXT
        return DockerFiles(f"{self.name}-{short}", args, self.opts)

    def own(self, short: str, mounts: Sequence[Mount], image: pulumi.Input[str] = "") -> pulumi.Resource:
        """Change the owner of the folders to the container's user.

        A new volume belongs to root, and so do the files that Docker copies into it.

        The container's own image must have `find` and `chown`, or else ``image`` must.
        """
        # Changes only what belongs to root, and enters no folder of another user: a second run needs no right to read
        # the data.
        paths = [mount.path for mount in mounts]
        command = ["find", *paths, "!", "-user", "0", "-prune", "-o", "-exec", "chown", self.owner, "{}", "+"]
        runtime = self.runtime(
            image=image or self.spec["image"],
            user="0:0",
            capabilities=["CAP_CHOWN"],
            command=command,
            mounts=mounts,
        )
        return run_job(f"{self.name}-{short}", runtime, self.opts)

    def check(self, mounts: Sequence[Mount], networks: Sequence[Attachment]) -> pulumi.Resource:
        """Run the spec's check before the start."""
        check = self.spec.get("before_start")
        assert check  # noqa: S101 - the caller looked
        runtime = self.runtime(
            image=check["image"],
            command=check["command"],
            environment=check.get("environment", {}),
            mounts=mounts,
            networks=networks,
            tmpfs=["/tmp"],  # noqa: S108 - the container's own
        )
        # Before each new container, whatever changed: new files are new mounts, the rest is the trigger.
        return run_job(f"{self.name}-{check['name']}", runtime, self.opts, triggers=self.triggers())

    def triggers(self) -> list[pulumi.Input[Any]]:
        """Return the values of the spec whose change makes a new container, apart from its files."""
        apart = ("before_start", "config_files", "reload")
        return [{field: value for field, value in self.spec.items() if field not in apart}]


def kept_beside(opts: pulumi.ResourceOptions | None, volume: PersistentVolume) -> pulumi.ResourceOptions:
    """Return the options of a protected volume that stands beside the component with these options, not in it.

    Pulumi keeps what a component with a protected child depends on, so with the volume inside, `destroy
    --exclude-protected` would stop nothing. Beside the component, the volume does not inherit its options: they are
    copied here, except `depends_on`.
    """
    own = opts or pulumi.ResourceOptions()
    return pulumi.ResourceOptions(
        parent=own.parent,
        protect=True,
        provider=own.provider,
        providers=own.providers if isinstance(own.providers, Mapping) else list(own.providers or []),
        aliases=[
            pulumi.Output.from_input(alias).apply(lambda one: _beside(one, volume["name"]))
            for alias in own.aliases or []
        ],
        transformations=own.transformations,
        transforms=own.transforms,
        deleted_with=own.deleted_with,
        retain_on_delete=volume.get("kept") or own.retain_on_delete,
    )


def _beside(alias: pulumi.Alias | str, short: str) -> pulumi.Alias | str:
    """Return the former name of the volume, from the former name of the component."""
    if isinstance(alias, str):
        before, kind, name = alias.rsplit("::", 2)
        return "::".join([before, f"{kind[: kind.rfind('$') + 1]}{_VOLUME}", f"{name}-{short}"])
    return pulumi.Alias(
        name=alias.name if alias.name in (None, ...) else f"{alias.name}-{short}",
        parent=alias.parent,
        stack=alias.stack,
        project=alias.project,
    )


@dataclass(frozen=True)
class ReloadableFiles:
    """Files that change under a container while it runs."""

    mounts: list[Mount]
    """Mounts of the container for these files."""
    applied: pulumi.Resource
    """The job that puts the newest files in place, and runs the reload command if there is one."""
    versions: list[pulumi.Input[Any]]
    """Values that change with the files."""


def reloadable_files(
    companions: Companions, reload: Reload, secrets: Mapping[str, pulumi.Input[str]]
) -> ReloadableFiles:
    """Put the configuration files, and secret files that are reloaded, into volumes where they can change."""
    config_volume = companions.owned_volume("config")
    mounts, files = [Mount(config_volume, CONFIG_DIRECTORY, read_only=False)], list[DockerFiles]()
    socket = reload.get("socket", "")
    if socket:
        # A running container without secret files has no mount for them and can't load any. It is replaced, and its
        # socket is out of the job's sight.
        control = companions.owned_volume("secrets-control" if secrets else "control")
        mounts.append(Mount(control, socket.rpartition("/")[0], read_only=False))
    if secrets:
        secrets_volume = companions.owned_volume("secrets")
        mounts.append(Mount(secrets_volume, SECRETS_DIRECTORY, read_only=False))
        files.append(companions.files("next-secrets", secrets, secrets_volume))
    owned = companions.own("config-owner", mounts)
    files.insert(0, companions.files("next-config", companions.spec.get("config_files", {}), config_volume))
    versions: list[pulumi.Input[Any]] = [
        version for carried in files for version in (carried.version, carried.volume_name)
    ]
    spec = companions.spec
    applied = run_job(
        f"{companions.name}-reload",
        companions.runtime(
            command=[
                "sh",
                "-c",
                _SCRIPT,
                "reload",
                socket or _NO_SOCKET,
                *reload.get("command", reload.get("check", [])),
            ],
            mounts=mounts,
            environment=spec.get("environment", {}),
            tmpfs=spec.get("tmpfs", []),
            capabilities=spec.get("capabilities", []),
        ),
        pulumi.ResourceOptions.merge(companions.opts, pulumi.ResourceOptions(depends_on=[owned])),
        triggers=versions,
    )
    # Only the jobs write secret files.
    of_container = [replace(mount, read_only=mount.read_only or mount.path == SECRETS_DIRECTORY) for mount in mounts]
    return ReloadableFiles(of_container, applied, versions)


def send_signal(companions: Companions, reload: Reload, files: ReloadableFiles, container: docker.Container) -> None:
    """Send the reload's signal to the container's first process, if it has one, whenever the files have changed."""
    signal = reload.get("signal", "")
    if signal:
        command = ["sh", "-c", _SEND, "signal", signal.removeprefix("SIG")]
        run_job(
            f"{companions.name}-signal",
            companions.runtime(command=command),
            companions.opts,
            triggers=files.versions,
            beside=container.id,
        )
