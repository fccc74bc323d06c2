"""The OpenTelemetry Collector as a container: what its two forms, reader and shipper, have in common."""

from __future__ import annotations

import json
from typing import Any, cast

from ..inputs.image import image as image_rule
from ..workload.spec import CONFIG_DIRECTORY, ContainerSpec

DEFAULT_IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.149.0"
VERSION_FLOOR = (0, 149, 0)
parse_image = image_rule(3, VERSION_FLOOR, "the log route is tested with this version, and older ones lose lines")

READER, SHIPPER = "reader", "shipper"
"""Names of both on their internal network."""
INTAKE, HEALTH, METRICS = 4318, 13133, 8888
"""Ports of both on their internal network: OTLP over HTTP, `health_check` and Prometheus."""
STORAGE = "/var/lib/otelcol"
MEMORY_MB = 96
"""Limit of each. Measured at 1,000 lines a second: 55 MB for the reader, 42 MB for the shipper."""
_LIMITER_MB, _SPIKE_MB = 80, 16

Configuration = dict[str, Any]


def collector(part: str, image: str, user: str, configuration: Configuration) -> ContainerSpec:
    """Return a collector's spec; what it reads, keeps and may do is added by its form."""
    return {
        "part": part,
        "image": image,
        "user": user,
        "memory": MEMORY_MB,
        "cpus": 0.5,
        # Without the gate, the receiver saves offsets of lines that it hasn't handed over, and a crash loses them.
        "command": [f"--config={CONFIG_DIRECTORY}/config.yaml", "--feature-gates=stanza.synchronousLogEmitter"],
        "environment": {"GOMEMLIMIT": f"{_LIMITER_MB}MiB"},
        "config_files": {"config.yaml": text(configuration)},
        # The image has no command but the collector; the watcher asks both over their network.
        "unprobed": True,
        "stop_seconds": 10,
    }


def configuration(*, receivers: Configuration, processors: Configuration, exporter: Configuration) -> Configuration:
    """Return the configuration of a collector with one pipeline, which exports by OTLP over HTTP."""
    limiter = {"check_interval": "1s", "limit_mib": _LIMITER_MB, "spike_limit_mib": _SPIKE_MB}
    return {
        "extensions": {
            "health_check": {"endpoint": f"0.0.0.0:{HEALTH}"},
            "file_storage": {"directory": STORAGE, "create_directory": False, "fsync": True},
        },
        "receivers": receivers,
        "processors": {"memory_limiter": limiter, **processors},
        "exporters": {"otlp_http": exporter},
        "service": {
            "extensions": ["health_check", "file_storage"],
            "telemetry": {
                "logs": {"level": "info", "encoding": "json"},
                # Detailed: with the HTTP status of each answer, and with the cause of each failure.
                "metrics": {
                    "level": "detailed",
                    "readers": [
                        {"pull": {"exporter": {"prometheus": {"host": "0.0.0.0", "port": METRICS}}}}  # noqa: S104
                    ],
                },
            },
            "pipelines": {
                "logs": {
                    "receivers": [*receivers],
                    "processors": ["memory_limiter", *processors],
                    "exporters": ["otlp_http"],
                }
            },
        },
    }


class FromFile(str):
    """A reference that the collector resolves, such as `${file:PATH}`; all other text it takes as it is."""

    __slots__ = ()


def text(configuration: Configuration) -> str:
    """Return a configuration as the collector reads it: JSON is YAML, and a dollar sign is written twice."""
    return json.dumps(_escaped(configuration), indent=2, ensure_ascii=False) + "\n"


def _escaped(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, FromFile):
        return str(value)
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _escaped(entry) for key, entry in cast("Configuration", value).items()}
    if isinstance(value, list):
        return [_escaped(entry) for entry in cast("list[Any]", value)]
    return value
