"""What a change does to a resource: replace it, or update it in place. Written by hand from terraform-provider-aws.

An input that stands in neither list makes the update fail, so that "the database is never replaced" means something;
one that could not be decided was left out. Each entry that differs from CloudFormation's createOnlyProperties has its
reason beside it, and a test compares. `region` and the prefixes of names replace everywhere, `tags` nowhere.
"""

from __future__ import annotations

from .differences import Changes


def changes(token: str) -> Changes:
    """Return the table of a type; an empty one lets no change pass."""
    return TABLE.get(token, Changes())


_RULE = "cidrIpv4 cidrIpv6 fromPort toPort ipProtocol referencedSecurityGroupId"

TABLE: dict[str, Changes] = {
    # Network
    "aws:ec2/vpc:Vpc": Changes(
        replace="cidrBlock",
        update="enableDnsHostnames enableDnsSupport enableNetworkAddressUsageMetrics assignGeneratedIpv6CidrBlock",
        decide={"instanceTenancy": lambda old, new: new["instanceTenancy"] == "dedicated"},
    ),
    "aws:ec2/subnet:Subnet": Changes(
        replace="vpcId cidrBlock availabilityZone availabilityZoneId",
        update="mapPublicIpOnLaunch assignIpv6AddressOnCreation privateDnsHostnameTypeOnLaunch",
    ),
    "aws:ec2/internetGateway:InternetGateway": Changes(update="vpcId"),
    "aws:ec2/eip:Eip": Changes(
        replace="domain publicIpv4Pool networkBorderGroup address",
        update="instance networkInterface associateWithPrivateIp",
        differs={"domain publicIpv4Pool": "AllocateAddress takes them, nothing changes them"},
    ),
    "aws:ec2/natGateway:NatGateway": Changes(replace="subnetId allocationId connectivityType privateIp"),
    "aws:ec2/routeTable:RouteTable": Changes(replace="vpcId", update="routes propagatingVgws"),
    "aws:ec2/route:Route": Changes(
        replace="routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId",
        update="gatewayId natGatewayId vpcEndpointId networkInterfaceId transitGatewayId vpcPeeringConnectionId",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Changes(
        replace="subnetId gatewayId",
        update="routeTableId",
        differs={"routeTableId": "ReplaceRouteTableAssociation moves it"},
    ),
    "aws:ec2/securityGroup:SecurityGroup": Changes(
        replace="name description vpcId", update="revokeRulesOnDelete ingress egress"
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Changes(
        replace="vpcId", update="ingress egress revokeRulesOnDelete"
    ),
    **dict.fromkeys(
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        ),
        Changes(
            replace="securityGroupId",
            update=f"description prefixListId {_RULE}",
            differs={_RULE: "ModifySecurityGroupRules changes them, which is newer than these types of CloudFormation"},
        ),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Changes(
        replace="serviceName vpcId vpcEndpointType serviceRegion resourceConfigurationArn serviceNetworkArn",
        update="policy privateDnsEnabled routeTableIds securityGroupIds subnetIds autoAccept ipAddressType",
    ),
    "aws:ec2/flowLog:FlowLog": Changes(
        replace="destinationOptions eniId iamRoleArn logDestination logDestinationType logFormat "
        "maxAggregationInterval subnetId trafficType vpcId deliverCrossAccountRole",
    ),
    # Identity and keys
    "aws:iam/role:Role": Changes(
        replace="name path",
        update="assumeRolePolicy description maxSessionDuration permissionsBoundary forceDetachPolicies",
    ),
    "aws:iam/rolePolicy:RolePolicy": Changes(replace="name role", update="policy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Changes(replace="role policyArn"),
    "aws:iam/instanceProfile:InstanceProfile": Changes(replace="name path", update="role"),
    "aws:kms/key:Key": Changes(
        replace="customerMasterKeySpec keyUsage multiRegion customKeyStoreId xksKeyId",
        update="description enableKeyRotation rotationPeriodInDays policy deletionWindowInDays isEnabled "
        "bypassPolicyLockoutSafetyCheck",
        differs={"keyUsage multiRegion": "CreateKey takes them, nothing changes them"},
    ),
    "aws:kms/alias:Alias": Changes(replace="name", update="targetKeyId"),
    # Secrets and parameters
    "aws:secretsmanager/secret:Secret": Changes(
        replace="name",
        update="description kmsKeyId policy recoveryWindowInDays replicas forceOverwriteReplicaSecret",
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Changes(
        replace="secretId secretString secretBinary", update="versionStages"
    ),
    "aws:ssm/parameter:Parameter": Changes(
        replace="name",
        update="value insecureValue description keyId allowedPattern overwrite",
        decide={
            "tier": lambda old, new: old.get("tier") == "Advanced" and new.get("tier") == "Standard",
        },
        differs={"tier": "a parameter can't go back to the standard tier"},
    ),
    # Database
    "aws:rds/instance:Instance": Changes(
        replace="availabilityZone characterSetName customIamInstanceProfile dbName engine kmsKeyId "
        "ncharCharacterSetName storageEncrypted timezone username snapshotIdentifier restoreToPointInTime s3Import",
        update="identifier dbSubnetGroupName allocatedStorage maxAllocatedStorage allowMajorVersionUpgrade "
        "applyImmediately autoMinorVersionUpgrade backupRetentionPeriod backupWindow caCertIdentifier "
        "copyTagsToSnapshot databaseInsightsMode dedicatedLogVolume deleteAutomatedBackups deletionProtection "
        "enabledCloudwatchLogsExports engineVersion finalSnapshotIdentifier iamDatabaseAuthenticationEnabled "
        "instanceClass iops maintenanceWindow manageMasterUserPassword masterUserSecretKmsKeyId monitoringInterval "
        "monitoringRoleArn multiAz networkType parameterGroupName password performanceInsightsEnabled "
        "performanceInsightsKmsKeyId performanceInsightsRetentionPeriod port publiclyAccessible skipFinalSnapshot "
        "storageThroughput storageType vpcSecurityGroupIds blueGreenUpdate",
        differs={
            "identifier": "ModifyDBInstance renames it; its id is the resource id, which stays",
            "dbSubnetGroupName": "ModifyDBInstance moves it, within its network",
        },
    ),
    "aws:rds/subnetGroup:SubnetGroup": Changes(replace="name", update="description subnetIds"),
    "aws:rds/parameterGroup:ParameterGroup": Changes(
        replace="name family description", update="parameters skipDestroy"
    ),
    # Functions
    "aws:lambda/function:Function": Changes(
        replace="name packageType",
        update="code architectures deadLetterConfig description environment ephemeralStorage fileSystemConfig handler "
        "imageConfig imageUri kmsKeyArn layers loggingConfig memorySize publish replaceSecurityGroupsOnDestroy "
        "replacementSecurityGroupIds reservedConcurrentExecutions role runtime s3Bucket s3Key s3ObjectVersion "
        "skipDestroy snapStart sourceCodeHash timeout tracingConfig vpcConfig",
    ),
    # Not in CloudFormation.
    "aws:lambda/invocation:Invocation": Changes(
        replace="functionName qualifier triggers",
        update="lifecycleScope",
        decide={"input": lambda old, new: new.get("lifecycleScope", "CREATE_ONLY") == "CREATE_ONLY"},
    ),
    # Logs
    "aws:cloudwatch/logGroup:LogGroup": Changes(
        replace="name logGroupClass",
        update="kmsKeyId retentionInDays skipDestroy deletionProtectionEnabled",
        differs={"logGroupClass": "nothing changes it"},
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Changes(
        replace="name logGroupName", update="pattern metricTransformation applyOnTransformedLogs"
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Changes(
        replace="name",
        update="actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm dimensions "
        "evaluateLowSampleCountPercentiles evaluationPeriods extendedStatistic insufficientDataActions metricName "
        "metricQueries namespace okActions period statistic threshold thresholdMetricId treatMissingData unit",
    ),
    "aws:cloudwatch/dashboard:Dashboard": Changes(replace="dashboardName", update="dashboardBody"),
    "aws:cloudwatch/eventRule:EventRule": Changes(
        replace="name eventBusName", update="description eventPattern roleArn scheduleExpression state forceDestroy"
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Changes(
        replace="rule targetId eventBusName", update="arn input inputPath roleArn inputTransformer retryPolicy"
    ),
    # Servers
    "aws:ec2/launchTemplate:LaunchTemplate": Changes(
        replace="name",
        update="blockDeviceMappings capacityReservationSpecification cpuOptions creditSpecification defaultVersion "
        "description disableApiStop disableApiTermination ebsOptimized enclaveOptions hibernationOptions "
        "iamInstanceProfile imageId instanceInitiatedShutdownBehavior instanceMarketOptions instanceRequirements "
        "instanceType kernelId keyName maintenanceOptions metadataOptions monitoring networkInterfaces placement "
        "privateDnsNameOptions securityGroupNames tagSpecifications updateDefaultVersion userData vpcSecurityGroupIds",
    ),
    # A new template or version doesn't replace the group; the components ask for that themselves (replace_on_changes).
    "aws:autoscaling/group:Group": Changes(
        replace="name",
        update="availabilityZones capacityRebalance defaultCooldown defaultInstanceWarmup desiredCapacity "
        "enabledMetrics forceDelete healthCheckGracePeriod healthCheckType instanceMaintenancePolicy instanceRefresh "
        "launchTemplate loadBalancers maxInstanceLifetime maxSize metricsGranularity minElbCapacity minSize "
        "mixedInstancesPolicy placementGroup protectFromScaleIn serviceLinkedRoleArn suspendedProcesses tags "
        "targetGroupArns terminationPolicies trafficSources vpcZoneIdentifiers waitForCapacityTimeout "
        "waitForElbCapacity",
    ),
    "aws:ec2/instance:Instance": Changes(
        replace="ami associatePublicIpAddress availabilityZone cpuOptions enclaveOptions ephemeralBlockDevices "
        "hibernation instanceMarketOptions keyName launchTemplate networkInterfaces placementGroup "
        "primaryNetworkInterface privateIp secondaryNetworkInterfaces securityGroups subnetId tenancy",
        update="instanceType creditSpecification disableApiStop disableApiTermination iamInstanceProfile "
        "instanceInitiatedShutdownBehavior maintenanceOptions metadataOptions monitoring sourceDestCheck "
        "userDataReplaceOnChange volumeTags vpcSecurityGroupIds",
        decide={
            "userData": lambda old, new: bool(new.get("userDataReplaceOnChange")),
            "userDataBase64": lambda old, new: bool(new.get("userDataReplaceOnChange")),
        },
        differs={"privateIp": "RunInstances takes it, nothing changes it"},
    ),
    "aws:ebs/volume:Volume": Changes(
        replace="availabilityZone encrypted kmsKeyId snapshotId outpostArn multiAttachEnabled",
        update="size type iops throughput finalSnapshot",
        differs={
            "availabilityZone encrypted kmsKeyId multiAttachEnabled outpostArn snapshotId": "ModifyVolume changes "
            "only size, type and speed",
        },
    ),
    "aws:ec2/volumeAttachment:VolumeAttachment": Changes(
        replace="deviceName instanceId volumeId", update="forceDetach skipDestroy stopInstanceBeforeDetaching"
    ),
    "aws:ec2/eipAssociation:EipAssociation": Changes(
        replace="allocationId allowReassociation instanceId networkInterfaceId privateIpAddress publicIp"
    ),
    # Load balancer
    "aws:lb/loadBalancer:LoadBalancer": Changes(
        replace="name internal loadBalancerType customerOwnedIpv4Pool",
        update="accessLogs clientKeepAlive connectionLogs desyncMitigationMode dropInvalidHeaderFields "
        "enableCrossZoneLoadBalancing enableDeletionProtection enableHttp2 enableTlsVersionAndCipherSuiteHeaders "
        "enableWafFailOpen enableXffClientPort healthCheckLogs idleTimeout ipAddressType preserveHostHeader "
        "securityGroups subnets xffHeaderProcessingMode",
    ),
    "aws:lb/targetGroup:TargetGroup": Changes(
        replace="name port protocol protocolVersion targetType vpcId ipAddressType",
        update="connectionTermination deregistrationDelay healthCheck lambdaMultiValueHeadersEnabled "
        "loadBalancingAlgorithmType loadBalancingAnomalyMitigation loadBalancingCrossZoneEnabled preserveClientIp "
        "proxyProtocolV2 slowStart stickiness",
    ),
    # The port may change in place, unlike a target group's.
    "aws:lb/listener:Listener": Changes(
        replace="loadBalancerArn",
        update="alpnPolicy certificateArn defaultActions mutualAuthentication port protocol sslPolicy "
        "routingHttpResponseServerEnabled routingHttpResponseStrictTransportSecurityHeaderValue "
        "routingHttpResponseXContentTypeOptionsHeaderValue routingHttpResponseXFrameOptionsHeaderValue "
        "routingHttpResponseContentSecurityPolicyHeaderValue",
    ),
    "aws:lb/listenerRule:ListenerRule": Changes(replace="listenerArn", update="actions conditions priority"),
    # Names and certificates
    "aws:acm/certificate:Certificate": Changes(
        replace="domainName subjectAlternativeNames validationMethod validationOptions keyAlgorithm "
        "certificateAuthorityArn",
        update="options earlyRenewalDuration certificateBody certificateChain privateKey",
        differs={"validationMethod": "RequestCertificate takes it, nothing changes it"},
    ),
    "aws:acm/certificateValidation:CertificateValidation": Changes(replace="certificateArn validationRecordFqdns"),
    "aws:route53/record:Record": Changes(
        replace="name zoneId",
        update="aliases allowOverwrite healthCheckId records ttl type",
        differs={"name": "a record set is found by its name"},
    ),
    # Firewall
    "aws:wafv2/webAcl:WebAcl": Changes(
        replace="name scope",
        update="associationConfig captchaConfig challengeConfig customResponseBodies dataProtectionConfig "
        "defaultAction description ruleJson rules tokenDomains visibilityConfig",
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Changes(replace="resourceArn webAclArn"),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Changes(
        replace="resourceArn", update="logDestinationConfigs loggingFilter redactedFields"
    ),
    # Topics
    "aws:sns/topic:Topic": Changes(
        replace="name fifoTopic",
        update="archivePolicy contentBasedDeduplication deliveryPolicy displayName kmsMasterKeyId policy "
        "signatureVersion tracingConfig",
    ),
    "aws:sns/topicSubscription:TopicSubscription": Changes(
        replace="endpoint protocol topic",
        update="deliveryPolicy filterPolicy filterPolicyScope rawMessageDelivery redrivePolicy subscriptionRoleArn "
        "confirmationTimeoutInMinutes endpointAutoConfirms",
    ),
    "aws:sns/topicPolicy:TopicPolicy": Changes(
        replace="arn",
        update="policy",
        differs={"arn": "it is the policy of that topic"},
    ),
    # Buckets
    "aws:s3/bucket:Bucket": Changes(
        replace="bucket  objectLockEnabled",
        update="forceDestroy",
        differs={"objectLockEnabled": "CreateBucket takes it, and the provider doesn't change it"},
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Changes(
        replace="bucket", update="blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets skipDestroy"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Changes(
        replace="bucket expectedBucketOwner", update="versioningConfiguration mfa"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Changes(
        replace="bucket expectedBucketOwner", update="rules"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Changes(replace="bucket", update="policy"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Changes(
        replace="bucket expectedBucketOwner", update="rules transitionDefaultMinimumObjectSize"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Changes(replace="bucket", update="rule"),
    "aws:s3/bucketObjectv2:BucketObjectv2": Changes(
        replace="bucket key",
        update="acl bucketKeyEnabled cacheControl content contentBase64 contentDisposition contentEncoding "
        "contentLanguage contentType etag forceDestroy kmsKeyId metadata serverSideEncryption source sourceHash "
        "storageClass",
    ),
}
