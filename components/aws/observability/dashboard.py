"""The dashboard: one graph for each alarm with its threshold in it, and the latest errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from .alarms import Alarm

_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 6
"""CloudWatch lays out 24 columns."""


@dataclass(frozen=True)
class Watched:
    """An alarm with its threshold and the dimensions of what it watches."""

    alarm: Alarm
    name: str
    """The alarm's, and which one where there are several of its subject."""
    threshold: float
    """Threshold in the metric's own unit."""
    namespace: pulumi.Input[str]
    dimensions: Mapping[str, pulumi.Input[str]]


def dashboard(
    watched: Sequence[Watched], region: pulumi.Input[str], log_group_name: pulumi.Input[str]
) -> pulumi.Output[str]:
    """Return the body of the dashboard as CloudWatch takes it."""
    errors = {
        "title": "Latest errors",
        "region": region,
        "view": "table",
        "query": pulumi.Output.concat(
            "SOURCE '",
            log_group_name,
            "' | fields @timestamp, logger_name, message | filter level = 'ERROR' or outcome = 'failed'",
            " | sort @timestamp desc | limit 50",
        ),
    }
    rows = -(-len(watched) // _COLUMNS)
    table = _widget("log", 0, rows * _HEIGHT, _COLUMNS * _WIDTH, errors)
    return pulumi.Output.json_dumps(
        {
            "widgets": [
                *(
                    _widget(
                        "metric", index % _COLUMNS * _WIDTH, index // _COLUMNS * _HEIGHT, _WIDTH, _graph(one, region)
                    )
                    for index, one in enumerate(watched)
                ),
                table,
            ]
        }
    )


def _graph(watched: Watched, region: pulumi.Input[str]) -> dict[str, Any]:
    alarm = watched.alarm
    dimensions = [part for pair in watched.dimensions.items() for part in pair]
    return {
        "title": watched.name.replace("-", " ").capitalize(),
        "region": region,
        "view": "timeSeries",
        "metrics": [[watched.namespace, alarm.metric, *dimensions]],
        "stat": alarm.statistic,
        "period": alarm.period_seconds,
        "annotations": {"horizontal": [{"label": "alarm", "value": watched.threshold}]},
    }


def _widget(kind: str, x: int, y: int, width: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": _HEIGHT, "properties": properties}
