"""The committed stacks on a played AWS, in a lab: what AWS does of its own accord is done here, out of what they made.

The database and the role's function run when the function is called, a group's host boots before the gate looks.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from components.aws.functions.boot_gate import handler as boot_gate
from components.aws.functions.roll_gate import handler
from components.aws.network.subnets import plan
from components.aws.settings import mirrored
from components.config.frontends import DEFAULT as FRONTEND
from components.kotauth.server import DEFAULT_IMAGE
from components.postgres import server as postgres
from simulators.aws import AwsSimulator
from simulators.ec2_host import credentials
from simulators.ec2_host.database import Database
from simulators.ec2_host.instance import Host
from simulators.ec2_host.lab import CREDENTIAL_SECONDS, Lab
from simulators.ec2_host.load_balancer import HealthCheck
from simulators.ec2_host.resolver import address_of
from tests.e2e import lambda_runtime
from tests.engine.aws_stack import AwsStack, aws_stack, stack_on

IMAGES = {
    "image": DEFAULT_IMAGE,
    "frontendImage": mirrored(FRONTEND.default_image),
    "databaseImage": mirrored(postgres.IMAGES[14]),
}
"""Setting of a stack on Docker to what a stack on AWS runs by default."""
NAME = "auth.example.org"
MEMORY = "2g"
"""A t4g.small's."""
SHIPPED_SECONDS = 240
"""Within so long a line of the host is in its log group."""


