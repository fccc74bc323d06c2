"""The language runtime service: what the engine may ask of a language, each answer in a module of its own."""

# ruff: noqa: N802  the protocol names its methods

import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from . import child, dependencies, program
from .plugin import PolicyPackPlugin, ProviderPlugin
from .virtualenv import RuntimeOptionError, interpreter_of

# The official executor lies beside this package in the engine cache.
EXECUTOR = Path(__file__).with_name("pulumi-language-python-exec")


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine; unlisted methods (code generation) answer UNIMPLEMENTED."""

    def __init__(self, engine_address: str) -> None:
        """Remember where the engine listens."""
        # The request to run a program does not carry it: the engine passes it on the command line.
        self._engine_address = engine_address

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn the engine's address when the engine attaches to a running host."""
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Return the version of the SDK that this host speaks for."""
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Name no plugin in advance: this host exists where they cannot be downloaded.

        Each resource carries its provider's version anyway, so a missing plugin is reported when it is needed.
        """
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end."""
        try:
            interpreter = interpreter_of(request.info)
            process = child.start(
                program.command(request, self._engine_address, interpreter, EXECUTOR),
                cwd=request.info.program_directory,
                env=program.environment(request, interpreter),
            )
        except (RuntimeOptionError, OSError) as error:
            return language_pb2.RunResponse(error=str(error))
        context.add_callback(lambda: child.end(process))
        return program.response(child.finished(process))

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a component package or a policy pack for as long as the engine holds the call."""
        try:
            interpreter = interpreter_of(request.info)
            if request.kind == "analyzer":
                plugin = PolicyPackPlugin(request, interpreter, self._engine_address)
            else:
                plugin = ProviderPlugin(request, interpreter)
        except (RuntimeOptionError, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        context.add_callback(plugin.close)
        try:
            yield from plugin.responses()
        finally:
            plugin.close()

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install what the program or plugin needs and show pip's output while it happens."""
        try:
            yield from dependencies.install(request.info)
        except (RuntimeOptionError, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List what the program can import, for `pulumi about`."""
        try:
            found = dependencies.listed(request.info, transitive=request.transitiveDependencies)
        except (RuntimeOptionError, OSError, subprocess.CalledProcessError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Name the Python that runs programs."""
        try:
            executable = interpreter_of(request.info).executable
            asked = subprocess.run(
                [executable, "-I", "-c", "import platform; print(platform.python_version())"],
                check=True,
                capture_output=True,
                text=True,
            )
        except (RuntimeOptionError, OSError, subprocess.CalledProcessError):
            return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())
        return language_pb2.AboutResponse(executable=executable, version=asked.stdout.strip())
