"""The shipper: takes lines from the reader, keeps them in a queue on a volume, and sends them to the sink."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..workload.spec import HOST_NAME, SECRETS_DIRECTORY, ContainerSpec
from . import collector

PART = "log-shipper"
USER = "10001:10001"
HEADERS_FILE = "headers.json"
QUEUE_BYTES = 64 * 1024 * 1024
"""Size of the queue. If it is full, the reader waits, and lines stay in Docker's files until rotation removes them."""
BATCH_BYTES = 100_000
"""Usual batch, about 300 lines."""
LARGEST_BATCH_BYTES = 750_000
"""Largest batch, below the megabyte that CloudWatch takes."""


def shipper(image: str, endpoint: str, *, has_headers: bool) -> ContainerSpec:
    """Return the spec of the shipper to an OTLP endpoint for logs, with the headers in its secret file if any."""
    headers = f"{SECRETS_DIRECTORY}/{HEADERS_FILE}" if has_headers else ""
    spec = collector.collector(PART, image, USER, configuration(endpoint, headers))
    if has_headers:
        spec["secret_files"] = [HEADERS_FILE]
    spec["reaches_host"] = urlsplit(endpoint).hostname == HOST_NAME
    spec["disposable_volumes"] = [{"name": "queue", "path": collector.STORAGE}]
    return spec


def configuration(endpoint: str, headers: str) -> collector.Configuration:
    """Return the shipper's configuration; ``headers`` is the path of the file with them, or empty."""
    exporter = {
        "logs_endpoint": endpoint,
        "compression": "gzip",
        "timeout": "30s",
        "sending_queue": {
            "storage": "file_storage",
            "sizer": "bytes",
            "queue_size": QUEUE_BYTES,
            # One batch after the other, in the order of the lines.
            "num_consumers": 1,
            # The reader gets an error and sends again later; its connection doesn't hang for hours.
            "block_on_overflow": False,
            # After a crash, the batch that was being sent goes to the end of the queue, so it is a small one.
            "batch": {
                "sizer": "bytes",
                "flush_timeout": "200ms",
                "min_size": BATCH_BYTES,
                "max_size": LARGEST_BATCH_BYTES,
            },
        },
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "500ms",
            "max_interval": "5s",
            "max_elapsed_time": "0s",
        },
    }
    if headers:
        exporter["headers"] = collector.FromFile(f"${{file:{headers}}}")
    return collector.configuration(
        receivers={
            "otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{collector.INTAKE}"}}},
        },
        processors={},
        exporter=exporter,
    )
