"""The default machine image of a host."""

from __future__ import annotations

from collections.abc import Collection

_PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/{}recommended/image_id"


def newest_image_parameter(architectures: Collection[str]) -> str:
    """Return the public SSM parameter that names the newest ECS-optimized Amazon Linux 2023, which has Docker.

    ``architectures`` are those that the instance type supports.
    """
    return _PARAMETER.format("arm64/" if "arm64" in architectures else "")
