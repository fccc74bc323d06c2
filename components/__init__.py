"""Kotauth, the identity server, as Pulumi components.

Inside the repository this folder is imported as `components`, installed it is `pulumi_kotauth`; never both in one
process, since the classes would differ.
"""

from .container import ContainerSpec
from .credentials import KotauthCredentials
from .docker.certificate import DockerCaCertificate
from .docker.container import DockerContainer
from .docker.database import DockerDatabase, DockerDatabaseRole
from .docker.deployment import DockerDeployment
from .docker.files import DockerFiles
from .docker.network import DockerNetwork
from .tokens import PACKAGE

COMPONENTS = (
    DockerDeployment,
    DockerNetwork,
    DockerContainer,
    DockerFiles,
    DockerDatabase,
    DockerDatabaseRole,
    DockerCaCertificate,
    KotauthCredentials,
)
"""Every component of the package, as the plugin serves them."""

__all__ = [
    "COMPONENTS",
    "PACKAGE",
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
