"""`python3 -m toolchain`: sets up the engine, prints its environment, and ensures a Docker daemon."""

import argparse
import sys
from pathlib import Path

from . import checkout_virtualenv
from .machine import docker, progress
from .machine.errors import EngineError
from .pulumi import selection
from .variables import environment, shell_exports

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run one command; a known failure is printed without a traceback."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except EngineError as error:
        progress.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        progress.say("interrupted")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m toolchain", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    venv = commands.add_parser("venv", help="make the virtualenv of this checkout")
    venv.set_defaults(run=_venv)

    setup = commands.add_parser("setup", help="make a Pulumi engine available: found, downloaded or built")
    setup.add_argument("--quiet", action="store_true", help="don't name an engine that is ready")
    setup.set_defaults(run=_setup)

    env = commands.add_parser("env", help='print shell exports: eval "$(python3 -m toolchain env)"')
    env.add_argument("--project", type=Path, default=PROJECT, help="whose state and passphrase (default: this project)")
    env.set_defaults(run=_env)

    daemon = commands.add_parser("docker", help="see to it that a Docker daemon answers")
    daemon.add_argument("--data-root", type=Path, default=docker.DATA_ROOT, help="of a daemon that has to be started")
    daemon.add_argument("--stop", action="store_true", help="stop the daemon that an earlier call started, if any")
    daemon.set_defaults(run=_docker)
    return parser


def _venv(_arguments: argparse.Namespace) -> None:
    checkout_virtualenv.ensure(PROJECT)


def _setup(arguments: argparse.Namespace) -> None:
    engine = selection.ensure()
    if not arguments.quiet:
        progress.say(f"Pulumi {engine.pulumi} ({engine.origin.value}) is ready")


def _env(arguments: argparse.Namespace) -> None:
    sys.stdout.write(shell_exports(environment(arguments.project)))


def _docker(arguments: argparse.Namespace) -> None:
    if arguments.stop:
        stopped = docker.stop_started()
        progress.say("Docker is stopped" if stopped else "no Docker daemon was started from here: nothing is stopped")
        return
    daemon = docker.ensure_daemon(data_root=arguments.data_root)
    started = f", started now with pid {daemon.pid}" if daemon.started and daemon.pid else ""
    progress.say(f"Docker {daemon.version} answers at {daemon.host}{started}")


if __name__ == "__main__":
    sys.exit(main())
