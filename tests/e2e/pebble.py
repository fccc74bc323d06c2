"""A real ACME server on a network of a test, and proxies that ask it for certificates, each from its own spec."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from components.workload.spec import CONFIG_DIRECTORY, ContainerSpec
from simulators import images
from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.ec2_host.containers import File, Network

_ACME, _MANAGEMENT = 14000, 15000
_FOLDER = "/run/pebble"
_TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian, Alpine and Go look for public authorities."""


@dataclass(frozen=True)
class Pebble:
    """Pebble, which validates at the ports where a proxy listens inside its container."""

    container: str
    address: str
    name: str
    authority: Authority
    """Issued the certificate of its API. Clients of the API must trust it."""

    @classmethod
    def start(
        cls, network: Network, name: str, authority: Authority, *names: str, http: int, https: int, valid_seconds: int
    ) -> Pebble:
        """Start it under names on the network, the first for its API. It validates at the ports `http` and `https`.

        All its certificates are valid for `valid_seconds`.
        """
        address = network.next_address()
        certificate, key = authority.issue(name, address)
        settings = {
            "listenAddress": f"0.0.0.0:{_ACME}",
            "managementListenAddress": f"0.0.0.0:{_MANAGEMENT}",
            "certificate": f"{_FOLDER}/certificate.pem",
            "privateKey": f"{_FOLDER}/key.pem",
            "httpPort": http,
            "tlsPort": https,
            "keyAlgorithm": "ecdsa",
            "profiles": {"default": {"description": "the only one", "validityPeriod": valid_seconds}},
        }
        files = {"settings.json": json.dumps({"pebble": settings}), "certificate.pem": certificate, "key.pem": key}
        options = [
            *(f"--network-alias={known}" for known in (name, *names)),
            "--env=PEBBLE_VA_NOSLEEP=1",
            "--env=PEBBLE_WFE_NONCEREJECT=0",
        ]
        container = network.run(
            images.ensure(["pebble"])["pebble"],
            *("-config", f"{_FOLDER}/settings.json"),
            address=address,
            options=options,
            files={f"{_FOLDER}/{file}": File(content) for file, content in files.items()},
        )
        return cls(container, address, name, authority)

    @property
    def directory(self) -> str:
        """URL for the setting `acmeServer`."""
        return f"https://{self.name}:{_ACME}/dir"

    def roots(self) -> str:
        """Return the root certificate of what it issues, which is new at each start."""
        context = ssl.create_default_context(cadata=self.authority.pem)
        url = f"https://{self.address}:{_MANAGEMENT}/roots/0"
        with urllib.request.urlopen(url, context=context, timeout=60) as answer:
            return answer.read().decode()

    def orders(self) -> int:
        """Return how many certificates were ordered."""
        log = subprocess.run(["docker", "logs", self.container], capture_output=True, text=True, check=True).stdout
        return int(max(re.findall(r"There are now (\d+) orders in the db", log), key=int, default=0))


def run_edge(
    network: Network, spec: ContainerSpec, trusted: str, hosts: Mapping[str, str], *names: str
) -> tuple[str, str]:
    """Run a frontend from its spec, known on the network by these names; return its container and address.

    It trusts the authority `trusted` (PEM) of ACME servers, as an image that a user makes for a private ACME server. It
    knows the addresses of `hosts`.
    """
    volumes = {volume["path"]: network.volume() for volume in spec.get("volumes", [])}
    uid = int(spec["user"].partition(":")[0])
    mounts = [f"--volume={volume}:{path}" for path, volume in volumes.items()]
    as_root = ["run", "--rm", "--user=0:0", "--network=none", *mounts]
    docker(*as_root, "--entrypoint=chown", spec["image"], "-R", spec["user"], *volumes)
    options = [
        *(f"--network-alias={name}" for name in names),
        *("--cap-drop=ALL", "--security-opt=no-new-privileges"),
        *(f"--add-host={name}:{address}" for name, address in hosts.items()),
        f"--user={spec['user']}",
        f"--memory={spec['memory']}m",
        f"--entrypoint={spec.get('entrypoint', [])[0]}",
        *(f"--env={name}={value}" for name, value in spec.get("environment", {}).items()),
        *(f"--cap-add={name}" for name in spec.get("capabilities", [])),
        *(f"--tmpfs={path}:uid={uid},mode=0700" for path in (*spec.get("tmpfs", []), "/run/admin")),
        *mounts,
    ]
    files = {f"{CONFIG_DIRECTORY}/{name}": File(str(text)) for name, text in spec.get("config_files", {}).items()}
    files[_TRUST_STORE] = File(trusted)
    address = network.next_address()
    container = network.run(spec["image"], *spec.get("command", []), address=address, options=options, files=files)
    return container, address
