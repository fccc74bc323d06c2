"""What `make policy-report` prints: the verdicts of the policy rules and nothing else, so that a file can keep it.

The engine and whatever runs before it print to standard error meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from policy.kotauth_policy import formats

FILE_VARIABLE = "KOTAUTH_POLICY_REPORT"
"""Where the pack writes what every rule said (policy/kotauth_policy/engine/report.py)."""
_NO_VERDICTS = "no verdicts of the policy rules: it ended before the whole stack was judged, see above"


@dataclass(frozen=True)
class Wanted:
    """What is to be reported, and how."""

    format: str
    out: Path | None
    """The file to write, standard output if there is none."""
    deployed: bool
    """Whether what is deployed is to be judged, and no preview."""
    exported: Path | None
    """The state to be judged, as `pulumi stack export` wrote it."""


@contextlib.contextmanager
def asked_for(variables: dict[str, str]) -> Iterator[Path]:
    """Set the variable that has the pack write its report, and yield the file, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.json"
        variables[FILE_VARIABLE] = str(file)
        yield file


@contextlib.contextmanager
def stdout_kept() -> Iterator[BinaryIO]:
    """Send to standard error whatever is printed, by other programs too; yield the real standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "wb", closefd=False) as stdout:
            yield stdout
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def table(file: Path, *, brief: bool) -> str:
    """Return the table of a report, or that there is none; ``brief`` leaves out what no rule objects to."""
    made = formats.findings if brief else formats.FORMATS["table"]
    return made(_read(file)) if file.exists() else f"\n{_NO_VERDICTS}\n"


def show(file: Path, wanted: Wanted, stdout: BinaryIO, engine_code: int) -> int:
    """Print the report; return 1 where a rule refuses, end this process where there is no report or another failure."""
    if not file.exists():
        sys.exit(f"error: {_NO_VERDICTS}")
    report = _read(file)
    text = formats.FORMATS[wanted.format](report).encode()
    try:
        if wanted.out:
            wanted.out.write_bytes(text)
        else:
            stdout.write(text)
    except OSError as error:
        sys.exit(f"error: the report can't be written: {error}")
    if formats.is_refused(report):
        return 1
    if engine_code:
        sys.exit("error: no policy rule refuses, and the engine failed nevertheless, see above")
    return 0


@contextlib.contextmanager
def readable(exported: Path) -> Iterator[tuple[str, Path]]:
    """Yield the stack that an exported state is of, and a copy of the state that the engine judges as a preview would.

    The engine reads UTF-8 only, and some shells write UTF-16 or a byte order mark. It judges inputs, and a resource
    that the program only reads has none: what was read stands among its outputs.
    """
    try:
        state = json.loads(exported.read_bytes())
        resources = state["deployment"]["resources"]
        stack = str(resources[0]["urn"]).removeprefix("urn:pulumi:").partition("::")[0]
        for resource in resources:
            if resource.get("external"):
                resource["inputs"] = resource.get("outputs")
    except OSError as error:
        sys.exit(f"error: {error}")
    except (ValueError, LookupError, TypeError, AttributeError):
        sys.exit(f"error: {exported} is no state with resources, as `pulumi stack export` writes it")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / exported.name
        copy.write_text(json.dumps(state), encoding="utf-8")
        yield stack, copy


def _read(file: Path) -> formats.Document:
    return formats.read(file.read_text(encoding="utf-8"))
