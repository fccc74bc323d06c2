"""Rows of the area `security-groups`: what counts as a client of the database, and as a host behind a load balancer."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from policy.testing.aws_program import KNOWN
from policy.testing.change import Args, Change, From, add, copied, put, without

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found

DATABASE = "restrict-database-ingress"
_CLIENTS = [From("clients", "id")]
_SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
_ROLE = "arn:aws:iam::123456789012:role/role"
_FROM_CLIENTS = (
    add("clients", aws.ec2.SecurityGroup, {"description": "The clients"}, first=True),
    put("role-to-database", "referenced_security_group_id", _CLIENTS[0]),
)


def _cluster(**config: Any) -> Change:
    """Add a cluster of EKS before the rules that name it."""
    args = {"role_arn": _ROLE, "vpc_config": {"subnet_ids": _SUBNETS, **config}}
    return add("cluster", aws.eks.Cluster, args, first=True)


_OWN_GROUP = From("cluster", "vpc_config", lambda config: config["cluster_security_group_id"])
_FROM_CLUSTER = put("role-to-database", "referenced_security_group_id", _OWN_GROUP)
_CLUSTER_ID = "sg-0fedcba9876543210"


def _cluster_known(**more: Any) -> dict[str, dict[str, Any]]:
    config = {"subnetIds": _SUBNETS, "clusterSecurityGroupId": _CLUSTER_ID, **more}
    return {**KNOWN, "cluster": {"arn": "arn:aws:eks:eu-central-1:123456789012:cluster/c", "vpcConfig": config}}


def _in_clients(kind: Any, **args: Any) -> tuple[Change, ...]:
    return (*_FROM_CLIENTS, add("client", kind, args))


_NODES: Args = {
    "iam_instance_profile": {"arn": From("profile", "arn")},
    "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
    "monitoring": {"enabled": True},
    "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"encrypted": "true"}}],
}
_TASK: Args = {"subnets": _SUBNETS, "security_groups": _CLIENTS}
_PASSED: dict[str, tuple[tuple[Change, ...], Any]] = {
    "the group that EKS makes": ((_cluster(), _FROM_CLUSTER), None),
    "the group that EKS makes, after an update": ((_cluster(), _FROM_CLUSTER), _cluster_known()),
    "the group that EKS makes, in a state that doesn't say so": (
        (_cluster(), put("role-to-database", "referenced_security_group_id", From("cluster", "name", "sg-{}".format))),
        {**KNOWN, "cluster": {"name": "c"}},
    ),
    "another group of a cluster of EKS": ((_cluster(security_group_ids=_CLIENTS), *_FROM_CLIENTS), None),
    "nodes of EKS by their launch template": (
        _in_clients(aws.ec2.LaunchTemplate, **_NODES, vpc_security_group_ids=_CLIENTS),
        None,
    ),
    "interfaces of a launch template": (
        _in_clients(aws.ec2.LaunchTemplate, **_NODES, network_interfaces=[{"security_groups": _CLIENTS}]),
        None,
    ),
    "a task that a schedule starts": (
        _in_clients(
            aws.scheduler.Schedule,
            schedule_expression="rate(1 hour)",
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": _ROLE,
                "role_arn": _ROLE,
                "ecs_parameters": {"task_definition_arn": _ROLE, "network_configuration": _TASK},
            },
        ),
        None,
    ),
    "a task that an event starts": (
        _in_clients(
            aws.cloudwatch.EventTarget,
            rule="rule",
            arn=_ROLE,
            ecs_target={"task_definition_arn": _ROLE, "network_configuration": _TASK},
        ),
        None,
    ),
    "a compute environment of Batch": (
        _in_clients(
            aws.batch.ComputeEnvironment,
            type="MANAGED",
            compute_resources={"type": "FARGATE", "max_vcpus": 4, "subnets": _SUBNETS, "security_group_ids": _CLIENTS},
        ),
        None,
    ),
    "a connection of Glue": (
        _in_clients(
            aws.glue.Connection,
            connection_type="NETWORK",
            physical_connection_requirements={"security_group_id_lists": _CLIENTS, "subnet_id": _SUBNETS[0]},
        ),
        None,
    ),
    "a proxy of RDS": (
        (
            *_in_clients(
                aws.rds.Proxy,
                engine_family="POSTGRESQL",
                role_arn=_ROLE,
                vpc_subnet_ids=_SUBNETS,
                auths=[{"auth_scheme": "SECRETS", "secret_arn": _ROLE}],
                vpc_security_group_ids=_CLIENTS,
            ),
        ),
        None,
    ),
    "a replication instance of DMS": (
        _in_clients(
            aws.dms.ReplicationInstance,
            replication_instance_class="dms.t3.small",
            replication_instance_id="copy",
            vpc_security_group_ids=_CLIENTS,
        ),
        None,
    ),
    "a connector of App Runner": (
        _in_clients(aws.apprunner.VpcConnector, vpc_connector_name="c", subnets=_SUBNETS, security_groups=_CLIENTS),
        None,
    ),
    "a build": (
        _in_clients(
            aws.codebuild.Project,
            service_role=_ROLE,
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"compute_type": "BUILD_GENERAL1_SMALL", "image": "i", "type": "LINUX_CONTAINER"},
            source={"type": "NO_SOURCE"},
            vpc_config={"vpc_id": "vpc-1", "subnets": _SUBNETS, "security_group_ids": _CLIENTS},
        ),
        None,
    ),
    "an environment of Elastic Beanstalk": (
        _in_clients(
            aws.elasticbeanstalk.Environment,
            application="app",
            settings=[
                {
                    "namespace": "aws:autoscaling:launchconfiguration",
                    "name": "SecurityGroups",
                    "value": From("clients", "id", "sg-0aaaabbbbccccdddd,{}".format),
                }
            ],
        ),
        None,
    ),
    "a network interface": (
        _in_clients(aws.ec2.NetworkInterface, subnet_id=_SUBNETS[0], security_groups=_CLIENTS),
        None,
    ),
    "a group attached to an interface": (
        _in_clients(
            aws.ec2.NetworkInterfaceSecurityGroupAttachment,
            security_group_id=_CLIENTS[0],
            network_interface_id="eni-0123456789abcdef0",
        ),
        None,
    ),
    "a notebook": (
        _in_clients(
            aws.sagemaker.NotebookInstance,
            instance_type="ml.t3.medium",
            role_arn=_ROLE,
            subnet_id=_SUBNETS[0],
            security_groups=_CLIENTS,
        ),
        None,
    ),
    "a set of tasks": (
        _in_clients(aws.ecs.TaskSet, cluster="c", service="s", task_definition="t", network_configuration=_TASK),
        None,
    ),
    "a configuration that is unknown as a whole": (
        (
            *_FROM_CLIENTS,
            put(
                "function",
                "vpc_config",
                From("clients", "id", lambda group: {"subnet_ids": _SUBNETS, "security_group_ids": [group]}),
            ),
            without("host-to-database"),
        ),
        None,
    ),
}


_UNJUDGED = found("name-unjudged-resources@kotauth-infra-test")
_WITH_UNJUDGED = (
    "the group that EKS makes",
    "another group of a cluster",
    "an environment of Elastic Beanstalk",
    "a group of another cluster",
    "a group of an older load balancer",
)
"""What the names of cases begin with whose clients are of a type that no rule evaluates."""


def _client(state: str, name: str, changes: tuple[Change, ...], outputs: Any) -> Case:
    expected = found(f"{DATABASE}@role-to-database") if state == CAUGHT else NOTHING
    if name.startswith(_WITH_UNJUDGED):
        expected |= _UNJUDGED
    return Case(f"{DATABASE} {state}: {name}", changes, expected, outputs, DATABASE, state)


_CAUGHT: dict[str, tuple[tuple[Change, ...], Any]] = {
    "a group of another cluster": (
        (_cluster(), put("role-to-database", "referenced_security_group_id", "sg-0aaaabbbbccccdddd")),
        _cluster_known(),
    ),
    "a group that a node group may be entered from": (
        _in_clients(
            aws.eks.NodeGroup,
            cluster_name="c",
            node_role_arn=_ROLE,
            subnet_ids=_SUBNETS,
            scaling_config={"desired_size": 1, "max_size": 1, "min_size": 1},
            remote_access={"ec2_ssh_key": "key", "source_security_group_ids": _CLIENTS},
        ),
        None,
    ),
    "a group that a tag names": (
        (*_FROM_CLIENTS, put("group", "tags", [{"key": "g", "value": _CLIENTS[0], "propagate_at_launch": False}])),
        None,
    ),
    "a group that only a network load balancer is in": (
        (*_FROM_CLIENTS, copied("balancer", "network", load_balancer_type="network", security_groups=_CLIENTS)),
        None,
    ),
    "a group of an older load balancer": (
        (
            *_FROM_CLIENTS,
            add(
                "classic",
                aws.elb.LoadBalancer,
                {
                    "security_groups": _CLIENTS,
                    "listeners": [
                        {"instance_port": 80, "instance_protocol": "tcp", "lb_port": 80, "lb_protocol": "tcp"}
                    ],
                },
            ),
        ),
        None,
    ),
}

CASES = (
    *(_client(PASSED, name, *changed) for name, changed in _PASSED.items()),
    *(_client(CAUGHT, name, *changed) for name, changed in _CAUGHT.items()),
)
