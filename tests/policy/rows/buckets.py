"""Rules of the area `buckets`."""

import json

import pulumi
import pulumi_aws as aws

from policy.testing.aws_documents import document
from policy.testing.aws_program import KNOWN
from policy.testing.change import ABSENT, Args, Change, From, add, put, without

from ..mutation import CAUGHT, NOTHING, PASSED, REQUIRED, Case, Row, found, on_aws
from . import buckets_tls

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

_FILES = From("files", "bucket")
_SATELLITES = ("closed", "owner", "encrypted", "versions", "lifecycle", "policy")


def _spelling(rule: str, satellite: str, name: str, *changes: Change, ok: bool = False) -> Case:
    """Return a case of the bucket without one of its satellites, and with other properties instead."""
    wanted = NOTHING if ok else found(f"{rule}@files")
    place = (without(f"files-{satellite}"), *changes)
    return Case(f"{rule}-{name}", place, wanted, rule=rule, state=PASSED if ok else CAUGHT)


def _v2(**inputs: object) -> Change:
    """Return the change that makes the bucket one of the older type."""
    return add("files", aws.s3.BucketV2, inputs)


def _satellite(kind: type[pulumi.Resource], **inputs: object) -> Change:
    return add("again", kind, {"bucket": _FILES, **inputs})


def _versioning(kind: type[pulumi.Resource], status: str) -> Change:
    return _satellite(kind, versioning_configuration={"status": status})


_DEFAULT = "apply_server_side_encryption_by_default"


def _inline_encryption(rule: Args) -> Change:
    return put("files", "server_side_encryption_configuration", {"rule": rule})


def _encryption(kind: type[pulumi.Resource], algorithm: str, bucket: object = _FILES) -> Change:
    return _satellite(kind, bucket=bucket, rules=[{_DEFAULT: {"sse_algorithm": algorithm}}])


def _inline_lifecycle(**rule: object) -> Change:
    return put("files", "lifecycle_rules", [rule])


def _lifecycle(kind: type[pulumi.Resource], status: str) -> Change:
    uploads = {"abort_incomplete_multipart_upload": {"days_after_initiation": 7}}
    return _satellite(kind, rules=[{"id": "all", "status": status, **uploads}])


_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def _of_account(**blocks: bool) -> Change:
    return add("account", aws.s3.AccountPublicAccessBlock, {**dict.fromkeys(_BLOCKS, True), **blocks})


INLINE = (
    *(
        _spelling("version-buckets", "versions", name, *changes, ok=ok)
        for name, ok, *changes in (
            ("inline", True, put("files", "versioning", {"enabled": True})),
            ("inline as a text", True, put("files", "versioning", {"enabled": "true"})),
            ("inline in a list", True, _v2(versionings=[{"enabled": True}])),
            ("by the older satellite", True, _versioning(aws.s3.BucketVersioningV2, "Enabled")),
            ("by a lock", True, put("files", "object_lock_enabled", True)),
            (
                "by a lock's settings",
                True,
                put("files", "object_lock_configuration", {"object_lock_enabled": "Enabled"}),
            ),
            ("inline and off", False, put("files", "versioning", {"enabled": False})),
            ("inline without a word", False, put("files", "versioning", {"mfa_delete": False})),
            ("inline in a list and off", False, _v2(versionings=[{"enabled": False}])),
            ("by the older satellite, suspended", False, _versioning(aws.s3.BucketVersioningV2, "Suspended")),
            ("disabled", False, _versioning(aws.s3.BucketVersioning, "Disabled")),
            ("without a lock", False, put("files", "object_lock_enabled", False)),
        )
    ),
    *(
        _spelling("encrypt-buckets", "encrypted", name, *changes, ok=ok)
        for name, ok, *changes in (
            ("inline", True, _inline_encryption({_DEFAULT: {"sse_algorithm": "AES256"}})),
            ("inline under a key", True, _inline_encryption({_DEFAULT: {"sse_algorithm": "aws:kms"}})),
            (
                "inline in lists",
                True,
                _v2(
                    server_side_encryption_configurations=[{"rules": [{f"{_DEFAULT}s": [{"sse_algorithm": "AES256"}]}]}]
                ),
            ),
            ("in two layers", True, _encryption(aws.s3.BucketServerSideEncryptionConfiguration, "aws:kms:dsse")),
            ("by the older satellite", True, _encryption(aws.s3.BucketServerSideEncryptionConfigurationV2, "AES256")),
            ("nowhere", False),
            ("inline without an algorithm", False, _inline_encryption({"bucket_key_enabled": True})),
            ("inline with an empty algorithm", False, _inline_encryption({_DEFAULT: {"sse_algorithm": ""}})),
            ("inline in lists that are empty", False, _v2(server_side_encryption_configurations=[{"rules": []}])),
            (
                "of another bucket",
                False,
                _encryption(aws.s3.BucketServerSideEncryptionConfiguration, "AES256", "other"),
            ),
        )
    ),
    *(
        _spelling("expire-objects", "lifecycle", name, *changes, ok=ok)
        for name, ok, *changes in (
            ("inline", True, _inline_lifecycle(enabled=True, abort_incomplete_multipart_upload_days=7)),
            ("inline and off", False, _inline_lifecycle(enabled=False, abort_incomplete_multipart_upload_days=7)),
            ("inline without broken uploads", False, _inline_lifecycle(enabled=True, expiration={"days": 30})),
            ("disabled", False, _lifecycle(aws.s3.BucketLifecycleConfiguration, "Disabled")),
            ("by the older satellite", True, _lifecycle(aws.s3.BucketLifecycleConfigurationV2, "Enabled")),
        )
    ),
    *(
        _spelling("block-public-buckets", "closed", name, *changes, ok=ok)
        for name, ok, *changes in (
            ("by the account", True, _of_account()),
            ("by half of the account", False, _of_account(block_public_acls=False)),
        )
    ),
    Case(
        "a block that the account completes",
        (put("files-closed", "block_public_acls", False), _of_account(ignore_public_acls=False)),
        NOTHING,
    ),
    Case(
        "satellites that name the bucket as an earlier update did",
        tuple(put(f"files-{each}", "bucket", "files-0a1b2c3") for each in _SATELLITES),
        NOTHING,
        outputs=KNOWN,
    ),
    Case(
        "satellites that take the bucket's id",
        tuple(put(f"files-{each}", "bucket", From("files", "id")) for each in _SATELLITES),
        NOTHING,
    ),
    Case(
        "a bucket that may be emptied, as a text", (put("files", "force_destroy", "true"),), found("keep-buckets@files")
    ),
    Case(
        "a directory bucket, which has none of these settings",
        (
            add(
                "directory",
                aws.s3.DirectoryBucket,
                {"bucket": "fast--euc1-az1--x-s3", "location": {"name": "euc1-az1"}},
            ),
        ),
        NOTHING,
    ),
)

TABLE = on_aws(*ROWS, *CASES, *INLINE, *buckets_tls.CASES)
