"""The Docker host as a target."""

from ..config.target import Target
from . import preflight
from .deployment import DockerDeployment
from .settings import DockerSettings

TARGET = Target(DockerSettings, preflight.check, DockerDeployment, "labels")
