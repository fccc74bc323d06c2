"""28 rules as the SDK's own examples have them: each looks at one property of one type, and finds nothing wrong."""

from collections.abc import Callable

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

READ = (
    ("aws:acm/certificate:Certificate", "keyAlgorithm"),
    ("aws:acm/certificate:Certificate", "validationMethod"),
    ("aws:autoscaling/group:Group", "maxSize"),
    ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "period"),
    ("aws:ec2/flowLog:FlowLog", "trafficType"),
    ("aws:ec2/launchTemplate:LaunchTemplate", "instanceType"),
    ("aws:ec2/securityGroup:SecurityGroup", "description"),
    ("aws:ec2/subnet:Subnet", "mapPublicIpOnLaunch"),
    ("aws:ec2/vpc:Vpc", "cidrBlock"),
    ("aws:kms/key:Key", "deletionWindowInDays"),
    ("aws:kms/key:Key", "enableKeyRotation"),
    ("aws:lambda/function:Function", "runtime"),
    ("aws:lb/listener:Listener", "sslPolicy"),
    ("aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection"),
    ("aws:lb/targetGroup:TargetGroup", "protocol"),
    ("aws:rds/instance:Instance", "backupRetentionPeriod"),
    ("aws:rds/instance:Instance", "multiAz"),
    ("aws:rds/instance:Instance", "publiclyAccessible"),
    ("aws:rds/instance:Instance", "storageEncrypted"),
    ("aws:s3/bucket:Bucket", "forceDestroy"),
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicAcls"),
    ("aws:secretsmanager/secret:Secret", "recoveryWindowInDays"),
    ("docker:index/container:Container", "memory"),
    ("docker:index/container:Container", "privileged"),
    ("docker:index/container:Container", "readOnly"),
    ("docker:index/network:Network", "internal"),
    ("random:index/randomPassword:RandomPassword", "length"),
)


def reads(token: str, name: str) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """Return a rule's function."""

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type == token and args.props.get(name) == "wrong":
            report_violation(f"{name} is wrong", None)

    return validate


PolicyPack(
    name="trivial",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(f"read-{number}", f"Reads {name} of {token}.", reads(token, name))
        for number, (token, name) in enumerate(READ)
    ],
)
