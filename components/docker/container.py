"""A ContainerSpec on a Docker host.

A container that can run twice at once is replaced without a lost request: the new one must be healthy before the old
one is deleted, and the frontend finds both by the same alias. Of a container that publishes a port or writes data, only
one can run, so the old one is deleted first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ..inputs.declaration import Problem, derived, own_name, together, value
from ..inputs.parsing import parse_args
from ..inputs.resource_name import parse_docker_name
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from ..workload.rules import problems, value_at
from ..workload.spec import (
    CONFIG_DIRECTORY,
    SECRETS_DIRECTORY,
    ContainerSpec,
    owner,
    probe_of,
)
from .companions import Companions, kept_beside, reloadable_files, send_signal
from .hardened import Attachment, Mount, Runtime, hardened_container, healthcheck
from .job import run_job

# Beyond the failed probes that the spec allows, for a busy machine.
_GRACE_SECONDS = 20


class NetworkAttachment(TypedDict):
    """A network that the container joins."""

    name: pulumi.Input[str]
    """Name of the network."""
    alias: NotRequired[str]
    """DNS name of the container on this network."""
    for_check: NotRequired[bool]
    """Whether the check before the start joins the network too, without a DNS name. Default false."""


@dataclass(frozen=True, kw_only=True)
class _ContainerInputs:
    name: str = own_name(parse_docker_name)
    spec: ContainerSpec = value()
    secrets: Mapping[str, pulumi.Input[str]] = value(default={}, secret=True)
    shared_volumes: Mapping[str, pulumi.Input[str]] = value(default={})
    networks: list[NetworkAttachment] = value(default=[])
    files_image: pulumi.Input[str] = derived(None, lambda made: made.spec.get("image", ""))
    labels: Mapping[str, pulumi.Input[str]] = value(default={})
    container_labels: Mapping[str, pulumi.Input[str]] = value(default={})

    @together
    def check_spec(self) -> Iterator[Problem]:
        """Check what isn't a matter of the spec's names alone; names may still be missing."""
        for field, rule in problems(self.spec).items():
            yield Problem(f"spec.{field}", value_at(self.spec, field), rule)

    @together
    def check_contents(self) -> Iterator[Problem]:
        """Check that each secret file has its content, and each shared volume its name."""
        shared = [_shared_key(volume) for volume in self.spec.get("shared_volumes", [])]
        for field, kind, given, wanted in (
            ("secrets", "secret files", self.secrets, self.spec.get("secret_files", [])),
            ("shared_volumes", "shared volumes", self.shared_volumes, shared),
        ):
            if set(given) != set(wanted):
                rule = f"must be exactly the spec's {kind}, {_words(wanted)} (got {_words(given)})"
                yield Problem(field, given, rule)


class DockerContainerArgs(TypedDict):
    """Inputs of `DockerContainer`."""

    spec: ContainerSpec
    """Spec of the container."""
    secrets: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Contents of the spec's secret files, by file name. A change starts a new container."""
    shared_volumes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Host names of the spec's shared volumes, by `OWNER/NAME`, from the output `volumes` of the other
    `DockerContainer`."""
    networks: NotRequired[list[NetworkAttachment]]
    """Networks to join; none by default."""
    files_image: NotRequired[pulumi.Input[str]]
    """Image without a user, for the containers that copy files into volumes. Default the spec's image."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""
    container_labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for the container alone, not for its volumes and jobs. They replace those of `labels`."""


class DockerContainer(pulumi.ComponentResource):
    """One hardened container with its files, volumes and the check before its start."""

    container_name: pulumi.Output[str]
    """Name of the container, known once it is ready."""
    volumes: pulumi.Output[dict[str, str]]
    """Persistent and disposable volumes: short name to the name on the host."""

    def __init__(self, name: str, args: DockerContainerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the container and wait until its probe succeeds."""
        inputs = parse_args(_ContainerInputs, DockerContainerArgs, name, args)
        spec = inputs.spec
        secrets = {file: pulumi.Output.secret(content) for file, content in inputs.secrets.items()}
        uid, gid = owner(spec)
        super().__init__(token("DockerContainer"), name, {"part": spec["part"], "image": spec["image"]}, opts)
        self._companions = companions = Companions(
            name=name,
            spec=spec,
            owner=f"{uid}:{gid}",
            labels=inputs.labels,
            files_image=inputs.files_image,
            opts=pulumi.ResourceOptions(parent=self),
        )
        networks = [Attachment(network["name"], network.get("alias")) for network in inputs.networks]

        ready: list[pulumi.Resource] = []
        persistent, disposable = spec.get("volumes", []), spec.get("disposable_volumes", [])
        own = [*persistent, *disposable]
        volumes = {
            **{each["name"]: companions.volume(each["name"], kept_beside(opts, each)) for each in persistent},
            **{each["name"]: companions.volume(each["name"]) for each in disposable},
        }
        data = [Mount(volumes[volume["name"]], volume["path"], read_only=False) for volume in own]
        mounts = [*data, *_shared_mounts(spec, inputs.shared_volumes)]
        reload = spec.get("reload", {})
        reloads_secrets = bool(reload.get("secret_files"))
        if secrets and not reloads_secrets:
            mounts.append(Mount(companions.files("secrets", secrets).volume_name, SECRETS_DIRECTORY))
        reloadable = reloadable_files(companions, reload, secrets if reloads_secrets else {}) if reload else None
        if reloadable:
            mounts += reloadable.mounts
            ready.append(reloadable.applied)
        elif spec.get("config_files"):
            config = companions.files("config", spec.get("config_files", {}))
            mounts.append(Mount(config.volume_name, CONFIG_DIRECTORY))
        if data and uid != "0":
            ready.append(companions.own("data-owner", data, inputs.files_image if spec.get("unprobed") else ""))
        if "before_start" in spec:
            for_check = [Attachment(network["name"]) for network in inputs.networks if network.get("for_check")]
            ready.append(companions.check(mounts, for_check))

        runtime = self._runtime(mounts, networks, {**inputs.labels, **inputs.container_labels})
        container = self._run(runtime, ready)
        if reloadable:
            send_signal(companions, reload, reloadable, container)
        self.container_name = container.name
        # Not Output.all, which makes a list of no volumes.
        self.volumes = cast("pulumi.Output[dict[str, str]]", pulumi.Output.from_input(volumes))
        self.register_outputs(declared_outputs(self, DockerContainer))

    def _run(self, runtime: Runtime, ready: list[pulumi.Resource]) -> docker.Container:
        """Run what ends by itself as a job, and all else until it is stopped."""
        name, spec = self._companions.name, self._companions.spec
        opts = pulumi.ResourceOptions.merge(self._companions.opts, pulumi.ResourceOptions(depends_on=ready))
        if spec.get("one_shot"):
            job = replace(runtime, command=[*runtime.entrypoint, *runtime.command])
            limit = spec.get("time_limit_seconds", 30)
            return run_job(name, job, opts, triggers=self._companions.triggers(), timeout_seconds=limit)
        stop_seconds = spec.get("stop_seconds", 10)
        return hardened_container(
            name,
            runtime,
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=_is_alone(spec))),
            ports=[docker.ContainerPortArgs(internal=p["container"], external=p["host"]) for p in spec.get("ports", [])]
            or None,
            **({} if spec.get("unprobed") else _wait_for_probe(spec)),
            restart="unless-stopped",
            stop_signal=spec.get("stop_signal"),
            stop_timeout=stop_seconds,
            destroy_grace_seconds=stop_seconds,
        )

    def _runtime(
        self,
        mounts: list[Mount],
        networks: list[Attachment],
        labels: Mapping[str, pulumi.Input[str]],
    ) -> Runtime:
        spec = self._companions.spec
        return Runtime(
            part=spec["part"],
            image=spec["image"],
            user=self._companions.owner,
            memory=spec["memory"],
            cpus=spec["cpus"],
            entrypoint=spec.get("entrypoint", []),
            command=spec.get("command", []),
            environment=spec.get("environment", {}),
            mounts=mounts,
            host_mounts=spec.get("host_mounts", []),
            reaches_host=spec.get("reaches_host", False),
            networks=networks,
            tmpfs=spec.get("tmpfs", []),
            capabilities=spec.get("capabilities", []),
            sysctls=spec.get("sysctls", {}),
            log=spec.get("log"),
            labels=labels,
        )


