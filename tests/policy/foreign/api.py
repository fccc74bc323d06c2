"""An interface of functions with a queue and a table, by a team that takes care: the pack has nothing to say."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws


def _allowed(*statements: dict[str, Any]) -> pulumi.Output[str]:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}
    return pulumi.Output.json_dumps(document)


def _key() -> aws.kms.Key:
    account = {"Sid": "Account", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    logs = {"Sid": "Logs", "Principal": {"Service": "logs.eu-central-1.amazonaws.com"}}
    uses = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    statements = [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **account},
        {"Effect": "Allow", "Action": uses, "Resource": "*", **logs},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return aws.kms.Key("key", description="Orders", enable_key_rotation=True, policy=policy)


def _function(
    name: str, key: aws.kms.Key, environment: dict[str, Any], *rights: dict[str, Any]
) -> aws.lambda_.Function:
    log = aws.cloudwatch.LogGroup(f"{name}-log", retention_in_days=365, kms_key_id=key.arn)
    trusted = _allowed({"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}})
    role = aws.iam.Role(f"{name}-role", assume_role_policy=trusted)
    writes = {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": log.arn.apply("{}:*".format)}
    aws.iam.RolePolicy(f"{name}-rights", role=role.name, policy=_allowed(writes, *rights))
    return aws.lambda_.Function(
        name,
        runtime="nodejs24.x",
        handler=f"{name}.handler",
        role=role.arn,
        code=pulumi.AssetArchive({f"{name}.js": pulumi.StringAsset("exports.handler = async () => ({})")}),
        timeout=10,
        environment={"variables": environment},
        tracing_config={"mode": "Active"},
        logging_config={"log_format": "JSON", "log_group": log.name},
    )


def _alarm(name: str, topic: aws.sns.Topic, **dimension: Any) -> None:
    aws.cloudwatch.MetricAlarm(
        name,
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        threshold=0,
        period=60,
        statistic="Sum",
        alarm_actions=[topic.arn],
        treat_missing_data="notBreaching",
        **dimension,
    )


def program() -> None:
    """Make the interface."""
    key = _key()
    table = aws.dynamodb.Table(
        "orders",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        deletion_protection_enabled=True,
    )
    dead = aws.sqs.Queue("dead", message_retention_seconds=1209600, sqs_managed_sse_enabled=True)
    queue = aws.sqs.Queue(
        "queue",
        sqs_managed_sse_enabled=True,
        visibility_timeout_seconds=60,
        redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 5}),
    )
    payment = aws.secretsmanager.Secret("payment", description="Key of the payment service", kms_key_id=key.arn)

    take = _function(
        "take",
        key,
        {"QUEUE_URL": queue.url},
        {"Action": "sqs:SendMessage", "Resource": queue.arn},
    )
    pay = _function(
        "pay",
        key,
        # The secret's name, and not the secret: a reader of the name needs the role to use it.
        {"TABLE": table.name, "PAYMENT_SECRET": payment.arn},
        {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": queue.arn},
        {"Action": ["dynamodb:PutItem", "dynamodb:UpdateItem"], "Resource": table.arn},
        {"Action": "secretsmanager:GetSecretValue", "Resource": payment.arn},
        {"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key.arn},
    )
    aws.lambda_.EventSourceMapping("pay", event_source_arn=queue.arn, function_name=pay.arn, batch_size=10)

    api = aws.apigatewayv2.Api("api", protocol_type="HTTP")
    integration = aws.apigatewayv2.Integration(
        "take",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=take.invoke_arn,
        payload_format_version="2.0",
    )
    aws.apigatewayv2.Route(
        "take", api_id=api.id, route_key="POST /orders", target=integration.id.apply("integrations/{}".format)
    )
    aws.apigatewayv2.Stage("live", api_id=api.id, name="$default", auto_deploy=True)
    aws.lambda_.Permission(
        "take",
        action="lambda:InvokeFunction",
        function=take.name,
        principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply("{}/*/*".format),
    )

    topic = aws.sns.Topic("alarms", kms_master_key_id=key.id)
    _alarm(
        "dead",
        topic,
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": dead.name},
    )
    _alarm("pay", topic, namespace="AWS/Lambda", metric_name="Errors", dimensions={"FunctionName": pay.name})


EXPECTED: frozenset[str] = frozenset()
_ACCOUNT = "eu-central-1:123456789012"
LATER = {
    "key": {"arn": f"arn:aws:kms:{_ACCOUNT}:key/0123"},
    "orders": {"name": "orders-0a1b2c3", "arn": f"arn:aws:dynamodb:{_ACCOUNT}:table/orders-0a1b2c3"},
    "payment": {"arn": f"arn:aws:secretsmanager:{_ACCOUNT}:secret:payment-0a1b2c3"},
    "queue": {
        "url": "https://sqs.eu-central-1.amazonaws.com/123456789012/queue-0a1b2c3",
        "arn": f"arn:aws:sqs:{_ACCOUNT}:queue-0a1b2c3",
    },
    "take-log": {"name": "take-log-0a1b2c3", "arn": f"arn:aws:logs:{_ACCOUNT}:log-group:take-log-0a1b2c3"},
    "pay-log": {"name": "pay-log-0a1b2c3", "arn": f"arn:aws:logs:{_ACCOUNT}:log-group:pay-log-0a1b2c3"},
    "api": {"execution_arn": f"arn:aws:execute-api:{_ACCOUNT}:api"},
    "alarms": {"arn": f"arn:aws:sns:{_ACCOUNT}:alarms-0a1b2c3"},
}
"""Outputs after a first update, when the policies' documents and the functions' environment are known."""
