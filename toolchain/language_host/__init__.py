"""Python language host for a Pulumi engine that was built from source.

The engine starts `pulumi-language-python ENGINE_ADDRESS`, reads a port from its standard output and talks gRPC to it.
Pulumi publishes its own host only as a binary; this one speaks the same protocol and runs every program with the
official `pulumi-language-python-exec`, so programs cannot tell the difference.

It runs from a virtualenv of its own in the engine cache, never from the project's: imports are relative, and nothing
but `pulumi` (for the protocol) and `grpc` is needed.
"""
