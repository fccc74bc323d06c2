"""One of each type of resource that the stand-in knows. Run as a Pulumi program, not imported."""

import base64
import json
from typing import Any

import pulumi
import pulumi_aws as aws

TAGS = {"owner": "kotauth"}
ZONES = ("eu-central-1a", "eu-central-1b")
IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"


def policy(effect: str, action: str, resource: Any, **more: Any) -> Any:
    statement = {"Effect": effect, "Action": action, **({"Resource": resource} if resource else {}), **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def text(document: Any) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(document)


def seen(name: str) -> Any:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}


def after(*resources: pulumi.Resource, **more: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(depends_on=list(resources), **more)


# Network. Lambda removes the interfaces of a function with its role, which outlives what they hold.
role = aws.iam.Role(
    "role",
    assume_role_policy=policy("Allow", "sts:AssumeRole", None, Principal={"Service": "lambda.amazonaws.com"}),
    tags=TAGS,
)
clean_up = aws.iam.RolePolicy("clean-up", role=role.name, policy=policy("Allow", "ec2:DeleteNetworkInterface", "*"))
vpc = aws.ec2.Vpc("vpc", cidr_block="10.64.0.0/16", enable_dns_hostnames=True, tags=TAGS)
subnets = [
    aws.ec2.Subnet(
        f"subnet-{zone[-1]}",
        vpc_id=vpc.id,
        cidr_block=f"10.64.{number}.0/24",
        availability_zone=zone,
        map_public_ip_on_launch=number == 0,
        opts=after(clean_up),
    )
    for number, zone in enumerate(ZONES)
]
subnet_ids = [subnet.id for subnet in subnets]
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, tags=TAGS)
address = aws.ec2.Eip("address", domain="vpc", tags=TAGS)
nat = aws.ec2.NatGateway("nat", subnet_id=subnet_ids[0], allocation_id=address.id, tags=TAGS, opts=after(gateway))
table = aws.ec2.RouteTable("table", vpc_id=vpc.id, tags=TAGS)
aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)
aws.ec2.RouteTableAssociation("association", route_table_id=table.id, subnet_id=subnet_ids[1])
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description="Servers", tags=TAGS, opts=after(clean_up))
clients = aws.ec2.SecurityGroup("clients", vpc_id=vpc.id)
aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, tags=TAGS)
aws.vpc.SecurityGroupIngressRule(
    "in",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=5432,
    to_port=5432,
    referenced_security_group_id=clients.id,
    description="Clients",
    tags=TAGS,
)
aws.vpc.SecurityGroupEgressRule(
    "to", security_group_id=clients.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0"
)
region = aws.get_region_output().region
aws.ec2.VpcEndpoint(
    "s3",
    vpc_id=vpc.id,
    service_name=pulumi.Output.format("com.amazonaws.{0}.s3", region),
    route_table_ids=[table.id],
    vpc_endpoint_type="Gateway",
)
aws.ec2.VpcEndpoint(
    "secrets",
    vpc_id=vpc.id,
    service_name=pulumi.Output.format("com.amazonaws.{0}.secretsmanager", region),
    subnet_ids=subnet_ids,
    security_group_ids=[group.id],
    private_dns_enabled=True,
    vpc_endpoint_type="Interface",
)

# Keys, roles, secrets
key = aws.kms.Key("key", enable_key_rotation=True, deletion_window_in_days=30, description="All", tags=TAGS)
aws.kms.Alias("alias", target_key_id=key.key_id)
logs = aws.cloudwatch.LogGroup("logs", retention_in_days=365, kms_key_id=key.arn, tags=TAGS)
aws.iam.RolePolicy(
    "rights", role=role.name, policy=policy("Allow", "logs:PutLogEvents", pulumi.Output.concat(logs.arn, ":*"))
)
aws.iam.RolePolicyAttachment(
    "managed", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
)
profile = aws.iam.InstanceProfile("profile", role=role.name, tags=TAGS)
aws.ec2.FlowLog("flow", vpc_id=vpc.id, traffic_type="ALL", log_destination=logs.arn, iam_role_arn=role.arn, tags=TAGS)
secret = aws.secretsmanager.Secret("secret", kms_key_id=key.arn, recovery_window_in_days=30, tags=TAGS)
version = aws.secretsmanager.SecretVersion(
    "version",
    secret_id=secret.id,
    secret_string=pulumi.Config().require_secret("password"),
    version_stages=["AWSCURRENT", "v1"],
)
aws.secretsmanager.SecretPolicy(
    "guard",
    secret_arn=secret.arn,
    policy=text(policy("Deny", "secretsmanager:DeleteSecret", secret.arn, Principal="*")),
)
aws.ssm.Parameter("parameter", type="String", value="x", tags=TAGS)

