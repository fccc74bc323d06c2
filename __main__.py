"""The stack: settings -> deployment -> outputs."""

import pulumi

from components import settings
from components.docker import preflight
from components.docker.deployment import DockerDeployment

OUTPUTS = ("url", "admin_url", "ready_url", "admin_password", "checklist_api_key", "database_url", "ca_certificate")

target, stack = settings.load(pulumi.Config())

# The only target so far; what a machine must offer is asked here and never inside a component.
preflight.check(stack, pulumi.Config("docker").get("host"))
deployment = DockerDeployment("kotauth", stack.deployment_inputs | {"labels": preflight.stack_labels()})

for output in OUTPUTS:
    head, *humps = output.split("_")
    pulumi.export(head + "".join(map(str.capitalize, humps)), getattr(deployment, output))
