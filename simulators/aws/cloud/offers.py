"""The RDS offerings for PostgreSQL, from cfn-lint's tables, because moto has none."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any

_TABLES = "cfnlint/data/schemas/extensions/aws_rds_dbinstance"


@functools.cache
def _table(name: str) -> list[dict[str, Any]]:
    # Read as a file: the package itself is not needed, and long to import.
    file = importlib.metadata.distribution("cfn-lint").locate_file(f"{_TABLES}/{name}.json")
    return json.loads(Path(str(file)).read_text(encoding="utf-8"))["allOf"]


def engine_versions(engine: str) -> list[str]:
    """Return an engine's versions, oldest first."""
    rules = [each for each in _table("engine_version") if each["if"]["properties"]["Engine"].get("const") == engine]
    found = [str(version) for each in rules for version in each["then"]["properties"]["EngineVersion"]["enum"]]
    return sorted(found, key=lambda version: [int(part) for part in re.findall(r"\d+", version)])


def newest(engine: str, version: str) -> str | None:
    """Return the newest version that a prefix such as `14` means, None if there is none."""
    fitting = [each for each in engine_versions(engine) if each == version or each.startswith(f"{version}.")]
    return fitting[-1] if fitting else None


def instance_classes(engine: str, version: str) -> set[str]:
    """Return the classes that run this version."""
    found: set[str] = set()
    for each in _table("db_instance_class"):
        about = each["if"]["properties"]
        if about["Engine"]["const"] == engine and re.match(about["EngineVersion"]["pattern"], version):
            found |= set(each["then"]["properties"]["DBInstanceClass"]["enum"])
    return found
