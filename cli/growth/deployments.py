"""The program with components: so many deployments of one target in one stack."""

# A program imports only what it uses, as the SDK of AWS takes longer to import than a preview on Docker.
# ruff: noqa: PLC0415

from __future__ import annotations

from .recording import NAME

_FIRST_PORT = 20000
_CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"


def deploy(target: str, deployments: int) -> None:
    """Declare the deployments of one target: `docker` or `aws`."""
    declare = {"docker": _docker, "aws": _aws}[target]
    declare(deployments)


def _docker(deployments: int) -> None:
    from components import DockerDeployment

    for number in range(deployments):
        port = _FIRST_PORT + 2 * number
        DockerDeployment(
            NAME.format(number),
            {
                "base_url": f"https://auth.example.org:{port}",
                "http_port": port + 1,
                "acme_email": "operations@example.org",
                "backups": False,
            },
        )


def _aws(deployments: int) -> None:
    from components import AwsDeployment

    for number in range(deployments):
        AwsDeployment(
            NAME.format(number),
            {
                "base_url": "https://auth.example.org",
                "availability_zones": ["eu-central-1a", "eu-central-1b"],
                "certificate_arn": _CERTIFICATE,
            },
        )
