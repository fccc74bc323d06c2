"""The cloud-config document: files to write, commands to run.

Written by hand, character for character: a YAML library's next version could write the same document differently, and
every changed byte of user data rolls the servers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"(?!\n* )[\n\x20-\x7e]+\n")


def cloud_config(files: Mapping[str, str], commands: Sequence[Sequence[str]]) -> str:
    """Return the document; files belong to root and only root reads them."""
    written = "".join(_file(path, content) for path, content in sorted(files.items()))
    run = "".join(f"- {json.dumps(list(command))}\n" for command in commands)
    return f"#cloud-config\nwrite_files:\n{written}runcmd:\n{run}"


def _file(path: str, content: str) -> str:
    head = f"- path: {path}\n  permissions: '0600'\n"
    if not _PLAIN.fullmatch(content):
        # YAML takes nothing for null, which is no content.
        encoded = base64.b64encode(content.encode()).decode() or "''"
        return f"{head}  encoding: b64\n  content: {encoded}\n"
    # As many line ends as there are, also where the text ends with several.
    lines = "".join(f"   {line}\n" if line else "\n" for line in content.removesuffix("\n").split("\n"))
    return f"{head}  content: |+\n{lines}"
