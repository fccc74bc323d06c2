"""Places where secrets must not be: environment, labels, commands, unencrypted state and readable files.

A secret is a value that the program marks secret. A value with the name, form or origin of a secret counts too, because
a configuration file or an `unsecret` loses the mark. Two properties of the engine matter here: a value that is unknown
at preview has no mark, so its origin counts; and the provider moves the mark of an element to its whole list.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import Value
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.resources import LAMBDA
from ...readers.docker.containers import starts
from ...readers.docker.parts import fills_volumes_of_frontend
from ...readers.docker.resources import CONTAINER, DIGEST_LABELS
from ...readers.kotauth.server import file_name, is_secret_file, uploads, variables
from ...readers.proxies.certificates import names_of_key_files
from ...readers.secrets.exposed_values import exposed, is_place_of_unknown_secret
from ...readers.secrets.forms import has_secret_form
from ...readers.secrets.randomness import RANDOM_PASSWORD
from ...readers.secrets.text import has_secret, secret_words

AREA = Area("secret-exposure")

_OWNERS_ONLY = re.compile(r"0*[4-7]00")
_DIGEST = re.compile(r"[0-9a-f]{8,16}")


@AREA.rule(
    "keep-secrets-out-of-environment",
    Severity.CRITICAL,
    "Do not put secrets into the environment of a container.",
    remedy="Write the secret to a file, and set the `_FILE` form of the variable to its path.",
    types=(CONTAINER,),
    references=References(cis=("4.10",), checklist=(8, 9)),
    waivable=False,
)
def keep_secrets_out_of_environment(container: Resource, _: Settings) -> Iterator[Verdict]:
    """`docker inspect`, crash reports and child processes show the environment, of stopped containers too."""
    entries = container.get("envs")
    if entries.is_unknown:
        yield from exposed(container, "envs", entries)
    elif entries.secret:
        yield from _marked_entries(container, entries.items())
    else:
        for entry in entries.items():
            yield from _exposed_entry(container, entry)


def _exposed_entry(container: Resource, entry: Value) -> Iterator[Verdict]:
    name, _equals, text = ("", "", None) if entry.is_unknown else (entry.text() or "").partition("=")
    yield from exposed(container, "envs", entry, name=name, text=text)


def _marked_entries(container: Resource, entries: list[Value]) -> Iterator[Verdict]:
    """Yield a failure for each entry of a list marked secret that looks like the secret, or one for the whole list."""
    failures: list[Verdict] = []
    for entry in entries:
        if entry.is_unknown:
            failures.append(fail(entry.path, "is secret or unknown"))
        else:
            failures.extend(_exposed_entry(container, replace(entry, secret=False)))
    if failures or not entries:
        yield from failures
    elif len(entries) == 1:
        yield fail(entries[0].path, "is marked secret")
    else:
        span = f"{entries[0].path} to {entries[-1].path}"
        yield fail("envs", f"is marked secret, and the mark does not say which of the entries {span} is the secret")


@AREA.rule(
    "name-secret-references",
    Severity.LOW,
    "Give a variable a name such as DB_SECRET_NAME if its value is the name of a secret.",
    level=Level.ADVISORY,
    remedy="Give the variable in `envs` or `environment` a name that ends in `_SECRET_NAME`, `_SECRET_ARN` or "
    "`_SECRET_ID`. To keep the current name, create the secret in the same stack.",
    types=(CONTAINER, LAMBDA),
    references=References(checklist=(8, 9)),
)
def name_secret_references(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Words with slashes, as in `prod/orders/db`, look like the name of a secret, but can be a secret."""
    for value, name, text in _named_texts(resource):
        if is_place_of_unknown_secret(resource, name, text):
            yield fail(value.path, "looks like the name of a secret that is not in this stack")


def _named_texts(resource: Resource) -> Iterator[tuple[Value, str, str]]:
    """Yield the variables of a container or a function that are known and not marked."""
    if resource.type == LAMBDA:
        environment = resource.get("environment").field("variables")
        for name, value in () if environment.is_unknown else environment.fields().items():
            if not value.is_unknown and not value.secret:
                yield value, name, value.text() or ""
        return
    for environment_variable in () if resource.get("envs").is_unknown else variables(resource):
        if not environment_variable.entry.secret:
            yield environment_variable.entry, environment_variable.name, environment_variable.text


