"""The stack: settings -> deployment -> outputs."""

import pulumi

from components import settings
from components.docker import preflight
from components.docker.deployment import DockerDeployment

OUTPUTS = ("url", "admin_url", "ready_url", "admin_password", "checklist_api_key", "database_url", "ca_certificate")


def docker(stack: settings.Stack) -> DockerDeployment:
    """Declare the stack on a Docker host, after asking whether that one can run it."""
    preflight.check(stack.settings, stack.docker_host)
    return DockerDeployment("kotauth", stack.settings.deployment_inputs | {"labels": preflight.stack_labels()})


TARGETS = {"docker": docker}

stack = settings.load(pulumi.Config())
deployment = TARGETS[stack.target](stack)

for output in OUTPUTS:
    head, *humps = output.split("_")
    pulumi.export(head + "".join(map(str.capitalize, humps)), getattr(deployment, output))
