"""What the played AWS stores: the secrets, and what can be read without the right to read them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from simulators.aws import AwsSimulator


def secrets(aws: AwsSimulator) -> dict[str, str]:
    """Return every version of every secret, by name and labels."""
    client = aws.boto3("secretsmanager")
    found: dict[str, str] = {}
    for secret in client.list_secrets()["SecretList"]:
        for version in client.list_secret_version_ids(SecretId=secret["ARN"])["Versions"]:
            value = client.get_secret_value(SecretId=secret["ARN"], VersionId=version["VersionId"])
            found[" ".join([secret["Name"], *version["VersionStages"]])] = value["SecretString"]
    return found


def readable(aws: AwsSimulator) -> Iterator[tuple[str, bytes]]:
    """Yield inputs of functions, parameters, files of hosts and log lines, each with a name."""
    calls = [operation for operation in aws.operations if operation.operation == "invoke-function"]
    for number, call in enumerate(calls, 1):
        yield f"input {number}", json.dumps(call.detail).encode()
    parameters = aws.boto3("ssm")
    ours = {"Key": "Name", "Option": "BeginsWith", "Values": ["kotauth-"]}
    for number, each in enumerate(parameters.describe_parameters(ParameterFilters=[ours])["Parameters"], 1):
        yield f"parameter {number}", parameters.get_parameter(Name=each["Name"])["Parameter"]["Value"].encode()
    files = aws.boto3("s3")
    for bucket in [each["Name"] for each in files.list_buckets()["Buckets"] if "-host-" in each["Name"]]:
        for each in files.list_objects_v2(Bucket=bucket)["Contents"]:
            yield f"file {each['Key']}", files.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
    logs = aws.boto3("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        of_group = {"logGroupName": group["logGroupName"]}
        for stream in logs.describe_log_streams(**of_group)["logStreams"]:
            name = stream["logStreamName"]
            events = logs.get_log_events(**of_group, logStreamName=name, startFromHead=True)["events"]
            yield f"log {name}", "\n".join(event["message"] for event in events).encode()
