"""Lambda's runtime, played by a container: that Python and boto3, a read-only disk, and a call as Lambda makes one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators import images

LAST_ATTEMPT_SECONDS = 60
"""What the function keeps of its time for an attempt that has begun."""

# What Lambda's own bootstrap does, and how it reports an error.
_BOOTSTRAP = """
import importlib, json, sys, time, traceback
class Context:
    end = time.monotonic() + float(sys.argv[2])
    def get_remaining_time_in_millis(self):
        return int((self.end - time.monotonic()) * 1000)
module, _, name = sys.argv[1].rpartition(".")
try:
    payload = getattr(importlib.import_module(module), name)(json.load(sys.stdin), Context())
except Exception as error:
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__))
    payload = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": trace}
print(json.dumps(payload), Context().get_remaining_time_in_millis() / 1000, sep="\\n", file=sys.stderr)
"""


@dataclass(frozen=True)
class Called:
    """What a call gave back."""

    payload: dict[str, Any]
    log: str
    seconds_left: float
    """What was left of the function's time at its end."""

    @property
    def error(self) -> str:
        """Text of the error, empty for none."""
        return self.payload.get("errorMessage", "")

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Level and text of each line of the log."""
        lines = [json.loads(line) for line in self.log.splitlines()]
        return [(line["level"], line["message"]) for line in lines]


def call(
    code: Path, handler: str, event: str, *options: str, environment: Mapping[str, str], seconds: float = 15
) -> Called:
    """Call a handler of the unpacked archive, which may try for so many seconds; options are those of `docker run`."""
    variables = {**environment, "PYTHONPATH": "/var/task"}
    done = subprocess.run(
        [
            *("docker", "run", "--rm", "--interactive", f"--volume={code}:/var/task:ro", "--workdir=/var/task"),
            *("--read-only", "--tmpfs=/tmp", "--user=993", "--cap-drop=ALL", *options),
            *(f"--env={name}={value}" for name, value in variables.items()),
            *(images.ensure(["lambda-runtime"])["lambda-runtime"], "python3", "-c", _BOOTSTRAP),
            *(handler, str(seconds + LAST_ATTEMPT_SECONDS)),
        ],
        input=event,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    payload, left = done.stderr.splitlines()
    return Called(json.loads(payload), done.stdout, float(left))
