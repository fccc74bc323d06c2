"""Rules of the area `isolation`."""

from policy.testing.aws_host import PROXY_UNIT, user_data
from policy.testing.change import ABSENT, From, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Row, found, on_aws, spelled, table
from .frontend_jobs import SIGNAL

_PROFILES = found("forbid-new-privileges@server", "forbid-unconfined-profiles@server")

ROWS = (
    Row("forbid-privileged-containers", "server", "server/privileged", True, absent=NOTHING),
    Row(
        "forbid-privileged-containers",
        "server-carrier",
        "server-carrier/privileged",
        True,
        absent=NOTHING,
        setup=(put("server-carrier", "privileged", False),),
    ),
    Row("drop-all-capabilities", "server", "server/capabilities.drops", ["NET_RAW"]),
    Row("limit-added-capabilities", "server", "server/capabilities.adds", ["SYS_ADMIN"], absent=NOTHING),
    Row("forbid-new-privileges", "server", "server/security_opts", ["label=type:kotauth_t"], unknown=_PROFILES),
    Row(
        "forbid-unconfined-profiles",
        "server",
        "server/security_opts",
        ["no-new-privileges:true", "seccomp=unconfined"],
        unknown=_PROFILES,
        absent=found("forbid-new-privileges@server"),
    ),
    Row(
        "limit-kernel-parameters",
        "server",
        "server/sysctls",
        {"net.ipv4.tcp_retries2": "6", "net.ipv4.ip_forward": "1"},
        absent=NOTHING,
    ),
    Row("mount-root-read-only", "server", "server/read_only", False),
    Row("run-as-non-root", "server", "server/user", "root"),
    Row(
        "forbid-host-namespaces",
        "server",
        "server/network_mode",
        "host",
        absent=NOTHING,
        setup=(put("server", "network_mode", "bridge"),),
    ),
    *(
        Row(
            "forbid-host-namespaces",
            "server",
            f"server/{mode}",
            "host",
            absent=NOTHING,
            setup=(put("server", mode, "private"),),
        )
        for mode in ("pid_mode", "ipc_mode", "userns_mode", "cgroupns_mode")
    ),
    Row(
        "forbid-host-devices",
        "server",
        "server/devices",
        [{"host_path": "/dev/sda"}],
        absent=NOTHING,
        setup=(put("server", "devices", []),),
    ),
    Row("forbid-host-devices", "server", "server/gpus", "all", absent=NOTHING, setup=(put("server", "gpus", ""),)),
)

_NO_OWNERSHIP_JOB = found("run-as-non-root@ownership", "limit-added-capabilities@ownership")

CASES = (
    Case("allowed-capability", (put("frontend", "capabilities.adds", ["CAP_NET_BIND_SERVICE"]),), NOTHING),
    Case("lower-case-capability", (put("frontend", "capabilities.drops", ["all"]),), NOTHING),
    Case("root-by-number", (put("server", "user", "0"),), found("run-as-non-root@server")),
    Case("root-group-only", (put("server", "user", "10001:0"),), NOTHING),
    Case(
        "another-container's-network",
        (put("server", "network_mode", "container:database"),),
        found("forbid-host-namespaces@server"),
    ),
    Case(
        "ownership-job-with-more",
        (put("ownership", "capabilities.adds", ["CHOWN", "DAC_OVERRIDE"]),),
        _NO_OWNERSHIP_JOB,
    ),
    Case(
        "ownership-job-with-network",
        (put("ownership", "network_mode", "bridge"),),
        _NO_OWNERSHIP_JOB | found("use-own-network@ownership"),
    ),
    Case(
        "ownership-job-that-stays",
        (put("ownership", "must_run", True),),
        _NO_OWNERSHIP_JOB | found("probe-container-health@ownership", "set-restart-policy@ownership"),
    ),
)

