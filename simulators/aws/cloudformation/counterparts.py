"""The CloudFormation counterpart of each type of the AWS provider, where the names don't show it."""

from __future__ import annotations

from .counterpart import FLAT, Counterpart, Without

_ARN = {"arn": "Arn"}
_BUCKET = "AWS::S3::Bucket"
_UPDATES_ONLY = Without("says how the provider makes changes, not what there is")
_DELETION_ONLY = Without("says how the provider deletes, not what there is")
_UNTAGGED = Without("CloudFormation can't tag it")
_ACTION = {"fixedResponse": "FixedResponseConfig", "redirect": "RedirectConfig"}

COUNTERPARTS: dict[str, Counterpart] = {
    "aws:acm/certificate:Certificate": Counterpart(
        "AWS::CertificateManager::Certificate",
        {"options": FLAT},
    ),
    "aws:autoscaling/group:Group": Counterpart(
        "AWS::AutoScaling::AutoScalingGroup",
        {
            "name": "AutoScalingGroupName",
            "enabledMetrics": lambda names: {"MetricsCollection": [{"Granularity": "1Minute", "Metrics": names}]},
            "metricsGranularity": Without("there is only 1Minute"),
            "launchTemplate.id": "LaunchTemplateId",
            "minElbCapacity": _UPDATES_ONLY,
            "ignoreFailedScalingActivities": _UPDATES_ONLY,
            "waitForCapacityTimeout": _UPDATES_ONLY,
        },
    ),
    "aws:cloudwatch/dashboard:Dashboard": Counterpart("AWS::CloudWatch::Dashboard"),
    "aws:cloudwatch/eventRule:EventRule": Counterpart("AWS::Events::Rule"),
    "aws:cloudwatch/eventTarget:EventTarget": Counterpart(
        "AWS::Events::Rule",
        {
            "rule": Without("names the rule"),
            "arn": lambda arn: {"Targets": [{"Id": "topic", "Arn": arn}]},
            "targetId": Without("stands in the item of the ARN"),
            "inputTransformer": Without("stands in the item of the ARN; a test fills its text with an event"),
        },
        part_of="rule",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Counterpart("AWS::Logs::LogGroup", {"name": "LogGroupName"}, attributes=_ARN),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Counterpart(
        "AWS::Logs::MetricFilter",
        {
            "name": "FilterName",
            "pattern": "FilterPattern",
            **{f"metricTransformation.{name}": f"Metric{name.title()}" for name in ("name", "namespace", "value")},
        },
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Counterpart("AWS::CloudWatch::Alarm", {"name": "AlarmName"}),
    "aws:ebs/volume:Volume": Counterpart("AWS::EC2::Volume", {"type": "VolumeType"}),
    "aws:ec2/eip:Eip": Counterpart("AWS::EC2::EIP", ref="publicIp", attributes={"allocationId": "AllocationId"}),
    "aws:ec2/eipAssociation:EipAssociation": Counterpart("AWS::EC2::EIPAssociation"),
    "aws:ec2/flowLog:FlowLog": Counterpart(
        "AWS::EC2::FlowLog",
        {"iamRoleArn": "DeliverLogsPermissionArn", "vpcId": "ResourceId"},
        always={"ResourceType": "VPC"},
    ),
    "aws:ec2/instance:Instance": Counterpart(
        "AWS::EC2::Instance",
        {
            "launchTemplate.id": "LaunchTemplateId",
            "associatePublicIpAddress": Without("said of a network interface there"),
            "vpcSecurityGroupIds": "SecurityGroupIds",
        },
    ),
    "aws:ec2/internetGateway:InternetGateway": Counterpart(
        "AWS::EC2::InternetGateway", {"vpcId": Without("a VPCGatewayAttachment, which has no value of its own")}
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Counterpart(
        "AWS::EC2::LaunchTemplate",
        {
            "name": "LaunchTemplateName",
            "tags": lambda tags: {
                "TagSpecifications": [
                    {
                        "ResourceType": "launch-template",
                        "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
                    }
                ]
            },
            "updateDefaultVersion": _UPDATES_ONLY,
            "vpcSecurityGroupIds": "LaunchTemplateData.SecurityGroupIds",
        },
        inside="LaunchTemplateData",
    ),
    "aws:ec2/natGateway:NatGateway": Counterpart("AWS::EC2::NatGateway"),
    "aws:ec2/route:Route": Counterpart("AWS::EC2::Route"),
    "aws:ec2/routeTable:RouteTable": Counterpart("AWS::EC2::RouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Counterpart("AWS::EC2::SubnetRouteTableAssociation"),
    "aws:ec2/securityGroup:SecurityGroup": Counterpart(
        "AWS::EC2::SecurityGroup", {"name": "GroupName", "description": "GroupDescription"}
    ),
    "aws:ec2/subnet:Subnet": Counterpart("AWS::EC2::Subnet"),
    "aws:ec2/volumeAttachment:VolumeAttachment": Counterpart(
        "AWS::EC2::VolumeAttachment", {"deviceName": "Device", "stopInstanceBeforeDetaching": _DELETION_ONLY}
    ),
    "aws:ec2/vpc:Vpc": Counterpart("AWS::EC2::VPC"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Counterpart("AWS::EC2::VPCEndpoint", {"policy": "PolicyDocument"}),
    "aws:iam/instanceProfile:InstanceProfile": Counterpart(
        "AWS::IAM::InstanceProfile", {"name": "InstanceProfileName", "tags": _UNTAGGED}, attributes=_ARN
    ),
    "aws:iam/role:Role": Counterpart(
        "AWS::IAM::Role",
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        attributes=_ARN,
    ),
    "aws:iam/rolePolicy:RolePolicy": Counterpart(
        "AWS::IAM::RolePolicy", {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"}
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Counterpart(
        "AWS::IAM::Role", {"policyArn": "ManagedPolicyArns", "role": Without("names the role")}, part_of="role"
    ),
    "aws:kms/alias:Alias": Counterpart("AWS::KMS::Alias", {"name": "AliasName"}),
    "aws:kms/key:Key": Counterpart(
        "AWS::KMS::Key", {"deletionWindowInDays": "PendingWindowInDays", "policy": "KeyPolicy"}, attributes=_ARN
    ),
    "aws:lambda/function:Function": Counterpart(
        "AWS::Lambda::Function",
        {
            "name": "FunctionName",
            "code": lambda _: {"Code": {"S3Bucket": "archives", "S3Key": "archive.zip"}},
            "replaceSecurityGroupsOnDestroy": _DELETION_ONLY,
            # The provider writes -1 where nothing is reserved.
            "reservedConcurrentExecutions": lambda n: {} if n == -1 else {"ReservedConcurrentExecutions": n},
        },
    ),
    "aws:lb/listener:Listener": Counterpart(
        "AWS::ElasticLoadBalancingV2::Listener",
        {
            "certificateArn": "Certificates.CertificateArn",
            **{f"defaultActions.{name}": other for name, other in _ACTION.items()},
            "tags": _UNTAGGED,
        },
        attributes_in="ListenerAttributes",
        attribute_keys={
            "routingHttpResponseStrictTransportSecurityHeaderValue": (
                "routing.http.response.strict_transport_security.header_value"
            )
        },
    ),
    "aws:lb/listenerRule:ListenerRule": Counterpart(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        {
            "conditions.hostHeader": lambda header: {
                "Field": "host-header",
                "HostHeaderConfig": {"Values": header["values"]},
            },
            "tags": _UNTAGGED,
        },
    ),
    "aws:lb/loadBalancer:LoadBalancer": Counterpart(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {"loadBalancerType": "Type", "accessLogs": FLAT},
        attributes_in="LoadBalancerAttributes",
        attribute_keys={
            "accessLogs.bucket": "access_logs.s3.bucket",
            "accessLogs.enabled": "access_logs.s3.enabled",
            "desyncMitigationMode": "routing.http.desync_mitigation_mode",
            "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
            "enableDeletionProtection": "deletion_protection.enabled",
            "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
        },
        attributes={
            "arnSuffix": "LoadBalancerFullName",
            "dnsName": "DNSName",
            "zoneId": "CanonicalHostedZoneID",
        },
    ),
    "aws:lb/targetGroup:TargetGroup": Counterpart(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        {
            "healthCheck": FLAT,
            "healthCheck.interval": "HealthCheckIntervalSeconds",
            "healthCheck.matcher": "Matcher.HttpCode",
            "healthCheck.path": "HealthCheckPath",
            "healthCheck.protocol": "HealthCheckProtocol",
            "healthCheck.timeout": "HealthCheckTimeoutSeconds",
            "healthCheck.healthyThreshold": "HealthyThresholdCount",
            "healthCheck.unhealthyThreshold": "UnhealthyThresholdCount",
        },
        attributes_in="TargetGroupAttributes",
        attribute_keys={"deregistrationDelay": "deregistration_delay.timeout_seconds"},
        attributes={"arnSuffix": "TargetGroupFullName"},
    ),
    "aws:rds/instance:Instance": Counterpart(
        "AWS::RDS::DBInstance",
        {
            "backupWindow": "PreferredBackupWindow",
            "caCertIdentifier": "CACertificateIdentifier",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "finalSnapshotIdentifier": _DELETION_ONLY,
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "masterUserSecretKmsKeyId": "MasterUserSecret.KmsKeyId",
            "parameterGroupName": "DBParameterGroupName",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "skipFinalSnapshot": _DELETION_ONLY,
            "username": "MasterUsername",
            "vpcSecurityGroupIds": "VPCSecurityGroups",
        },
        ref="identifier",
    ),
    "aws:rds/parameterGroup:ParameterGroup": Counterpart(
        "AWS::RDS::DBParameterGroup",
        {
            "name": "DBParameterGroupName",
            "parameters": lambda rows: {"Parameters": {row["name"]: row["value"] for row in rows}},
        },
    ),
    "aws:rds/subnetGroup:SubnetGroup": Counterpart(
        "AWS::RDS::DBSubnetGroup", {"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"}
    ),
    "aws:route53/record:Record": Counterpart(
        "AWS::Route53::RecordSet",
        {
            "aliases": "AliasTarget",
            "aliases.name": "DNSName",
            "aliases.zoneId": "HostedZoneId",
            "allowOverwrite": _UPDATES_ONLY,
            "records": "ResourceRecords",
            "zoneId": "HostedZoneId",
        },
    ),
    "aws:s3/bucket:Bucket": Counterpart(_BUCKET, {"bucket": "BucketName", "forceDestroy": _DELETION_ONLY}),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Counterpart(
        _BUCKET,
        {
            "bucket": Without("names the bucket"),
            "rules": "LifecycleConfiguration.Rules",
            "rules.filter": FLAT,
            "rules.expiration": FLAT,
            "rules.expiration.days": "ExpirationInDays",
        },
        part_of="bucket",
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Counterpart(
        _BUCKET,
        {
            "bucket": Without("names the bucket"),
            "rule": FLAT,
            "rule.objectOwnership": "OwnershipControls.Rules.ObjectOwnership",
        },
        part_of="bucket",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Counterpart("AWS::S3::BucketPolicy", {"policy": "PolicyDocument"}),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Counterpart(
        _BUCKET, {"bucket": Without("names the bucket")}, inside="PublicAccessBlockConfiguration", part_of="bucket"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Counterpart(
        _BUCKET,
        {
            "bucket": Without("names the bucket"),
            "rules": "BucketEncryption.ServerSideEncryptionConfiguration",
            "rules.applyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault",
        },
        part_of="bucket",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Counterpart(
        _BUCKET, {"bucket": Without("names the bucket")}, part_of="bucket"
    ),
    "aws:secretsmanager/secret:Secret": Counterpart(
        "AWS::SecretsManager::Secret", {"recoveryWindowInDays": _DELETION_ONLY}
    ),
    "aws:sns/topic:Topic": Counterpart("AWS::SNS::Topic", {"name": "TopicName"}),
    "aws:sns/topicPolicy:TopicPolicy": Counterpart(
        "AWS::SNS::TopicPolicy", {"arn": "Topics", "policy": "PolicyDocument"}
    ),
    "aws:sns/topicSubscription:TopicSubscription": Counterpart("AWS::SNS::Subscription", {"topic": "TopicArn"}),
    "aws:ssm/parameter:Parameter": Counterpart("AWS::SSM::Parameter"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Counterpart(
        "AWS::EC2::SecurityGroupEgress",
        {
            "cidrIpv4": "CidrIp",
            "referencedSecurityGroupId": "DestinationSecurityGroupId",
            "securityGroupId": "GroupId",
            "tags": _UNTAGGED,
        },
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Counterpart(
        "AWS::EC2::SecurityGroupIngress",
        {
            "cidrIpv4": "CidrIp",
            "referencedSecurityGroupId": "SourceSecurityGroupId",
            "securityGroupId": "GroupId",
            "tags": _UNTAGGED,
        },
    ),
    "aws:wafv2/webAcl:WebAcl": Counterpart("AWS::WAFv2::WebACL", attributes=_ARN),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Counterpart("AWS::WAFv2::WebACLAssociation"),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Counterpart("AWS::WAFv2::LoggingConfiguration"),
}
