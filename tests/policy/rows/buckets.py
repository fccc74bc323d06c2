"""Rules of the area `buckets`."""

import json

import pulumi_aws as aws

from ..aws_program import KNOWN, document
from ..change import ABSENT, Args, From, add, put, without
from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws

_EXACTLY: Args = {
    "Effect": "Deny",
    "Action": "s3:*",
    "Principal": {"AWS": "*"},
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": False}},
}


ROWS = (
    Row("block-public-buckets", "files", "files-closed/block_public_policy", False),
    Row("encrypt-buckets", "files", "files-encrypted/rules", [], absent=REQUIRED),
    Row("version-buckets", "files", "files-versions/versioning_configuration.status", "Suspended", absent=REQUIRED),
    Row("disable-bucket-acls", "files", "files-owner/rule.object_ownership", "ObjectWriter", absent=REQUIRED),
    Row("require-tls-for-buckets", "files-policy", "files-policy/policy", json.dumps(document()), absent=REQUIRED),
    Row("keep-buckets", "files", "files/force_destroy", True, absent=NOTHING),
    Row("expire-objects", "files", "files-lifecycle/rules", [], absent=found("expire-objects@files")),
)


def _policy(name: str, policy: object, *violations: str) -> Case:
    return Case(f"a policy {name}", (put("files-policy", "policy", policy),), found(*violations))


CASES = (
    *(
        Case(f"no {satellite}", (without(f"files-{satellite}"),), found(f"{rule}@files"))
        for satellite, rule in {
            "closed": "block-public-buckets",
            "encrypted": "encrypt-buckets",
            "versions": "version-buckets",
            "owner": "disable-bucket-acls",
            "policy": "require-tls-for-buckets",
            "lifecycle": "expire-objects",
        }.items()
    ),
    _policy("as text", json.dumps(document(_EXACTLY))),
    _policy("for one action", document({**_EXACTLY, "Action": "s3:GetObject"}), "require-tls-for-buckets@files-policy"),
    _policy("for one role", document({**_EXACTLY, "Principal": {"AWS": "me"}}), "require-tls-for-buckets@files-policy"),
    _policy("that allows", document({**_EXACTLY, "Effect": "Allow"}), "require-tls-for-buckets@files-policy"),
    _policy("made of the bucket", From("files", "arn", json.dumps)),
    Case(
        "a policy that is read when it is known",
        (put("files-policy", "policy", From("files", "arn", lambda arn: json.dumps({"Statement": []}))),),
        found("require-tls-for-buckets@files-policy"),
        outputs=KNOWN,
    ),
    Case(
        "broken uploads stay",
        (put("files-lifecycle", "rules.0.abort_incomplete_multipart_upload", ABSENT),),
        found("expire-objects@files"),
    ),
    Case(
        "a bucket that is named",
        (
            put("files", "bucket", "named"),
            *(put(f"files-{each}", "bucket", "named") for each in ("closed", "owner", "versions")),
        ),
        NOTHING,
    ),
    Case(
        "another bucket, under the older name",
        (add("old", aws.s3.BucketV2, {"bucket": "old"}),),
        found(
            *(
                f"{rule}@old"
                for rule in (
                    "block-public-buckets",
                    "encrypt-buckets",
                    "version-buckets",
                    "disable-bucket-acls",
                    "require-tls-for-buckets",
                    "expire-objects",
                )
            )
        ),
    ),
)

TABLE = on_aws(*ROWS, *CASES)
