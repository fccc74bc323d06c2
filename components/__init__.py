"""Kotauth, the identity server, as Pulumi components.

Inside the repository this folder is imported as `components`, installed it is `pulumi_kotauth`; never both in one
process, since the classes would differ.

A component's module is imported when the component is first asked for: the SDK of AWS alone takes longer to import than
a development stack takes to preview, and a program on Docker has no use for it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .schema.tokens import PACKAGE

if TYPE_CHECKING:
    from .aws.compute.boot_gate import AwsBootGate
    from .aws.compute.launch_template import AwsLaunchTemplate
    from .aws.compute.roll_gate import AwsRollGate
    from .aws.compute.server_group import AwsServerGroup
    from .aws.compute.single_host import AwsSingleHost
    from .aws.database.database import AwsDatabase
    from .aws.database.database_role import AwsDatabaseRole
    from .aws.deployment import AwsDeployment
    from .aws.ingress.certificate import AwsCertificate
    from .aws.ingress.dns import AwsDns
    from .aws.ingress.load_balancer import AwsLoadBalancer
    from .aws.ingress.web_acl import AwsWebAcl
    from .aws.network.network import AwsNetwork
    from .aws.observability.observability import AwsObservability
    from .aws.security.secret import AwsSecret
    from .docker.certificate import DockerCaCertificate
    from .docker.container import DockerContainer
    from .docker.database import DockerDatabase, DockerDatabaseRole
    from .docker.deployment import DockerDeployment
    from .docker.files import DockerFiles
    from .docker.logs import DockerLogRoute
    from .docker.network import DockerNetwork
    from .kotauth.credentials import KotauthCredentials
    from .workload.spec import ContainerSpec

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
    "AwsLaunchTemplate",
    "AwsLoadBalancer",
    "AwsNetwork",
    "AwsObservability",
    "AwsRollGate",
    "AwsSecret",
    "AwsServerGroup",
    "AwsSingleHost",
    "AwsWebAcl",
    "ContainerSpec",
    "DockerCaCertificate",
    "DockerContainer",
    "DockerDatabase",
    "DockerDatabaseRole",
    "DockerDeployment",
    "DockerFiles",
    "DockerLogRoute",
    "DockerNetwork",
    "KotauthCredentials",
]

_COMPONENT_MODULES = {
    "DockerDeployment": "docker.deployment",
    "DockerNetwork": "docker.network",
    "DockerContainer": "docker.container",
    "DockerFiles": "docker.files",
    "DockerLogRoute": "docker.logs",
    "DockerDatabase": "docker.database",
    "DockerDatabaseRole": "docker.database",
    "DockerCaCertificate": "docker.certificate",
    "KotauthCredentials": "kotauth.credentials",
    "AwsDatabase": "aws.database.database",
    "AwsSecret": "aws.security.secret",
    "AwsNetwork": "aws.network.network",
    "AwsDatabaseRole": "aws.database.database_role",
    "AwsLaunchTemplate": "aws.compute.launch_template",
    "AwsSingleHost": "aws.compute.single_host",
    "AwsServerGroup": "aws.compute.server_group",
    "AwsDeployment": "aws.deployment",
    "AwsCertificate": "aws.ingress.certificate",
    "AwsDns": "aws.ingress.dns",
    "AwsLoadBalancer": "aws.ingress.load_balancer",
    "AwsObservability": "aws.observability.observability",
    "AwsRollGate": "aws.compute.roll_gate",
    "AwsBootGate": "aws.compute.boot_gate",
    "AwsWebAcl": "aws.ingress.web_acl",
}
_MODULES = {**_COMPONENT_MODULES, "ContainerSpec": "workload.spec"}


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
