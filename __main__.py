"""The stack: settings -> deployment -> outputs."""

from typing import Any

import pulumi

from components import settings
from components.aws import preflight as aws_preflight
from components.aws.deployment import AwsDeployment
from components.aws.settings import AwsSettings
from components.docker import preflight as docker_preflight
from components.docker.deployment import DockerDeployment
from components.server_settings import deployment_inputs

stack = settings.load(pulumi.Config())
inputs: Any = deployment_inputs(stack.settings)

if isinstance(stack.settings, AwsSettings):
    aws_preflight.check(stack.settings)
    deployment = AwsDeployment("kotauth", inputs | {"tags": stack.label})
else:
    docker_preflight.check(stack.settings, stack.docker_host, own=stack.label)
    deployment = DockerDeployment("kotauth", inputs | {"labels": stack.label})

for output in type(deployment).__annotations__:
    head, *humps = output.split("_")
    pulumi.export(head + "".join(map(str.capitalize, humps)), getattr(deployment, output))