_NAMESPACES = "forbid-host-namespaces"
_NNP = "no-new-privileges:true"
SPELLINGS = (
    *spelled(
        "limit-added-capabilities",
        "server",
        lambda names: put("server", "capabilities.adds", names),
        caught=(
            ["SYS_ADMIN"],
            ["CAP_SYS_ADMIN"],
            ["cap_net_raw"],
            ["ALL"],
            ["NET_BIND_SERVICE", "NET_ADMIN"],
            ["CHOWN"],
        ),
        passed=([], ["NET_BIND_SERVICE"], ["CAP_NET_BIND_SERVICE"], ["net_bind_service"], ["cap_net_bind_service"]),
    ),
    *spelled(
        "forbid-new-privileges",
        "server",
        lambda options: put("server", "security_opts", options),
        caught=(
            [],
            ["no-new-privileges:false"],
            ["no-new-privileges=0"],
            [_NNP, "no-new-privileges=false"],
            ["seccomp=no-new-privileges"],
        ),
        passed=(
            ["no-new-privileges"],
            ["no-new-privileges:true"],
            ["no-new-privileges=true"],
            ["no-new-privileges:True"],
            ["no-new-privileges=1", "label=type:kotauth_t"],
        ),
    ),
    *spelled(
        "forbid-unconfined-profiles",
        "server",
        lambda option: put("server", "security_opts", [_NNP, option]),
        caught=(
            "seccomp=unconfined",
            "seccomp:unconfined",
            "apparmor=unconfined",
            "systempaths=unconfined",
            "label=disable",
            "label:disable",
            "label=type:spc_t",
        ),
        passed=(
            "seccomp=builtin",
            "seccomp=/etc/docker/not-unconfined.json",
            "apparmor=never-unconfined",
            "label=type:kotauth_t",
            "label=level:s0:c100,c200",
        ),
    ),
    *spelled(
        "limit-kernel-parameters",
        "server",
        lambda name: put("server", "sysctls", {name: "1"}),
        caught=(
            "net.ipv4.ip_forward",
            "net/ipv4/ip_forward",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.conf.all.route_localnet",
            "kernel.msgmax",
        ),
        passed=(
            "net.ipv4.tcp_keepalive_time",
            "net/ipv4/tcp_keepalive_time",
            "net.core.somaxconn",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_fin_timeout",
        ),
    ),
    *spelled(
        "run-as-non-root",
        "server",
        lambda user: put("server", "user", user),
        caught=("root", "root:root", "0", "0:0", "00", "+0", "0:10001", ":10001", ""),
        passed=("10001", "10001:0", "10001:root", "rooter", "nonroot:nonroot", "1000"),
    ),
    *(
        Case(
            f"{_NAMESPACES}-{state}-{name}-{mode}",
            (put("server", name, mode),),
            expected,
            rule=_NAMESPACES,
            state=state,
        )
        for state, expected, modes in (
            (
                CAUGHT,
                found(f"{_NAMESPACES}@server"),
                (
                    ("network_mode", "host"),
                    ("network_mode", "container:database"),
                    ("pid_mode", "host"),
                    ("pid_mode", "container:0123456789ab"),
                    ("ipc_mode", "container:database"),
                    ("userns_mode", "host"),
                ),
            ),
            (
                PASSED,
                NOTHING,
                (
                    ("network_mode", "bridge"),
                    ("network_mode", "default"),
                    ("ipc_mode", "private"),
                    ("ipc_mode", "shareable"),
                    ("cgroupns_mode", "private"),
                ),
            ),
        )
        for name, mode in modes
    ),
    Case("a network of the stack by mode", (put("server", "network_mode", From("frontend-network", "name")),), NOTHING),
    Case("no user", (put("server", "user", ABSENT),), found("run-as-non-root@server")),
)

ON_HOSTS = tuple(
    Case(
        f"a container of a host, by {command}",
        (put("template", "user_data", user_data(proxy=PROXY_UNIT.replace("docker run", f"{command} --privileged"))),),
        found("forbid-privileged-containers@template"),
    )
    for command in ("docker run", "docker container run", "docker create", "podman run", "nerdctl --namespace=a run")
)

TABLE = [*table(*ROWS, *CASES, *SPELLINGS, *SIGNAL), *on_aws(*ON_HOSTS)]
