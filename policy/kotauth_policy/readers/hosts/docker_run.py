"""Reads the containers that units and scripts of a host start, for hosts that are not Kotauth's own.

They are lines with `docker run` or `docker create`, or those of podman and nerdctl. Options that no rule reads are left
out.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from .started import Started, networks
from .user_data import Script

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


def started_by(script: Script) -> Iterator[Started]:
    """Yield the containers that the commands of a script start."""
    for line in _CONTINUED.sub(" ", script.text).splitlines():
        found = _RUN.search(line)
        if not found or line.lstrip().startswith("#"):
            continue
        options, image, command = _options(_words(found["words"], script))
        is_job = script.is_unit and not line.lstrip().startswith("ExecStart=")
        mounts = [str(_mount(option)["source"]) for option in options["mount"]]
        yield Started(
            name=_last(options, "name") or "",
            image=image,
            properties=_properties(options, command),
            environment_files=options["env-file"],
            environment=options["env"],
            sources=[*mounts, *(option.partition(":")[0] for option in options["volume"])],
            restart=_restart(options, script, is_job=is_job),
            is_job=is_job,
        )


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


def _restart(options: Mapping[str, list[str]], script: Script, *, is_job: bool) -> str:
    given = options["restart"]
    if given or not script.is_unit or is_job:
        return given[-1].partition(":")[0] if given else "no"
    return "always" if re.search(r"^Restart=(always|on-failure)\s*$", script.text, re.MULTILINE) else "no"


def _properties(options: Mapping[str, list[str]], command: list[str]) -> dict[str, object]:
    health = options["health-cmd"]
    log_options = _pairs(options["log-opt"])
    return {
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
        **networks(options["network"]),
        "healthcheck": {"tests": ["CMD-SHELL", health[-1]]} if health else None,
        "logDriver": _last(options, "log-driver"),
        "logOpts": log_options,
        **{property_: _last(options, option) for option, property_ in _MODES.items()},
    }


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
