"""Loads new versions of secrets into containers that run, where a container reloads its secret files.

New files lie beside those in use until the container's own command accepts them. A bad version is refused, and the
container keeps the old files. The line with the outcome `failed` raises an alarm, and each try repeats it.
"""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterable
from typing import Any

from . import names
from .aws import AwsError
from .boot import load_plan
from .bring_up import fill, load_containers, parameter, secret_files
from .command import CommandError, run
from .files import read
from .services import Services, may_pass
from .stages import log

STAGE = "renewal"
RELOAD_SECONDS = 60

Plan = dict[str, Any]


class BadSecretError(Exception):
    """A secret file that the container can't use."""


def renew(container: Plan, files: dict[str, bytes]) -> str:
    """Have a container use the files; return the names of those that are new. Raise where they are bad."""
    part, folder = container["name"], names.secrets_folder(container["name"])
    changed = [file for file, content in files.items() if read(f"{folder}/{file}") != content]
    # What lies beside stays until all is done: after a failure, or an end in between, the next look does it all again.
    unfinished = os.path.exists(f"{folder}/{names.NEXT}")
    if changed or unfinished:
        config = names.config_folder(part)
        current = {file: read(f"{config}/{file}") for file in os.listdir(config) if os.path.isfile(f"{config}/{file}")}
        beside = {f"{folder}/{names.NEXT}": files, f"{config}/{names.NEXT}": current}
        try:
            for next_folder, contents in beside.items():
                fill(next_folder, contents, container["user"])
            check_certificate(f"{folder}/{names.NEXT}/{names.CERTIFICATE_FILE}")
            runs = is_running(part)
            if runs and container["reload"]["command"]:
                reload(part, container["reload"]["command"])
            fill(folder, files, container["user"])
            if runs and container["reload"]["signal"]:
                run("docker", "kill", f"--signal={container['reload']['signal']}", part)
        except BadSecretError:
            remove(beside)
            raise
        remove(beside)
    return ", ".join(files if unfinished else changed)


def remove(folders: Iterable[str]) -> None:
    """Remove the folders of files that lie beside those in use."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def check_certificate(path: str) -> None:
    """Raise ``BadSecretError`` unless the file, if there is one, is a chain with the key of its first certificate."""
    if os.path.exists(path):
        try:
            # An empty passphrase, so that an encrypted key is refused without a question at the terminal.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password="")
        except (OSError, ValueError) as error:
            reason = "it must be a certificate chain and then its key in PEM form, without a passphrase"
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                reason = "its key is not that of its first certificate"
            raise BadSecretError(f"{os.path.basename(path)} is bad: {reason}") from None


def reload(part: str, command: list[str]) -> None:
    """Have the container load or check the files that lie beside those in use."""
    try:
        run("docker", "exec", part, *command, timeout=RELOAD_SECONDS)
    except CommandError as error:
        if is_running(part):
            raise BadSecretError(str(error)) from None
        raise


def is_running(part: str) -> bool:
    """Whether the container runs. One that doesn't run takes the files at its next start."""
    return run("docker", "ps", "--quiet", f"--filter=name=^{part}$") != ""


def look(aws: Services, plan: Plan, container: Plan) -> None:
    """Look once for new secret files of a container, and say what became of them."""
    part = container["name"]
    try:
        if changed := renew(container, secret_files(aws, plan, part, parameter(aws, plan))):
            log(STAGE, "ok", f"{part} uses a new {changed}")
    except (AwsError, BadSecretError, CommandError, OSError, ValueError) as error:
        passes = may_pass(error) if isinstance(error, AwsError) else isinstance(error, (CommandError, OSError))
        if passes:
            log(STAGE, "retry", f"{type(error).__name__}: {error}")
        else:
            log(STAGE, "failed", f"{part} keeps its secret files: {error}")


def main() -> None:
    """Look once for each container that reloads its secret files."""
    plan = load_plan()
    for container in load_containers(plan):
        if "reload" in container:
            look(Services(), plan, container)


if __name__ == "__main__":
    main()
