"""How to call the engine: the variables that make `pulumi` the right one, with the right state."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from . import local_state
from .machine import cache, virtualenv
from .machine.errors import EngineError
from .pulumi import official, selection
from .pulumi.selection import Engine, Origin


def environment(project: Path) -> dict[str, str]:
    """Return the variables to set for Pulumi in that project, to be merged into `os.environ`.

    A backend or passphrase that the user has set stays; otherwise state and passphrase are local to the project and
    are made on first use.

    Raises:
        EngineError: There is no such project, no engine has been set up, or the passphrase of the state is lost.
    """
    if not project.is_dir():
        raise EngineError(f"{project} is not a folder")
    engine = selection.find()
    if engine is None:
        raise EngineError("the Pulumi engine is not set up: run `make engine`")
    return {**_of_engine(engine, os.environ), **_of_state(project.absolute(), os.environ)}


def shell_exports(variables: Mapping[str, str]) -> str:
    """Return the variables as text for `eval` in a POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _of_engine(engine: Engine, current: Mapping[str, str]) -> dict[str, str]:
    rest = official.outside_cache(current.get("PATH", os.defpath))
    variables = {
        "PATH": f"{engine.commands}{os.pathsep}{rest}" if engine.commands else rest,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # `pulumi install` and component packages have pip fill virtualenvs.
        **virtualenv.INTO_VIRTUALENV,
    }
    if engine.origin is Origin.BUILT:
        variables["PULUMI_HOME"] = str(engine.home)
        # Where the engine had to be built, a download would only be waited for.
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    elif Path(current.get("PULUMI_HOME", "/")).is_relative_to(cache.folder()):
        # Left over from a time when this shell used the built engine.
        variables["PULUMI_HOME"] = str(Path.home() / ".pulumi")
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "false"
    return variables


def _of_state(project: Path, current: Mapping[str, str]) -> dict[str, str]:
    def chosen_by_user(name: str) -> bool:
        return bool(current.get(name)) and not local_state.is_ours(name, current[name])

    variables: dict[str, str] = {}
    backend = current["PULUMI_BACKEND_URL"] if chosen_by_user("PULUMI_BACKEND_URL") else ""
    if not backend:
        variables["PULUMI_BACKEND_URL"] = f"file://{local_state.ensure_state(project)}"
    # A state that others share must not be encrypted with a passphrase that only this checkout knows.
    shared = bool(backend) and not backend.startswith("file://")
    passphrase = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
    if not shared and not any(map(chosen_by_user, passphrase)):
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(local_state.ensure_passphrase(project))
    return variables