# Database and functions
database_subnets = aws.rds.SubnetGroup("database", subnet_ids=subnet_ids, tags=TAGS)
parameters = aws.rds.ParameterGroup(
    "parameters", family="postgres14", parameters=[{"name": "rds.force_ssl", "value": "1"}], tags=TAGS
)
database = aws.rds.Instance(
    "database",
    instance_class="db.t4g.small",
    engine="postgres",
    engine_version="14",
    allocated_storage=20,
    max_allocated_storage=100,
    storage_type="gp3",
    storage_encrypted=True,
    kms_key_id=key.arn,
    db_subnet_group_name=database_subnets.name,
    parameter_group_name=parameters.name,
    username="kotauth_admin",
    manage_master_user_password=True,
    master_user_secret_kms_key_id=key.arn,
    db_name="kotauth",
    multi_az=True,
    vpc_security_group_ids=[group.id],
    apply_immediately=True,
    skip_final_snapshot=True,
    backup_retention_period=14,
    delete_automated_backups=False,
    enabled_cloudwatch_logs_exports=["postgresql"],
    performance_insights_enabled=True,
    maintenance_window="sun:03:00-sun:04:00",
    backup_window="01:00-02:00",
    tags=TAGS,
)
function = aws.lambda_.Function(
    "function",
    runtime="python3.12",
    handler="handler.main",
    code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def main(event, context): ...")}),
    role=role.arn,
    architectures=["arm64"],
    vpc_config={"subnet_ids": subnet_ids, "security_group_ids": [group.id]},
    environment={"variables": {"HOST": database.address}},
    reserved_concurrent_executions=1,
    logging_config={"log_format": "JSON", "log_group": logs.name},
    tags=TAGS,
)
aws.lambda_.FunctionEventInvokeConfig("retries", function_name=function.name, maximum_retry_attempts=0)
invocation = aws.lambda_.Invocation(
    "invocation", function_name=function.name, input=json.dumps({"a": 1}), triggers={"version": version.version_id}
)

# What watches
topic = aws.sns.Topic("topic", kms_master_key_id=key.id, tags=TAGS)
aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="operations@example.org")
aws.sns.TopicPolicy(
    "publishers",
    arn=topic.arn,
    policy=policy("Allow", "sns:Publish", topic.arn, Principal={"Service": "cloudwatch.amazonaws.com"}),
)
aws.cloudwatch.LogMetricFilter(
    "errors",
    log_group_name=logs.name,
    pattern="ERROR",
    metric_transformation={"name": "Errors", "namespace": "Kotauth", "value": "1", "default_value": "0"},
)
aws.cloudwatch.MetricAlarm(
    "errors",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    metric_name="Errors",
    namespace="Kotauth",
    period=60,
    statistic="Sum",
    threshold=1,
    alarm_actions=[topic.arn],
    dimensions={"Group": "servers"},
    tags=TAGS,
)
aws.cloudwatch.MetricAlarm(
    "slow",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    threshold=1,
    metric_queries=[
        {
            "id": "slow",
            "return_data": True,
            "metric": {"metric_name": "Time", "namespace": "Kotauth", "period": 60, "stat": "p99"},
        }
    ],
)
aws.cloudwatch.Dashboard("dashboard", dashboard_name="kotauth", dashboard_body=json.dumps({"widgets": []}))
aws.cloudwatch.LogResourcePolicy(
    "delivery",
    policy_name="delivery",
    policy_document=text(
        policy("Allow", "logs:PutLogEvents", logs.arn, Principal={"Service": "delivery.logs.amazonaws.com"})
    ),
)
daily = aws.cloudwatch.EventRule("daily", schedule_expression="rate(1 day)", tags=TAGS)
aws.cloudwatch.EventTarget("daily", rule=daily.name, arn=function.arn)
aws.lambda_.Permission(
    "daily",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="events.amazonaws.com",
    source_arn=daily.arn,
)

