"""A ContainerSpec on a Docker host.

What can run twice at once is made before the old one is deleted, healthy first: so a server rolls without losing a
request, since the frontend finds it by the alias that both generations share. What owns a port or data can't, and is
deleted first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ..inputs.declaration import Problem, derived, together, value
from ..inputs.number import whole_floats_as_int
from ..inputs.parsing import parse_args
from ..schema.tokens import token
from ..workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB
from ..workload.spec import (
    CONFIG_DIRECTORY,
    NEXT_CONFIG_DIRECTORY,
    SECRETS_DIRECTORY,
    ContainerSpec,
    owner,
    parse_owner,
)
from .files import DockerFiles, DockerFilesArgs
from .hardened import Attachment, Mount, Runtime, hardened_container, healthcheck
from .job import run_job

_RELOAD = (Path(__file__).parent / "reload.sh").read_text()
# Beyond the failed probes that the spec allows, for a busy machine.
_GRACE_SECONDS = 20


class NetworkAttachment(TypedDict):
    """A network that the container joins."""

    name: pulumi.Input[str]
    """Name of the network."""
    alias: NotRequired[str]
    """Name under which the others on it find the container."""
    for_check: NotRequired[bool]
    """Whether the check before the start joins it too, under no name. Default false."""


@dataclass(frozen=True, kw_only=True)
class _ContainerInputs:
    spec: ContainerSpec = value(whole_floats_as_int)
    secrets: Mapping[str, pulumi.Input[str]] = value(default={})
    networks: list[NetworkAttachment] = value(default=[])
    files_image: str = derived(None, lambda made: made.spec.get("image", ""))
    labels: dict[str, str] = value(default={})

    @together
    def check_user(self) -> Iterator[Problem]:
        """Check the user, who owns files."""
        user = self.spec.get("user", "")
        try:
            parse_owner(user)
        except ValueError as error:
            yield Problem("spec.user", user, str(error))

    @together
    def check_secrets(self) -> Iterator[Problem]:
        """Check that each secret file has its content."""
        wanted = self.spec.get("secret_files", [])
        if set(self.secrets) != set(wanted):
            given = ", ".join(self.secrets)
            rule = f"must be exactly the spec's secret files, {', '.join(wanted) or 'none'} (got {given})"
            yield Problem("secrets", self.secrets, rule)


class DockerContainerArgs(TypedDict):
    """Inputs of `DockerContainer`."""

    spec: ContainerSpec
    """What runs."""
    secrets: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Contents of the spec's secret files, by name. A change starts a new container."""
    networks: NotRequired[list[NetworkAttachment]]
    """Networks to join; none by default."""
    files_image: NotRequired[str]
    """Image that names no user, for the containers that carry files. Default the spec's own image."""
    labels: NotRequired[dict[str, str]]
    """Labels for every child."""


