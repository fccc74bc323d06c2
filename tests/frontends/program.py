"""Program of the test: the container of each frontend, as `DockerDeployment` makes it, before one upstream."""

import json
from pathlib import Path

import pulumi

from components import DockerContainer
from components.config.frontends import FRONTENDS
from components.docker.daemon import client, kernel
from components.frontends.external import traefik_labels
from components.frontends.frontend import CERTIFICATE_FILE, CertificateFiles, EdgeSite
from components.kotauth.base_url import parse_base_url
from components.workload.spec import ContainerSpec

given = json.loads(Path("given.json").read_text())
with client.connect() as daemon:
    options = kernel.adjustments(daemon.info())
labels = {"kotauth.test": given["label"]}
network = given["network"]
external = parse_base_url(given["external"])
if given["upstream_image"]:
    upstream: ContainerSpec = {
        "part": "server",
        "image": given["upstream_image"],
        "user": "10001:10001",
        # Room for a body of 100 MiB, which it keeps in memory.
        "memory": 512,
        "cpus": 1,
        "entrypoint": ["python3", "/run/config/upstream.py"],
        "environment": {"VERSION": given["version"]},
        "config_files": {"upstream.py": Path("upstream.py").read_text()},
        "probe": {
            "command": ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/"],
            "interval_seconds": 1,
            "timeout_seconds": 5,
            "retries": 20,
        },
    }
    DockerContainer(
        "upstream",
        {
            "spec": upstream,
            "networks": [{"name": network, "alias": given["alias"]}],
            # As for `frontend: external`.
            "container_labels": traefik_labels(external, network),
            "files_image": given["files_image"],
            "labels": labels,
        },
        options,
    )
for name, edge in given["edges"].items():
    site = EdgeSite(
        base_url=parse_base_url(edge["url"]),
        upstream=given["alias"],
        image=edge["image"],
        admin_cidrs=given["admin_cidrs"],
        http_port=edge["http_port"],
        https_port=parse_base_url(edge["url"]).port,
        certificate=CertificateFiles(),
    )
    spec = FRONTENDS[edge["frontend"]].edge(site)
    spec.update(edge["spec"])
    DockerContainer(
        name,
        {
            "spec": spec,
            "secrets": {CERTIFICATE_FILE: pulumi.Output.secret(given["refused"].get(name, given["certificate"]))},
            "networks": [{"name": network}],
            # Any image without a user.
            "files_image": given["files_image"],
            "labels": {**labels, "kotauth.edge": name},
        },
        options,
    )
