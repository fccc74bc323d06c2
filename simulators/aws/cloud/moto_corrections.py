"""Corrections of moto 5.2, where a program would see a difference from AWS."""

from __future__ import annotations

import json
import uuid
from typing import Any


def apply() -> None:
    """Correct moto in this process."""
    # ruff: noqa: PLC0415  moto only after its environment, and only in the process that plays AWS
    from moto.ec2.models.launch_templates import LaunchTemplate
    from moto.ec2.utils import parse_user_data
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.rds.models import MasterUserSecret, RDSBackend
    from moto.s3.models import FakeBucket
    from moto.secretsmanager.models import FakeSecret

    rds: Any = RDSBackend
    secrets: Any = FakeSecret
    templates: Any = LaunchTemplate
    administrators: Any = MasterUserSecret
    buckets: Any = FakeBucket
    create = templates.create_version
    modify, reset = rds.modify_db_subnet_group, secrets.reset_default_version

    def modify_db_subnet_group(backend: Any, subnet_name: str, *more: Any) -> Any:
        """Keep the group, which moto takes out."""
        backend.subnet_groups[subnet_name] = group = modify(backend, subnet_name, *more)
        return group

    def reset_default_version(secret: Any, version: dict[str, Any], version_id: str) -> None:
        """Move the labels that the new version has, and leave the old ones their others."""
        before = secret.versions.get(secret.default_version_id, {"version_stages": []})
        secret.remove_version_stages_from_old_versions(
            [each for each in version["version_stages"] if each[:3] != "AWS"]
        )
        own = [each for each in before["version_stages"] if each[:3] != "AWS"]
        reset(secret, version, version_id)
        before["version_stages"] += own

    def permission(bucket: Any, action: str, resource: str) -> Any:
        """Judge by the statements without a condition, which moto doesn't look at: TLS alone would deny everything."""
        policy = json.loads(bucket.policy or '{"Statement": []}')
        policy["Statement"] = [each for each in policy["Statement"] if "Condition" not in each]
        if not policy["Statement"]:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

    def create_version(template: Any, data: dict[str, Any], description: str) -> Any:
        """Take the user data as that of the first version, else no instance can be launched from the second."""
        if isinstance(data.get("UserData"), str):
            data = {**data, "UserData": parse_user_data(data["UserData"])}
        return create(template, data, description)

    def credentials(secret: Any) -> str:
        """Name the database's own administrator."""
        return json.dumps({"username": secret.resource.master_username, "password": uuid.uuid4().hex})

    buckets.get_permission = permission
    templates.create_version = create_version
    administrators._generate_secret_string = credentials
    rds.modify_db_subnet_group = modify_db_subnet_group
    secrets.reset_default_version = reset_default_version
    _name_the_default_key()


def _name_the_default_key() -> None:
    """Answer which key disks get by default, which moto keeps and doesn't tell."""
    from moto.core.responses import ActionResult
    from moto.ec2.responses.elastic_block_store import ElasticBlockStore
    from moto.kms.models import kms_backends

    disks: Any = ElasticBlockStore

    def get_ebs_default_kms_key_id(asked: Any) -> Any:
        """Return the account's default key of disks; EC2 names its own, which moto makes for a volume, by its alias."""
        own, found = "alias/aws/ebs", asked.ec2_backend.default_kms_key_id
        keys = kms_backends[asked.current_account][asked.region]
        is_own = not found or (keys.alias_exists(own) and keys.describe_key(own).arn == found)
        return ActionResult({"KmsKeyId": own if is_own else found})

    def reset_ebs_default_kms_key_id(asked: Any) -> Any:
        """Make it EC2's own again."""
        asked.ec2_backend.default_kms_key_id = ""
        return get_ebs_default_kms_key_id(asked)

    disks.get_ebs_default_kms_key_id = get_ebs_default_kms_key_id
    disks.reset_ebs_default_kms_key_id = reset_ebs_default_kms_key_id
