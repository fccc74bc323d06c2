"""The error that refuses inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from .addresses import without_passwords
from .wording import Wording, worded_path, worded_value

_LONGEST_SHOWN = 120
_PRIVATE_KEY = "PRIVATE KEY-----"


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """A value that breaks a rule."""

    path: str
    """Where the value is, such as `containers[0].memory`."""
    value: object
    rule: str
    """The rule, in which `{meant}` and `{example}` stand for these fields."""
    meant: str = ""
    """Path of the name that was meant."""
    example: object = None
    """A value that is good."""
    prefix: str = ""
    """What stands before a path."""
    args_type: Any = None
    """The ``TypedDict`` of the inputs: it says which names in a path are declared. None where the path is one name."""
    is_secret: bool = False
    """Whether the value must not be shown."""

    def line(self, wording: Wording) -> str:
        """Return the line of the message: the name, the value, the rule."""
        path, kind = self._worded(self.path, wording)
        value = worded_value(self.value, kind, wording.name)
        shown = wording.value(value)
        # A private key can also be given to the wrong setting.
        if self.is_secret or _PRIVATE_KEY in shown:
            value = shown = "[secret]"
        shown = without_passwords(shown)
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        example = wording.value(worded_value(self.example, kind, wording.name))
        rule = wording.rule(self.rule).replace("{meant}", self._worded(self.meant, wording)[0])
        return f"{path} = {wording.quoted(shown, value)}: {rule.replace('{example}', example)}"

    def _worded(self, path: str, wording: Wording) -> tuple[str, Any]:
        if self.args_type is None:
            return self.prefix + wording.name(path), None
        path, kind = worded_path(path, self.args_type, wording.name)
        return self.prefix + path, kind


class InvalidInputError(pulumi.RunError):
    """One or more values of a subject break a rule; the message names the subject, each key, its value and the rule."""

    def __init__(self, subject: str, flaws: Sequence[Flaw]) -> None:
        """Refuse values of the ``subject``: the type and the name of a component, such as `AwsDns identity`."""
        self._subject = subject
        self._flaws = flaws
        super().__init__(self.worded(Wording()))

    def worded(self, wording: Wording) -> str:
        """Return the message for a program in another language."""
        count = len(self._flaws)
        head = f"{count} values of {self._subject} are not valid" if count > 1 else f"{self._subject} is not valid"
        message = "\n  ".join([head + ":", *(flaw.line(wording) for flaw in self._flaws)])
        # A lone surrogate that is being refused can't be sent to the engine.
        return message.encode(errors="backslashreplace").decode()


def refused(subject: str, name: str, value: object, rule: str) -> InvalidInputError:
    """Return the error that refuses one value of a component."""
    return InvalidInputError(subject, [Flaw(path=name, value=value, rule=rule)])
