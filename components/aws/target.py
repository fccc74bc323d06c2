"""AWS as a target."""

from ..config.target import Target
from . import preflight
from .deployment import AwsDeployment
from .settings import AwsSettings

TARGET = Target(AwsSettings, preflight.check, AwsDeployment, "tags")