class DockerContainer(pulumi.ComponentResource):
    """One hardened container with its files, volumes and the check before its start."""

    container_name: pulumi.Output[str]
    """Name of the container, known once it is ready."""
    volumes: pulumi.Output[dict[str, str]]
    """Persistent volumes: short name to the name on the host."""

    def __init__(self, name: str, args: DockerContainerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the container and wait until its probe succeeds."""
        inputs = parse_args(_ContainerInputs, DockerContainerArgs, name, args, secrets=["secrets"])
        spec, contents = inputs.spec, inputs.secrets
        uid, gid = owner(spec)
        super().__init__(token("DockerContainer"), name, {"part": spec["part"], "image": spec["image"]}, opts)
        self._name = name
        self._spec = spec
        self._labels = inputs.labels
        self._files_image = inputs.files_image
        self._child = pulumi.ResourceOptions(parent=self)
        # Beside this component, not in it: what a component waits for is kept with its protected children, and
        # `destroy --exclude-protected` would stop nothing.
        self._kept = pulumi.ResourceOptions(parent=opts.parent if opts else None, protect=True)
        self._owner = f"{uid}:{gid}"
        networks = [Attachment(n["name"], n.get("alias")) for n in inputs.networks]

        ready: list[pulumi.Resource] = []
        volumes = self._persistent_volumes()
        mounts = [Mount(volumes[v["name"]], v["path"], read_only=False) for v in spec.get("volumes", [])]
        if contents:
            secrets = self._files("secrets", contents)
            mounts.append(Mount(secrets.volume_name, SECRETS_DIRECTORY))
        if "reload" in spec:
            shared, applied = self._reloadable_config()
            mounts += shared
            ready.append(applied)
        elif spec.get("config_files"):
            config = self._files("config", spec.get("config_files", {}))
            mounts.append(Mount(config.volume_name, CONFIG_DIRECTORY))
        if volumes:
            ready.append(self._own("data-owner", mounts[: len(volumes)]))
        if "before_start" in spec:
            check_networks = [Attachment(n["name"]) for n in inputs.networks if n.get("for_check")]
            ready.append(self._check(mounts, check_networks))

        probe = spec["probe"]
        start = probe.get("start_period_seconds", 0)
        alone = bool(spec.get("ports") or volumes)
        container = hardened_container(
            name,
            self._runtime(mounts, networks),
            pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=ready, delete_before_replace=alone)
            ),
            ports=[docker.ContainerPortArgs(internal=p["container"], external=p["host"]) for p in spec.get("ports", [])]
            or None,
            healthcheck=healthcheck(
                probe["command"],
                interval=probe["interval_seconds"],
                timeout=probe["timeout_seconds"],
                retries=probe["retries"],
                start_period=start,
            ),
            wait=True,
            wait_timeout=start + probe["retries"] * probe["interval_seconds"] + _GRACE_SECONDS,
            restart="unless-stopped",
            stop_signal=spec.get("stop_signal"),
            stop_timeout=spec.get("stop_seconds", 10),
            destroy_grace_seconds=spec.get("stop_seconds", 10),
        )
        self.container_name = container.name
        # Not Output.all, which makes a list of no volumes.
        self.volumes = cast("pulumi.Output[dict[str, str]]", pulumi.Output.from_input(volumes))
        self.register_outputs({"container_name": self.container_name, "volumes": self.volumes})

    def _runtime(self, mounts: list[Mount], networks: list[Attachment]) -> Runtime:
        spec = self._spec
        return Runtime(
            part=spec["part"],
            image=spec["image"],
            user=self._owner,
            memory=spec["memory"],
            cpus=spec["cpus"],
            entrypoint=spec.get("entrypoint", []),
            command=spec.get("command", []),
            environment=spec.get("environment", {}),
            mounts=mounts,
            networks=networks,
            tmpfs=spec.get("tmpfs", []),
            capabilities=spec.get("capabilities", []),
            sysctls=spec.get("sysctls", {}),
            labels=self._labels,
        )

    def _small(self, **what: object) -> Runtime:
        """Return the runtime of a helper with this container's image, user and labels."""
        defaults = {"part": "job", "image": self._spec["image"], "user": self._owner, "labels": self._labels}
        return Runtime(**{**defaults, "memory": CHECK_MEMORY_MB, "cpus": CHECK_CPUS, **what})  # pyright: ignore[reportArgumentType]

    def _volume(self, short: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        volume = docker.Volume(
            f"{self._name}-{short}",
            labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in sorted(self._labels.items())],
            opts=opts,
        )
        return volume.name

    def _persistent_volumes(self) -> dict[str, pulumi.Output[str]]:
        return {v["name"]: self._volume(v["name"], self._kept) for v in self._spec.get("volumes", [])}

    def _files(
        self, short: str, files: Mapping[str, pulumi.Input[str]], volume: pulumi.Input[str] | None = None
    ) -> DockerFiles:
        args: DockerFilesArgs = {
            "image": self._files_image,
            "files": files,
            "owner": self._owner,
            "labels": self._labels,
        }
        if volume is not None:
            args["volume"] = volume
            args["directory"] = NEXT_CONFIG_DIRECTORY.rpartition("/")[2]
        return DockerFiles(f"{self._name}-{short}", args, self._child)

    def _own(self, short: str, mounts: list[Mount]) -> pulumi.Resource:
        """Give the folders to the container's user: a new volume is root's, and so is what Docker copies there."""
        # Only what is root's, and not below what isn't: a second run needs no right to read the data.
        paths = [mount.path for mount in mounts]
        command = ["find", *paths, "!", "-user", "0", "-prune", "-o", "-exec", "chown", self._owner, "{}", "+"]
        runtime = self._small(user="0:0", capabilities=["CAP_CHOWN"], command=command, mounts=mounts)
        return run_job(f"{self._name}-{short}", runtime, self._child)

    def _check(self, mounts: list[Mount], networks: list[Attachment]) -> pulumi.Resource:
        check = self._spec.get("before_start")
        assert check  # noqa: S101 - the caller looked
        runtime = self._small(
            image=check["image"],
            command=check["command"],
            environment=check.get("environment", {}),
            mounts=mounts,
            networks=networks,
            tmpfs=["/tmp"],  # noqa: S108 - the container's own
        )
        # Before each new container of the server, whatever changed: new files are new mounts, the rest is the trigger.
        spec = self._spec
        triggers = [spec["image"], spec["memory"], spec["cpus"], *spec.get("command", [])]
        triggers += [value for _, value in sorted(spec.get("environment", {}).items())]
        return run_job(f"{self._name}-{check['name']}", runtime, self._child, triggers=triggers)

    def _reloadable_config(self) -> tuple[list[Mount], pulumi.Resource]:
        """Put the files beside the ones in use, have the running container take them, then make them the ones in use.

        Before the first start there is no socket to ask, and the files are only put in place.
        """
        reload = self._spec.get("reload")
        assert reload  # noqa: S101 - the caller looked
        config, control = self._volume("config", self._child), self._volume("control", self._child)
        control_path = reload["socket"].rpartition("/")[0]
        mounts = [Mount(config, CONFIG_DIRECTORY, read_only=False), Mount(control, control_path, read_only=False)]
        owned = self._own("config-owner", mounts)
        files = self._files("next-config", self._spec.get("config_files", {}), config)
        applied = run_job(
            f"{self._name}-reload",
            self._small(
                command=["sh", "-c", _RELOAD, "reload", reload["socket"], *reload["command"]],
                mounts=mounts,
                environment=self._spec.get("environment", {}),
                tmpfs=self._spec.get("tmpfs", []),
                capabilities=self._spec.get("capabilities", []),
            ),
            pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[owned])),
            triggers=[files.version, files.volume_name],
        )
        return mounts, applied
