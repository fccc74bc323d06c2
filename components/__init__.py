"""Kotauth, the identity server, as Pulumi components.

Inside the repository this folder is imported as `components`, installed it is `pulumi_kotauth`; never both in one
process, since the classes would differ.
"""

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
    AwsDatabase,
    AwsSecret,
    AwsNetwork,
    AwsDatabaseRole,
    AwsLaunchTemplate,
    AwsEdge,
    AwsServer,
    AwsDeployment,
    AwsCertificate,
    AwsDns,
    AwsLoadBalancer,
    AwsObservability,
    AwsRollGate,
    AwsWebAcl,
)
"""Every component of the package, as the plugin serves them."""

__all__ = [
    "COMPONENTS",
    "PACKAGE",
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
