"""Isolation of a container from its host (CIS Docker 5): privileges, capabilities, user and namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts.aws import HOSTS
from ..facts.docker import CONTAINER, capabilities, is_root, starts, takes_ownership
from ..resource import Resource
from ..rule import Area, Kind, Parameter, References, Settings, Severity
from ..verdict import Verdict, fail

AREA = Area("isolation")
_HOST_NAMESPACES = ("networkMode", "pidMode", "ipcMode", "usernsMode", "cgroupnsMode")
_KERNEL_PARAMETERS = [
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_retries2",
]
"""When a connection counts as dead."""
_DEVICES = ("devices", "deviceRequests", "deviceCgroupRules")


@AREA.rule(
    "forbid-privileged-containers",
    Severity.CRITICAL,
    "Run no container with the privileges of its host.",
    remedy="Remove `privileged`, and add the one capability that the container needs.",
    types=(CONTAINER, *HOSTS),
    references=References(cis=("5.5",)),
    waivable=False,
)
def forbid_privileged_containers(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A privileged container is root on its host, whatever else is set; one that is not started can be later."""
    if container.get("privileged").flag():
        yield fail("privileged", "is true")


@AREA.rule(
    "drop-all-capabilities",
    Severity.HIGH,
    "Drop all Linux capabilities of every container.",
    remedy='Set `capabilities` to `drops=["ALL"]`.',
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.4",)),
)
def drop_all_capabilities(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Docker's default leaves fourteen of them."""
    if "ALL" not in [name for _value, name in capabilities(container, "drops")]:
        yield fail("capabilities.drops", "does not hold ALL")


@AREA.rule(
    "limit-added-capabilities",
    Severity.HIGH,
    "Add no Linux capability but the allowed ones.",
    remedy="Remove it: listen above 1024, start as the right user. Only a job that gives a volume to its user adds "
    'CHOWN, as root, without a network (`network_mode="none"`).',
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.4",)),
    parameters=(
        Parameter(
            "allowed", Kind.TEXTS, ["NET_BIND_SERVICE"], "Capabilities that any container may add.", relaxes=True
        ),
    ),
)
def limit_added_capabilities(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """NET_BIND_SERVICE gives a proxy the ports below 1024 and nothing else."""
    allowed = {*settings.texts("allowed"), *(["CHOWN"] if takes_ownership(container) else [])}
    for value, name in capabilities(container, "adds"):
        if name not in allowed:
            yield fail(value.path, f"is none of {', '.join(sorted(allowed))}")


@AREA.rule(
    "forbid-new-privileges",
    Severity.HIGH,
    "Let no process gain more privileges than its container started with.",
    remedy='Add "no-new-privileges:true" to `security_opts`.',
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.26",)),
)
def forbid_new_privileges(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Without it a setuid program makes a user root."""
    accepted = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")
    if not any(option.text() in accepted for option in container.get("securityOpts").items()):
        yield fail("securityOpts", "does not hold no-new-privileges:true")


@AREA.rule(
    "forbid-unconfined-profiles",
    Severity.CRITICAL,
    "Keep the seccomp, AppArmor and SELinux profiles of every container.",
    remedy="Remove the option, or name a profile of your own.",
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.2", "5.22")),
)
def forbid_unconfined_profiles(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Docker's default profiles block the system calls that most escapes need."""
    for option in container.get("securityOpts").items():
        text = (option.text() or "").lower()
        if text.endswith("unconfined") or text in ("label=disable", "label:disable"):
            yield fail(option.path, "switches a profile off")


@AREA.rule(
    "limit-kernel-parameters",
    Severity.HIGH,
    "Set no kernel parameter of a container but the allowed ones.",
    remedy="Remove it from `sysctls`.",
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(documentation="https://kubernetes.io/docs/concepts/security/pod-security-standards/"),
    parameters=(
        Parameter(
            "allowed", Kind.TEXTS, _KERNEL_PARAMETERS, "Kernel parameters that any container may set.", relaxes=True
        ),
    ),
)
def limit_kernel_parameters(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """The four decide when a connection counts as dead; others make a router of a container, or open low ports."""
    for name, value in container.get("sysctls").fields().items():
        if name not in settings.texts("allowed"):
            yield fail(value.path, "is not one of the allowed kernel parameters")


@AREA.rule(
    "mount-root-read-only",
    Severity.MEDIUM,
    "Mount the root file system of every container read-only.",
    remedy="Set `read_only=True` and list what must be writable in `tmpfs` or on a volume.",
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.13",)),
)
def mount_root_read_only(container: Resource, _: Settings) -> Iterator[Verdict]:
    """An intruder can't leave a program behind, and a forgotten data path shows at once."""
    if not container.get("readOnly").flag():
        yield fail("readOnly", "is not true")


@AREA.rule(
    "run-as-non-root",
    Severity.HIGH,
    "Run every container as a user that is not root.",
    remedy='Set `user`, such as "10001:10001". Only a job that gives a volume to its user is root: label '
    '`kotauth.part` "job", `network_mode="none"`, CHOWN the only capability.',
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("4.1",)),
)
def run_as_non_root(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The image's own user is not known here, so the user has to be spelled out."""
    if not container.get("user").text():
        yield fail("user", "is not set, and the image's user can be root")
    elif is_root(container) and not takes_ownership(container):
        yield fail("user", "is root")


@AREA.rule(
    "forbid-host-namespaces",
    Severity.CRITICAL,
    "Share no namespace of the host or of another container.",
    remedy="Remove the mode, and connect containers by a network of their own.",
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.10", "5.16", "5.17", "5.31")),
    waivable=False,
)
def forbid_host_namespaces(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Any of them lets the container see, or end, what is not its own."""
    for name in _HOST_NAMESPACES:
        mode = container.get(name).text() or ""
        if mode == "host" or mode.startswith("container:"):
            yield fail(name, "is the host's or another container's")


@AREA.rule(
    "forbid-host-devices",
    Severity.HIGH,
    "Give no device of the host to a container.",
    remedy="Remove the devices; a server of web pages or data needs none.",
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(cis=("5.18",)),
)
def forbid_host_devices(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A disk device is every file of the host."""
    for name in _DEVICES:
        if container.get(name).items():
            yield fail(name, "is not empty")
    if container.get("gpus").text():
        yield fail("gpus", "is set")
