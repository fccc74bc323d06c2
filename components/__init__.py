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
    from .aws.compute.boot_gate import AwsBootGate, AwsBootGateArgs
    from .aws.compute.launch_template import AwsLaunchTemplate, AwsLaunchTemplateArgs
    from .aws.compute.roll_gate import AwsRollGate, AwsRollGateArgs
    from .aws.compute.server_group import AwsServerGroup, AwsServerGroupArgs
    from .aws.compute.single_host import AwsSingleHost, AwsSingleHostArgs
    from .aws.database.database import AwsDatabase, AwsDatabaseArgs
    from .aws.database.database_role import AwsDatabaseRole, AwsDatabaseRoleArgs
    from .aws.deployment import AwsDeployment, AwsDeploymentArgs
    from .aws.ingress.certificate import AwsCertificate, AwsCertificateArgs
    from .aws.ingress.dns import AwsDns, AwsDnsArgs
    from .aws.ingress.load_balancer import AwsLoadBalancer, AwsLoadBalancerArgs
    from .aws.ingress.web_acl import AwsWebAcl, AwsWebAclArgs
    from .aws.network.network import AwsNetwork, AwsNetworkArgs
    from .aws.observability.observability import AwsObservability, AwsObservabilityArgs
    from .aws.security.secret import AwsSecret, AwsSecretArgs
    from .docker.backups import DockerBackups, DockerBackupsArgs
    from .docker.certificate import DockerCaCertificate, DockerCaCertificateArgs
    from .docker.container import DockerContainer, DockerContainerArgs
    from .docker.database import DockerDatabase, DockerDatabaseArgs, DockerDatabaseRole, DockerDatabaseRoleArgs
    from .docker.deployment import DockerDeployment, DockerDeploymentArgs
    from .docker.files import DockerFiles, DockerFilesArgs
    from .docker.logs import DockerLogRoute, DockerLogRouteArgs
    from .docker.network import DockerNetwork, DockerNetworkArgs
    from .kotauth.credentials import KotauthCredentials, KotauthCredentialsArgs
    from .workload.spec import ContainerSpec

    COMPONENTS: tuple[type[Any], ...]
    """Every component of the package, as the plugin serves them."""

__all__ = [
    "COMPONENTS",
    "PACKAGE",
    "AwsBootGate",
    "AwsBootGateArgs",
    "AwsCertificate",
    "AwsCertificateArgs",
    "AwsDatabase",
    "AwsDatabaseArgs",
    "AwsDatabaseRole",
    "AwsDatabaseRoleArgs",
    "AwsDeployment",
    "AwsDeploymentArgs",
    "AwsDns",
    "AwsDnsArgs",
    "AwsLaunchTemplate",
    "AwsLaunchTemplateArgs",
    "AwsLoadBalancer",
    "AwsLoadBalancerArgs",
    "AwsNetwork",
    "AwsNetworkArgs",
    "AwsObservability",
    "AwsObservabilityArgs",
    "AwsRollGate",
    "AwsRollGateArgs",
    "AwsSecret",
    "AwsSecretArgs",
    "AwsServerGroup",
    "AwsServerGroupArgs",
    "AwsSingleHost",
    "AwsSingleHostArgs",
    "AwsWebAcl",
    "AwsWebAclArgs",
    "ContainerSpec",
    "DockerBackups",
    "DockerBackupsArgs",
    "DockerCaCertificate",
    "DockerCaCertificateArgs",
    "DockerContainer",
    "DockerContainerArgs",
    "DockerDatabase",
    "DockerDatabaseArgs",
    "DockerDatabaseRole",
    "DockerDatabaseRoleArgs",
    "DockerDeployment",
    "DockerDeploymentArgs",
    "DockerFiles",
    "DockerFilesArgs",
    "DockerLogRoute",
    "DockerLogRouteArgs",
    "DockerNetwork",
    "DockerNetworkArgs",
    "KotauthCredentials",
    "KotauthCredentialsArgs",
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
    "DockerBackups": "docker.backups",
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
_MODULES = {
    **_COMPONENT_MODULES,
    # The type of a component's inputs is beside it.
    **{f"{component}Args": module for component, module in _COMPONENT_MODULES.items()},
    "ContainerSpec": "workload.spec",
}


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
