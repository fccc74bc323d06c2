"""S3 buckets: public access, encryption, versions, ACLs, TLS, deletion and lifecycle.

A bucket's settings are separate resources, which are found by the bucket that they name, or properties of the bucket
itself, which the provider keeps for older programs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import Value, texts
from ...engine.verdict import Verdict, fail
from ...readers.aws.actions import is_every
from ...readers.aws.policy_document import Statement, is_any_principal, statements
from ...readers.aws.resources import (
    ACCOUNT_ACCESS_BLOCK,
    BUCKET_ACCESS_BLOCKS,
    BUCKET_ENCRYPTIONS,
    BUCKET_LIFECYCLES,
    BUCKET_OWNERSHIPS,
    BUCKET_POLICIES,
    BUCKET_V2,
    BUCKET_VERSIONINGS,
    BUCKETS,
)

AREA = Area("buckets")
_SATELLITES = (
    *BUCKET_ACCESS_BLOCKS,
    *BUCKET_ENCRYPTIONS,
    *BUCKET_LIFECYCLES,
    *BUCKET_OWNERSHIPS,
    *BUCKET_POLICIES,
    *BUCKET_VERSIONINGS,
)
_ALL_OBJECTS = re.compile(r"[^/]*\*|[^/]*/\*+")
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _satellites(bucket: Resource, types: tuple[str, ...]) -> list[Resource]:
    """Return the resources of these types that configure a bucket: they use its outputs, or its name."""
    stack = bucket.in_stack()
    satellites = {satellite.urn: satellite for satellite, name in stack.consumers(bucket, *types) if name == "bucket"}
    for own in {*bucket.names, *filter(None, texts([bucket.get("bucket")]))}:
        satellites |= {
            satellite.urn: satellite for satellite in stack.once(_by_bucket).get(own, ()) if satellite.type in types
        }
    return list(satellites.values())


def _by_bucket(stack: Stack) -> dict[str, list[Resource]]:
    by_bucket: dict[str, list[Resource]] = defaultdict(list)
    for satellite in stack.of_type(*_SATELLITES):
        for name in texts([satellite.get("bucket")]):
            by_bucket[name].append(satellite)
    return by_bucket


@AREA.rule(
    "block-public-buckets",
    Severity.CRITICAL,
    "Block all public access to every bucket.",
    remedy="Add an `aws.s3.BucketPublicAccessBlock` for the bucket. Set `block_public_acls`, `block_public_policy`, "
    "`ignore_public_acls` and `restrict_public_buckets` to `True`. To publish a website, serve the bucket through "
    "CloudFront with an `aws.cloudfront.OriginAccessControl`.",
    types=BUCKETS,
    references=References(
        hub=("S3.8",), checkov=("CKV2_AWS_6", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56")
    ),
)
def block_public_buckets(bucket: Resource, _: Settings) -> Iterator[Verdict]:
    """A public access block overrides all bucket policies and ACLs, including those that are added later.

    A block for the whole account counts for each of its buckets.
    """
    blocks = _satellites(bucket, BUCKET_ACCESS_BLOCKS)
    of_account = bucket.in_stack().of_type(ACCOUNT_ACCESS_BLOCK)
    missing = [name for name in _BLOCKS if not any(block.get(name).flag() for block in of_account)]
    if missing and not blocks:
        yield fail("", "has no public access block")
    for block in blocks:
        for name in missing:
            if not block.get(name).flag():
                yield fail("", f"has a public access block whose {name} is not true")


@AREA.rule(
    "encrypt-buckets",
    Severity.MEDIUM,
    "Configure the default encryption of every bucket.",
    remedy='Add an `aws.s3.BucketServerSideEncryptionConfiguration`, and set `sse_algorithm` to "AES256". To use a '
    'KMS key, set `sse_algorithm` to "aws:kms", and `kms_master_key_id` to the ARN of the key.',
    types=BUCKETS,
    references=References(checkov=("CKV_AWS_19",)),
)
def encrypt_buckets(bucket: Resource, _: Settings) -> Iterator[Verdict]:
    """S3 encrypts objects even without this configuration; the configuration states the algorithm.

    The rule does not require a customer-managed key, because the bucket of a load balancer's log can't use one.
    """
    if not any(default.field("sseAlgorithm").text() for default in _default_encryptions(bucket)):
        yield fail("", "has no encryption configuration")


def _default_encryptions(bucket: Resource) -> Iterator[Value]:
    """Yield the default encryption that each rule of a bucket sets."""
    if bucket.type == BUCKET_V2:
        inline = bucket.get("serverSideEncryptionConfigurations").items()
        for rule in (rule for each in inline for rule in each.field("rules").items()):
            yield from rule.field("applyServerSideEncryptionByDefaults").items()
    else:
        rule = bucket.get("serverSideEncryptionConfiguration").field("rule")
        yield rule.field("applyServerSideEncryptionByDefault")
    for each in _satellites(bucket, BUCKET_ENCRYPTIONS):
        for rule in each.get("rules").items():
            yield rule.field("applyServerSideEncryptionByDefault")


@AREA.rule(
    "version-buckets",
    Severity.MEDIUM,
    "Enable versioning on every bucket.",
    remedy='Add an `aws.s3.BucketVersioning` with `status` "Enabled" in `versioning_configuration`.',
    types=BUCKETS,
    references=References(hub=("S3.14",), checkov=("CKV_AWS_21",)),
)
def version_buckets(bucket: Resource, _: Settings) -> Iterator[Verdict]:
    """Versioning makes it possible to restore an object that was overwritten or deleted by mistake.

    S3 keeps versions in every bucket that has object lock.
    """
    if not any(_versionings(bucket)):
        yield fail("", "does not keep versions")


def _versionings(bucket: Resource) -> Iterator[bool]:
    """Yield, for each setting that can enable a bucket's versioning, whether it does."""
    yield bool(bucket.get("objectLockEnabled").flag())
    yield bucket.get("objectLockConfiguration").field("objectLockEnabled").text() == "Enabled"
    inline = bucket.get("versionings").items() if bucket.type == BUCKET_V2 else [bucket.get("versioning")]
    yield from (bool(each.field("enabled").flag()) for each in inline)
    for each in _satellites(bucket, BUCKET_VERSIONINGS):
        yield each.get("versioningConfiguration").field("status").text() == "Enabled"


