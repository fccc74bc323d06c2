"""`python -m cli.backups COMMAND --stack NAME`, which the Makefile calls: reads the arguments and runs the command."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from components.kotauth.secret_files import SECRET_FILES
from toolchain import EngineError

from ..stack import DEVELOPMENT, Stack
from . import backup, kit, listing
from .drill import Plan, drill
from .host import HostError, connect
from .job import JobError, Runner
from .kit import KitError
from .manifest import ManifestError
from .restore import restore, step
from .site import Site, SiteError, open_site
from .source import LATEST, kit_of, of_kit, of_stack, secret_contents
from .turn import turn
from .upgrade import go_back, upgrade

_EXPECTED = (EngineError, HostError, JobError, KitError, ManifestError, SiteError, KeyboardInterrupt)
_STATUS, _LIST, _RESTORE, _UPGRADE, _DRILL = "status", "backups", "restore", "upgrade", "restore-drill"


def _leave(_number: int, _frame: object) -> None:
    """Remove what was made, as after Ctrl-C: also where the terminal is closed."""
    raise KeyboardInterrupt


def main(words: list[str]) -> int:
    """Run one command; return the exit code."""
    if "" in words:
        variable = words[words.index("") - 1].removeprefix("--").upper()
        print(f"error: {variable} is empty: give it a value, or leave it out", file=sys.stderr)
        return 1
    arguments = _parser().parse_args(words)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
    try:
        stack = Stack(arguments.stack)
        if arguments.command == _STATUS and not _makes_backups(stack):
            return 0
        if arguments.kit and arguments.command in _OF_KIT:
            return _OF_KIT[arguments.command](arguments)
        with open_site(stack) as site, _turn(stack, arguments.command):
            return _COMMANDS[arguments.command](site, arguments)
    except _EXPECTED as error:
        print(f"error: {str(error) or 'interrupted'}", file=sys.stderr)
        return 1


def _turn(stack: Stack, command: str) -> AbstractContextManager[None]:
    """Let no second command remove what the first one works with. What a drill makes is its own."""
    if command in (_RESTORE, _UPGRADE):
        return turn(f"restore-{stack.name}", f"a restore or an upgrade of stack {stack.name}")
    return turn(f"drill-{stack.name}", f"a drill of stack {stack.name}") if command == _DRILL else nullcontext()


def _backup(site: Site, _: argparse.Namespace) -> int:
    step("Backing up")
    made = backup.make(site)
    took = f"{made.seconds} s" if made.seconds else "less than 1 s"
    print(f"Stored backup {made.id}: {listing.size(made.bytes)}, in {took}")
    return 0


def _backups(site: Site, _: argparse.Namespace) -> int:
    source = of_stack(site)
    listed = source.list(site.runner)
    print(listing.table(source, listed, datetime.now(UTC)))
    found = [*listing.problems(site, listed.state), *listing.lost(listed)]
    for problem in found:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    return 1 if found else 0


def _backups_of_kit(arguments: argparse.Namespace) -> int:
    """List backups with nothing but a kit and a Docker host: the stack and its state may be gone."""
    given = kit.read(arguments.kit)
    with connect() as host:
        runner = Runner(host, f"kit/{given.repository.stack}")
        with of_kit(runner, given) as source:
            print(listing.table(source, source.list(runner), datetime.now(UTC)))
    return 0


def _makes_backups(stack: Stack) -> bool:
    """Tell by its file whether a stack makes backups; to load its settings takes seconds."""
    on = stack.setting("backups").lower() or str(stack.setting("environment") == "production").lower()
    return on == "true" and not stack.is_on_aws


def _status(site: Site, _: argparse.Namespace) -> int:
    """Print one line for the end of `make up`; nothing where the stack makes no backups."""
    print(f"Backups              {listing.status(site)}")
    return 0


def _restore(site: Site, arguments: argparse.Namespace) -> int:
    restore(site, arguments.backup, arguments.kit)
    return 0


def _upgrade(site: Site, arguments: argparse.Namespace) -> int:
    if arguments.volume:
        go_back(site, arguments.volume)
    else:
        upgrade(site)
    return 0


def _drill(site: Site, arguments: argparse.Namespace) -> int:
    server = site.container("server", f"run {site.make_up} first")
    plan = Plan(
        source=of_stack(site),
        wanted=arguments.backup,
        server_image=site.settings.server.image.reference,
        database_image=site.settings.database_image.reference,
        base_url=site.settings.server.base_url.text,
        secret_key=secret_contents(site, server, [SECRET_FILES[0]])[SECRET_FILES[0]],
    )
    print(drill(site.runner, plan))
    return 0


def _drill_of_kit(arguments: argparse.Namespace) -> int:
    """Run a drill with nothing but a kit and a Docker host: the stack and its state may be gone."""
    given = kit.read(arguments.kit)
    if given.key is None:
        raise KitError("a drill needs both files of the kit: KIT=REPOSITORY-FILE,KEY-FILE")
    name = given.repository.stack
    with connect() as host, turn(f"drill-kit-{name}", f"a drill with the kit of stack {name}"):
        runner = Runner(host, f"kit/{name}")
        with of_kit(runner, given) as source:
            images = given.repository.images
            plan = Plan(
                source=source,
                wanted=arguments.backup,
                server_image=images["server"],
                database_image=images["database"],
                base_url=given.repository.base_url,
                secret_key=given.key.secret_key,
            )
            print(drill(runner, plan))
    return 0


def _kit(site: Site, arguments: argparse.Namespace) -> int:
    written = kit.write(arguments.out, kit_of(site))
    for file, content in zip(written, ("the repository and its password", "the secret key"), strict=True):
        print(f"{file}: {content}")
    print("Keep the two files in two places: together they open every account. Delete them here afterwards.")
    return 0


_COMMANDS = {
    _STATUS: _status,
    "backup": _backup,
    _LIST: _backups,
    _RESTORE: _restore,
    _UPGRADE: _upgrade,
    _DRILL: _drill,
    "backup-kit": _kit,
}
_OF_KIT = {_LIST: _backups_of_kit, _DRILL: _drill_of_kit}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.backups", description=__doc__)
    parser.add_argument("command", choices=_COMMANDS)
    parser.add_argument("--stack", default=DEVELOPMENT)
    parser.add_argument("--from", dest="backup", default=LATEST, help="id of a backup, or latest")
    parser.add_argument("--volume", default="", help="old volume of the database to go back to")
    parser.add_argument("--out", type=_path, default=Path(), help="folder for the files of a backup kit")
    parser.add_argument("--kit", type=_files, default=[], help="files of a backup kit, with commas between them")
    return parser


def _files(text: str) -> list[Path]:
    return [_path(name.strip()) for name in text.split(",") if name.strip()]


def _path(text: str) -> Path:
    """Return a path; no shell has seen what stands behind `KIT=` and `OUT=`. pathlib fails for an unknown user."""
    return Path(os.path.expanduser(text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
