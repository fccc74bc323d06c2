"""A database, a secret, servers and groups, each of which the configuration changes. Run as a Pulumi program."""

import base64

import pulumi
import pulumi_aws as aws

config = pulumi.Config()


def setting(name: str, default: str) -> str:
    return config.get(name) or default


vpc = aws.ec2.Vpc("vpc", cidr_block="10.64.0.0/16")
subnets = [
    aws.ec2.Subnet(f"subnet-{zone}", vpc_id=vpc.id, cidr_block=block, availability_zone=f"eu-central-1{zone}")
    for zone, block in (("a", "10.64.0.0/24"), ("b", "10.64.1.0/24"))
]
subnet_ids = [subnet.id for subnet in subnets]
named = aws.ec2.SecurityGroup("named", name="by-hand", vpc_id=vpc.id, description=setting("description", "First"))
unnamed = aws.ec2.SecurityGroup("unnamed", vpc_id=vpc.id, description=setting("description", "First"))
aws.vpc.SecurityGroupIngressRule(
    "in",
    security_group_id=unnamed.id,
    ip_protocol="tcp",
    from_port=int(setting("port", "5432")),
    to_port=int(setting("port", "5432")),
    cidr_ipv4="10.64.0.0/16",
)
secret = aws.secretsmanager.Secret("secret")
version = aws.secretsmanager.SecretVersion(
    "version",
    secret_id=secret.id,
    secret_string=setting("password", "first"),
    version_stages=["AWSCURRENT", setting("label", "v1")],
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)
group = aws.rds.SubnetGroup("database", subnet_ids=subnet_ids)
database = aws.rds.Instance(
    "database",
    instance_class=setting("class", "db.t4g.small"),
    engine="postgres",
    engine_version=setting("engine", "14"),
    allow_major_version_upgrade=True,
    apply_immediately=True,
    allocated_storage=20,
    storage_type="gp3",
    db_subnet_group_name=group.name,
    username="kotauth_admin",
    manage_master_user_password=True,
    backup_retention_period=int(setting("retention", "14")),
    vpc_security_group_ids=[unnamed.id],
    skip_final_snapshot=True,
    tags={"step": setting("tag", "1")},
)
template = aws.ec2.LaunchTemplate(
    "template",
    instance_type=setting("type", "t4g.medium"),
    image_id=aws.ssm.get_parameter_output(
        name="/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    ).value,
    user_data=base64.b64encode(setting("userData", "1").encode()).decode(),
    tags={"step": setting("tag", "1")},
)
aws.autoscaling.Group(
    "servers",
    vpc_zone_identifiers=subnet_ids,
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    min_size=1,
    max_size=1,
    min_elb_capacity=1,
    wait_for_capacity_timeout="15m",
    opts=pulumi.ResourceOptions(replace_on_changes=["launchTemplate"]),
)
pulumi.export("version", template.latest_version)
