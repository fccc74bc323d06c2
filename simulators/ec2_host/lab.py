"""The laboratory: a VPC of containers in which user data boots as on EC2, with real and simulated services.

Real: systemd, cloud-init's Ec2 data source, dockerd, PostgreSQL with TLS, the image registry. Simulated: the metadata
service, DNS, AWS's endpoints (moto behind TLS and signatures), the load balancer. The host reaches nothing else.

    lab = Lab.create(folder, images)
    try:
        host = lab.boot(user_data, role="server")
        host.wait_ready()
        lab.alb.client.get("/")
    finally:
        lab.close()
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.ec2_host.containers import Network
from simulators.ec2_host.database import Database
from simulators.ec2_host.endpoints import SUFFIX, Endpoints
from simulators.ec2_host.instance import Host, description, server_name
from simulators.ec2_host.load_balancer import HealthCheck, LoadBalancer
from simulators.ec2_host.registry import Registry
from simulators.ec2_host.volume import Volume
from simulators.images import ensure
from simulators.waiting import eventually

REGISTRY_NAMES = ("registry.test", "public.ecr.aws", "ghcr.io")
"""The lab's own name for it, and the real ones that a program may pull from."""
CREDENTIAL_SECONDS = 3600.0
"""After so long a role has other credentials; old ones are good for as long again."""
_PROGRAMS = Path(__file__).parent


