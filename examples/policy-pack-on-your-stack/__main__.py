"""A worker and its queue on a Docker host. Nothing here is of Kotauth, and the stack keeps every rule of the pack."""

import pulumi
import pulumi_docker as docker
import pulumi_random as random

UID = "10001"
LOGIN = "/run/queue_login"

password = random.RandomPassword("queue-password", length=32, special=False)
network = docker.Network("internal", internal=True)


def service(name: str, image: str, probe: str, command: list[str], environment: list[str]) -> docker.Container:
    """Make a container without privileges, with limits, and with the password in a file that only its user reads."""
    return docker.Container(
        name,
        image=image,
        command=command,
        envs=environment,
        user=f"{UID}:{UID}",
        read_only=True,
        capabilities={"drops": ["ALL"]},
        security_opts=["no-new-privileges:true"],
        memory=256,
        memory_swap=256,
        cpus="0.5",
        healthcheck={"tests": ["CMD-SHELL", probe], "interval": "10s", "timeout": "5s", "retries": 3},
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "3"},
        uploads=[{"file": LOGIN, "content": password.result, "owner": UID, "group": UID, "permissions": "0400"}],
        networks_advanced=[{"name": network.name, "aliases": [name]}],
        restart="unless-stopped",
    )


queue = service(
    "queue",
    image="docker.io/library/redis:8.2.3",
    probe=f'REDISCLI_AUTH="$(cat {LOGIN})" redis-cli ping | grep PONG',
    command=["sh", "-c", f'exec redis-server --save "" --requirepass "$(cat {LOGIN})"'],
    environment=[],
)
# The registry of your own images is in policy-levels.json.
worker = service(
    "worker",
    image="ghcr.io/example/worker:1.4.2",
    probe="worker --check",
    command=["worker"],
    environment=["QUEUE_HOST=queue", f"QUEUE_LOGIN_FILE={LOGIN}"],
)

pulumi.export("worker", worker.name)
