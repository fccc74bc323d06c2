"""The local state of stacks, and the passphrase that encrypts its secrets.

Both lie in `.pulumi-local/` of the project, which is git-ignored. The passphrase is generated once. It is never
generated a second time beside a state that the first one encrypted: that would only hide the loss.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from .machine import progress
from .machine.errors import EngineError

FOLDER = ".pulumi-local"
_PASSPHRASE_BYTES = 32
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


def state_folder(project: Path) -> Path:
    """Return where the stacks of a project are kept."""
    return project / FOLDER / "state"


def passphrase_file(project: Path) -> Path:
    """Return the file of the passphrase."""
    return project / FOLDER / "passphrase"


def is_ours(name: str, value: str) -> bool:
    """Tell whether a variable was set by `make env`, perhaps for another checkout, rather than by the user."""
    endings = {
        "PULUMI_BACKEND_URL": f"/{FOLDER}/state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": f"/{FOLDER}/passphrase",
    }
    return name in endings and value.endswith(endings[name])


def ensure_state(project: Path) -> Path:
    """Return the folder of the state, made if it is missing."""
    folder = state_folder(project)
    folder.parent.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    return folder


def ensure_passphrase(project: Path) -> Path:
    """Return the file of the passphrase, generated if there is none and nothing has been encrypted yet."""
    file = passphrase_file(project)
    if file.is_file():
        if file.stat().st_mode & 0o077:
            progress.say(f"    {file} could be read by others: its mode is 0600 again")
            file.chmod(_PRIVATE_FILE)
        return file
    if stacks := _stacks(project):
        raise EngineError(_lost(project, stacks))
    _write_once(file, secrets.token_urlsafe(_PASSPHRASE_BYTES))
    return file


def _stacks(project: Path) -> list[str]:
    folder = state_folder(project) / ".pulumi" / "stacks"
    files = [*folder.rglob("*.json"), *folder.rglob("*.json.gz")]
    return sorted("/".join(file.relative_to(folder).parts).split(".json")[0] for file in files)


def _write_once(file: Path, content: str) -> None:
    """Write a private file, complete or not at all; if another process was faster, its file stays."""
    file.parent.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    # A temporary file is private from its first moment on, and a link, unlike a rename, never replaces a file.
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".passphrase-", encoding="utf-8") as draft:
        draft.write(content + "\n")
        draft.flush()
        with contextlib.suppress(FileExistsError):
            os.link(draft.name, file)


def _lost(project: Path, stacks: list[str]) -> str:
    state = state_folder(project)
    return f"""\
the passphrase of the local state is gone: {passphrase_file(project)} does not exist, \
but {state} holds the stack{"s" * (len(stacks) > 1)} {", ".join(stacks)}.

Still there, and not touched by this:
  - the running containers, which go on serving,
  - the volumes with all data (`docker volume ls`),
  - the secret key, as a file in the server's volume.
Lost without the passphrase:
  - the secrets inside the state (generated passwords, the API key): Pulumi cannot decrypt it, so it can
    neither show outputs nor update or destroy these stacks.

Ways out, best first:
  1. put the file back from a backup (one line, mode 0600);
  2. if you know the passphrase, export PULUMI_CONFIG_PASSPHRASE;
  3. dump the database, print the secret key, stop the containers, move {state} away, \
and restore dump and key into a new stack: docs/docker.md, "The passphrase of the local state".
No new passphrase has been generated: it could not open this state."""