@dataclass
class Lab:
    """Everything around the hosts. Make it with `create`, end it with `close`."""

    folder: Path
    images: dict[str, str]
    region: str
    host_name: str
    """The site's public name."""
    authority: Authority
    network: Network
    moto_endpoint: str
    endpoints: Endpoints
    alb: LoadBalancer
    bundle: Path
    """What hosts trust: nothing but the lab's authority."""
    hosts: list[Host] = field(default_factory=list[Host])
    volumes: list[Volume] = field(default_factory=list[Volume])
    names: dict[str, str] = field(default_factory=dict[str, str])
    """DNS: name, or `*.suffix`, to address. After a change call `publish`."""
    _instances: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _registry: Registry | None = None
    _steps: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @classmethod
    def create(
        cls,
        folder: Path,
        images: dict[str, str],
        *,
        moto_endpoint: str | None = None,
        region: str = "eu-central-1",
        host_name: str = "auth.example.com",
        cidr: str | None = None,
        alb_address: Callable[[str], str] | None = None,
        check: HealthCheck | None = None,
    ) -> Lab:
        """Start it without hosts.

        Args:
            folder: A folder of its own.
            images: Setting to image, as the fixture of that name has it (databaseImage is used).
            moto_endpoint: A moto that this process reaches; without, one is started.
            region: The region of hosts and clients.
            host_name: What the load balancer's certificate is for.
            cidr: The VPC's addresses, else some that are free here.
            alb_address: Given the VPC, returns where the load balancer connects from; else the first address.
            check: The target group's health check.
        """
        with contextlib.ExitStack() as steps:
            key = secrets.token_hex(16)
            network = Network.create(f"kotauth-lab-{key[:8]}", cidr, alb_address)
            steps.callback(network.close)
            if moto_endpoint is None:
                moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
                moto.start()
                steps.callback(moto.stop)
                host, port = moto.get_host_and_port()
                moto_endpoint = f"http://{host}:{port}"
            authority = Authority("the lab's authority")
            endpoints = Endpoints(moto_endpoint, network.gateway, authority, key)
            steps.callback(endpoints.close)
            alb = LoadBalancer(host_name, authority, check or HealthCheck())
            steps.callback(alb.close)
            bundle = folder / "bundle.pem"
            bundle.write_text(authority.pem)
            built = {**images, **ensure(["ec2-host", "distribution"])}
            lab = cls(folder, built, region, host_name, authority, network, moto_endpoint, endpoints, alb, bundle)
            lab._start_link()
            lab._steps = steps.pop_all()
        return lab

    def _start_link(self) -> None:
        (self.folder / "state").mkdir()
        address = self.network.next_address()
        self.names[f"*.{SUFFIX}"] = address
        self.publish()
        link = self.network.run(
            self.images["ec2-host"],
            *("bash", "/lab/simulators/ec2_host/link.sh", f"{self.network.gateway}:{self.endpoints.port}"),
            address=address,
            options=[
                *("--cap-add=NET_ADMIN", "--sysctl=net.ipv4.ip_forward=1"),
                *(
                    f"--volume={_PROGRAMS}:/lab/simulators/ec2_host:ro",
                    f"--volume={self.folder / 'state'}:/lab/state:ro",
                ),
            ],
        )
        listening = ("exec", link, "ss", "-Hltn", "sport = :80")
        eventually("the metadata service listens", lambda: docker(*listening), 300, lambda: docker("logs", link))

    def close(self) -> None:
        """End and remove all of it, also what a failed test left."""
        # The last one first, each even if another fails: hosts, then disks that they used, then what was there before.
        with self._steps as steps:
            for volume in self.volumes:
                steps.callback(volume.remove)
            for host in [*self.hosts]:
                steps.callback(host.terminate)

    @contextlib.contextmanager
    def beside(self) -> Iterator[Lab]:
        """Yield the same lab with a load balancer of its own: its hosts get no other requests, and end here."""
        with contextlib.closing(LoadBalancer(self.host_name, self.authority, self.alb.check)) as alb:
            lab = replace(self, alb=alb, hosts=[])
            try:
                yield lab
            finally:
                for host in [*lab.hosts]:
                    host.terminate()

    @property
    def registry(self) -> Registry:
        """The image registry, started when it is first asked for."""
        if self._registry is None:
            names = REGISTRY_NAMES
            self._registry = Registry.start(self.network, self.images["distribution"], self.authority, names)
            self.names.update(dict.fromkeys(names, self._registry.address))
            self.publish()
        return self._registry

    def start_database(
        self,
        host: str,
        password: str,
        *,
        administrator: str = "kotauth_admin",
        name: str = "kotauth",
        image: str | None = None,
    ) -> Database:
        """Start PostgreSQL under the name of an RDS endpoint, with the administrator's password."""
        image = image or self.images["databaseImage"]
        database = Database.start(
            self.network,
            image,
            self.authority,
            host=host,
            administrator=administrator,
            password=password,
            name=name,
        )
        with self._lock:
            self.names[host] = database.address
            self.publish()
        return database

    def create_volume(self, volume_id: str, mebibytes: int = 512) -> Volume:
        """Make an empty disk that can be attached to hosts."""
        volume = Volume.create(self.folder, self.images["ec2-host"], volume_id, mebibytes)
        self.volumes.append(volume)
        return volume

    def boto3(self, service: str) -> Any:
        """Return a client of the AWS that the hosts see, with all rights."""
        with self._lock:  # a boto3 session is not made for threads; its clients are
            return boto3.client(
                service,  # pyright: ignore[reportArgumentType, reportCallIssue]
                endpoint_url=self.moto_endpoint,
                region_name=self.region,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )

    def boot(
        self,
        user_data: str,
        *,
        role: str | None = None,
        instance_id: str | None = None,
        docker_data: str | None = None,
        memory: str | None = None,
        hop_limit: int = 1,
        metadata_delay: float = 0.0,
        meta_data: dict[str, Any] | None = None,
        registered: bool = True,
    ) -> Host:
        """Launch an instance.

        Args:
            user_data: Decoded, as cloud-init sees it.
            role: The name of the instance profile's role; none can be given later with `set_role`.
            instance_id: Else a new one.
            docker_data: A volume for /var/lib/docker that an earlier host left.
            memory: The instance type's, as Docker spells it ("2g").
            hop_limit: Of the metadata service's tokens.
            metadata_delay: Seconds that the metadata service takes for each answer.
            meta_data: More of the tree below `meta-data`.
            registered: Whether the load balancer knows it from the start.
        """
        instance_id = instance_id or f"i-{secrets.token_hex(8)}0"
        address = self.network.next_address()
        name = server_name(address, self.region)
        with self._lock:
            self._instances[address] = {
                **description(instance_id, address, self.region, meta_data or {}),
                "user_data": user_data,
                "role": role,
                "hop_limit": hop_limit,
                "metadata_delay": metadata_delay,
                "credential_rotation": CREDENTIAL_SECONDS,
            }
            self.names[name] = address
        self.publish()
        options = {
            "user_data": user_data,
            "role": role,
            "hop_limit": hop_limit,
            "metadata_delay": metadata_delay,
            "meta_data": meta_data,
            "registered": registered,
        }
        host = Host.start(self, self.images["ec2-host"], instance_id, docker_data, memory, address=address, **options)
        self.hosts.append(host)
        if registered:
            self.alb.register(address, name)
        return host

    def set_role(self, host: Host, role: str | None) -> None:
        """Give an instance a role, or take it."""
        host.options["role"] = role
        self.serve(host, role=role)

    def serve(self, host: Host, **facts: Any) -> None:
        """Have the metadata service serve an instance otherwise, such as `credential_rotation` in seconds."""
        self._instances[host.address].update(facts)
        self.publish()

    def forget(self, host: Host) -> None:
        """Take an instance that ends out of everything."""
        self.alb.deregister(host.address)
        self.hosts.remove(host)
        with self._lock:
            del self._instances[host.address], self.names[host.server_name]
        self.publish()

    def publish(self) -> None:
        """Let the metadata service and the DNS server see the present state."""
        with self._lock:
            state = {"key": self.endpoints.key, "names": self.names, "instances": self._instances}
            partial = self.folder / "state" / "partial.json"
            partial.write_text(json.dumps(state))
            partial.replace(self.folder / "state" / "state.json")
