"""The files of a host that are too long for its user data: objects in a private bucket, each under its own hash."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ..security.bucket import private_bucket


def host_files(
    name: str,
    artifacts: Mapping[str, str],
    *,
    deletion_protection: bool,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> tuple[aws.s3.Bucket, list[pulumi.Resource]]:
    """Make the bucket and its objects, from hash to content; return both."""
    private = private_bucket(f"{name}-host", opts, tags=tags, deletion_protection=deletion_protection)
    objects: list[pulumi.Resource] = [
        aws.s3.BucketObjectv2(
            f"{name}-{digest[:8]}",
            bucket=private.bucket.bucket,
            key=digest,
            content=content,
            tags=tags,
            # Kept: a host of the generation before may still have to fetch its own.
            opts=pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(depends_on=[private.policy], retain_on_delete=True)
            ),
        )
        for digest, content in sorted(artifacts.items())
    ]
    return private.bucket, objects
