"""An Application Load Balancer with a certificate, a web firewall, and access logs that are treated as secret.

It forwards requests for the public host name and refuses all others, because Kotauth copies the host name of a request
into discovery documents and mails. The access logs contain query strings, and with them valid password reset links.
Therefore they are kept only for a short time, in a bucket whose policy lets no one read them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_arn, parse_subnet_list, plain, resource_id
from ...inputs.choice import one_of, true_or_false
from ...inputs.declaration import Problem, optional, own_name, together, value
from ...inputs.error import refused
from ...inputs.number import parse_port, whole_number
from ...inputs.parsing import parse_args
from ...kotauth.server import READY_PATH
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..observability.logs import parse_retention
from ..provider.lookups import Lookups
from ..security.security_groups import allow_in
from .access_log_bucket import access_log_bucket
from .certificate import AwsCertificate, parse_certificate_arn
from .dns import parse_host_name, parse_zone_id
from .listeners import Https, listen
from .web_acl import AwsWebAcl, parse_rate_limit

SSL_POLICIES = ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06")
"""TLS 1.3, and 1.2 with forward secrecy and GCM only; or 1.3 alone."""

_TARGET_GROUP = "-tg"
_NAME_CHARACTERS = 32 - len("-1234567") - len(_TARGET_GROUP)
"""AWS takes 32, and the engine adds seven digits."""
_WEB_ACL = ("login_rate_limit", "rate_limit", "log_retention_days", "kms_key_arn")


def _parse_name(raw: object) -> str:
    name = str(raw)
    if len(name) > _NAME_CHARACTERS:
        raise ValueError(
            f"must have at most {_NAME_CHARACTERS} characters: a target group name has at most 32, some added by Pulumi"
        )
    if not re.fullmatch(r"(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?", name):
        raise ValueError(
            "must consist of letters, digits and hyphens inside, and not begin with internal- (Elastic Load Balancing)"
        )
    return name


@dataclass(frozen=True, kw_only=True)
class _LoadBalancerInputs:
    name: str = own_name(_parse_name)
    vpc_id: pulumi.Input[str] = value(plain(resource_id("vpc")))
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = value(parse_subnet_list)
    host_name: str = value(parse_host_name)
    zone_id: pulumi.Input[str] | None = optional()
    certificate_arn: pulumi.Input[str] | None = optional()
    target_port: int = value(parse_port, default=443)
    ssl_policy: str = value(one_of(*SSL_POLICIES), default=SSL_POLICIES[0])
    access_log_days: int = value(
        whole_number("days", 1, 90, "access logs hold live tokens, so they are not kept"), default=30
    )
    login_rate_limit: int | None = optional(parse_rate_limit)
    rate_limit: int | None = optional(parse_rate_limit)
    log_retention_days: int | None = optional(parse_retention)
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    deletion_protection: bool = value(true_or_false, default=True)
    tags: Mapping[str, pulumi.Input[str]] = value(default={})

    @together
    def check_subnets(self) -> Iterator[Problem]:
        """Check subnets that are known already."""
        if isinstance(self.subnet_ids, list) and len(self.subnet_ids) < 2:
            shown = ", ".join(map(str, self.subnet_ids))
            yield Problem("subnet_ids", shown, "must be two or more subnets, in different zones")

    @together
    def check_certificate(self) -> Iterator[Problem]:
        """Check that there is one way to a certificate."""
        zone, arn = self.zone_id, self.certificate_arn
        if (zone is None) == (arn is None):
            shown = "" if arn is None else arn if isinstance(arn, str) else "set"
            yield Problem(
                "certificate_arn",
                shown,
                "must be set, or else zone_id: the certificate is either brought or made in that zone; exactly one of "
                "them",
            )
            return
        field, given, parse = (
            ("zone_id", zone, parse_zone_id) if arn is None else ("certificate_arn", arn, parse_certificate_arn)
        )
        if isinstance(given, str):
            try:
                parse(given)
            except ValueError as error:
                yield Problem(field, given, str(error))


class AwsLoadBalancerArgs(TypedDict):
    """Inputs of `AwsLoadBalancer`: `zone_id` creates a certificate, `certificate_arn` uses an existing one."""

    vpc_id: pulumi.Input[str]
    """VPC of the load balancer."""
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Public subnets in two zones or more."""
    host_name: str
    """Public host name. The load balancer serves no other name."""
    zone_id: NotRequired[pulumi.Input[str]]
    """Id of the Route 53 zone that validates the certificate of the name."""
    certificate_arn: NotRequired[pulumi.Input[str]]
    """ARN of an ACM certificate for the name, in the load balancer's region."""
    target_port: NotRequired[int]
    """TLS port of the hosts. Default 443."""
    ssl_policy: NotRequired[str]
    """TLS policy: `ELBSecurityPolicy-TLS13-1-2-Res-2021-06` (default) or `ELBSecurityPolicy-TLS13-1-3-2021-06`."""
    access_log_days: NotRequired[int]
    """Days that access logs are kept, 1 to 90. Default 30."""
    login_rate_limit: NotRequired[int]
    """Limit of logins, registrations and password resets from one address in five minutes. Default 100."""
    rate_limit: NotRequired[int]
    """Limit of requests from one address in five minutes. Default 10000."""
    log_retention_days: NotRequired[int]
    """Days that the firewall's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the firewall's log. By default the component creates one."""
    deletion_protection: NotRequired[bool]
    """Whether AWS refuses to delete the load balancer. Default true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsLoadBalancer(pulumi.ComponentResource):
    """An Application Load Balancer without targets. The caller creates the targets and their ingress rules."""

    load_balancer_name: pulumi.Output[str]
    """Name of the load balancer, generated by Pulumi."""
    load_balancer_arn: pulumi.Output[str]
    """ARN of the load balancer."""
    arn_suffix: pulumi.Output[str]
    """Suffix of the load balancer's ARN, its name in CloudWatch."""
    dns_name: pulumi.Output[str]
    """DNS name of the load balancer, assigned by AWS."""
    dns_zone_id: pulumi.Output[str]
    """Id of the AWS hosted zone of that name."""
    target_group_arn: pulumi.Output[str]
    """Target group for the hosts."""
    target_group_arn_suffix: pulumi.Output[str]
    """Suffix of the target group's ARN, its name in CloudWatch."""
    security_group_id: pulumi.Output[str]
    """Security group of the load balancer, without a rule for the hosts."""
    certificate_arn: pulumi.Output[str]
    """ARN of the certificate that the load balancer uses."""
    listener_rule_arn: pulumi.Output[str]
    """ARN of the listener rule that forwards traffic. Hosts become healthy only after it exists."""
    access_log_bucket: pulumi.Output[str]
    """Name of the bucket with the access logs. Treat it as secret."""

    def __init__(self, name: str, args: AwsLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make certificate, firewall, log bucket, load balancer and listeners."""
        inputs = parse_args(_LoadBalancerInputs, AwsLoadBalancerArgs, name, args)
        host_name, ssl_policy, protected = inputs.host_name, inputs.ssl_policy, inputs.deletion_protection
        super().__init__(
            token("AwsLoadBalancer"),
            name,
            {"host_name": host_name, "ssl_policy": ssl_policy, "deletion_protection": protected},
            opts,
        )
        child, tags = pulumi.ResourceOptions(parent=self), inputs.tags

        certificate_arn = _certificate(name, inputs, child)
        group = _security_group(name, inputs.vpc_id, tags, child)
        logs = access_log_bucket(
            f"{name}-access-logs", days=inputs.access_log_days, deletion_protection=protected, tags=tags, opts=child
        )
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            subnets=inputs.subnet_ids,
            security_groups=[group.id],
            access_logs={"bucket": logs.bucket.bucket, "enabled": True},
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            # The hosts' proxy knows the client by the last entry: the one that is appended here.
            xff_header_processing_mode="append",
            enable_deletion_protection=protected,
            tags=tags,
            # AWS writes a test object as soon as it hears of the bucket.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[logs.policy])),
        )
        targets = aws.lb.TargetGroup(
            f"{name}{_TARGET_GROUP}",
            vpc_id=inputs.vpc_id,
            port=inputs.target_port,
            protocol="HTTPS",
            target_type="instance",
            deregistration_delay=30,
            # With the database down the answer takes 6 to 9 s: a shorter timeout would say "timed out" where the server
            # has something better to say. Three failures in a row, so that one slow answer costs nothing.
            health_check={
                "protocol": "HTTPS",
                "path": READY_PATH,
                "matcher": "200",
                "interval": 15,
                "timeout": 10,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            tags=tags,
            opts=child,
        )
        https = Https(host_name, certificate_arn, ssl_policy, targets.arn)
        rule = listen(name, balancer, https, tags=tags, opts=child)
        handed_on = {key: getattr(inputs, key) for key in _WEB_ACL}
        web_acl: Any = {"tags": tags, **{key: given for key, given in handed_on.items() if given is not None}}
        acl = AwsWebAcl(f"{name}-web-acl", web_acl, child)
        aws.wafv2.WebAclAssociation(f"{name}-web-acl", resource_arn=balancer.arn, web_acl_arn=acl.arn, opts=child)
        self.load_balancer_name = balancer.name
        self.load_balancer_arn = balancer.arn
        self.arn_suffix = balancer.arn_suffix
        self.dns_name = balancer.dns_name
        self.dns_zone_id = balancer.zone_id
        self.target_group_arn = targets.arn
        self.target_group_arn_suffix = targets.arn_suffix
        self.security_group_id = group.id
        self.certificate_arn = certificate_arn
        self.listener_rule_arn = rule.arn
        self.access_log_bucket = logs.bucket.bucket
        self.register_outputs(declared_outputs(self, AwsLoadBalancer))


def _certificate(name: str, inputs: _LoadBalancerInputs, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Return the ARN of the certificate that was brought, or of one that is made."""
    zone, brought = inputs.zone_id, inputs.certificate_arn
    if zone is not None:
        made = AwsCertificate(
            f"{name}-certificate", {"host_name": inputs.host_name, "zone_id": zone, "tags": inputs.tags}, opts
        )
        return made.arn
    region = Lookups(opts.parent).region
    return pulumi.Output.all(brought, region).apply(lambda both: _of_region(f"AwsLoadBalancer {name}", *both))


def _of_region(subject: str, arn: str, region: str) -> str:
    try:
        parse_certificate_arn(arn)
        if arn.split(":")[3] != region:
            raise ValueError(
                f"must be of the load balancer's region, {region}: ACM certificates are valid only in their region"
            )
    except ValueError as error:
        raise refused(subject, "certificate_arn", arn, str(error)) from None
    return arn


def _security_group(
    name: str, vpc_id: pulumi.Input[str], tags: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> "aws.ec2.SecurityGroup":
    """Return a group that the world reaches on the two public ports, and that reaches nothing yet."""
    group = aws.ec2.SecurityGroup(
        f"{name}-group", vpc_id=vpc_id, description="Load balancer, open to the world", tags=tags, opts=opts
    )
    allow_in(f"{name}-world", group.id, {80: "http, redirected to https", 443: "https"}, tags=tags, opts=opts)
    return group
