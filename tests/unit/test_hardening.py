"""Every container of a deployment has the limits and rights of the CIS Docker Benchmark, whatever runs in it."""

from __future__ import annotations

from typing import Any

from tests.unit.recording import Declared, Registered

SERVICES = {"kotauth-postgres", "kotauth-server", "kotauth-frontend", "kotauth-backup-dump", "kotauth-backup-store"}


def running(deployment: Declared) -> list[Registered]:
    """Return what runs; the carriers of files are made and never started."""
    found = [c for c in deployment.containers if c.inputs.get("start") is not False]
    assert {c.name for c in found} >= SERVICES
    return found


def each(deployment: Declared, key: str) -> list[Any]:
    return [c.inputs.get(key) for c in running(deployment)]


def test_read_only_root(deployment: Declared) -> None:
    assert set(each(deployment, "readOnly")) == {True}


def test_not_privileged_and_no_new_privileges(deployment: Declared) -> None:
    assert set(each(deployment, "privileged")) == {False}
    assert [options for options in each(deployment, "securityOpts") if options != ["no-new-privileges:true"]] == []


def test_all_capabilities_dropped_and_few_added(deployment: Declared) -> None:
    assert [given["drops"] for given in each(deployment, "capabilities") if given["drops"] != ["ALL"]] == []
    added = {c.name: c.inputs["capabilities"]["adds"] for c in running(deployment) if c.inputs["capabilities"]["adds"]}
    assert added == {
        # The folder of a new volume is root's.
        "kotauth-postgres-data-owner": ["CAP_CHOWN"],
        "kotauth-frontend-data-owner": ["CAP_CHOWN"],
        "kotauth-frontend-config-owner": ["CAP_CHOWN"],
        "kotauth-backup-dump-data-owner": ["CAP_CHOWN"],
        "kotauth-backup-store-data-owner": ["CAP_CHOWN"],
        # The official binary carries it as a file capability.
        "kotauth-frontend": ["CAP_NET_BIND_SERVICE"],
        "kotauth-frontend-reload": ["CAP_NET_BIND_SERVICE"],
    }


def test_kernel_parameters_of_what_keeps_a_connection_to_the_database(deployment: Declared) -> None:
    expected = {
        "net.ipv4.tcp_keepalive_time": "10",
        "net.ipv4.tcp_keepalive_intvl": "5",
        "net.ipv4.tcp_keepalive_probes": "3",
        "net.ipv4.tcp_retries2": "6",
    }
    found = {c.name: c.inputs["sysctls"] for c in running(deployment) if "sysctls" in c.inputs}
    assert found == {"kotauth-server": expected, "kotauth-backup-dump": expected}


def test_nothing_runs_as_root_but_what_gives_volumes_away(deployment: Declared) -> None:
    users = {c.name: c.inputs["user"] for c in running(deployment)}
    root = {name for name, user in users.items() if user.partition(":")[0] in ("0", "", "root")}
    assert root == {
        "kotauth-postgres-data-owner",
        "kotauth-frontend-data-owner",
        "kotauth-frontend-config-owner",
        "kotauth-backup-dump-data-owner",
        "kotauth-backup-store-data-owner",
    }
    for name in root:
        assert deployment.named(name, ":Container").inputs["networkMode"] == "none"


def test_memory_without_swap_and_cpus_are_bounded(deployment: Declared) -> None:
    for container in running(deployment):
        memory, swap = container.inputs["memory"], container.inputs["memorySwap"]
        assert 0 < memory == swap <= 512, container.name
        assert 0 < float(container.inputs["cpus"]) <= 1, container.name


def test_logs_are_bounded(deployment: Declared) -> None:
    assert set(each(deployment, "logDriver")) == {"json-file"}
    assert [options for options in each(deployment, "logOpts") if options != {"max-size": "10m", "max-file": "3"}] == []


def test_what_serves_restarts_and_what_runs_once_does_not(deployment: Declared) -> None:
    policy = {c.name: c.inputs["restart"] for c in running(deployment)}
    assert {name for name, restart in policy.items() if restart == "unless-stopped"} == SERVICES
    assert {restart for name, restart in policy.items() if name not in SERVICES} == {"no"}


def test_what_serves_counts_only_when_its_probe_succeeds(deployment: Declared) -> None:
    for name in SERVICES:
        inputs = deployment.named(name, ":Container").inputs
        assert inputs["wait"] is True
        assert inputs["healthcheck"]["tests"][0] == "CMD"
        assert inputs["waitTimeout"] >= 20


def test_jobs_are_seen_to_succeed(deployment: Declared) -> None:
    jobs = {c.name: c.inputs for c in running(deployment) if c.labels["kotauth.part"] == "job"}
    waiting = {name for name, inputs in jobs.items() if inputs.get("wait")}
    # The reader of the certificate fails the update by what it prints instead.
    assert set(jobs) - waiting <= {"kotauth-ca-certificate"}


def test_writable_paths_are_in_memory_without_programs_or_persistent(deployment: Declared) -> None:
    for container in running(deployment):
        for options in (container.inputs.get("tmpfs") or {}).values():
            assert {"noexec", "nosuid", "nodev"} <= set(options.split(","))
        assert not container.inputs.get("mounts")
        assert all(not volume.get("hostPath") for volume in container.inputs["volumes"])


def test_secrets_are_mounted_read_only(deployment: Declared) -> None:
    mounts = [v for c in running(deployment) for v in c.inputs["volumes"] if v["containerPath"] == "/run/secrets"]
    assert len(mounts) >= 4
    assert [mount for mount in mounts if not mount["readOnly"]] == []


def test_carriers_of_files_never_run(deployment: Declared) -> None:
    carriers = [c for c in deployment.containers if c.inputs.get("start") is False]
    assert carriers
    for carrier in carriers:
        assert carrier.inputs["networkMode"] == "none"
        assert carrier.inputs["mustRun"] is False
        assert all(upload["permissions"] == "0400" for upload in carrier.inputs["uploads"])


def test_every_container_is_made_anew_by_any_change(deployment: Declared) -> None:
    assert {c.replace_on_changes for c in running(deployment)} == {("*",)}
