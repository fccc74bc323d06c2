"""Files for containers whose root is read-only.

The provider can upload only into a writable root (it copies to `/`), so a container that is made and never started
carries them into a volume. Each version of the content gets a volume of its own: a server that runs, or restarts, never
finds another version's files under it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ..inputs.declaration import optional, own_name, value
from ..inputs.parsing import parse_args
from ..inputs.resource_name import parse_docker_name
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from ..workload.spec import PART_LABEL, parse_owner

_CONTENT_LABEL = "kotauth.content"


def _parse_owner(raw: object) -> tuple[str, str]:
    return ("0", "0") if raw == "0:0" else parse_owner(raw)


@dataclass(frozen=True, kw_only=True)
class _FilesInputs:
    name: str = own_name(parse_docker_name)
    image: pulumi.Input[str] = value()
    files: Mapping[str, pulumi.Input[str]] = value(secret=True)
    owner: tuple[str, str] = value(_parse_owner, default=("10001", "10001"))
    volume: pulumi.Input[str] | None = optional()
    directory: str = value(default="")
    labels: Mapping[str, pulumi.Input[str]] = value(default={})


class DockerFilesArgs(TypedDict):
    """Inputs of `DockerFiles`."""

    image: pulumi.Input[str]
    """Any image without a user, because Docker gives copied files to that user. Nothing of the image runs."""
    files: Mapping[str, pulumi.Input[str]]
    """File name to content. Mark secret contents as secrets."""
    owner: NotRequired[str]
    """`uid:gid`, numeric; only this user can read the files. Default `10001:10001`. Use `0:0` only for a container that
    runs as root without capabilities."""
    volume: NotRequired[pulumi.Input[str]]
    """Existing volume for the files. By default each version of the content gets a new volume."""
    directory: NotRequired[str]
    """Folder within the volume. Default its root."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""


class DockerFiles(pulumi.ComponentResource):
    """Files in a Docker volume, with mode 0400."""

    volume_name: pulumi.Output[str]
    """Name of the volume, known once the files are in it."""
    version: pulumi.Output[str]
    """Changes with any file's name or content."""

    def __init__(self, name: str, args: DockerFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the volume and fill it."""
        inputs = parse_args(_FilesInputs, DockerFilesArgs, name, args)
        files = dict(inputs.files)
        uid, gid = inputs.owner
        super().__init__(token("DockerFiles"), name, {"image": inputs.image, "owner": f"{uid}:{gid}"}, opts)

        child = pulumi.ResourceOptions(parent=self)
        directory = f"/files/{inputs.directory}".rstrip("/")
        labels = sorted(inputs.labels.items())
        # Not Output.all, which makes a list of no files.
        contents = cast("pulumi.Output[dict[str, str]]", pulumi.Output.from_input(files))
        self.version = contents.apply(_content_version)
        volume = inputs.volume
        if volume is None:
            version_label = docker.VolumeLabelArgs(label=_CONTENT_LABEL, value=self.version)
            own = [docker.VolumeLabelArgs(label=key, value=value) for key, value in labels]
            volume = docker.Volume(name, labels=[version_label, *own], opts=child).name

        carrier = docker.Container(
            f"{name}-carrier",
            image=inputs.image,
            entrypoints=["/bin/true"],
            start=False,
            must_run=False,
            network_mode="none",
            volumes=[docker.ContainerVolumeArgs(volume_name=volume, container_path="/files")],
            uploads=[
                docker.ContainerUploadArgs(
                    file=f"{directory}/{file}", content=content, owner=uid, group=gid, permissions="0400"
                )
                for file, content in sorted(files.items())
            ],
            labels=[
                docker.ContainerLabelArgs(label=PART_LABEL, value="files"),
                *(docker.ContainerLabelArgs(label=key, value=value) for key, value in labels if key != PART_LABEL),
            ],
            # A new image would not change the files.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(ignore_changes=["image"])),
        )
        # Depends on the carrier's id, so that no container mounts the volume before the files are in it.
        self.volume_name = pulumi.Output.all(volume, carrier.id).apply(lambda known: str(known[0]))
        self.register_outputs(declared_outputs(self, DockerFiles))


def _content_version(files: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for file, content in sorted(files.items()):
        digest.update(f"{file}\0{content}\0".encode())
    return digest.hexdigest()[:16]