@dataclass
class Launch:
    """A version of a launch template."""

    user_data: str
    role: str
    hop_limit: int

    @classmethod
    def read(cls, aws: AwsSimulator, template: str, version: str) -> Launch:
        """Return the version as EC2 has it."""
        asked = {"LaunchTemplateId": template, "Versions": [version]}
        (found,) = aws.boto3("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
        data = found["LaunchTemplateData"]
        profile = data["IamInstanceProfile"]["Arn"].rpartition("/")[2]
        (role,) = aws.boto3("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
        options = data["MetadataOptions"]
        assert options["HttpTokens"] == "required", "the lab's metadata service knows nothing else"
        return cls(base64.b64decode(data["UserData"]).decode(), role["RoleName"], options["HttpPutResponseHopLimit"])


@dataclass
class Production:
    """Stack prod, and the lab around its hosts."""

    stack: AwsStack
    lab: Lab
    databases: dict[str, Database] = field(default_factory=dict[str, Database])
    """By the host names that RDS gave."""
    hosts: dict[str, Host] = field(default_factory=dict[str, Host])
    """By the names of their groups, and the single host; hosts of groups that are gone stay."""
    launches: list[Launch] = field(default_factory=list[Launch])
    functions: list[str] = field(default_factory=list[str])
    """Addresses of the role's function, one for each call."""
    function_logs: list[str] = field(default_factory=list[str])

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, images: Mapping[str, str]) -> Iterator[Production]:
        """Yield the stack, not up yet, with everything that it will find."""
        with aws_stack(folder / "prod", "prod") as stack, contextlib.ExitStack() as steps:
            (folder / "lab").mkdir()
            lab = Lab.create(
                folder / "lab",
                dict(images),
                moto_endpoint=stack.aws.endpoint,
                host_name=NAME,
                alb_address=lambda cidr: str(ipaddress.IPv4Network(plan(cidr, 2).public[0])[10]),
            )
            steps.callback(lab.close)
            with ThreadPoolExecutor() as threads:
                pushes = [
                    threads.submit(lab.registry.push, images[setting], *reference.partition("/")[2].split(":"))
                    for setting, reference in IMAGES.items()
                ]
            for push in pushes:
                push.result()
            production = cls(stack, lab)
            stack.configure(**production.settings)
            stack.aws.invoke_with("kotauth-database-role", production.database_role)
            stack.aws.invoke_with("kotauth-server-gate", production.gate)
            yield production

    @property
    def settings(self) -> dict[str, str]:
        """What a stack must have differently here: the lab's addresses, and the authority of its database."""
        return {"vpcCidr": str(self.lab.network.cidr), "databaseCa": self.lab.authority.pem}

    @property
    def group(self) -> str:
        """The name of the only group that is left."""
        (group,) = self.stack.aws.boto3("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return group["AutoScalingGroupName"]

    @property
    def database(self) -> Database:
        """The database of stack prod, which was there first."""
        return next(iter(self.databases.values()))

    def single_host(self, path: Path) -> Host:
        """Bring stack staging up on the same AWS and launch its host, with the volume attached."""
        staging = stack_on(self.stack.aws, path, "staging")
        staging.configure(**self.settings)
        staging.up()
        made = staging.resources()
        template = made["Instance kotauth-server"]["inputs"]["launchTemplate"]
        volume = made["Volume kotauth-server-volume"]
        disk = self.lab.create_volume(volume["id"], 1024 * volume["inputs"]["size"])
        instance = made["Instance kotauth-server"]["id"]
        host = self.boot(template["id"], template["version"], registered=False, instance_id=instance)
        self.hosts["single host"] = host
        host.attach(disk, made["VolumeAttachment kotauth-server-attachment"]["inputs"]["deviceName"])
        return host

    def listener_attribute(self, name: str) -> str:
        """Return an attribute of the https listener, by the end of its name."""
        client = self.stack.aws.boto3("elbv2")
        (balancer,) = client.describe_load_balancers()["LoadBalancers"]
        found = client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (listener,) = [each["ListenerArn"] for each in found if each["Protocol"] == "HTTPS"]
        attributes = client.describe_listener_attributes(ListenerArn=listener)["Attributes"]
        return next(each["Value"] for each in attributes if each["Key"].endswith(name))

    def logins(self, host: Host) -> set[str]:
        """Return the database logins by which a host is connected."""
        of_host = f"SELECT usename FROM pg_stat_activity WHERE client_addr = '{host.address}'"
        return {login for database in self.databases.values() for login in database.sql(of_host).split()}

    def cut_connections(self, host: Host) -> None:
        """End a host's connections to the database."""
        self.database.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr = '{host.address}'"
        )

    def shown(self) -> Iterator[tuple[str, bytes]]:
        """Yield what hosts are launched with, what they write on their consoles, and the function's lines."""
        for number, launch in enumerate(self.launches, 1):
            yield f"user data {number}", launch.user_data.encode()
        for host in self.hosts.values():
            yield f"console {host.instance_id}", host.console().encode()
        for number, log in enumerate(self.function_logs, 1):
            yield f"function {number}", log.encode()

    def database_role(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Be Lambda: run the function out of its archive, in the VPC and with a role's credentials."""
        aws, lab = self.stack.aws, self.lab
        if event["host"] not in self.databases:
            # RDS has made it long before, with the password that lies in its secret.
            secret = aws.boto3("secretsmanager").get_secret_value(SecretId=event["administrator_secret"])
            password = json.loads(secret["SecretString"])["password"]
            self.databases[event["host"]] = lab.start_database(event["host"], password)
        address = lab.network.next_address()
        self.functions.append(address)
        keys = credentials.issue(lab.endpoints.key, address, CREDENTIAL_SECONDS)
        names = (event["host"], f"secretsmanager.{lab.region}.amazonaws.com")
        with _unpacked(aws.function_code(function)) as code:
            called = lambda_runtime.call(
                code,
                aws.boto3("lambda").get_function_configuration(FunctionName=function)["Handler"],
                json.dumps(event),
                *(f"--network={lab.network.name}", f"--ip={address}", f"--volume={lab.bundle}:/run/bundle.pem:ro"),
                *(f"--add-host={name}:{address_of(name, lab.names)}" for name in names),
                environment={
                    "AWS_DEFAULT_REGION": lab.region,
                    "AWS_ACCESS_KEY_ID": keys.access_key,
                    "AWS_SECRET_ACCESS_KEY": keys.secret_key,
                    "AWS_SESSION_TOKEN": keys.token,
                    "AWS_CA_BUNDLE": "/run/bundle.pem",
                },
            )
        self.function_logs.append(called.log)
        if called.error:
            raise RuntimeError(called.error)
        return called.payload

    def gate(self, _function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Launch what the group wants, and let the gate's function see it become healthy."""
        aws = self.stack.aws
        asked = {"AutoScalingGroupNames": [event["group"]]}
        (group,) = aws.boto3("autoscaling").describe_auto_scaling_groups(**asked)["AutoScalingGroups"]
        (targets,) = aws.boto3("elbv2").describe_target_groups(TargetGroupArns=[event["target_group"]])["TargetGroups"]
        self.lab.alb.check = HealthCheck(
            path=targets["HealthCheckPath"],
            healthy=targets["HealthyThresholdCount"],
            unhealthy=targets["UnhealthyThresholdCount"],
        )
        template, (instance,) = group["LaunchTemplate"], group["Instances"]
        host = self.boot(template["LaunchTemplateId"], template["Version"], instance_id=instance["InstanceId"])
        self.hosts[event["group"]] = host
        host.wait_ready()
        with patch.object(handler, "boto3", _Boto3(self)):
            return handler.handle(event, None)

    def boot_gate(self) -> dict[str, Any]:
        """Call the gate's function of the single host as the update did, for what the host has logged by now."""
        called = [each.detail for each in self.stack.aws.operations if each.operation == "invoke-function"]
        (event,) = [json.loads(each["input"]) for each in called if "boot-gate" in each["function"]]
        with patch.object(boot_gate, "boto3", SimpleNamespace(client=self.stack.aws.boto3)):
            return boot_gate.handle({**event, "limit_seconds": SHIPPED_SECONDS}, None)

    def boot(self, template: str, version: str, **options: Any) -> Host:
        """Launch an instance from a version of a launch template."""
        launch = Launch.read(self.stack.aws, template, version)
        self.launches.append(launch)
        return self.lab.boot(launch.user_data, role=launch.role, hop_limit=launch.hop_limit, memory=MEMORY, **options)


@dataclass
class _Boto3:
    """What the gate's function gets for boto3: the health of targets is what the lab's load balancer sees."""

    production: Production

    def client(self, service: str) -> Any:
        return self if service == "elbv2" else self.production.stack.aws.boto3(service)

    def describe_target_health(self, **arguments: str) -> dict[str, Any]:
        lab = self.production.lab
        healthy = {host.instance_id for host in lab.hosts if lab.alb.healthy(host.address)}
        found = self.production.stack.aws.boto3("elbv2").describe_target_health(**arguments)
        for target in found["TargetHealthDescriptions"]:
            state = "healthy" if target["Target"]["Id"] in healthy else "unhealthy"
            target["TargetHealth"] = {"State": state}
        return found


@contextlib.contextmanager
def _unpacked(archive: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(BytesIO(archive)) as packed:
            packed.extractall(folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield folder
