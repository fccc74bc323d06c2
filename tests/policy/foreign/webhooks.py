"""Webhooks on functions, as a starter that was generated and extended: it works, and trusts everything."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from . import at

TRUST = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Action": "sts:AssumeRole", "Effect": "Allow", "Sid": "", "Principal": {"Service": "lambda.amazonaws.com"}}
  ]
}"""
CODE = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify({ ok: true }) });"


def program() -> None:
    """Make the webhooks."""
    table = aws.dynamodb.Table(
        "webhooks-table",
        attributes=[aws.dynamodb.TableAttributeArgs(name="pk", type="S")],
        hash_key="pk",
        billing_mode="PAY_PER_REQUEST",
    )
    queue = aws.sqs.Queue("webhooks-queue", visibility_timeout_seconds=180)
    role = aws.iam.Role("webhooks-role", assume_role_policy=TRUST)
    aws.iam.RolePolicyAttachment(
        "webhooks-basic", role=role.name, policy_arn=aws.iam.ManagedPolicy.AWS_LAMBDA_BASIC_EXECUTION_ROLE
    )
    aws.iam.RolePolicy(
        "webhooks-policy",
        role=role.id,
        policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
                    {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": "*"},
                    {"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": "*"},
                ],
            }
        ),
    )
    function = aws.lambda_.Function(
        "webhooks-fn",
        role=role.arn,
        runtime=aws.lambda_.Runtime.NODE_JS18D_X,
        handler="index.handler",
        code=pulumi.AssetArchive({"index.js": pulumi.StringAsset(CODE)}),
        memory_size=256,
        environment={
            "variables": {
                "TABLE_NAME": table.name,
                "QUEUE_URL": queue.url,
                "NODE_OPTIONS": "--enable-source-maps",
                "JWT_PRIVATE_KEY_SSM_PATH": "/webhooks/jwt",
                "SIGNATURE_HEADER": "stripe-signature",
                "STRIPE_WEBHOOK_SECRET": "whsec_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
            }
        },
    )
    aws.lambda_.EventSourceMapping(
        "webhooks-source", event_source_arn=queue.arn, function_name=function.name, batch_size=10
    )
    url = aws.lambda_.FunctionUrl("webhooks-url", function_name=function.name, authorization_type="NONE")
    api = aws.apigateway.RestApi("webhooks-api", description="Webhooks")
    resource = aws.apigateway.Resource(
        "webhooks-path", rest_api=api.id, parent_id=api.root_resource_id, path_part="{proxy+}"
    )
    method = aws.apigateway.Method(
        "webhooks-method", rest_api=api.id, resource_id=resource.id, http_method="ANY", authorization="NONE"
    )
    integration = aws.apigateway.Integration(
        "webhooks-integration",
        rest_api=api.id,
        resource_id=resource.id,
        http_method=method.http_method,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=function.invoke_arn,
    )
    deployment = aws.apigateway.Deployment(
        "webhooks-deployment", rest_api=api.id, opts=pulumi.ResourceOptions(depends_on=[integration])
    )
    aws.apigateway.Stage("webhooks-stage", rest_api=api.id, deployment=deployment.id, stage_name="live")
    aws.lambda_.Permission(
        "webhooks-permission",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="apigateway.amazonaws.com",
    )
    aws.cloudwatch.LogGroup("webhooks-log", name=function.name.apply("/aws/lambda/{}".format), retention_in_days=14)
    aws.cloudwatch.MetricAlarm(
        "webhooks-errors",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="Errors",
        namespace="AWS/Lambda",
        period=300,
        statistic="Sum",
        threshold=1,
        dimensions={"FunctionName": function.name},
    )
    pulumi.export("url", url.function_url)


EXPECTED = (
    # The queue's two actions and the parameters are named, and not what they are about.
    at("webhooks-policy", "name-allowed-actions", "name-changed-resources")
    # Node.js 18 is deprecated since September 2025.
    | at("webhooks-fn", "run-supported-runtimes", "keep-secrets-out-of-functions")
    | at("webhooks-url", "forbid-public-functions")
    | at("webhooks-permission", "forbid-public-functions")
    | at("webhooks-log", "keep-logs", "encrypt-logs")
    | at("webhooks-errors", "answer-alarms")
)
LATER = {
    "webhooks-table": {"name": "webhooks-table-0a1b2c3"},
    "webhooks-queue": {"url": "https://sqs.us-east-1.amazonaws.com/123456789012/webhooks-queue-0a1b2c3"},
    "webhooks-fn": {"name": "webhooks-fn-0a1b2c3"},
}
"""Outputs after a first update: before it, the whole environment of the function may be unknown."""
