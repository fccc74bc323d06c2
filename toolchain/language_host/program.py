"""Run a Pulumi program: one subprocess, started the way Pulumi's own host starts it."""

import json
import os
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from .virtualenv import Interpreter

# `pulumi-language-python-exec` ends with this code when it has already printed the error.
ALREADY_EXPLAINED = 32


def command(
    request: language_pb2.RunRequest, engine_address: str, interpreter: Interpreter, executor: Path
) -> list[str]:
    """Return the command line of the official executor for this run."""
    arguments = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.info.program_directory,
        "dry_run": str(request.dryRun).lower(),
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    options = [word for name, value in arguments.items() if value for word in (f"--{name}", value)]
    return [interpreter.executable, "-u", str(executor), *options, request.info.entry_point or ".", *request.args]


def environment(request: language_pb2.RunRequest, interpreter: Interpreter) -> dict[str, str]:
    """Return the environment of the program; the configuration travels in it, decrypted, as with Pulumi's own host."""
    return {
        **interpreter.environment(os.environ),
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def response(exit_code: int) -> language_pb2.RunResponse:
    """Translate the program's exit code; a `bail` stops the engine without a second message."""
    if exit_code == 0:
        return language_pb2.RunResponse()
    if exit_code == ALREADY_EXPLAINED:
        return language_pb2.RunResponse(bail=True)
    if exit_code < 0:
        return language_pb2.RunResponse(error=f"program was ended by signal {-exit_code}")
    return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {exit_code}")
