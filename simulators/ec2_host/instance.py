"""An instance: a container in which systemd and cloud-init boot."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from simulators.docker_command import docker
from simulators.ec2_host.containers import Network
from simulators.ec2_host.load_balancer import LoadBalancer
from simulators.ec2_host.volume import LOOP_DEVICES, Volume
from simulators.waiting import eventually

# Everything but the right to raise limits, which not every machine can give; `--privileged` would want that, too.
MACHINE = (
    *("--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--cgroupns=private", f"--device-cgroup-rule={LOOP_DEVICES}"),
    *(
        "--security-opt=seccomp=unconfined",
        "--security-opt=apparmor=unconfined",
        "--security-opt=systempaths=unconfined",
    ),
    # The terminal is /dev/console, whose output EC2 keeps, too.
    "--tty",
    *("--tmpfs=/run:exec,mode=755", "--tmpfs=/run/lock", "--tmpfs=/tmp:exec,mode=1777"),
)
ACCOUNT = "123456789012"
"""Moto's."""
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_STOP_SECONDS = 400
_BOOT_SECONDS = 400
"""For a machine on which several boot beside other work; one alone takes half a minute."""


class Surroundings(Protocol):
    """What a host needs of the lab that it runs in."""

    region: str
    network: Network
    alb: LoadBalancer
    bundle: Path

    @property
    def boot(self) -> Callable[..., Host]:
        """What launches another instance."""
        ...

    def forget(self, host: Host) -> None:
        """Take an instance that ends out of everything."""
        ...


