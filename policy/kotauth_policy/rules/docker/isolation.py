"""Isolation of containers from their host (CIS Docker 5): privileges, capabilities, users and namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import Value, seen
from ...engine.verdict import Verdict, fail
from ...readers.docker.containers import capabilities, is_root, starts
from ...readers.docker.log_route import is_log_reader
from ...readers.docker.networks import is_own_network_mode
from ...readers.docker.parts import signals_frontend, takes_ownership
from ...readers.docker.resources import CONTAINER

AREA = Area("isolation")
_HOST_NAMESPACES = ("networkMode", "pidMode", "ipcMode", "usernsMode", "cgroupnsMode")
_KERNEL_PARAMETERS = [
    "net.core.somaxconn",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_retries2",
]
"""When a connection counts as dead, how many wait, and which ports it begins at."""
_UNCONFINED = {
    ("seccomp", "unconfined"),
    ("apparmor", "unconfined"),
    ("systempaths", "unconfined"),
    ("label", "disable"),
    ("label", "type:unconfined_t"),
    ("label", "type:spc_t"),
}
_DEVICES = ("devices", "deviceRequests", "deviceCgroupRules")


@AREA.rule(
    "forbid-privileged-containers",
    Severity.CRITICAL,
    "Do not run privileged containers.",
    remedy="Remove `privileged`, and add only the capability that the container needs.",
    types=(CONTAINER,),
    references=References(cis=("5.5",)),
    waivable=False,
)
def forbid_privileged_containers(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A privileged container is root on its host, whatever else is set.

    A container that is not started is evaluated, because it can be started later.
    """
    if container.get("privileged").flag():
        yield fail("privileged", "is true")


@AREA.rule(
    "drop-all-capabilities",
    Severity.HIGH,
    "Drop all Linux capabilities of every container.",
    remedy='Set `capabilities` to `drops=["ALL"]`.',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.4",)),
)
def drop_all_capabilities(container: Resource, _: Settings) -> Iterator[Verdict]:
    """By default, Docker leaves fourteen Linux capabilities to a container."""
    if "ALL" not in [name for _value, name in capabilities(container, "drops")]:
        yield fail("capabilities.drops", "does not contain ALL")