@AREA.rule(
    "disable-bucket-acls",
    Severity.MEDIUM,
    "Disable ACLs on every bucket.",
    remedy='Add an `aws.s3.BucketOwnershipControls` with `object_ownership` "BucketOwnerEnforced" in `rule`.',
    types=BUCKETS,
    references=References(hub=("S3.12",), checkov=("CKV2_AWS_65",)),
)
def disable_bucket_acls(bucket: Resource, _: Settings) -> Iterator[Verdict]:
    """An ACL can grant access to a single object, and no policy shows that grant."""
    controls = [each.get("rule").field("objectOwnership") for each in _satellites(bucket, BUCKET_OWNERSHIPS)]
    if not any(each.text() == "BucketOwnerEnforced" for each in controls):
        yield fail("", "has no ownership controls that disable ACLs")


@AREA.rule(
    "require-tls-for-buckets",
    Severity.HIGH,
    "Deny requests without TLS to every bucket.",
    remedy='In `policy` of an `aws.s3.BucketPolicy`, add a statement with `Effect` "Deny", `Action` "s3:*" and '
    '`Principal` "*". Set its `Resource` to the ARNs of the bucket and of all its objects (`ARN/*`). Set its '
    '`Condition` to `{"Bool": {"aws:SecureTransport": "false"}}`.',
    types=(*BUCKETS, *BUCKET_POLICIES),
    references=References(hub=("S3.5",), checkov=("CKV_AWS_379",)),
)
def require_tls_for_buckets(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """The rule also evaluates bucket policies: a policy that is unknown at preview is refused before it is created."""
    if resource.type in BUCKETS and resource.get("policy").is_absent:
        if not _satellites(resource, BUCKET_POLICIES):
            yield fail("", "has no bucket policy, so it accepts requests without TLS")
        return
    found = statements(resource, "policy")
    refused = [each for statement in found if _refuses_plain(statement) for each in statement.resources]
    if not resource.get("policy").is_unknown and not refused:
        yield fail("policy", "does not deny requests without TLS")
    # A part that only an update knows can be either of the two.
    elif refused and not any(each.is_unknown for each in refused):
        names = [(each.text() or "").rpartition(":")[2] for each in refused]
        if not any("/" not in name for name in names):
            yield fail("policy", "denies requests without TLS to the objects, but not to the bucket itself")
        if not any(_ALL_OBJECTS.fullmatch(name) for name in names):
            yield fail("policy", "does not deny requests without TLS to all objects")


def _refuses_plain(statement: Statement) -> bool:
    """Whether a statement denies every action to all callers without TLS; an exception for AWS services is allowed."""
    conditions = [each for each in statement.conditions if not each.is_for_services]
    return (
        not statement.allows
        and any(_is_all_of_s3(action.text() or "") for action in statement.actions)
        and any(map(is_any_principal, statement.principals))
        and bool(conditions)
        and all(each.key == "aws:securetransport" and each.is_flag(expected=False) for each in conditions)
    )


def _is_all_of_s3(action: str) -> bool:
    return is_every(action) and action.lower().startswith(("s3:", "*"))


@AREA.rule(
    "keep-buckets",
    Severity.HIGH,
    "Do not let Pulumi delete a bucket that contains objects.",
    remedy="Remove `force_destroy`.",
    types=BUCKETS,
    references=References(
        documentation="https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/#forcedestroy_python",
    ),
    parameters=(
        Parameter(
            "forceDestroy",
            Kind.FLAG,
            default=False,
            meaning="Whether Pulumi may delete a bucket that contains objects.",
            relaxes=True,
        ),
    ),
)
def keep_buckets(bucket: Resource, settings: Settings) -> Iterator[Verdict]:
    """With `forceDestroy`, a changed bucket name deletes all objects before the bucket is replaced."""
    if bucket.get("forceDestroy").flag() and not settings.flag("forceDestroy"):
        yield fail("forceDestroy", "is true")


@AREA.rule(
    "expire-objects",
    Severity.LOW,
    "Define a lifecycle for the objects of every bucket.",
    level=Level.ADVISORY,
    remedy="Add an `aws.s3.BucketLifecycleConfiguration` with a rule that sets `abort_incomplete_multipart_upload`.",
    types=BUCKETS,
    references=References(hub=("S3.13",), checkov=("CKV2_AWS_61", "CKV_AWS_300")),
)
def expire_objects(bucket: Resource, _: Settings) -> Iterator[Verdict]:
    """Old object versions and incomplete uploads cost money, and an object listing does not show them."""
    rules = list(_lifecycle_rules(bucket))
    if not rules:
        yield fail("", "has no lifecycle configuration")
    elif all(abort.is_absent for abort in rules):
        yield fail("", "has a lifecycle that keeps incomplete uploads")


def _lifecycle_rules(bucket: Resource) -> Iterator[Value]:
    """Yield, for each enabled lifecycle rule, its setting for incomplete uploads."""
    for rule in bucket.get("lifecycleRules").items():
        if rule.field("enabled").flag() is not False:
            yield rule.field("abortIncompleteMultipartUploadDays")
    for each in _satellites(bucket, BUCKET_LIFECYCLES):
        for rule in each.get("rules").items():
            if rule.field("status").text() != "Disabled":
                yield rule.field("abortIncompleteMultipartUpload")