@dataclass
class Host:
    """A running instance. Its private address stays the same until `terminate`."""

    lab: Surroundings
    instance_id: str
    address: str
    container: str
    docker_data: str
    """The volume behind /var/lib/docker."""
    options: dict[str, Any]
    """What it was booted with."""
    attached: list[tuple[Volume, str]] = field(default_factory=list[tuple[Volume, str]])

    @classmethod
    def start(
        cls,
        lab: Surroundings,
        image: str,
        instance_id: str,
        docker_data: str | None,
        memory: str | None,
        **options: Any,
    ) -> Host:
        """Press the button."""
        address = options.pop("address")
        docker_data = docker_data or lab.network.volume()
        mounts = [f"--volume={docker_data}:/var/lib/docker", f"--volume={lab.bundle}:{BUNDLE}:ro"]
        limits = [f"--memory={memory}", f"--memory-swap={memory}"] if memory else []
        name = f"--hostname={server_name(address, lab.region)}"
        container = lab.network.run(image, address=address, options=[*MACHINE, *mounts, *limits, name])
        return cls(lab, instance_id, address, container, docker_data, {**options, "memory": memory})

    @property
    def server_name(self) -> str:
        """Its private DNS name."""
        return server_name(self.address, self.lab.region)

    def exec(self, *command: str, check: bool = True, text: str | None = None) -> str:
        """Run a command as root and return its standard output; one string alone is given to the shell."""
        words = ("sh", "-c", *command) if len(command) == 1 else command
        return docker("exec", "--interactive", self.container, *words, check=check, text=text)

    def journal(self, unit: str) -> str:
        """Return the messages of a unit, of all boots that the journal knows."""
        return self.exec("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")

    def console(self) -> str:
        """Return what was written to the console since the instance was made."""
        return docker("logs", self.container)

    def wait_booted(self, seconds: float = _BOOT_SECONDS) -> dict[str, Any]:
        """Wait until cloud-init is done; returns its result. It tells only some failures: assert the end state, too."""
        path = "/run/cloud-init/result.json"
        eventually("cloud-init is done", lambda: self.exec("cat", path, check=False), seconds, self.diagnosis)
        return json.loads(self.exec("cat", path))["v1"]

    def wait_ready(self, seconds: float = _BOOT_SECONDS) -> float:
        """Wait until the load balancer sends it traffic; returns the seconds it took."""
        return eventually("the host is healthy", lambda: self.lab.alb.healthy(self.address), seconds, self.diagnosis)

    def reboot(self) -> None:
        """Restart it in good order, as `systemctl reboot` or EC2's own would."""
        self.exec("systemctl", "--no-block", "reboot")
        try:
            subprocess.run(["docker", "wait", self.container], check=True, capture_output=True, timeout=_STOP_SECONDS)
        finally:
            self._power_on()

    def power_cut(self) -> None:
        """Kill it and everything in it at once, then power it on."""
        docker("kill", self.container)
        self._power_on()

    def _power_on(self) -> None:
        if target := self.lab.alb.targets.get(self.address):
            # Otherwise what the probes saw before would count for what they see now.
            target.healthy, target.row = False, 0
        docker("start", self.container)
        self._plug_disks()

    @contextlib.contextmanager
    def cut_off(self, address: str) -> Iterator[None]:
        """Let it reach an address no more."""
        route = ("unreachable", f"{address}/32")
        self.exec("ip", "route", "add", *route)
        try:
            yield
        finally:
            self.exec("ip", "route", "delete", *route)

    def attach(self, volume: Volume, device: str = "/dev/sdf") -> None:
        """Attach a disk, at any time, under the names that a Nitro instance gives it."""
        self.attached.append((volume, device))
        self._plug_disks()

    def _plug_disks(self) -> None:
        for index, (volume, device) in enumerate(self.attached, 1):
            node = f"/dev/nvme{index}n1"
            by_id = f"nvme-Amazon_Elastic_Block_Store_{volume.volume_id.replace('-', '')}"
            self.exec(
                f"[ -e {node} ] || mknod {node} b 7 {volume.number}; ln -sf {node} {device}"
                f" && mkdir -p /dev/disk/by-id && ln -sf {node} /dev/disk/by-id/{by_id}"
            )

    def terminate(self, *, keep_docker: bool = False) -> None:
        """End it; attached disks stay, and /var/lib/docker if that is wanted."""
        self.lab.forget(self)
        self.lab.network.remove(self.container)
        if not keep_docker:
            self.lab.network.remove_volume(self.docker_data)

    def replace(self, *, user_data: str | None = None, keep_docker: bool = False, **changes: Any) -> Host:
        """End it and boot another instance with the same disks attached.

        Args:
            user_data: The new one's, else the old one's.
            keep_docker: Whether /var/lib/docker stays, too: a new instance id on an old disk.
            changes: Other arguments of `Lab.boot` to change.
        """
        self.terminate(keep_docker=keep_docker)
        kept = {"docker_data": self.docker_data} if keep_docker else {}
        arguments = {**self.options, **kept, **changes, **({"user_data": user_data} if user_data else {})}
        host = self.lab.boot(**arguments)
        for volume, device in self.attached:
            host.attach(volume, device)
        return host

    def diagnosis(self) -> str:
        """Return what shows why the instance does not come up: units, logs, and the load balancer's probes."""
        looks: Sequence[str] = (
            "cloud-init status --long",
            "systemctl --no-pager --no-legend --failed",
            "systemctl --no-pager --no-legend list-jobs",
            "tail -n 30 /var/log/cloud-init-output.log",
            "docker ps --all 2>&1",
            "journalctl --no-pager --lines=60 --output=short-monotonic",
        )
        probes = "\n".join(map(str, self.lab.alb.last_probes(self.address)))
        texts = [f"$ {look}\n{self.exec(look, check=False)}" for look in looks]
        return "\n".join([f"{self.instance_id} at {self.address}; last probes:\n{probes}", *texts])


def server_name(address: str, region: str) -> str:
    """Return the private DNS name that EC2 gives to an address."""
    return f"ip-{address.replace('.', '-')}.{region}.compute.internal"


def description(instance_id: str, address: str, region: str, more: dict[str, Any]) -> dict[str, Any]:
    """Return what the metadata service says of an instance, with `more` below `meta-data`."""
    name = server_name(address, region)
    document = {
        "accountId": ACCOUNT,
        "architecture": "x86_64",
        "availabilityZone": f"{region}a",
        "imageId": "ami-0123456789abcdef0",
        "instanceId": instance_id,
        "instanceType": "t3.small",
        "privateIp": address,
        "region": region,
        "version": "2017-09-30",
    }
    meta_data = {
        "ami-id": document["imageId"],
        "hostname": name,
        "instance-id": instance_id,
        "instance-type": document["instanceType"],
        "local-hostname": name,
        "local-ipv4": address,
        "placement": {"availability-zone": document["availabilityZone"], "region": region},
        "services": {"domain": "amazonaws.com", "partition": "aws"},
        **more,
    }
    return {"meta_data": meta_data, "dynamic": {"instance-identity": {"document": json.dumps(document, indent=2)}}}
