"""The containers that a host starts, in the shape of the Docker provider's, so that the same rules judge both.

They are read from the lines of units and scripts with `docker run` or `docker create`, or those of podman and nerdctl.
Options that no rule reads are left out.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...engine.resource import Reader, Resource
from ...engine.value import UNKNOWN, Raw, Value
from ..aws.resources import HOSTS
from ..docker.resources import CONTAINER
from .user_data import CONFIG_FOLDER, Program, Script, as_object, late_values, parameter_of, program_of, property_of

# Between the command and `run` stand options of the client, each with its value behind `=` or as the next word.
_RUN = re.compile(
    r"\b(?:docker|podman|nerdctl)\s+(?:-\S+\s+(?:(?!-|run\s|create\s|container\s)\S+\s+)?){0,20}"
    r"(?:container\s+)?(?:run|create)\s+(?P<words>.*)"
)
_CONTINUED = re.compile(r"\\\r?\n")
_ENDS = {"&&", "||", ";", "|", "&", ">", ">>", "2>", "2>&1"}
_SWITCHES = {
    "-d", "--detach", "--rm", "-i", "--interactive", "-t", "--tty", "-P", "--publish-all", "--init", "--no-healthcheck",
    "--oom-kill-disable", "--privileged", "--read-only", "--sig-proxy", "--quiet", "-q", "--disable-content-trust",
    "--use-api-socket",
}  # fmt: skip
_SHORT_SWITCHES = re.compile(r"-([ditPq]+)([a-zA-Z].*)?")
"""Several in one word, as in `-dt`; the last letter can be an option with a value, as in `-dp 80:80`."""
_LONG = {
    "-a": "attach", "-c": "cpu-shares", "-e": "env", "-h": "hostname", "-l": "label", "-m": "memory", "-p": "publish",
    "-u": "user", "-v": "volume", "-w": "workdir", "-P": "publish-all", "--net": "network",
}  # fmt: skip
_MODES = {"pid": "pidMode", "ipc": "ipcMode", "userns": "usernsMode", "cgroupns": "cgroupnsMode"}
_UNITS = {"b": 1 / 1024**2, "k": 1 / 1024, "m": 1, "g": 1024}


@dataclass(frozen=True)
class Late(Value):
    """A variable whose name is known and whose value the host fetches at boot."""

    name: str = ""
    parameter: Resource | None = None
    """Where it comes from, ``None`` where that is not in the stack."""


def _containers(host: Resource) -> Iterator[Resource]:
    program = program_of(host)
    parameter = parameter_of(host, program)
    is_secret = property_of(host).secret
    values: Mapping[str, object] = late_values(parameter) if parameter else {}
    late, late_files = as_object(values.get("environment")), as_object(values.get("config"))
    for script in program.scripts:
        for line in _CONTINUED.sub(" ", script.text).splitlines():
            found = _RUN.search(line)
            if not found or line.lstrip().startswith("#"):
                continue
            options, image, command = _options(_words(found["words"], script))
            name = (options["name"] or ["" if is_secret else image])[-1]
            environment = [
                *_from_files(program, options["env-file"]),
                *(f"{key}={text}" for key, text in as_object(late.get(name)).items()),
                *options["env"],
            ]
            # As Docker has it: the last one counts, and options come after files.
            known = {entry.partition("=")[0]: entry for entry in environment}
            entries: list[Value] = [Value(f"envs[{at}]", text) for at, text in enumerate(known.values())]
            entries += [
                Late(f"envs[{at}]", UNKNOWN, name=each, parameter=parameter)
                for at, each in enumerate(program.late.get(name, ()), len(entries))
                if each not in known
            ]
            once = script.is_unit and not line.lstrip().startswith("ExecStart=")
            properties = {
                **_properties(options, command),
                # Messages show names of images.
                "image": Value("image", image, is_secret),
                "envs": Value("envs", entries),
                **({"mustRun": Value("mustRun", False)} if once else {}),
                "restart": Value("restart", _restart(options, script, once=once)),
            }
            uploads = _uploads(program, name, options, as_object(late_files.get(name)), secret=is_secret)
            properties["uploads"] = Value("uploads", uploads)
            yield Resource(host.urn, CONTAINER, name, Value("", properties), stack=host.stack)


def _uploads(
    program: Program, name: str, options: Mapping[str, list[str]], late: Mapping[str, object], *, secret: bool
) -> list[Value]:
    """Return the files that a container sees of those that its host is given, as if they were uploaded into it."""
    mounts = [str(_mount(each)["source"]) for each in options["mount"]]
    mounts += [each.partition(":")[0] for each in options["volume"]]
    # Kotauth's own boot copies what is there to where it is mounted.
    folders = [f"{CONFIG_FOLDER}/{name}", *(mount.rstrip("/") for mount in mounts)]
    found: dict[str, Raw] = {
        path: text
        for path, text in program.files.items()
        if any(path == folder or path.startswith(f"{folder}/") for folder in folders if folder)
    }
    # Among the late names, those of files have an ending.
    found |= {
        each: str(late.get(each)) if each in late else UNKNOWN for each in program.late.get(name, ()) if "." in each
    }
    return [
        Value(path, {"file": Value(f"{path}.file", file), "content": Value(f"{path}.content", text, secret)})
        for path, (file, text) in ((f"uploads[{at}]", each) for at, each in enumerate(found.items()))
    ]


def _words(text: str, script: Script) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if script.is_unit:
        return [word.replace("%%", "%").replace("$$", "$") for word in words]
    ends = [place for place, word in enumerate(words) if word in _ENDS]
    return words[: ends[0]] if ends else words


def _options(words: list[str]) -> tuple[Mapping[str, list[str]], str, list[str]]:
    options: dict[str, list[str]] = defaultdict(list)
    rest = iter(words)
    for given in rest:
        word = given
        if not word.startswith("-"):
            return options, word, list(rest)
        if together := _SHORT_SWITCHES.fullmatch(word):
            for letter in together[1]:
                options[_LONG.get(f"-{letter}", letter)].append("true")
            if not together[2]:
                continue
            word = f"-{together[2]}"
        name, equals, value = word.partition("=")
        if len(word) > 2 and word[:2] in _LONG:
            name, value = word[:2], word[2:].removeprefix("=")
        elif not equals:
            value = "true" if word in _SWITCHES else next(rest, "")
        options[_LONG.get(name, name.removeprefix("--"))].append(value)
    return options, "", []


def _from_files(program: Program, paths: list[str]) -> Iterator[str]:
    for path in paths:
        lines = program.files.get(path, "").splitlines()
        yield from (line for line in lines if line.strip() and not line.startswith("#"))


def _restart(options: Mapping[str, list[str]], script: Script, *, once: bool) -> str:
    given = options["restart"]
    if given or not script.is_unit or once:
        return given[-1].partition(":")[0] if given else "no"
    return "always" if re.search(r"^Restart=(always|on-failure)\s*$", script.text, re.MULTILINE) else "no"


def _properties(options: Mapping[str, list[str]], command: list[str]) -> dict[str, Value]:
    networks = options["network"]
    modes = [
        each for each in networks if each in ("host", "none", "bridge", "default") or each.startswith("container:")
    ]
    health = options["health-cmd"]
    log_options = _pairs(options["log-opt"])
    raw: dict[str, object] = {
        "command": command,
        "entrypoints": options["entrypoint"],
        "user": _last(options, "user"),
        "memory": _megabytes(_last(options, "memory")),
        "memorySwap": _megabytes(_last(options, "memory-swap")),
        "cpus": _last(options, "cpus"),
        "privileged": _last(options, "privileged"),
        "readOnly": _last(options, "read-only"),
        "publishAllPorts": _last(options, "publish-all"),
        "capabilities": {"adds": options["cap-add"], "drops": options["cap-drop"]},
        "securityOpts": options["security-opt"],
        "sysctls": _pairs(options["sysctl"]),
        "devices": [{"hostPath": each} for each in options["device"]],
        "gpus": _last(options, "gpus"),
        "labels": [{"label": name, "value": text} for name, text in _pairs(options["label"]).items()],
        "ports": [_port(each) for each in options["publish"]],
        "mounts": [_mount(each) for each in options["mount"]],
        "volumes": [
            *(_volume(each) for each in options["volume"]),
            *({"fromContainer": each.partition(":")[0]} for each in options["volumes-from"]),
        ],
        "networkMode": modes[-1] if modes else None,
        "networksAdvanced": [{"name": each} for each in networks if each not in modes],
        "healthcheck": {"tests": ["CMD-SHELL", health[-1]]} if health else None,
        "logDriver": _last(options, "log-driver"),
        "logOpts": log_options,
        **{property_: _last(options, option) for option, property_ in _MODES.items()},
    }
    return {name: _value(name, value) for name, value in raw.items() if value is not None}


def _value(path: str, raw: object) -> Value:
    if isinstance(raw, dict):
        return Value(path, {str(key): _value(f"{path}.{key}", each) for key, each in raw.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(raw, list):
        return Value(path, [_value(f"{path}[{at}]", each) for at, each in enumerate(raw)])  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return Value(path, raw if isinstance(raw, float) else str(raw))


def _pairs(words: Iterable[str]) -> dict[str, str]:
    return {name: text for name, _, text in (word.partition("=") for word in words)}


def _last(options: Mapping[str, list[str]], name: str) -> str | None:
    return options[name][-1] if options[name] else None


def _megabytes(text: str | None) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([bkmg]?)b?", (text or "").lower())
    return float(match[1]) * _UNITS[match[2] or "b"] if match else None


def _port(text: str) -> dict[str, object]:
    address, _, protocol = text.partition("/")
    *outside, inside = address.split(":")
    port: dict[str, object] = {"internal": inside, "protocol": protocol or "tcp"}
    return {**port, "external": outside[-1]} if outside else port


def _mount(text: str) -> dict[str, object]:
    fields = _pairs(text.split(","))
    target = fields.get("target") or fields.get("destination") or fields.get("dst") or ""
    # Without a value it is true.
    read_only = str(fields.get("readonly", fields.get("ro", "false")) in ("", "true", "1")).lower()
    source = fields.get("source") or fields.get("src") or ""
    return {"type": fields.get("type", "volume"), "source": source, "target": target, "readOnly": read_only}


def _volume(text: str) -> dict[str, object]:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    place = "hostPath" if source.startswith(("/", ".", "~")) else "volumeName"
    return {place: source, "containerPath": target, "readOnly": str("ro" in mode.split(",")).lower()}


READER = Reader(finds=CONTAINER, inside=HOSTS, property="userData", read=_containers)
