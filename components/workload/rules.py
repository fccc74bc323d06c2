"""Rules for container specs that hold on every target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .spec import NEXT, owner

_LEAST_LIMITS = {"memory": 6, "cpus": 0.01}
_LEAST_OF_PROBE = {"interval_seconds": 1, "timeout_seconds": 1, "retries": 1, "start_period_seconds": 0}
_LAST_PORT = 65535
_PLAIN_NAME = re.compile(r"(?!\.\.?$)[A-Za-z0-9._-]+")
_NAMES_RULE = f"must have names of letters, digits, dots, hyphens and underscores, and none that is {NEXT}"


def problems(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the rules that the spec breaks on every target, by field."""
    broken_rules: dict[str, str] = {}
    try:
        owner(spec)
    except ValueError as error:
        broken_rules["user"] = str(error)
    for field, least in _LEAST_LIMITS.items():
        limit = spec.get(field, least)
        if isinstance(limit, int | float) and limit < least:
            broken_rules[field] = f"must be at least {least:g}: Docker accepts no lower limit, and takes 0 for none"
    if sum(bool(spec.get(kind)) for kind in ("probe", "one_shot", "unprobed")) != 1:
        broken_rules["probe"] = (
            "is required, or else one_shot (a container that exits) or unprobed: set exactly one of the three"
        )
    owned = ("ports", "volumes", "disposable_volumes", "reload")
    if spec.get("one_shot") and any(spec.get(kind) for kind in owned):
        broken_rules["one_shot"] = "can't have ports, volumes of its own or a reload"
    return broken_rules | _reload_problems(spec.get("reload")) | _name_problems(spec) | _number_problems(spec)


def _reload_problems(reload: Mapping[str, Any] | None) -> dict[str, str]:
    broken_rules: dict[str, str] = {}
    if reload is not None:
        if sum(bool(reload.get(kind)) for kind in ("command", "signal", "watch")) != 1:
            broken_rules["reload"] = "must have exactly one of command, signal and watch"
        if bool(reload.get("command")) != bool(reload.get("socket")):
            broken_rules["reload.socket"] = "must be set with reload.command, and only then"
        if reload.get("check") and not reload.get("signal"):
            broken_rules["reload.check"] = "must be set only with reload.signal: a command checks the files itself"
    return broken_rules


def _name_problems(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the rules that names of files and volumes, and folders of the host, break."""
    broken_rules: dict[str, str] = {}
    for field in ("secret_files", "config_files", "volumes", "disposable_volumes"):
        entries: list[Any] = [*spec.get(field, [])]
        # The name of an entry may still be missing.
        names = [entry if isinstance(entry, str) else entry.get("name", "x") for entry in entries]
        bad = [name for name in names if name == NEXT or not _PLAIN_NAME.fullmatch(name)]
        if bad:
            broken_rules[field] = f'{_NAMES_RULE}: rename "{bad[0]}"'
    for mount in spec.get("host_mounts", []):
        source = mount.get("source", "/x")
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", source) or "/.." in source:
            broken_rules["host_mounts"] = "must be absolute paths of plain names"
    return broken_rules


def _number_problems(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the rules that numbers break that only Docker or systemd would refuse, at the start."""
    given: dict[str, tuple[object, int]] = {
        "stop_seconds": (spec.get("stop_seconds"), 0),
        "time_limit_seconds": (spec.get("time_limit_seconds"), 1),
    }
    probe: Mapping[str, Any] = spec.get("probe") or {}
    for name, least in _LEAST_OF_PROBE.items():
        given[f"probe.{name}"] = probe.get(name), least
    broken_rules = {
        field: f"must be a whole number from {least}"
        for field, (number, least) in given.items()
        if isinstance(number, int) and number < least
    }
    for index, port in enumerate(spec.get("ports", [])):
        for name in ("host", "container"):
            number = port.get(name)
            if isinstance(number, int) and not 1 <= number <= _LAST_PORT:
                broken_rules[f"ports[{index}].{name}"] = f"must be a TCP port, a whole number from 1 to {_LAST_PORT}"
    return broken_rules


def value_at(spec: Mapping[str, Any], path: str) -> object:
    """Return the value at a path such as `ports[0].host`; empty if there is none."""
    value: Any = spec
    for step in re.findall(r"[^.[\]]+", path):
        value = value[int(step)] if step.isdigit() else value.get(step, "")
    return value