@AREA.rule(
    "limit-added-capabilities",
    Severity.HIGH,
    "Add only allowed Linux capabilities to a container.",
    remedy="Remove the capability: listen on a port above 1024, and start as the right user. Only a job that "
    'changes the owner of a volume adds CHOWN, as root and with `network_mode="none"`.',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.4",)),
    parameters=(
        Parameter(
            "allowed", Kind.TEXTS, ["NET_BIND_SERVICE"], "Capabilities that any container may add.", relaxes=True
        ),
    ),
)
def limit_added_capabilities(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """NET_BIND_SERVICE lets a proxy open the ports below 1024 and allows nothing else."""
    allowed = {*settings.texts("allowed"), *(["CHOWN"] if takes_ownership(container) else [])}
    for value, name in capabilities(container, "adds"):
        if name not in allowed:
            yield fail(value.path, f"is none of {', '.join(sorted(allowed))}")


@AREA.rule(
    "forbid-new-privileges",
    Severity.HIGH,
    "Do not let a process gain more privileges than its container started with.",
    remedy='Add "no-new-privileges:true" to `security_opts`.',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.26",)),
)
def forbid_new_privileges(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Without this option, a setuid program can make a user root."""
    options = map(_option, container.get("securityOpts").items())
    given = [value.lower() for name, value in options if name == "no-new-privileges"]
    # As Docker has it: the last one counts, and alone it is true.
    if not given or given[-1] not in ("", "true", "t", "1"):
        yield fail("securityOpts", "does not contain no-new-privileges:true")


@AREA.rule(
    "forbid-unconfined-profiles",
    Severity.CRITICAL,
    "Keep the seccomp, AppArmor and SELinux profiles of every container enabled.",
    remedy="Remove the option, or name your own profile.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.2", "5.22")),
)
def forbid_unconfined_profiles(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Docker's default profiles block the system calls that most escapes need."""
    for option in container.get("securityOpts").items():
        name, value = _option(option)
        if (name, value.lower()) in _UNCONFINED:
            yield fail(option.path, seen(option, "an option that disables a profile"))


def _option(option: Value) -> tuple[str, str]:
    """Return name and value of a security option; Docker takes either separator."""
    name, *value = re.split("[=:]", option.text() or "", maxsplit=1)
    return name.strip().lower(), "".join(value).strip()


@AREA.rule(
    "limit-kernel-parameters",
    Severity.HIGH,
    "Set only allowed kernel parameters in a container.",
    remedy="Remove the parameter from `sysctls`.",
    types=(CONTAINER,),
    when=starts,
    references=References(documentation="https://kubernetes.io/docs/concepts/security/pod-security-standards/"),
    parameters=(
        Parameter(
            "allowed", Kind.TEXTS, _KERNEL_PARAMETERS, "Kernel parameters that any container may set.", relaxes=True
        ),
    ),
)
def limit_kernel_parameters(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """Allowed parameters affect the container's own connections.

    Other parameters turn the container into a router, or open low ports.
    """
    for name, value in container.get("sysctls").fields().items():
        if name.replace("/", ".") not in settings.texts("allowed"):
            yield fail(value.path, "is not one of the allowed kernel parameters")


@AREA.rule(
    "mount-root-read-only",
    Severity.MEDIUM,
    "Mount the root file system of every container read-only.",
    remedy="Set `read_only=True`. In `tmpfs` or `volumes`, list the folders that the container writes to.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.13",)),
)
def mount_root_read_only(container: Resource, _: Settings) -> Iterator[Verdict]:
    """An intruder can't store a program, and a forgotten data path shows at once."""
    if not container.get("readOnly").flag():
        yield fail("readOnly", "is not true")


@AREA.rule(
    "run-as-non-root",
    Severity.HIGH,
    "Run every container as a user other than root.",
    remedy='Set `user`, for example to "10001:10001". Only a job that changes the owner of a volume runs as root: '
    'label `kotauth.part` "job", `network_mode="none"`, CHOWN as the only capability. The reader of a log route '
    "(`DockerLogRoute`) runs as root, too.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("4.1",)),
)
def run_as_non_root(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The rule can't read the image's own user, so the program must set `user`."""
    if not (container.get("user").text() or "").partition(":")[0]:
        yield fail("user", "is not set, and the image's user can be root")
    elif is_root(container) and not takes_ownership(container) and not is_log_reader(container):
        yield fail("user", "is root")


@AREA.rule(
    "forbid-host-namespaces",
    Severity.CRITICAL,
    "Do not share a namespace with the host or another container.",
    remedy="Remove the property that the violation names, and connect containers through their own network. Exception: "
    "a job that only sends a signal to the frontend may share the process namespace of the frontend. Give this job the "
    'label `kotauth.part` "job", `network_mode="none"`, a user other than root, and no volume.',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.10", "5.16", "5.17", "5.31")),
    waivable=False,
)
def forbid_host_namespaces(container: Resource, _: Settings) -> Iterator[Verdict]:
    """In a shared namespace, a container can see or end processes and connections that are not its own."""
    for name in _HOST_NAMESPACES:
        if name == "networkMode" and is_own_network_mode(container):
            continue
        if name == "pidMode" and not container.get(name).is_absent and signals_frontend(container):
            continue
        mode = container.get(name).text() or ""
        if mode == "host" or mode.startswith("container:"):
            yield fail(name, "shares a namespace of the host or of another container")


@AREA.rule(
    "forbid-host-devices",
    Severity.HIGH,
    "Do not give a container access to devices of the host.",
    remedy="Remove the devices. A web server or a database needs none.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.18",)),
)
def forbid_host_devices(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A disk device gives access to every file of the host."""
    for name in _DEVICES:
        if container.get(name).items():
            yield fail(name, "is not empty")
    if container.get("gpus").text():
        yield fail("gpus", "is set")
