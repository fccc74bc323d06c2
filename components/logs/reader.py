"""The reader sends this stack's lines of Docker's log files to the shipper: whole, parsed and redacted.

It sees the log files of every container on the host, and with them the configuration of each. So it has no way out:
only an internal network, no port, no capability, and the files read-only.
"""

from __future__ import annotations

import json
from typing import Any

from ..workload.spec import LOGS_LABEL as LABEL
from ..workload.spec import PART_LABEL, ContainerSpec
from . import collector
from .redaction import replacements

PART = "log-reader"
LOG_FILES = "/var/lib/docker/containers"
"""Folder of Docker's log files with the default data folder."""
USER = "0:0"
"""Docker's log files belong to root, with mode 0640. No capability is needed, and no other user can read them."""
_FILES = "/logs"
LINE_BYTES = 100_000
"""Longest line; longer lines are cut, as on AWS."""
_FIELD_BYTES = 4_096
_LINE_MAXIMUM = 512 * 1024
# A line that ends without an end of line is the last one of its container. Waiting costs nothing, and a line that is
# flushed in two, because the sink was down in its middle, could have a secret in the middle.
_UNENDED_LINE = "1h"


def reader(image: str, stack: str, files: str) -> ContainerSpec:
    """Return the spec of the reader for the lines with the label value ``stack``, in Docker's folder ``files``."""
    spec = collector.collector(PART, image, USER, configuration(stack))
    spec["host_mounts"] = [{"source": files, "path": _FILES}]
    spec["disposable_volumes"] = [{"name": "offsets", "path": collector.STORAGE}]
    return spec


def configuration(
    stack: str, files: str = _FILES, shipper: str = f"http://{collector.SHIPPER}:{collector.INTAKE}"
) -> collector.Configuration:
    """Return the reader's configuration."""
    made = collector.configuration(
        receivers={"file_log": _receiver(stack, files)},
        processors={"transform": _cut()},
        exporter={
            "endpoint": shipper,
            "compression": "none",
            # The receiver waits until the shipper has stored the lines, and only then saves its offsets.
            "sending_queue": {"enabled": False},
            "retry_on_failure": _without_end(),
        },
    )
    # Counts the lines that are written, whether or not the shipper takes them: the difference waits or is lost.
    made["receivers"]["file_log/written"] = _files(files) | {"operators": _counted(stack)}
    made["exporters"]["nop"] = {}
    made["service"]["pipelines"]["logs/written"] = {"receivers": ["file_log/written"], "exporters": ["nop"]}
    return made


def _without_end() -> dict[str, Any]:
    return {"enabled": True, "initial_interval": "500ms", "max_interval": "5s", "max_elapsed_time": "0s"}


def _receiver(stack: str, files: str) -> dict[str, Any]:
    return _files(files) | {
        "include_file_name": True,
        "retry_on_failure": _without_end(),
        "operators": [_mentions(stack), *_selected(stack), *_whole(), *_redacted(), *_parsed()],
    }


def _counted(stack: str) -> list[dict[str, Any]]:
    """Keep the last piece of each line that isn't empty."""
    return [
        _mentions(stack),
        {
            "type": "filter",
            "expr": r'''not (body contains "\\n\",\"stream\":") or body startsWith "{\"log\":\"\\n\","''',
        },
        # Nothing but the number is needed.
        {"type": "retain", "fields": ["attributes.none"]},
    ]


def _files(files: str) -> dict[str, Any]:
    return {
        "include": [f"{files}/*/*-json.log*"],
        "exclude": ["*.gz"],
        "start_at": "beginning",
        "poll_interval": "200ms",
        # One file after the other, the oldest of a container first: otherwise a backlog loses its order.
        "max_concurrent_files": 2,
        "ordering_criteria": {
            "regex": r"/(?P<container>[0-9a-f]+)-json\.log(?P<rotation>[.0-9]*)$",
            "top_n": 100_000,
            "sort_by": [{"sort_type": "alphabetical", "regex_key": "rotation", "ascending": False}],
        },
        # With the default, two files of a container that begin alike count as one.
        "fingerprint_size": "40KiB",
        "max_log_size": "1MiB",
        "force_flush_period": "0s",
        "storage": "file_storage",
    }


