"""The Docker host as a target."""

from ..target import Target
from . import preflight
from .deployment import DockerDeployment
from .settings import DockerSettings

TARGET = Target(DockerSettings, preflight.check, DockerDeployment, "labels")
