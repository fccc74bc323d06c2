"""S3: a bucket, its settings (each a resource), and objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..calls.kind import Call, Kind
from ..calls.tags import pairs


def _create(call: Call) -> str:
    name = call.inputs["bucket"]
    left = call.inputs.keys() - {"bucket", "tags", "forceDestroy", "objectLockEnabled", "region"}
    call.members("create_bucket", {each: call.inputs[each] for each in left})
    where = {} if call.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": call.region}}
    call.client.create_bucket(Bucket=name, **where)
    if tags := call.inputs.get("tags"):
        call.client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})
    return name


def _outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:s3:::{call.id}",
        "bucketDomainName": f"{call.id}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{call.id}.s3.{call.region}.amazonaws.com",
        "bucketRegion": call.region,
        "hostedZoneId": "Z21DNDUVLTQW6Q",
    }


def _delete(call: Call) -> None:
    # A log that is delivered meanwhile makes it empty no more: the provider, too, then begins anew.
    while call.inputs.get("forceDestroy"):
        for page in call.client.get_paginator("list_object_versions").paginate(Bucket=call.id):
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                call.client.delete_object(Bucket=call.id, Key=each["Key"], VersionId=each["VersionId"])
        try:
            call.client.delete_bucket(Bucket=call.id)
        except call.client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "BucketNotEmpty":
                raise
        else:
            return
    call.client.delete_bucket(Bucket=call.id)


def _setting(
    noun: str, operation: str, member: str, shape: Callable[[dict[str, Any]], Any] = dict, *, kept: bool = False
) -> Kind:
    """Return a setting of a bucket; `shape` makes the member of the inputs without the bucket."""

    def put(call: Call) -> str:
        plain = {name: value for name, value in call.inputs.items() if name not in ("bucket", "region")}
        content = call.members(f"put_{operation}", {member: shape(plain)})
        getattr(call.client, f"put_{operation}")(Bucket=call.inputs["bucket"], **content)
        return call.inputs["bucket"]

    return Kind(
        f"aws:s3/{noun[0].lower()}{noun[1:]}:{noun}",
        "s3",
        put,
        read=(f"get_{operation}", lambda id: {"Bucket": id}, "@"),
        update=put,
        delete=None if kept else (f"delete_{operation.removesuffix('_configuration')}", lambda id: {"Bucket": id}),
        names={"rule": "Rules"},
    )


def _body(inputs: dict[str, Any]) -> bytes:
    return inputs["source"].content() if "source" in inputs else str(inputs.get("content", "")).encode()


def _put_object(call: Call) -> str:
    left_out = {"source", "content", "tags", "forceDestroy", "sourceHash", "etag"}
    plain = {name: value for name, value in call.inputs.items() if name not in left_out}
    call.client.put_object(**call.members("put_object", plain), Body=_body(call.inputs))
    if tags := call.inputs.get("tags"):
        tagging = {"TagSet": pairs(tags)}
        call.client.put_object_tagging(Bucket=call.inputs["bucket"], Key=call.inputs["key"], Tagging=tagging)
    return f"{call.inputs['bucket']}/{call.inputs['key']}"


def _object(call: Call) -> Any:
    return call.client.head_object(Bucket=call.inputs["bucket"], Key=call.inputs["key"])


def _object_outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:s3:::{call.inputs['bucket']}/{call.inputs['key']}",
        "etag": found["ETag"].strip('"'),
        "versionId": found.get("VersionId", ""),
        "contentType": found.get("ContentType", ""),
    }


def _delete_object(call: Call) -> None:
    where = {"Bucket": call.inputs["bucket"], "Key": call.inputs["key"]}
    versions = call.client.list_object_versions(Bucket=where["Bucket"], Prefix=where["Key"])
    for each in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        if each["Key"] == where["Key"]:
            call.client.delete_object(**where, VersionId=each["VersionId"])


KINDS = [
    Kind(
        "aws:s3/bucket:Bucket",
        "s3",
        _create,
        read=("head_bucket", lambda id: {"Bucket": id}, "@"),
        delete=_delete,
        names={"forceDestroy": None},
        outputs=_outputs,
    ),
    _setting("BucketPublicAccessBlock", "public_access_block", "publicAccessBlockConfiguration"),
    _setting(
        "BucketVersioning",
        "bucket_versioning",
        "versioningConfiguration",
        lambda inputs: inputs["versioningConfiguration"],
        kept=True,
    ),
    _setting("BucketServerSideEncryptionConfiguration", "bucket_encryption", "serverSideEncryptionConfiguration"),
    _setting("BucketPolicy", "bucket_policy", "policy", lambda inputs: inputs["policy"]),
    _setting("BucketLifecycleConfiguration", "bucket_lifecycle_configuration", "lifecycleConfiguration"),
    _setting("BucketOwnershipControls", "bucket_ownership_controls", "ownershipControls"),
    Kind(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "s3",
        _put_object,
        read=_object,
        update=_put_object,
        delete=_delete_object,
        outputs=_object_outputs,
        renewed={"etag versionId": "source content sourceHash kmsKeyId contentType"},
    ),
]
