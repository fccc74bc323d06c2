"""Kotauth, the identity server, as Pulumi components.

Inside the repository this folder is imported as `components`, installed it is `pulumi_kotauth`; never both in one
process, since the classes would differ.

A component's module is imported when the component is first asked for: the SDK of AWS alone takes longer to import than
a development stack takes to preview, and a program on Docker has no use for it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .tokens import PACKAGE

if TYPE_CHECKING:
    from .aws.boot_gate import AwsBootGate
    from .aws.certificate import AwsCertificate
    from .aws.database import AwsDatabase
    from .aws.database_role import AwsDatabaseRole
    from .aws.deployment import AwsDeployment
    from .aws.dns import AwsDns
    from .aws.edge import AwsEdge
    from .aws.launch_template import AwsLaunchTemplate
    from .aws.load_balancer import AwsLoadBalancer
    from .aws.network import AwsNetwork
    from .aws.observability import AwsObservability
    from .aws.roll_gate import AwsRollGate
    from .aws.secret import AwsSecret
    from .aws.server import AwsServer
    from .aws.web_acl import AwsWebAcl
    from .container import ContainerSpec
    from .credentials import KotauthCredentials
    from .docker.certificate import DockerCaCertificate
    from .docker.container import DockerContainer
    from .docker.database import DockerDatabase, DockerDatabaseRole
    from .docker.deployment import DockerDeployment
    from .docker.files import DockerFiles
    from .docker.network import DockerNetwork

    COMPONENTS: tuple[type[Any], ...]
    """Every component of the package, as the plugin serves them."""

__all__ = [
    "COMPONENTS",
    "PACKAGE",
    "AwsBootGate",
    "AwsCertificate",
    "AwsDatabase",
    "AwsDatabaseRole",
    "AwsDeployment",
    "AwsDns",
    "AwsEdge",
    "AwsLaunchTemplate",
    "AwsLoadBalancer",
    "AwsNetwork",
    "AwsObservability",
    "AwsRollGate",
    "AwsSecret",
    "AwsServer",
    "AwsWebAcl",
    "ContainerSpec",
    "DockerCaCertificate",
    "DockerContainer",
    "DockerDatabase",
    "DockerDatabaseRole",
    "DockerDeployment",
    "DockerFiles",
    "DockerNetwork",
    "KotauthCredentials",
]

_COMPONENT_MODULES = {
    "DockerDeployment": "docker.deployment",
    "DockerNetwork": "docker.network",
    "DockerContainer": "docker.container",
    "DockerFiles": "docker.files",
    "DockerDatabase": "docker.database",
    "DockerDatabaseRole": "docker.database",
    "DockerCaCertificate": "docker.certificate",
    "KotauthCredentials": "credentials",
    "AwsDatabase": "aws.database",
    "AwsSecret": "aws.secret",
    "AwsNetwork": "aws.network",
    "AwsDatabaseRole": "aws.database_role",
    "AwsLaunchTemplate": "aws.launch_template",
    "AwsEdge": "aws.edge",
    "AwsServer": "aws.server",
    "AwsDeployment": "aws.deployment",
    "AwsCertificate": "aws.certificate",
    "AwsDns": "aws.dns",
    "AwsLoadBalancer": "aws.load_balancer",
    "AwsObservability": "aws.observability",
    "AwsRollGate": "aws.roll_gate",
    "AwsBootGate": "aws.boot_gate",
    "AwsWebAcl": "aws.web_acl",
}
_MODULES = {**_COMPONENT_MODULES, "ContainerSpec": "container"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class, or the tuple of them
    if name == "COMPONENTS":
        value: Any = tuple(__getattr__(component) for component in _COMPONENT_MODULES)
    elif name in _MODULES:
        value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # so that the next look-up doesn't come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, "COMPONENTS"})
