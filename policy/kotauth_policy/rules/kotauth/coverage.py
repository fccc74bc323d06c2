"""Resources that no rule evaluates: other kinds of containers, hosts, load balancers, databases and caches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.verdict import Verdict, fail

AREA = Area("coverage")
_STACK = "pulumi:pulumi:Stack"
_SHOWN = 5

# Each is another form of what a rule evaluates: a container, host, load balancer, database or cache.
UNJUDGED = frozenset(
    {
        "docker:index/service:Service",
        "aws:apprunner/service:Service",
        "aws:batch/jobDefinition:JobDefinition",
        "aws:ec2/fleet:Fleet",
        "aws:ec2/spotFleetRequest:SpotFleetRequest",
        "aws:ecs/daemonTaskDefinition:DaemonTaskDefinition",
        "aws:ecs/expressGatewayService:ExpressGatewayService",
        "aws:ecs/taskDefinition:TaskDefinition",
        "aws:eks/cluster:Cluster",
        "aws:elasticbeanstalk/environment:Environment",
        "aws:lightsail/containerService:ContainerService",
        "aws:lightsail/database:Database",
        "aws:lightsail/instance:Instance",
        "aws:lightsail/lb:Lb",
        "aws:elb/loadBalancer:LoadBalancer",
        "aws:vpclattice/service:Service",
        "aws:docdb/cluster:Cluster",
        "aws:docdb/elasticCluster:ElasticCluster",
        "aws:dsql/cluster:Cluster",
        "aws:elasticsearch/domain:Domain",
        "aws:neptune/cluster:Cluster",
        "aws:opensearch/domain:Domain",
        "aws:rds/cluster:Cluster",
        "aws:redshift/cluster:Cluster",
        "aws:redshiftserverless/workgroup:Workgroup",
        "aws:timestreaminfluxdb/dbInstance:DbInstance",
        "aws:dax/cluster:Cluster",
        "aws:elasticache/cluster:Cluster",
        "aws:elasticache/serverlessCache:ServerlessCache",
        "aws:memorydb/cluster:Cluster",
        "aws:mq/broker:Broker",
        "aws:msk/cluster:Cluster",
        # Either makes resources of any type, from a template that no rule reads.
        "aws:cloudcontrol/resource:Resource",
        "aws:cloudformation/stack:Stack",
    }
)
PROVIDERS = (
    "aws-native",
    "alicloud",
    "azure",
    "azure-native",
    "civo",
    "digitalocean",
    "exoscale",
    "gcp",
    "google-native",
    "hcloud",
    "kubernetes",
    "linode",
    "nomad",
    "oci",
    "openstack",
    "ovh",
    "scaleway",
    "upcloud",
    "vultr",
)
"""Clouds and schedulers of which no rule knows anything, with each of their types."""


@AREA.rule(
    "name-unjudged-resources",
    Severity.LOW,
    "Review the resources that no rule evaluates.",
    level=Level.ADVISORY,
    remedy="Review these resources by hand, or use types that the rules evaluate. Such types are `docker.Container`, "
    "`aws.ec2.Instance`, `aws.lb.LoadBalancer`, `aws.rds.Instance` and `aws.elasticache.ReplicationGroup`.",
    types=(_STACK,),
    references=References(documentation="https://www.pulumi.com/docs/insights/policy/"),
)
def name_unjudged_resources(root: Resource, _: Settings) -> Iterator[Verdict]:
    """A resource that no rule evaluates breaks no rule, so without this report it would look checked."""
    counted = Counter(resource.type for resource in root.in_stack().resources.values())
    unjudged = sorted(type_ for type_ in counted if type_ in UNJUDGED or type_.partition(":")[0] in PROVIDERS)
    if unjudged:
        shown = ", ".join(f"{type_} ({counted[type_]})" for type_ in unjudged[:_SHOWN])
        more = len(unjudged) - _SHOWN
        yield fail("", f"no rule evaluates {shown}{f' and {more} more types' if more > 0 else ''}")
