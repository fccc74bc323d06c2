"""What rules know about AWS resources: type tokens, and how one resource points to another.

At a first preview the ids and ARNs of new resources are unknown, but where a property's value comes from is not. So a
rule that needs to know which subnet, key or group is meant asks for the origin, and looks at names only where the
program wrote one out.
"""

from __future__ import annotations

from ...engine.resource import Naming, Resource

NAMING = Naming(
    outputs=(
        "arn",
        "bucket",
        "keyName",
        "secretId",
        # Groups that AWS makes for a resource.
        "defaultSecurityGroupId",
        "sourceSecurityGroupId",
        "workspaceSecurityGroupId",
        "vpcConfig.clusterSecurityGroupId",
    )
)

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
SPOT_REQUEST = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
HOSTS = (LAUNCH_TEMPLATE, INSTANCE, SPOT_REQUEST, LAUNCH_CONFIGURATION)
"""Types that say how a host is launched."""
METADATA_DEFAULTS = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
EBS_DEFAULT_ENCRYPTION = "aws:ebs/encryptionByDefault:EncryptionByDefault"
ENCRYPTED_IMAGE = "aws:ec2/amiCopy:AmiCopy"
GROUP = "aws:autoscaling/group:Group"
GROUP_ATTACHMENTS = (
    "aws:autoscaling/attachment:Attachment",
    "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment",
)
NETWORK_INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
INTERFACE_ATTACHMENT = "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
BEANSTALK_ENVIRONMENTS = (
    "aws:elasticbeanstalk/environment:Environment",
    "aws:elasticbeanstalk/configurationTemplate:ConfigurationTemplate",
)
EKS_CLUSTER = "aws:eks/cluster:Cluster"
EKS_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
WORKSPACES_DIRECTORY = "aws:workspaces/directory:Directory"
EBS_VOLUME = "aws:ebs/volume:Volume"
EIP = "aws:ec2/eip:Eip"
EIP_ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"

VPC = "aws:ec2/vpc:Vpc"
DEFAULT_VPC = "aws:ec2/defaultVpc:DefaultVpc"
VPCS = (VPC, DEFAULT_VPC)
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
DEFAULT_ROUTE_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
MAIN_ROUTE_TABLE_ASSOCIATION = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
SECURITY_GROUP_FORMS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
"""Resources that can hold a rule of a security group."""
EXCLUSIVE_GROUP_RULES = "aws:ec2/vpcSecurityGroupRulesExclusive:VpcSecurityGroupRulesExclusive"
TRANSFER_SERVER = "aws:transfer/server:Server"
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"

LOAD_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
CLASSIC_BALANCERS = ("aws:elb/loadBalancer:LoadBalancer",)
LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
LISTENER_RULES = ("aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule")
TARGET_GROUPS = ("aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup")
TARGET_ATTACHMENTS = tuple(f"aws:{name}/targetGroupAttachment:TargetGroupAttachment" for name in ("lb", "alb"))
"""Each under both names that the provider has for it."""
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
WEB_ACL_ASSOCIATIONS = (
    "aws:wafv2/webAclAssociation:WebAclAssociation",
    "aws:wafregional/webAclAssociation:WebAclAssociation",
)
WEB_ACL_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
LOG_DELIVERY_SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
CERTIFICATE = "aws:acm/certificate:Certificate"
RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"

DATABASE_INSTANCE = "aws:rds/instance:Instance"
DATABASE_CLUSTER = "aws:rds/cluster:Cluster"
DATABASE_PROXY = "aws:rds/proxy:Proxy"
DEFAULT_ADMINISTRATORS = frozenset({"postgres", "admin", "administrator", "root", "master", "rdsadmin"})
"""Usual names of a database's administrator, which attackers try first."""
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"

CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - a type token
ROLE = "aws:iam/role:Role"
POLICIES = tuple(
    f"aws:iam/{each[0].lower()}{each[1:]}:{each}" for each in ("RolePolicy", "Policy", "UserPolicy", "GroupPolicy")
)
PERMISSION_SET_POLICY = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
ATTACHMENTS = {
    **{
        f"aws:iam/{each[0].lower()}{each[1:]}:{each}": "policyArn"
        for each in ("RolePolicyAttachment", "PolicyAttachment", "UserPolicyAttachment", "GroupPolicyAttachment")
    },
    **{
        f"aws:iam/{each.lower()}PolicyAttachmentsExclusive:{each}PolicyAttachmentsExclusive": "policyArns"
        for each in ("Role", "User", "Group")
    },
    ROLE: "managedPolicyArns",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
    "aws:ssoadmin/managedPolicyAttachmentsExclusive:ManagedPolicyAttachmentsExclusive": "managedPolicyArns",
}
"""Types that attach rights of another resource, with the property that names them."""

ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
KEY = "aws:kms/key:Key"
OTHER_KEYS = tuple(
    f"aws:kms/{each[0].lower()}{each[1:]}:{each}" for each in ("ReplicaKey", "ExternalKey", "ReplicaExternalKey")
)
"""Copies of a key in another region, and keys whose material comes from elsewhere."""
KEY_POLICIES = (KEY, "aws:kms/keyPolicy:KeyPolicy", *OTHER_KEYS)
"""Types that can hold the policy of a key."""
RESOURCE_POLICIES = (
    SECRET,
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    *("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"),
    *("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
)
"""Types that can hold the policy of a secret, a queue, a topic or a repository."""
PARAMETER = "aws:ssm/parameter:Parameter"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ALARMS = (METRIC_ALARM, COMPOSITE_ALARM)
ALARM_READERS = ("aws:codedeploy/deploymentGroup:DeploymentGroup", "aws:ecs/service:Service", GROUP)
"""Types that roll a deployment back when an alarm is raised."""
BACKUP_PLAN = "aws:backup/plan:Plan"
SNAPSHOT_POLICY = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
FUNCTION_POLICY = "aws:lambda/resourcePolicy:ResourcePolicy"
LAMBDA_PERMISSION = "aws:lambda/permission:Permission"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
INVOCATION = "aws:lambda/invocation:Invocation"
LAMBDA = "aws:lambda/function:Function"
BUCKET_V2 = "aws:s3/bucketV2:BucketV2"
BUCKETS = ("aws:s3/bucket:Bucket", BUCKET_V2)
ACCOUNT_ACCESS_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
BUCKET_ACCESS_BLOCKS = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
BUCKET_ENCRYPTIONS = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
BUCKET_LIFECYCLES = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
BUCKET_OWNERSHIPS = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
BUCKET_POLICIES = ("aws:s3/bucketPolicy:BucketPolicy",)
BUCKET_VERSIONINGS = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
BUCKET_OBJECTS = ("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")


def sources(resource: Resource, property_: str, *types: str) -> list[Resource]:
    """Return the resources of these types that a property's value comes from."""
    return [source for source in resource.sources(property_) if source.type in types]


def is_made_here(resource: Resource, property_: str, *types: str) -> bool:
    """Whether a property's value comes from a resource of one of these types in the stack."""
    return bool(sources(resource, property_, *types))