def _words(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"


def _is_alone(spec: ContainerSpec) -> bool:
    """Whether two generations can't run at once: each would need the same port, or write the same data."""
    writes_shared = any(not volume.get("read_only", True) for volume in spec.get("shared_volumes", []))
    return bool(spec.get("ports") or spec.get("volumes") or spec.get("disposable_volumes") or writes_shared)


def _wait_for_probe(spec: ContainerSpec) -> dict[str, Any]:
    probe = probe_of(spec)
    start = probe.get("start_period_seconds", 0)
    return {
        "healthcheck": healthcheck(
            probe["command"],
            interval=probe["interval_seconds"],
            timeout=probe["timeout_seconds"],
            retries=probe["retries"],
            start_period=start,
        ),
        "wait": True,
        "wait_timeout": start + probe["retries"] * probe["interval_seconds"] + _GRACE_SECONDS,
    }


def _shared_mounts(spec: ContainerSpec, names: Mapping[str, pulumi.Input[str]]) -> list[Mount]:
    return [
        Mount(names[_shared_key(volume)], volume["path"], read_only=volume.get("read_only", True))
        for volume in spec.get("shared_volumes", [])
    ]


def _shared_key(volume: Mapping[str, Any]) -> str:
    return f"{volume.get('owner')}/{volume.get('name')}"
