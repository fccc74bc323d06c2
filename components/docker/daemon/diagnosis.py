"""Says why a container did not start: the provider only knows that it didn't become healthy in time."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Awaitable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi import runtime

from . import client as daemon
from .address import STACK, Configuration

_TAIL_LINES = 20
# What psql prints below the line that says what is wrong.
_REMARK = re.compile(r"(CONTEXT|DETAIL|HINT|LINE \d+|QUERY): |PL/pgSQL function |password retrieved from file |\s*\^$")
_KEYS = {
    "host": "host",
    "context": "context",
    "certPath": "cert_path",
    "certMaterial": "cert_material",
    "keyMaterial": "key_material",
    "caMaterial": "ca_material",
}
"""Attributes of `docker.Provider` by the key of the configuration. The SDK has none for the options of ssh."""
_HOOK = "explain-failure"
_hooks: WeakKeyDictionary[object, dict[pulumi.ProviderResource | None, pulumi.ErrorHook]] = WeakKeyDictionary()
"""The hooks by connection to the engine and provider. A program has one connection, a host of components has many."""
_uses = Counter[str]()
"""How many hooks of this process have a name."""


def explain_failure(provider: pulumi.ProviderResource | None, container: str) -> pulumi.ResourceOptions:
    """Return the options that print the last line of a container whose creation failed.

    All containers of a provider share one hook, because Pulumi's SDK starts a server for each hook.
    ``provider`` is the container's own; None for the stack's. The first ``container`` gives the hook its name.
    At preview, and under Pulumi's mocks, which take no hooks, there are none.
    """
    monitor = runtime.settings.get_monitor()
    has_hooks = not isinstance(monitor, runtime.mocks.MockMonitor) or hasattr(monitor, "register_error_hook")
    # A preview creates nothing. While Pulumi's SDK starts the server of the first hook, an error such as that of a
    # refused Output would end Python with a segmentation fault, and without its message.
    if runtime.is_dry_run() or not has_hooks:
        return pulumi.ResourceOptions()
    hooks = _hooks.setdefault(monitor, {})
    if provider not in hooks:
        # The engine refuses a second hook of the same name, also from another connection, and from the process of
        # another version of this library. The state keeps the name, so it is the same at each update.
        name = f"{_HOOK} of {container}"
        _uses[name] += 1
        if _uses[name] > 1:
            name += f" {_uses[name]}"
        hooks[provider] = pulumi.ErrorHook(name, functools.partial(_explain, provider))
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hooks[provider]]))


def _explain(provider: pulumi.ProviderResource | None, args: pulumi.ErrorHookArgs) -> bool | Awaitable[bool]:
    if args.failed_operation != "create":
        return False
    inputs: Mapping[str, Any] = args.new_inputs or {}
    container = str(inputs.get("name", args.name))
    if provider:
        return _explain_of(provider, args.name, container)
    return _tell(args.name, _last_line(container, STACK))


async def _explain_of(provider: pulumi.ProviderResource, name: str, container: str) -> bool:
    if configuration := await _configuration(provider):
        return _tell(name, _last_line(container, configuration))
    reason = "did not start; its provider has a Docker daemon that this program doesn't know"
    return _tell(name, f"{reason}; see docker logs {container} on its Docker host")


def _tell(name: str, line: str) -> bool:
    if line:
        pulumi.log.error(f"{name}: {line}")
    return False  # trying the same again would give the same


async def _configuration(provider: pulumi.ProviderResource) -> Configuration | None:
    """Return what a provider of the program is configured with, None where it is only a reference to one."""
    if not hasattr(provider, "host"):
        return None
    known: dict[str, str | None] = {}
    for key, attribute in _KEYS.items():
        output: pulumi.Output[str | None] | None = getattr(provider, attribute, None)
        known[key] = await output.future() if output else None
    return Configuration(known.get, "")


def _last_line(container: str, configuration: Configuration) -> str:
    """Return the last line that the container printed, or where to look for it; empty if it was never made."""
    try:
        with daemon.connect(configuration) as docker:
            log = docker.log(container, _TAIL_LINES)
    except daemon.DaemonError as error:
        return f"did not start (its log can't be read: {error}); see docker logs {container} on its Docker host"
    if log is None:
        return ""
    lines = [line for line in log.decode(errors="replace").splitlines() if line.strip() and not _REMARK.match(line)]
    return lines[-1].strip() if lines else f"did not start and printed nothing; see docker inspect {container}"
