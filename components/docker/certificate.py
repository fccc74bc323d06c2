"""The root certificate of the frontend's own authority, for clients to trust."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi

from ..config.frontends import DEFAULT, FRONTENDS
from ..inputs.choice import one_of
from ..inputs.declaration import derived, own_name, value
from ..inputs.parsing import parse_args
from ..inputs.resource_name import parse_docker_name
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from ..workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB
from .hardened import Mount, Runtime, hardened_container, trigger_label

_READ = 'for _ in $(seq 30); do [ -s "$1" ] && break; sleep 1; done; cat "$1"'
_WITH_AUTHORITY = {
    name: frontend.ca_certificate for name, frontend in FRONTENDS.items() if frontend.ca_certificate is not None
}
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?")


@dataclass(frozen=True, kw_only=True)
class _CertificateInputs:
    name: str = own_name(parse_docker_name)
    volume: pulumi.Input[str] = value()
    written_by: pulumi.Input[str] = value()
    frontend: str = value(one_of(*_WITH_AUTHORITY), default=DEFAULT.name)
    image: pulumi.Input[str] = derived(None, lambda made: FRONTENDS[made.frontend].default_image)
    labels: Mapping[str, pulumi.Input[str]] = value(default={})


class DockerCaCertificateArgs(TypedDict):
    """Inputs of `DockerCaCertificate`."""

    volume: pulumi.Input[str]
    """Name of the volume that holds the certificate."""
    written_by: pulumi.Input[str]
    """Name of the container that writes the certificate. A new container may create a new certificate authority."""
    frontend: NotRequired[str]
    """Frontend in that container. Default `caddy`."""
    image: NotRequired[pulumi.Input[str]]
    """Image with `sh`. Default the frontend's official image."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""


class DockerCaCertificate(pulumi.ComponentResource):
    """Reads a certificate from a volume into a plain output, because the certificate is public."""

    pem: pulumi.Output[str]
    """PEM of the certificate."""

    def __init__(self, name: str, args: DockerCaCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Print the file and keep what was printed."""
        inputs = parse_args(_CertificateInputs, DockerCaCertificateArgs, name, args)
        frontend = FRONTENDS[inputs.frontend]
        certificate = _WITH_AUTHORITY[frontend.name]
        super().__init__(token("DockerCaCertificate"), name, {"path": certificate.path}, opts)
        reader = hardened_container(
            name,
            Runtime(
                part="job",
                image=inputs.image,
                user=frontend.user,
                memory=CHECK_MEMORY_MB,
                cpus=CHECK_CPUS,
                entrypoint=["sh", "-c", _READ, "read"],
                command=[certificate.path],
                labels={**inputs.labels, **trigger_label(inputs.written_by)},
                mounts=[Mount(inputs.volume, certificate.directory)],
            ),
            pulumi.ResourceOptions(parent=self),
            # The provider keeps what an attached container printed.
            attach=True,
            logs=True,
            must_run=False,
            restart="no",
        )
        self.pem = reader.container_logs.apply(_certificate)
        self.register_outputs(declared_outputs(self, DockerCaCertificate))


def _certificate(printed: str | None) -> str:
    match = _PEM.search(printed or "")
    if not match:
        raise pulumi.RunError(f"no certificate was found: {(printed or 'nothing was printed').strip()}")
    return match[0]
