"""The containers that a host starts, in the shape of the Docker provider's, so that the same rules evaluate both.

Those of Kotauth's own hosts stand in the boot plan (`boot_plan.py`), those of others in commands (`docker_run.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from ...engine.resource import Reader, Resource
from ...engine.value import UNKNOWN, Raw, Value
from ..aws.resources import HOSTS
from ..docker.resources import CONTAINER
from .boot_plan import planned_containers
from .docker_run import started_by
from .loose_data import as_object
from .started import Started
from .user_data import deferred_values, parameter_of, program_of, property_of


@dataclass(frozen=True)
class Deferred(Value):
    """A variable whose name is known and whose value the host fetches at boot."""

    name: str = ""
    parameter: Resource | None = None
    """Where it comes from, ``None`` where that is not in the stack."""


def _containers(host: Resource) -> Iterator[Resource]:
    program = program_of(host)
    plan = program.plan
    parameter = parameter_of(host, plan.parameter)
    is_secret = property_of(host).secret
    values: Mapping[str, object] = deferred_values(parameter) if parameter else {}
    variables, config = as_object(values.get("environment")), as_object(values.get("config"))
    started = chain(planned_containers(plan, program.files), *map(started_by, program.scripts))
    for container in started:
        # Messages show names of images.
        name = container.name or ("" if is_secret else container.image)
        deferred = [Deferred("", UNKNOWN, name=key, parameter=parameter) for key in plan.deferred.get(name, ())]
        properties = {
            **{key: _value(key, raw) for key, raw in container.properties.items() if raw is not None},
            "image": Value("image", container.image, is_secret),
            "envs": Value("envs", _variables(container, program.files, as_object(variables.get(name)), deferred)),
            **({"mustRun": Value("mustRun", False)} if container.is_job else {}),
            "restart": Value("restart", container.restart),
            "uploads": Value(
                "uploads", _uploads(container, program.files, as_object(config.get(name)), deferred, secret=is_secret)
            ),
        }
        yield Resource(host.urn, CONTAINER, name, Value("", properties), stack=host.stack)


def _variables(
    container: Started, files: Mapping[str, str], known: Mapping[str, object], deferred: list[Deferred]
) -> list[Value]:
    """Return the environment, as Docker has it: the last one of a name counts, and options come after files."""
    written = [
        *_from_files(files, container.environment_files),
        *(f"{name}={text}" for name, text in known.items()),
        *container.environment,
    ]
    entries = {entry.partition("=")[0]: entry for entry in written}
    later = [value for value in deferred if value.name not in entries]
    return [
        *(Value(f"envs[{at}]", text) for at, text in enumerate(entries.values())),
        *(replace(value, path=f"envs[{at}]") for at, value in enumerate(later, len(entries))),
    ]


def _uploads(
    container: Started,
    files: Mapping[str, str],
    known: Mapping[str, object],
    deferred: list[Deferred],
    *,
    secret: bool,
) -> list[Value]:
    """Return the files that a container sees of those that its host is given, as if they were uploaded into it."""
    folders = [source.rstrip("/") for source in container.sources if source]
    uploads: dict[str, Raw] = {
        path: text
        for path, text in files.items()
        if any(path == folder or path.startswith(f"{folder}/") for folder in folders)
    }
    # Among the deferred names, those of files have an ending.
    names = [value.name for value in deferred if "." in value.name]
    uploads |= {name: str(known.get(name)) if name in known else UNKNOWN for name in names}
    return [
        Value(path, {"file": Value(f"{path}.file", file), "content": Value(f"{path}.content", text, secret)})
        for path, (file, text) in ((f"uploads[{at}]", upload) for at, upload in enumerate(uploads.items()))
    ]


def _from_files(files: Mapping[str, str], paths: list[str]) -> Iterator[str]:
    for path in paths:
        lines = files.get(path, "").splitlines()
        yield from (line for line in lines if line.strip() and not line.startswith("#"))


def _value(path: str, raw: object) -> Value:
    if isinstance(raw, dict):
        return Value(path, {str(key): _value(f"{path}.{key}", each) for key, each in raw.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(raw, list):
        return Value(path, [_value(f"{path}[{at}]", each) for at, each in enumerate(raw)])  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return Value(path, raw if isinstance(raw, float) else str(raw))


READER = Reader(finds=CONTAINER, inside=HOSTS, property="userData", read=_containers)