def _mentions(stack: str) -> dict[str, Any]:
    """Drop nearly all lines of other containers, before they cost anything."""
    labelled = f"{json.dumps(LABEL)}:{json.dumps(stack)}"
    return {"type": "filter", "expr": f"not (body contains {json.dumps(labelled)})"}


def _selected(stack: str) -> list[dict[str, Any]]:
    """Keep what Docker labels as this stack's. Other containers can write the same text only into their messages."""
    return [
        {"type": "container", "format": "docker", "add_metadata_from_filepath": False, "on_error": "drop"},
        {"type": "filter", "expr": f'(attributes.attrs ?? {{}})["{LABEL}"] != {json.dumps(stack)}'},
        {"type": "add", "field": 'resource["service.namespace"]', "value": stack},
        {
            "type": "add",
            "field": 'resource["service.name"]',
            "value": f'EXPR("kotauth-" + (attributes.attrs["{PART_LABEL}"] ?? "unknown"))',
        },
        {
            "type": "add",
            "field": 'resource["service.instance.id"]',
            "value": 'EXPR(attributes["log.file.name"][0:12])',
        },
    ]


def _whole() -> list[dict[str, Any]]:
    """Join the pieces of 16 KB into which Docker cuts a line, also over a rotation, so that no secret is in two."""
    return [
        {
            "type": "add",
            "field": "attributes.source",
            "value": 'EXPR(attributes["log.file.name"][0:64] + attributes["log.iostream"])',
        },
        {
            "type": "recombine",
            "combine_field": "body",
            "combine_with": "",
            "is_last_entry": r'body endsWith "\n"',
            "source_identifier": "attributes.source",
            "max_batch_size": 0,
            "max_unmatched_batch_size": 0,
            "max_log_size": _LINE_MAXIMUM,
            "force_flush_period": _UNENDED_LINE,
        },
        *({"type": "remove", "field": f'attributes["{name}"]'} for name in ("source", "log.file.name", "attrs")),
        {"type": "regex_replace", "field": "body", "regex": r"\r?\n$", "replace_with": ""},
        {"type": "filter", "expr": 'body == ""'},
    ]


def _redacted() -> list[dict[str, Any]]:
    return [
        {"type": "regex_replace", "field": "body", "regex": pattern, "replace_with": replacement}
        for pattern, replacement in replacements()
    ]


def _parsed() -> list[dict[str, Any]]:
    """Take the fields of a line in JSON: the message becomes the body, the level the severity."""
    text = "type({0}) == 'string'"
    steps: list[dict[str, Any]] = [
        {
            "type": "json_parser",
            "if": 'body startsWith "{"',
            "parse_from": "body",
            "parse_to": "attributes",
            "on_error": "send_quiet",
        },
        {
            "type": "severity_parser",
            "if": text.format("attributes.level"),
            "parse_from": "attributes.level",
            "on_error": "send_quiet",
        },
    ]
    for name in ("message", "msg"):
        field = f"attributes.{name}"
        steps.append({"type": "move", "if": text.format(field), "from": field, "to": "body"})
    steps.append(
        {
            "type": "add",
            "if": text.format("attributes.stack_trace"),
            "field": "body",
            "value": r'EXPR(body + "\n" + attributes.stack_trace)',
        }
    )
    unneeded = ("stack_trace", "level", "level_value", "@timestamp", "@version")
    return steps + [
        {"type": "remove", "if": f'"{name}" in attributes', "field": f'attributes["{name}"]'} for name in unneeded
    ]


def _cut() -> dict[str, Any]:
    """Cut what a sink would refuse, and a whole batch with it."""
    return {
        "error_mode": "ignore",
        "log_statements": [
            f"truncate_all(log.attributes, {_FIELD_BYTES})",
            'set(log.cache["body"], log.body)',
            f"truncate_all(log.cache, {LINE_BYTES})",
            'set(log.body, log.cache["body"])',
        ],
    }
