"""The stack: settings -> deployment -> outputs."""

import pulumi

from components import settings

stack = settings.load(pulumi.Config())
options = stack.target.preflight(stack.settings, stack.label)
deployment = stack.target.deployment("kotauth", stack.inputs, options)

for output in type(deployment).__annotations__:
    pulumi.export(settings.camel_case(output), getattr(deployment, output))
