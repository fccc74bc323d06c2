"""A stack of this checkout: its file, its settings, and the options that choose it in a `pulumi` command."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from toolchain import local_state

from . import pulumi_command

DEVELOPMENT = "dev"
"""The stack that runs on this machine and asks no questions."""
_SALT = re.compile(r"^encryptionsalt: .*$", re.MULTILINE)


@dataclass(frozen=True)
class Stack:
    """A stack of this checkout, and how to call Pulumi on it."""

    name: str

    @property
    def file(self) -> Path:
        """The settings that the user edits."""
        return pulumi_command.ROOT / f"Pulumi.{self.name}.yaml"

    @property
    def is_development(self) -> bool:
        """Whether it is the development stack."""
        return self.name == DEVELOPMENT

    @property
    def make_option(self) -> str:
        """What a `make` command needs to choose this stack, with a space before it; nothing for the default."""
        return "" if self.is_development else f" STACK={self.name}"

    @property
    def is_on_aws(self) -> bool:
        """Whether it is a stack on AWS, which needs no Docker on this machine."""
        return self.setting("target") == "aws"

    @functools.cached_property
    def is_tracked(self) -> bool:
        """Whether git holds the settings."""
        command = ["git", "ls-files", "--error-unmatch", self.file.name]
        return subprocess.run(command, cwd=pulumi_command.ROOT, capture_output=True, check=False).returncode == 0

    @property
    def options(self) -> list[str]:
        """The options that choose stack and settings."""
        copy = ["--config-file", str(self._copy)] if self.is_tracked else []
        return ["--stack", self.name, *copy]

    @property
    def policy_options(self) -> list[str]:
        """The options that run the policy pack; a stack without a policy file of its own has production's."""
        own, production = (pulumi_command.ROOT / "policy" / f"{name}.json" for name in (self.name, "prod"))
        return ["--policy-pack", "policy", "--policy-pack-config", str(own if own.exists() else production)]

    @property
    def _copy(self) -> Path:
        # An offline preview has a passphrase of its own, which must not replace the real one's salt.
        folder = pulumi_command.ROOT / local_state.FOLDER
        return (folder / "offline" if is_offline() else folder) / self.file.name

    def exists(self) -> bool:
        """Tell whether the state has the stack."""
        listed = json.loads(pulumi_command.run_or_exit("stack", "ls", "--json", capture=True))
        return self.name in {stack["name"].rpartition("/")[2] for stack in listed}

    def ensure(self) -> None:
        """Make the stack where there is none, and bring the copy of its settings up to date."""
        before = self.file.read_text(encoding="utf-8") if self.is_tracked else None
        if not self.exists():
            pulumi_command.run_or_exit("stack", "init", self.name, "--no-select")
        if before is None:
            return
        written = self.file.read_text(encoding="utf-8")
        if written != before:
            self.file.write_text(before, encoding="utf-8")
        # The salt that the secrets of this state are encrypted with: in git only where the user put it there.
        kept = self._copy.read_text(encoding="utf-8") if self._copy.exists() else ""
        salt = _SALT.search(before) or _SALT.search(written) or _SALT.search(kept)
        own = "" if _SALT.search(before) or not salt else f"{salt[0]}\n"
        self._copy.parent.mkdir(exist_ok=True)
        self._copy.write_text(own + before, encoding="utf-8")

    def setting(self, key: str) -> str:
        """Return a setting as the stack's own file has it, empty where it has only its default."""
        written: Any = yaml.safe_load(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        settings: dict[str, Any] = written.get("config") or {}
        return str(settings.get(key if ":" in key else f"kotauth:{key}", ""))


def is_offline() -> bool:
    """Tell whether OFFLINE=1 asks for a preview without AWS (`offline`); a stack then has a copy of its own."""
    return bool(os.environ.get("OFFLINE"))