# Buckets
bucket = aws.s3.Bucket("bucket", tags=TAGS)
aws.s3.BucketOwnershipControls("owner", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"})
aws.s3.BucketPublicAccessBlock("private", bucket=bucket.bucket, block_public_acls=True, block_public_policy=True)
aws.s3.BucketServerSideEncryptionConfiguration(
    "encrypted",
    bucket=bucket.bucket,
    rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}}],
)
versioned = aws.s3.BucketVersioning("versioned", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
aws.s3.BucketLifecycleConfiguration(
    "lifecycle",
    bucket=bucket.bucket,
    rules=[
        {
            "id": "expire",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": 30},
            "noncurrent_version_expiration": {"noncurrent_days": 30},
        }
    ],
)
encrypted_only = {"Bool": {"aws:SecureTransport": "false"}}
held = aws.s3.BucketPolicy(
    "encrypted-only",
    bucket=bucket.bucket,
    policy=policy(
        "Deny",
        "s3:*",
        [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
        Principal="*",
        Condition=encrypted_only,
    ),
)
delivered = aws.s3.Bucket("delivered", force_destroy=True)
delivery = aws.s3.BucketPolicy(
    "delivered",
    bucket=delivered.bucket,
    policy=policy(
        "Allow",
        "s3:PutObject",
        pulumi.Output.concat(delivered.arn, "/*"),
        Principal={"Service": "logging.s3.amazonaws.com"},
    ),
)
aws.s3.BucketLogging(
    "access", bucket=bucket.bucket, target_bucket=delivered.bucket, target_prefix="access/", opts=after(delivery)
)
stored = aws.s3.BucketObjectv2(
    "stored", bucket=bucket.bucket, key="a.txt", source=pulumi.StringAsset("a"), tags=TAGS, opts=after(versioned, held)
)

# Load balancer
balancer = aws.lb.LoadBalancer(
    "balancer",
    load_balancer_type="application",
    security_groups=[group.id],
    subnets=subnet_ids,
    drop_invalid_header_fields=True,
    access_logs={"bucket": delivered.bucket, "enabled": True, "prefix": "balancer"},
    tags=TAGS,
)
targets = aws.lb.TargetGroup(
    "targets",
    port=443,
    protocol="HTTPS",
    vpc_id=vpc.id,
    deregistration_delay=30,
    health_check={"path": "/health/ready", "protocol": "HTTPS", "interval": 10, "timeout": 5, "matcher": "200"},
    tags=TAGS,
)
zone = aws.route53.get_zone(zone_id="Z0123456789ABCDEFGHIJ")
certificate = aws.acm.Certificate("certificate", domain_name="auth.example.org", validation_method="DNS", tags=TAGS)
option = certificate.domain_validation_options[0]
proof = aws.route53.Record(
    "proof",
    zone_id=zone.zone_id,
    name=option.resource_record_name,
    type=option.resource_record_type,
    records=[option.resource_record_value],
    ttl=60,
    allow_overwrite=True,
)
issued = aws.acm.CertificateValidation("issued", certificate_arn=certificate.arn, validation_record_fqdns=[proof.fqdn])
record = aws.route53.Record(
    "record",
    zone_id=zone.zone_id,
    name="auth.example.org",
    type="A",
    aliases=[{"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True}],
)
listener = aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    certificate_arn=issued.certificate_arn,
    default_actions=[
        {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}
    ],
    routing_http_response_strict_transport_security_header_value="max-age=63072000",
    tags=TAGS,
)
aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    protocol="HTTP",
    default_actions=[{"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}}],
)
rule = aws.lb.ListenerRule(
    "rule",
    listener_arn=listener.arn,
    priority=1,
    actions=[{"type": "forward", "target_group_arn": targets.arn}],
    conditions=[{"host_header": {"values": ["auth.example.org"]}}],
    tags=TAGS,
)
core: Any = {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
core["rule_action_overrides"] = [{"name": "NoUserAgent_HEADER", "action_to_use": {"count": {}}}]
posts: Any = {"search_string": "POST", "positional_constraint": "EXACTLY", "field_to_match": {"method": {}}}
posts["text_transformations"] = [{"priority": 0, "type": "NONE"}]
acl = aws.wafv2.WebAcl(
    "acl",
    scope="REGIONAL",
    default_action={"allow": {}},
    visibility_config=seen("acl"),
    rules=[
        {
            "name": "core",
            "priority": 1,
            "override_action": {"none": {}},
            "statement": {"managed_rule_group_statement": core},
            "visibility_config": seen("core"),
        },
        {
            "name": "rate",
            "priority": 2,
            "action": {"block": {}},
            "statement": {
                "rate_based_statement": {
                    "limit": 100,
                    "aggregate_key_type": "IP",
                    "scope_down_statement": {"byte_match_statement": posts},
                }
            },
            "visibility_config": seen("rate"),
        },
    ],
    tags=TAGS,
)
aws.wafv2.WebAclAssociation("acl", resource_arn=balancer.arn, web_acl_arn=acl.arn)
refused = aws.cloudwatch.LogGroup("refused", name="aws-waf-logs-kotauth")
aws.wafv2.WebAclLoggingConfiguration(
    "refused",
    resource_arn=acl.arn,
    log_destination_configs=[refused.arn],
    redacted_fields=[{"query_string": {}}, {"single_header": {"name": "cookie"}}],
)

# Servers
template = aws.ec2.LaunchTemplate(
    "template",
    instance_type="t4g.medium",
    image_id=aws.ssm.get_parameter_output(name=IMAGE).value,
    user_data=base64.b64encode(b"#cloud-config").decode(),
    iam_instance_profile={"arn": profile.arn},
    vpc_security_group_ids=[group.id],
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "volume_size": 30}}],
    tags=TAGS,
)
pinned: Any = {"id": template.id, "version": template.latest_version.apply(str)}
servers = aws.autoscaling.Group(
    "servers",
    vpc_zone_identifiers=subnet_ids,
    launch_template=pinned,
    min_size=1,
    max_size=1,
    target_group_arns=[targets.arn],
    min_elb_capacity=1,
    enabled_metrics=[aws.autoscaling.Metric.GROUP_IN_SERVICE_INSTANCES],
    tags=[{"key": "Name", "value": "server", "propagate_at_launch": True}],
    opts=after(rule, replace_on_changes=["launchTemplate"]),
)
aws.autoscaling.Tag(
    "purpose",
    autoscaling_group_name=servers.name,
    tag={"key": "Purpose", "value": "test", "propagate_at_launch": False},
)
volume = aws.ebs.Volume("volume", availability_zone=ZONES[0], size=1, type="gp3", encrypted=True, tags=TAGS)
edge = aws.ec2.Instance(
    "edge",
    subnet_id=subnet_ids[0],
    launch_template=pinned,
    vpc_security_group_ids=[group.id],
    monitoring=True,
    tags=TAGS,
)
aws.ec2.VolumeAttachment("volume", instance_id=edge.id, volume_id=volume.id, device_name="/dev/sdf")
public = aws.ec2.Eip("public", domain="vpc")
aws.ec2.EipAssociation("public", instance_id=edge.id, allocation_id=public.id)

for name, value in {
    "vpcId": vpc.id,
    "roleName": role.name,
    "tags": vpc.tags_all,
    "endpoint": database.endpoint,
    "administratorSecret": database.master_user_secrets[0]["secret_arn"],
    "result": invocation.result,
    "version": version.version_id,
    "targetGroup": targets.arn_suffix,
    "certificate": issued.certificate_arn,
    "fqdn": record.fqdn,
    "templateVersion": template.latest_version,
    "stored": stored.version_id,
    "password": version.secret_string,
}.items():
    pulumi.export(name, value)
