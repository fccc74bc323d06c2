"""The requests of the host to AWS: signatures against botocore's, patience, and the services as moto keeps them."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer

from components.aws.host.scripts import aws, services
from components.aws.host.scripts.aws import AwsError, Metadata, sign
from tests.unit.hosts import LocalServices, Played, credentials, instance

REGION = "eu-central-1"
KEYS = credentials()
SECRET = "canary-secret-value"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(services.time, "sleep", waits.append)
    return waits


def by_botocore(method: str, url: str, headers: dict[str, str], body: bytes, service: str) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    kind = auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth
    kind(Credentials(KEYS["AccessKeyId"], KEYS["SecretAccessKey"], KEYS["Token"]), service, REGION).add_auth(request)
    return {key.lower(): value for key, value in request.headers.items()}


@pytest.mark.parametrize(
    ("service", "method", "url", "headers", "body"),
    [
        (
            "ssm",
            "POST",
            "https://ssm.eu-central-1.amazonaws.com/",
            {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"},
            b'{"Name": "kotauth-boot"}',
        ),
        ("s3", "GET", f"https://bucket.s3.eu-central-1.amazonaws.com/{'a' * 64}", {}, b""),
        (
            "autoscaling",
            "POST",
            "https://autoscaling.eu-central-1.amazonaws.com/",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Action=SetInstanceHealth&HealthStatus=Unhealthy",
        ),
    ],
)
def test_the_signature_is_botocore_s(
    *, monkeypatch: pytest.MonkeyPatch, service: str, method: str, url: str, headers: dict[str, str], body: bytes
) -> None:
    ours = sign(method, url, headers, body, service=service, region=REGION, keys=KEYS)
    # In the same second.
    now = datetime.datetime.strptime(ours["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    monkeypatch.setattr(auth, "get_current_datetime", lambda: now)
    theirs = by_botocore(method, url, {**headers, "Host": url.split("/")[2]}, body, service)
    assert ours["Authorization"] == theirs["authorization"]
    assert ours["X-Amz-Security-Token"] == KEYS["Token"]


def test_metadata_needs_one_token() -> None:
    with instance() as metadata:
        asked = Metadata(f"{metadata.url}latest/")
        assert asked.get("meta-data/instance-id") == "i-0123456789abcdef0"
        assert asked.get("meta-data/placement/region") == REGION
    assert [method for method, *_ in metadata.requests] == ["PUT", "GET", "GET"]


def test_the_real_endpoints_are_those_of_region_and_domain() -> None:
    with instance() as metadata:
        client = services.Services(Metadata(f"{metadata.url}latest/"))
        assert client.url("ssm") == "https://ssm.eu-central-1.amazonaws.com/"
        assert client.url("s3", "bucket") == "https://bucket.s3.eu-central-1.amazonaws.com/"


def test_a_private_registry_is_asked_in_its_own_region(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"authorizationData": [{"authorizationToken": SECRET, "expiresAt": 1.7e9}]}
    sent: list[tuple[str, str, dict[str, str], bytes]] = []

    def send(*request: Any) -> bytes:
        sent.append(request)
        return json.dumps(answer).encode()

    with instance() as metadata:
        client = services.Services(Metadata(f"{metadata.url}latest/"))
        client.credentials()
        client.known("meta-data/services/domain")
        monkeypatch.setattr(aws, "send", send)
        assert client.registry_login("eu-west-1") == SECRET
    ((method, url, headers, body),) = sent
    assert (method, url, body) == ("POST", "https://api.ecr.eu-west-1.amazonaws.com/", b"{}")
    assert headers["X-Amz-Target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    assert "/eu-west-1/ecr/aws4_request" in headers["Authorization"]


def test_credentials_are_read_again_before_they_end() -> None:
    with instance([200.0, 3600.0]) as metadata, Played(lambda *_: (200, b"{}")) as endpoint:
        client = LocalServices(metadata, endpoint.url)
        for _ in range(3):
            client.json("ssm", "AmazonSSM.GetParameter", {})
    read = [path for _, path, *_ in metadata.requests if path.endswith("/host-role")]
    assert len(read) == 2


def answers(*sequence: tuple[int, bytes]) -> Played:
    left = list(sequence)
    return Played(lambda *_: left.pop(0) if len(left) > 1 else left[0])


THROTTLED = (400, b'{"__type":"ThrottlingException","message":"Rate exceeded"}')
GOOD = (200, b'{"Parameter": {"Value": "it"}}')


@pytest.mark.parametrize(
    "failure",
    [
        THROTTLED,
        (400, b'{"__type":"com.amazonaws.ssm#TooManyUpdates","message":"TooManyRequestsException"}'),
        (429, b""),
        (500, b"oops"),
        (503, b"<Code>SlowDown</Code>"),
    ],
)
def test_what_may_pass_is_tried_again(failure: tuple[int, bytes], no_waiting: list[float]) -> None:
    with instance() as metadata, answers(failure, failure, GOOD) as endpoint:
        assert LocalServices(metadata, endpoint.url).parameter("name") == "it"
    assert len(endpoint.requests) == 3
    assert len(no_waiting) == 2
    assert 0 <= no_waiting[0] <= 2
    assert 0 <= no_waiting[1] <= 4


def test_patience_has_an_end(no_waiting: list[float]) -> None:
    with instance() as metadata, answers(THROTTLED) as endpoint, pytest.raises(AwsError, match="ThrottlingException"):
        LocalServices(metadata, endpoint.url).parameter("name")
    assert len(endpoint.requests) == services.ATTEMPTS
    assert max(no_waiting) <= services.LONGEST_WAIT_SECONDS


def test_what_won_t_pass_is_not_repeated() -> None:
    refused = (400, b'{"__type":"AccessDeniedException","message":"no identity-based policy allows it"}')
    with (
        instance() as metadata,
        answers(refused) as endpoint,
        pytest.raises(AwsError, match=r"400.*AccessDeniedException.*no identity-based policy") as error,
    ):
        LocalServices(metadata, endpoint.url).parameter("name")
    assert len(endpoint.requests) == 1
    assert error.value.status == 400


def test_credentials_that_ended_early_are_read_again() -> None:
    expired = (400, b'{"__type":"ExpiredTokenException","message":"The security token is expired"}')
    with instance() as metadata, answers(expired, GOOD) as endpoint:
        assert LocalServices(metadata, endpoint.url).parameter("name") == "it"
    assert len([path for _, path, *_ in metadata.requests if path.endswith("/host-role")]) == 2


def test_a_refused_connection_is_tried_again(no_waiting: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        with instance() as metadata, pytest.raises(AwsError, match=r"no answer: .*refused"):
            LocalServices(metadata, address).parameter("name")
    assert len(no_waiting) == services.ATTEMPTS - 1


def test_an_answer_cut_short_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with instance() as metadata, answers(GOOD) as endpoint:
        client = LocalServices(metadata, endpoint.url)
        client.credentials()
        real, cut = aws._open, [True]

        def opened(*args: Any, **options: Any) -> Any:
            if cut.pop() if cut else False:
                raise aws.http.client.IncompleteRead(b"")
            return real(*args, **options)

        monkeypatch.setattr(aws, "_open", opened)
        assert client.parameter("name") == "it"


def test_an_object_with_other_content_is_refused() -> None:
    with (
        instance() as metadata,
        answers((200, b"planted")) as endpoint,
        pytest.raises(AwsError, match="not the content that was asked for"),
    ):
        LocalServices(metadata, endpoint.url).s3_object("bucket", hashlib.sha256(b"ours").hexdigest())


def test_a_secret_is_in_no_error() -> None:
    value = json.dumps({"SecretString": SECRET}).encode()
    with (
        instance() as metadata,
        answers((200, value[:-1])) as endpoint,
        pytest.raises(ValueError, match="delimiter") as error,
    ):
        LocalServices(metadata, endpoint.url).secret("arn", "v1")
    assert SECRET not in f"{error.value} {error.value!r}"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}/"
    server.stop()


@pytest.fixture
def client(moto: str) -> Iterator[LocalServices]:
    with instance() as metadata:
        yield LocalServices(metadata, moto)


@pytest.fixture
def boto(moto: str) -> Any:
    def make(service: str) -> Any:
        return boto3.client(service, REGION, endpoint_url=moto, aws_access_key_id="test", aws_secret_access_key="test")

    return make


def test_a_parameter(client: LocalServices, boto: Any) -> None:
    boto("ssm").put_parameter(Name="kotauth-boot", Value='{"a": 1}', Type="SecureString")
    assert client.parameter("kotauth-boot") == '{"a": 1}'


def test_a_secret_s_versions_are_read_by_their_label(client: LocalServices, boto: Any) -> None:
    secrets = boto("secretsmanager")
    arn = secrets.create_secret(Name="database")["ARN"]
    old = secrets.put_secret_value(SecretId=arn, SecretString="old", VersionStages=["AWSCURRENT"])["VersionId"]
    secrets.put_secret_value(SecretId=arn, SecretString="new", VersionStages=["AWSCURRENT", "v2"])
    # At last: moto takes an old version's own labels away when another becomes the current one, and AWS doesn't.
    secrets.update_secret_version_stage(SecretId=arn, VersionStage="v1", MoveToVersionId=old)
    assert [client.secret(arn, label) for label in ("v1", "v2", "AWSCURRENT")] == ["old", "new", "new"]
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        client.secret(arn, "v3")
    secrets.put_secret_value(SecretId=arn, SecretBinary=b"x", VersionStages=["v3"])
    with pytest.raises(ValueError, match=f"the version of {arn} has no text: write it as SecretString"):
        client.secret(arn, "v3")


def test_an_object_by_its_hash(client: LocalServices, boto: Any) -> None:
    content = "ümlaut\n".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    location = {"LocationConstraint": REGION}
    boto("s3").create_bucket(Bucket="artifacts", CreateBucketConfiguration=location)
    boto("s3").put_object(Bucket="artifacts", Key=sha256, Body=content)
    assert client.s3_object("artifacts", sha256) == content
    with pytest.raises(AwsError, match="404"):
        client.s3_object("artifacts", "0" * 64)


def test_a_login_for_private_registries(client: LocalServices) -> None:
    user, _, password = base64.b64decode(client.registry_login(REGION)).decode().partition(":")
    assert user == "AWS"
    assert password


def test_log_lines_make_their_stream(client: LocalServices, boto: Any) -> None:
    logs = boto("logs")
    logs.create_log_group(logGroupName="kotauth")
    now = 1_000 * int(services.time.time())
    for text in ("first", "second"):
        client.put_log_events("kotauth", "i-1/server", [{"timestamp": now, "message": text}])
    events = logs.get_log_events(logGroupName="kotauth", logStreamName="i-1/server", startFromHead=True)["events"]
    assert [event["message"] for event in events] == ["first", "second"]


def test_a_group_hears_that_its_host_is_given_up(client: LocalServices, boto: Any) -> None:
    subnet = boto("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    template = boto("ec2").create_launch_template(
        LaunchTemplateName="host",
        LaunchTemplateData={
            "ImageId": boto("ec2").register_image(Name="host")["ImageId"],
            "InstanceType": "t3.small",
        },
    )["LaunchTemplate"]["LaunchTemplateId"]
    groups = boto("autoscaling")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="hosts",
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateId": template},
    )
    (member,) = groups.describe_auto_scaling_instances()["AutoScalingInstances"]
    client.known = lambda leaf: {"meta-data/instance-id": member["InstanceId"]}.get(leaf, REGION)  # pyright: ignore
    client.give_up_host()
    (member,) = groups.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert member["HealthStatus"] == "Unhealthy"
