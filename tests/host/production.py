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
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from components.aws.functions.roll_gate import handler
from components.aws.subnets import plan
from tests.e2e import lambda_runtime
from tests.engine.aws import StandIn
from tests.engine.aws_stack import AwsStack, aws_stack
from tests.host import credentials
from tests.host.database import Database
from tests.host.instance import Host
from tests.host.lab import Lab
from tests.host.load_balancer import HealthCheck
from tests.host.resolver import address_of

ZONES = 2
MEMORY = "2g"
"""Of t4g.small, as much as it is for the rehearsal host."""


@dataclass
class Launch:
    """A version of a launch template."""

    user_data: str
    role: str
    hop_limit: int

    @classmethod
    def read(cls, aws: StandIn, template: str, version: str) -> Launch:
        """Return the version as EC2 has it."""
        (found,) = aws.boto3("ec2").describe_launch_template_versions(LaunchTemplateId=template, Versions=[version])[
            "LaunchTemplateVersions"
        ]
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
    """By the names of their groups; hosts of groups that are gone stay."""
    launches: list[Launch] = field(default_factory=list[Launch])
    functions: list[str] = field(default_factory=list[str])
    """Addresses of the role's function, one for each call."""

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path, images: Mapping[str, str]) -> Iterator[Production]:
        """Yield the stack, not up yet, with everything that it will find."""
        with aws_stack(folder / "prod", "prod") as stack, contextlib.ExitStack() as steps:
            host_name = "auth.example.org"
            (folder / "lab").mkdir()
            lab = Lab.create(
                folder / "lab",
                dict(images),
                moto_endpoint=stack.aws.endpoint,
                host_name=host_name,
                alb_address=lambda cidr: str(ipaddress.IPv4Network(plan(cidr, ZONES).public[0])[10]),
            )
            steps.callback(lab.close)
            # Under the names, and by the tags, that the settings have by default.
            lab.registry.push(images["image"], "inumansoul/kotauth", "1.22.0")
            lab.registry.push(images["frontendImage"], "docker/library/caddy", "2.11.9")
            lab.registry.push(images["databaseImage"], "docker/library/postgres", "14.23")
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
        """The only database."""
        (database,) = self.databases.values()
        return database

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
        found = self.database.sql(f"SELECT usename FROM pg_stat_activity WHERE client_addr = '{host.address}'")
        return set(found.split())

    def cut_connections(self, host: Host) -> None:
        """End a host's connections to the database."""
        self.database.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr = '{host.address}'"
        )

    def secrets(self) -> dict[str, str]:
        """Return every version of every secret, by name and label."""
        client = self.stack.aws.boto3("secretsmanager")
        found: dict[str, str] = {}
        for secret in client.list_secrets()["SecretList"]:
            for version in client.list_secret_version_ids(SecretId=secret["ARN"])["Versions"]:
                own = [stage for stage in version["VersionStages"] if not stage.startswith("AWS")]
                name = " ".join([secret["Name"].rpartition("-")[0], *own])
                value = client.get_secret_value(SecretId=secret["ARN"], VersionId=version["VersionId"])
                found[name] = value["SecretString"]
        return found

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Yield what lies where no secret belongs, with a name."""
        aws = self.stack.aws
        for number, launch in enumerate(self.launches, 1):
            yield f"user data {number}", launch.user_data.encode()
        for host in self.hosts.values():
            yield f"console {host.instance_id}", host.console().encode()
        for number, operation in enumerate(each for each in aws.operations if each.operation == "invoke-function"):
            yield f"input {number}", json.dumps(operation.detail).encode()
        parameters = aws.boto3("ssm").describe_parameters()["Parameters"]
        (name,) = [each["Name"] for each in parameters if each["Name"].startswith("kotauth-server-boot")]
        yield "parameter", aws.boto3("ssm").get_parameter(Name=name)["Parameter"]["Value"].encode()
        files = aws.boto3("s3")
        (bucket,) = [each["Name"] for each in files.list_buckets()["Buckets"] if "-host-" in each["Name"]]
        for each in files.list_objects_v2(Bucket=bucket)["Contents"]:
            yield f"file {each['Key']}", files.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        logs = aws.boto3("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            of_group = {"logGroupName": group["logGroupName"]}
            for stream in logs.describe_log_streams(**of_group)["logStreams"]:
                name = stream["logStreamName"]
                events = logs.get_log_events(**of_group, logStreamName=name, startFromHead=True)["events"]
                yield f"log {name}", "\n".join(event["message"] for event in events).encode()

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
        keys = credentials.issue(lab.endpoints.key, address, lab.credential_rotation)
        names = (event["host"], f"secretsmanager.{lab.region}.amazonaws.com")
        configuration = aws.boto3("lambda").get_function_configuration(FunctionName=function)
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(BytesIO(aws.function_code(function))) as archive:
                archive.extractall(folder)
            for path in (Path(folder), *Path(folder).rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
            called = lambda_runtime.call(
                Path(folder),
                configuration["Handler"],
                json.dumps(event),
                *(f"--network={lab.network.name}", f"--ip={address}", f"--volume={lab.bundle}:/run/bundle.pem:ro"),
                *(f"--add-host={name}:{address_of(name, lab.names)}" for name in names),
                environment={
                    "AWS_REGION": lab.region,
                    "AWS_DEFAULT_REGION": lab.region,
                    "AWS_ACCESS_KEY_ID": keys.access_key,
                    "AWS_SECRET_ACCESS_KEY": keys.secret_key,
                    "AWS_SESSION_TOKEN": keys.token,
                    "AWS_CA_BUNDLE": "/run/bundle.pem",
                },
            )
        if called.error:
            raise RuntimeError(called.error)
        return called.payload

    def gate(self, _function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Launch what the group wants, and let the gate's function see it become healthy."""
        aws = self.stack.aws
        (group,) = aws.boto3("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[event["group"]])[
            "AutoScalingGroups"
        ]
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
