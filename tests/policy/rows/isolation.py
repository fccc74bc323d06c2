"""Rules of the area `isolation`."""

from ..change import put
from ..mutation import NOTHING, Case, Row, found, table

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

TABLE = table(*ROWS, *CASES)
