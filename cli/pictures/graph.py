"""The resource graph of a stack, grouped by the components below the deployment, as a Mermaid flowchart and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_COMPONENT_PREFIX = "kotauth:index:"
_DEPTH_OF_GROUPS = 2
"""The deployment itself is the first component above a resource, its parts are the second."""


@dataclass
class Group:
    """The resources of one component, nested components included."""

    component: str
    """Type and name of the component: `AwsDatabase kotauth-database`."""
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Service and kind of resource, such as `rds` and `Instance`, to how many there are."""
    needs: set[str] = field(default_factory=set[str])
    """The components with a resource that one of this component depends on."""


def groups(resources: Iterable[Mapping[str, Any]]) -> dict[str, Group]:
    """Group resources by component; each is a state as `pulumi preview --json` or `pulumi stack export` gives it.

    Resources that the deployment holds itself form a group of their own.
    """
    states = {state["urn"]: state for state in resources}
    components = {urn: _component(state, states) for urn, state in states.items()}
    grouped: dict[str, Group] = {}
    for urn, state in states.items():
        component = components[urn]
        if not component:
            continue
        group = grouped.setdefault(component, Group(component))
        if state["custom"]:
            group.kinds[_kind(state["type"])] += 1
        group.needs |= {components.get(needed, "") for needed in _dependencies(state)}
    for group in grouped.values():
        group.needs &= grouped.keys() - {group.component}
    return dict(sorted(grouped.items()))


def flowchart(grouped: Mapping[str, Group]) -> str:
    """Draw an arrow from each group to those that it needs, but for arrows that a longer path already implies."""
    lines = ["flowchart LR"]
    for group in grouped.values():
        kind, _, name = group.component.partition(" ")
        size = group.kinds.total()
        lines.append(f'  {_box(group.component)}["{kind}<br>{name}<br>{size} resource{"s" if size > 1 else ""}"]')
    for group in grouped.values():
        for needed in sorted(group.needs):
            others = group.needs - {needed}
            if not any(needed in _reachable(grouped, other, without=group.component) for other in others):
                lines.append(f"  {_box(group.component)} --> {_box(needed)}")
    return "\n".join(lines)


def table(grouped: Mapping[str, Group]) -> str:
    """List what each group holds, a row for each service of its resources."""
    lines = ["| Component | Service | Resources |", "|---|---|---|"]
    for group in grouped.values():
        by_service: dict[str, list[str]] = {}
        for (service, kind), count in sorted(group.kinds.items()):
            by_service.setdefault(service, []).append(f"{kind} ({count})" if count > 1 else kind)
        lines += [f"| {group.component} | {service} | {', '.join(kinds)} |" for service, kinds in by_service.items()]
    return "\n".join(lines)


def section(stack: str, resources: Iterable[Mapping[str, Any]]) -> str:
    """Return the Markdown section of a stack in docs/pictures.md: heading, flowchart, table."""
    grouped = groups(resources)
    return f"## Stack `{stack}`\n\n```mermaid\n{flowchart(grouped)}\n```\n\n{table(grouped)}\n"


def _component(state: Mapping[str, Any], states: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the component below the deployment that a resource belongs to; empty where there is none.

    A component below the deployment belongs to itself: resources may depend on it as a whole.
    """
    path: list[str] = []
    current: Mapping[str, Any] | None = state
    while current:
        if current["type"].startswith(_COMPONENT_PREFIX):
            path.append(f"{current['type'].removeprefix(_COMPONENT_PREFIX)} {current['urn'].rpartition('::')[2]}")
        current = states.get(current.get("parent", ""))
    return path[-_DEPTH_OF_GROUPS:][0] if path else ""


def _box(component: str) -> str:
    """Return an identifier that Mermaid takes."""
    return component.replace(" ", "_").replace("-", "_")


def _kind(type_: str) -> tuple[str, str]:
    """Return service and kind: `rds`, `Instance` for `aws:rds/instance:Instance`; the provider where it has none."""
    provider, module, kind = type_.split(":")
    return module.partition("/")[0] if provider == "aws" else provider, kind


def _dependencies(state: Mapping[str, Any]) -> set[str]:
    by_property: Mapping[str, list[str]] = state.get("propertyDependencies") or {}
    return {*(state.get("dependencies") or []), *(urn for urns in by_property.values() for urn in urns)}


def _reachable(grouped: Mapping[str, Group], start: str, *, without: str) -> set[str]:
    """Return the groups that ``start`` needs, directly or not, on paths that avoid one group."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for needed in grouped[waiting.pop()].needs - reached - {without}:
            reached.add(needed)
            waiting.append(needed)
    return reached
