"""Where secrets must not be: environment, labels, commands, the clear part of the state, files that others can read.

A secret is what the program marks as one; a name, a form or an origin that says it is one counts too, because the mark
gets lost on the way through a configuration file or an `unsecret`. On the real engine two things blur it: a value that
is not known yet carries no mark, so its origin counts; and the provider moves the mark of an element to its whole list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..facts.aws import HOSTS
from ..facts.docker import CONTAINER, DIGEST_LABELS, starts
from ..facts.kotauth import is_secret_file, uploads
from ..facts.randomness import RANDOM_PASSWORD
from ..facts.secret_text import SECRET_FORM, SECRET_SOURCES, is_named_like_secret
from ..resource import Resource
from ..rule import Area, Kind, Parameter, References, Settings, Severity
from ..value import Value
from ..verdict import Verdict, fail, undecidable

AREA = Area("secret-exposure")

_DIGEST = re.compile(r"[0-9a-f]{8,16}")


def _exposed(container: Resource, name: str, value: Value) -> Iterator[Verdict]:
    """Judge one string of the property ``name`` that anyone reads who may inspect the container."""
    if value.secret:
        yield fail(value.path, "is marked secret")
    elif value.is_unknown:
        if any(source.type in SECRET_SOURCES for source in container.sources(name)):
            yield undecidable(value.path, "is unknown, and its property comes from a random password")
    elif SECRET_FORM.search(value.text() or ""):
        yield fail(value.path, "has the form of a secret")


@AREA.rule(
    "keep-secrets-out-of-environment",
    Severity.CRITICAL,
    "Put no secret into the environment of a container.",
    remedy="Write it to a file, and name the file in the variable's `_FILE` form.",
    types=(CONTAINER, *HOSTS),
    references=References(cis=("4.10",), checklist=(8, 9)),
    waivable=False,
)
def keep_secrets_out_of_environment(container: Resource, _: Settings) -> Iterator[Verdict]:
    """`docker inspect`, crash reports and child processes show it; so it counts for stopped containers too."""
    entries = container.get("envs")
    for entry in [entries] if entries.secret or entries.is_unknown else entries.items():
        found = list(_exposed(container, "envs", entry))
        yield from found
        if not found and not entry.is_unknown:
            name, _equals, text = (entry.text() or "").partition("=")
            if is_named_like_secret(name, text):
                yield fail(entry.path, "is named like a secret")


@AREA.rule(
    "keep-secrets-out-of-labels",
    Severity.HIGH,
    "Put no secret into the labels of a container.",
    remedy="Remove the label; a digest that makes a new container goes into one of the parameter `digests`.",
    types=(CONTAINER, *HOSTS),
    references=References(cis=("4.10",), checklist=(8,)),
    parameters=(
        Parameter(
            "digests",
            Kind.TEXTS,
            [*DIGEST_LABELS],
            "Labels that hold a digest of at most 16 hex digits, which may come from a secret.",
        ),
    ),
    waivable=False,
)
def keep_secrets_out_of_labels(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """Every client of the engine lists them."""
    labels = container.get("labels")
    if labels.is_unknown:
        yield from _exposed(container, "labels", labels)
        return
    digests, others = _split(labels.items(), settings.texts("digests"))
    for digest in digests:
        if not digest.is_unknown and not _DIGEST.fullmatch(digest.text() or ""):
            yield fail(digest.path, "is not a digest of at most 16 hex digits")
    # A mark on the whole list is the digest's, where there is one.
    if labels.secret and not digests:
        yield fail("labels", "is marked secret")
        return
    for value in others:
        yield from _exposed(container, "labels", replace(value, secret=value.secret and not labels.secret))


def _split(labels: list[Value], digest_names: list[str]) -> tuple[list[Value], list[Value]]:
    """Return the values of the labels that hold a digest, and all else that the labels say."""
    digests: list[Value] = []
    others: list[Value] = []
    for entry in labels:
        name, value = entry.field("label"), entry.field("value")
        if not name.is_unknown and name.text() in digest_names:
            digests.append(value)
        else:
            others.extend((name, value))
    return digests, others


@AREA.rule(
    "keep-secrets-out-of-commands",
    Severity.HIGH,
    "Put no secret into the command line of a container.",
    remedy="Let the program read it from a file.",
    types=(CONTAINER, *HOSTS),
    references=References(cis=("4.10",), checklist=(8,)),
    waivable=False,
)
def keep_secrets_out_of_commands(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The process list of the host shows it."""
    for name in ("command", "entrypoints", "healthcheck"):
        words = container.get(name)
        if name == "healthcheck" and not words.secret and not words.is_unknown:
            words = words.field("tests")
        for word in [words] if words.secret or words.is_unknown else words.items():
            yield from _exposed(container, name, word)


@AREA.rule(
    "encrypt-secret-files",
    Severity.CRITICAL,
    "Mark the content of every secret file as a secret.",
    remedy="Wrap it in `pulumi.Output.secret(…)`, so that the state holds it encrypted.",
    types=(CONTAINER,),
    references=References(checklist=(8, 9)),
    waivable=False,
)
def encrypt_secret_files(container: Resource, _: Settings) -> Iterator[Verdict]:
    """An upload is an input, and inputs that are not marked are stored in clear."""
    for upload in uploads(container):
        content = upload.content
        if content.secret or not is_secret_file(upload.entry.field("file").text() or ""):
            continue
        if not content.is_unknown:
            yield fail(content.path, "is not marked secret")
        elif not any(source.type == RANDOM_PASSWORD for source in container.sources("uploads")):
            yield undecidable(content.path, "is unknown, and comes from nothing whose values are secret")


@AREA.rule(
    "restrict-secret-files",
    Severity.HIGH,
    "Let only the owner read a secret file.",
    remedy='Set `permissions` of the upload to "0400".',
    types=(CONTAINER,),
    references=References(checklist=(8, 9)),
)
def restrict_secret_files(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The provider's default lets every user of every container with the volume read it."""
    for upload in uploads(container):
        mode = upload.entry.field("permissions")
        if is_secret_file(upload.entry.field("file").text() or "") and (mode.text() or "").lstrip("0") not in (
            "400",
            "600",
        ):
            yield fail(mode.path, "is neither 0400 nor 0600")


@AREA.rule(
    "mount-secret-files-read-only",
    Severity.MEDIUM,
    "Mount secret files read-only.",
    remedy="Set `read_only=True` on the volume that is mounted there, `readonly` on the folder of a host.",
    types=(CONTAINER, *HOSTS),
    when=starts,
    references=References(checklist=(8,)),
    parameters=(Parameter("folders", Kind.TEXTS, ["/run/secrets"], "Folders that hold secret files."),),
)
def mount_secret_files_read_only(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """The server that is broken into must not be able to change its own key."""
    for name, target in (("volumes", "containerPath"), ("mounts", "target")):
        for entry in container.get(name).items():
            path = (entry.field(target).text() or "").rstrip("/")
            is_secret = any(f"{path}/".startswith(f"{folder}/") for folder in settings.texts("folders"))
            if is_secret and not entry.field("readOnly").flag():
                yield fail(entry.field("readOnly").path, "is not true")
