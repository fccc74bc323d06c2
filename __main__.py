"""The stack: settings -> deployment -> outputs."""

import gc

# The program runs once and ends, and keeps nearly all that it makes: with the classes of AWS's SDK, collections would
# take a quarter of its processor time.
gc.disable()

import pulumi  # noqa: E402

from components.config import stack as settings  # noqa: E402

stack = settings.load(pulumi.Config())
options = stack.target.preflight(stack.settings, stack.label)
deployment = stack.target.deployment("kotauth", stack.inputs, options)

for output in type(deployment).__annotations__:
    pulumi.export(settings.camel_case(output), getattr(deployment, output))