@AREA.rule(
    "keep-secrets-out-of-labels",
    Severity.HIGH,
    "Do not put secrets into the labels of a container.",
    remedy="Remove the entry from `labels`. If a changed secret must replace the container, store a digest of the "
    "secret in a label that the rule's parameter `digests` lists.",
    types=(CONTAINER,),
    references=References(cis=("4.10",), checklist=(8,)),
    parameters=(
        Parameter(
            "digests",
            Kind.TEXTS,
            [*DIGEST_LABELS],
            "Labels that may contain a digest of a secret. A digest has 8 to 16 lower-case hex digits.",
        ),
    ),
    waivable=False,
)
def keep_secrets_out_of_labels(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """Every client of the container engine can list the labels."""
    labels = container.get("labels")
    if labels.is_unknown:
        yield from exposed(container, "labels", labels)
        return
    digests, others = _split(labels.items(), settings.texts("digests"))
    for digest in digests:
        if not digest.is_unknown and not _DIGEST.fullmatch(digest.text() or ""):
            yield fail(digest.path, "is not a digest of 8 to 16 lower-case hex digits")
    # A mark on the whole list is the digest's, where there is one.
    if labels.secret and not digests:
        yield fail("labels", "is marked secret")
        return
    for named, value in others:
        for each, its_name in ((named, ""), (value, named.known_text())):
            unmarked = replace(each, secret=each.secret and not labels.secret)
            yield from exposed(container, "labels", unmarked, name=its_name)


def _split(labels: list[Value], digest_names: list[str]) -> tuple[list[Value], list[tuple[Value, Value]]]:
    """Return the values of the labels that hold a digest, and name and value of the others."""
    digests: list[Value] = []
    others: list[tuple[Value, Value]] = []
    for entry in labels:
        name, value = entry.field("label"), entry.field("value")
        if not name.is_unknown and name.text() in digest_names:
            digests.append(value)
        else:
            others.append((name, value))
    return digests, others


@AREA.rule(
    "keep-secrets-out-of-commands",
    Severity.HIGH,
    "Do not put secrets into the command line of a container.",
    remedy="Let the program read the secret from a file.",
    types=(CONTAINER,),
    references=References(cis=("4.10",), checklist=(8,)),
    waivable=False,
)
def keep_secrets_out_of_commands(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The process list of the host shows the command line.

    Words are evaluated together, because a flag says what the next word is.
    """
    probe = container.get("healthcheck")
    tests = probe if probe.secret or probe.is_unknown else probe.field("tests")
    for properties in ((container.get("entrypoints"), container.get("command")), (tests,)):
        words: list[Value] = []
        for value in properties:
            words += [value] if value.secret or value.is_unknown else value.items()
        unclear = [word for word in words if word.secret or word.is_unknown]
        for word in unclear:
            yield from exposed(container, word.root, word)
        texts = ["$unknown" if word in unclear else word.text() or "" for word in words]
        for place in sorted(secret_words(texts)):
            yield fail(words[place].path, "looks like a secret, alone or together with the words before it")


@AREA.rule(
    "encrypt-secret-files",
    Severity.CRITICAL,
    "Mark the content of every secret file as a Pulumi secret.",
    remedy="Wrap the content in `pulumi.Output.secret(…)`, so that the state stores it encrypted.",
    types=(CONTAINER,),
    nested=False,
    references=References(checklist=(8, 9)),
    waivable=False,
)
def encrypt_secret_files(container: Resource, _: Settings) -> Iterator[Verdict]:
    """An upload is an input, and the state stores inputs that are not marked secret in clear text."""
    for upload in uploads(container):
        content = upload.content
        if content.secret:
            continue
        file = upload.entry.field("file").text() or ""
        if not is_secret_file(file) and file_name(file) not in container.in_stack().once(names_of_key_files):
            if not content.is_unknown and _has_secret(file, content.text() or ""):
                yield fail(content.path, "looks like a secret, and is not marked secret")
        elif not content.is_unknown:
            yield fail(content.path, "is not marked secret")
        elif not any(source.type == RANDOM_PASSWORD for source in container.sources("uploads")):
            yield undecidable(content.path, "is unknown, and comes from no resource with secret values")


def _has_secret(file: str, content: str) -> bool:
    """Whether a file without a secret's name contains a secret; names inside count unless the file can be a program."""
    return has_secret(content) if file.endswith((".env", ".properties")) else has_secret_form(content)


@AREA.rule(
    "restrict-secret-files",
    Severity.HIGH,
    "Let only the owner read a secret file.",
    remedy='Set `permissions` of the upload to "0400".',
    types=(CONTAINER,),
    nested=False,
    references=References(checklist=(8, 9)),
)
def restrict_secret_files(container: Resource, _: Settings) -> Iterator[Verdict]:
    """By default, every user of every container with the volume can read an uploaded file."""
    for upload in uploads(container):
        mode = upload.entry.field("permissions")
        is_open = not _OWNERS_ONLY.fullmatch(mode.text() or "")
        file = upload.entry.field("file").text() or ""
        # The private key can be behind its certificates in a file that is called like them.
        is_key = file_name(file) in container.in_stack().once(names_of_key_files)
        if is_open and (is_key or is_secret_file(file) or _has_secret(file, upload.content.known_text())):
            # The mode of a secret file is itself marked secret, so no message shows it.
            fault = "is not set, which lets every user read the file"
            yield fail(mode.path, fault if mode.is_absent else "is readable for users other than the owner")


@AREA.rule(
    "mount-secret-files-read-only",
    Severity.MEDIUM,
    "Mount secret files read-only.",
    remedy="Set `read_only=True` on the volume at that folder, or `readonly` on the folder of the host. Only a job "
    'that puts new files into a volume of the frontend writes there, with `network_mode="none"`.',
    types=(CONTAINER,),
    when=starts,
    references=References(checklist=(8,)),
    parameters=(Parameter("folders", Kind.TEXTS, ["/run/secrets"], "Folders that contain secret files."),),
)
def mount_secret_files_read_only(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """An intruder in the server must not be able to change the server's key."""
    for name, target in (("volumes", "containerPath"), ("mounts", "target")):
        for entry in container.get(name).items():
            path = posixpath.normpath(entry.field(target).text() or "").replace("/var/run/", "/run/", 1)
            is_folder = any(f"{path}/".startswith(f"{folder}/") for folder in settings.texts("folders"))
            # A folder can be called `keys`; a file that is mounted has an ending.
            is_secret = is_folder or ("." in file_name(path) and is_secret_file(path))
            # In memory is what the container writes there itself.
            is_memory = name == "mounts" and entry.field("type").text() == "tmpfs"
            is_open = is_secret and not is_memory and not entry.field("readOnly").flag()
            if is_open and not (is_folder and fills_volumes_of_frontend(container)):
                yield fail(entry.field("readOnly").path, "is not true")
