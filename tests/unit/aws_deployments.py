"""The deployments on AWS that tests look at, and what their hosts get."""

from __future__ import annotations

import base64
import json
from typing import Any

import yaml

from components.aws.deployment import AwsDeployment
from tests.unit.aws import TAGS
from tests.unit.aws_outputs import REGION, SUBNETS
from tests.unit.recording import Declared, declare, generated

BASE: dict[str, Any] = {"base_url": "https://auth.example.com", "tags": TAGS}
ZONE_ID = "Z0123456789ABC"
OWN: dict[str, Any] = {"availability_zones": [f"{REGION}a", f"{REGION}b"]}
BROUGHT: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "public_subnet_ids": list(SUBNETS),
    "private_subnet_ids": ["subnet-0123456789abcdef3", "subnet-0123456789abcdef4"],
    "isolated_subnet_ids": ["subnet-0123456789abcdef5", "subnet-0123456789abcdef6"],
}
ALB: dict[str, Any] = {**BASE, **OWN, "zone_id": ZONE_ID}
CADDY: dict[str, Any] = {**BASE, **OWN, "frontend": "caddy", "acme_email": "ops@example.com", "nat_gateways": "none"}

SECRET_FILES = ("secret-key", "database-password", "admin-password", "api-keys")
API_KEY = f"kauth_master_{generated('kotauth-checklist-api-key')}"


def deployed(args: dict[str, Any]) -> Declared:
    return declare(lambda: AwsDeployment("kotauth", args))  # pyright: ignore[reportArgumentType]


def files(declared: Declared) -> dict[str, str]:
    """Return every file of a host, from the user data or from the bucket."""
    text = base64.b64decode(declared.named("kotauth-server", ":LaunchTemplate").inputs["userData"])
    written = {file["path"]: file["content"] for file in yaml.safe_load(text)["write_files"]}
    objects = {r.inputs["key"]: r.inputs["content"] for r in declared.of_type(":BucketObjectv2")}
    fetched = json.loads(written["/etc/kotauth/boot.json"])["artifacts"]
    return {**written, **{path: objects[key] for path, key in fetched.items()}}
