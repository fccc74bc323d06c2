"""The verdicts of the policy rules: the file that the pack writes while `pulumi` runs, and its text.

The text is made in `policy/kotauth_policy/formats`.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path

from policy.kotauth_policy import formats
from policy.kotauth_policy.engine.report_form import FILE_VARIABLE

from . import pulumi_command

MISSING = "no verdicts of the policy rules: the run ended before the whole stack was evaluated, see the errors above"


@contextlib.contextmanager
def recorded() -> Generator[Path]:
    """Have the pack write its verdicts while `pulumi` runs, and yield the file, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.json"
        with pulumi_command.variables_added({FILE_VARIABLE: str(file)}):
            yield file


def read(file: Path) -> formats.Document:
    """Return the verdicts as the pack wrote them."""
    return formats.read(file.read_text(encoding="utf-8"))


def table(file: Path, *, only_findings: bool) -> str:
    """Return the verdicts as a table, or that there are none; ``only_findings`` leaves out what no rule objects to."""
    if not file.exists():
        return f"\n{MISSING}\n"
    text = formats.findings if only_findings else formats.FORMATS["table"]
    return text(read(file))
