"""The Pulumi engine of this project, and the local services it needs.

On a machine with internet this finds or downloads Pulumi's official CLI and plugins. Where only package registries can
be reached, it builds the same engine from the Go module proxy, once, into a cache outside the checkout. Nothing else in
the project knows which of the two it got: `environment()` says how to call it.

`pulumi`               the engine: `selection` finds, downloads or builds it, with the versions of `pins`
`sdks`                 Pulumi's generators of SDKs for other languages
`language_host`        what a built engine runs Python programs with
`machine`              the cache, packages, virtualenvs, the Docker daemon
`checkout_virtualenv`  `.venv` of this checkout
`local_state`          state and passphrase of stacks on this machine
`variables`            the environment in which `pulumi` is this engine

Everything here but `language_host` runs on the standard library alone, because it runs before any virtualenv exists.
"""

from .machine.errors import EngineError
from .variables import environment

__all__ = ["EngineError", "environment"]
