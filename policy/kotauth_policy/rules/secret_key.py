"""Kotauth's secret key: where it comes from, what it looks like, and that it is never lost.

It decrypts signing keys, second factors and mail passwords. With another key the server starts healthy and every login
fails, so the key is judged by its origin already where its value is not known yet.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator

from ..aws import HOSTS
from ..docker import CONTAINER, DIGEST_LABELS, JOB, SERVER, VOLUME, mounted, part, starts, volumes_of
from ..hosted import host_of, parts_in
from ..kotauth import (
    SECRET_KEY_FILE,
    Upload,
    file_name,
    is_secret_named,
    is_server,
    secret_key_sources,
    secret_key_uploads,
    setting,
)
from ..randomness import KEY_CHARACTERS, RANDOM_PASSWORD
from ..resource import Resource, Stack
from ..rule import Area, Level, References, Settings, Severity
from ..verdict import UndecidableError, Verdict, fail, undecidable

AREA = Area("secret-key")
_HEX = re.compile(r"[0-9a-f]{64}")
MINIMUM_CHARACTERS = 32
"""Kotauth refuses fewer (`FATAL: KAUTH_SECRET_KEY must be set (32+ chars).`)."""
_DISTINCT_CHARACTERS = 8
"""Of 32 random hex digits fewer are different once in 27 million keys; of `aaaa…` and `changemechangeme…` always."""


def _is_long(password: Resource) -> bool:
    return (password.get("length").number() or 0) >= KEY_CHARACTERS


def _may_be_key(password: Resource) -> bool:
    return password.get("length").is_unknown or _is_long(password)


def _derived_keys(password: Resource) -> list[list[Resource]]:
    """Return, for each server whose key comes from this password, all passwords that it can come from."""
    return password.in_stack().once(_candidates).get(password.urn, [])


def _candidates(stack: Stack) -> dict[str, list[list[Resource]]]:
    by_password: dict[str, list[list[Resource]]] = defaultdict(list)
    for server in parts_in(stack, SERVER):
        passwords = secret_key_sources(server, RANDOM_PASSWORD)
        found = list(filter(_may_be_key, passwords))
        for each in found:
            by_password[each.urn].append(found)
    return by_password


@AREA.rule(
    "trace-secret-key",
    Severity.CRITICAL,
    "Derive the secret key from a random password of 64 characters, or bring one of 32 or more.",
    remedy="Upload hex of SHA-256 over `random.RandomPassword(length=64, special=False)` as the file that "
    "KAUTH_SECRET_KEY_FILE names.",
    types=(CONTAINER, *HOSTS),
    when=is_server,
    references=References(checklist=(8,)),
    waivable=False,
)
def trace_secret_key(server: Resource, _: Settings) -> Iterator[Verdict]:
    """While the key is unknown its origin is judged, later the key itself."""
    if not setting(server, SECRET_KEY_FILE):
        yield fail("envs", f"does not set {SECRET_KEY_FILE}")
        return
    found = secret_key_uploads(server)
    if not found:
        yield undecidable("envs", f"names in {SECRET_KEY_FILE} a file that no upload of this stack makes")
    for upload in found:
        yield from _judge_unknown(upload) if upload.content.is_unknown else _judge_known(upload)


def _judge_unknown(upload: Upload) -> Iterator[Verdict]:
    sources = upload.sources()
    passwords = [source for source in sources if source.type == RANDOM_PASSWORD]
    where = f"of {upload.container.name}"
    if not sources:
        yield undecidable(upload.content.path, f"{where} is unknown and comes from no resource of this stack")
    elif not any(map(_is_long, sorted(passwords, key=lambda password: password.get("length").is_unknown))):
        yield fail(upload.content.path, f"{where} comes from no random password of {KEY_CHARACTERS} characters")


def _judge_known(upload: Upload) -> Iterator[Verdict]:
    path = upload.content.path
    where = f"of {upload.container.name}"
    if path.endswith(("source", "contentBase64")):
        yield undecidable(path, f"{where} is a file or binary data, which is not read here")
        return
    # Kotauth trims the file.
    key = (upload.content.text() or "").strip()
    if len(key) < MINIMUM_CHARACTERS:
        yield fail(path, f"{where} has fewer than {MINIMUM_CHARACTERS} characters")
    elif len(set(key)) < _DISTINCT_CHARACTERS:
        yield fail(path, f"{where} repeats too few characters to be random")


@AREA.rule(
    "use-hex-secret-key",
    Severity.LOW,
    "Write the secret key as 64 hex digits.",
    level=Level.ADVISORY,
    remedy="Leave an existing key as it is, since a changed one breaks every login; generate new ones as hex.",
    types=(CONTAINER, *HOSTS),
    when=is_server,
    references=References(checklist=(8,)),
)
def use_hex_secret_key(server: Resource, _: Settings) -> Iterator[Verdict]:
    """32 bytes as `cli generate-secret-key` prints them. An unknown key is judged by its origin."""
    for upload in secret_key_uploads(server):
        content = upload.content
        if (
            content.path.endswith(("content", "secretString"))
            and not content.is_unknown
            and not _HEX.fullmatch(content.text() or "")
        ):
            yield fail(content.path, f"of {upload.container.name} is not 64 lower-case hex digits")


@AREA.rule(
    "protect-secret-key",
    Severity.CRITICAL,
    "Protect the random password that the secret key comes from.",
    remedy="Set `protect=True` in its resource options.",
    types=(RANDOM_PASSWORD,),
    references=References(checklist=(8,)),
    waivable=False,
)
def protect_secret_key(password: Resource, _: Settings) -> Iterator[Verdict]:
    """A lost key is lost data."""
    for candidates in _derived_keys(password):
        if not any(candidate.protect for candidate in candidates):
            yield fail("", "is not protected from deletion")


@AREA.rule(
    "keep-secret-key",
    Severity.CRITICAL,
    "Never let a change of something else replace the secret key.",
    remedy="Remove `keepers` from the random password that the key comes from.",
    types=(RANDOM_PASSWORD,),
    references=References(checklist=(8,)),
    waivable=False,
)
def keep_secret_key(password: Resource, _: Settings) -> Iterator[Verdict]:
    """A new key breaks every login while all health checks stay green."""
    for candidates in _derived_keys(password):
        if all(candidate.get("keepers").fields() for candidate in candidates):
            yield fail("keepers", "is set")


@AREA.rule(
    "use-one-secret-key",
    Severity.CRITICAL,
    "Give all Kotauth servers of a stack one and the same secret key.",
    remedy="Make the file of each server from the same random password, or from the same secret of Secrets Manager.",
    types=(CONTAINER, *HOSTS),
    when=is_server,
    references=References(checklist=(8,)),
)
def use_one_secret_key(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Whoever logged in at one is a stranger at the other, and neither decrypts what the other stored.

    Known keys are compared. Of one that is unknown the origins are, all those of the files that are uploaded with it:
    two that have a second long password in common are taken for one. A stack with two installations waives this.
    """
    first = server.in_stack().once(_first_server)
    others = [] if server is first else secret_key_uploads(first)
    for upload in secret_key_uploads(server) if others else []:
        if not any(_is_same(upload, other) for other in others):
            yield fail(upload.content.path, f"of {upload.container.name} is another key than that of {first.name}")


def _first_server(stack: Stack) -> Resource:
    # The same one in whichever order the engine sends them.
    return min(parts_in(stack, SERVER), key=lambda each: (each.urn, each.name))


def _is_same(one: Upload, other: Upload) -> bool:
    if not one.content.is_unknown and not other.content.is_unknown:
        return (one.content.text() or "").strip() == (other.content.text() or "").strip()
    origins = [
        {each.urn for each in upload.sources() if each.type == RANDOM_PASSWORD and _may_be_key(each)}
        for upload in (one, other)
    ]
    if not all(origins):
        raise UndecidableError(one.content.path, f"of {one.container.name} can't be compared with another server's")
    return bool(origins[0] & origins[1])


@AREA.rule(
    "keep-secret-key-apart",
    Severity.CRITICAL,
    "Use the secret key for nothing but the secret files of Kotauth's servers.",
    remedy="Make another `random.RandomPassword` for everything else, and mount the key in the server and the job that "
    "guards it only.",
    types=(RANDOM_PASSWORD, CONTAINER, *HOSTS),
    references=References(checklist=(8,)),
)
def keep_secret_key_apart(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """What else has the key can lose it, and what is rotated together with it ends every login.

    A stored copy under the key's name is its recovery path. Not seen here are outputs of the stack, which have no
    origin, a second file beside the key's that is made of it, and where else a key goes that was brought along.
    """
    if resource.type == CONTAINER:
        yield from _judge_reader(resource)
        return
    for candidates in _derived_keys(resource):
        # One of them is the key: it is fine as long as any could be.
        strays = [list(_strays(candidate)) for candidate in candidates]
        if all(strays):
            where, name = strays[candidates.index(resource)][0]
            yield fail("", f"the secret key is made of it, and {name} of {where.name}, too")


def _strays(password: Resource) -> Iterator[tuple[Resource, str]]:
    """Yield what else than a server's key is made of the password."""
    stack = password.in_stack()
    carriers, files = stack.once(_key_files)
    for consumer, name in stack.consumers(password):
        is_key = name in ("uploads", "secretString") and (consumer.urn in carriers or is_secret_named(consumer, files))
        is_digest = name == "labels" and any(
            not (found := entry.field("label")).is_unknown and found.text() in DIGEST_LABELS
            for entry in consumer.get("labels").items()
        )
        if not is_key and not is_digest:
            yield consumer, name


def _key_files(stack: Stack) -> tuple[set[str], set[str]]:
    """Return the URNs of what carries a server's key, and what the files are called."""
    servers = parts_in(stack, SERVER)
    carriers = {upload.container.urn for server in servers for upload in secret_key_uploads(server)}
    return carriers, {file_name(path) for server in servers if (path := setting(server, SECRET_KEY_FILE))}


def _judge_reader(container: Resource) -> Iterator[Verdict]:
    """Say that a container mounts what holds a server's key, and is neither the server nor a job."""
    if not starts(container) or part(container) in (SERVER, JOB):
        return
    volumes, folders = container.in_stack().once(_key_places)
    mounts = list(mounted(container))
    inner = folders.get(_place(container), ())
    for path in [mount.host_path for mount in mounts if inner and mount.host_path is not None]:
        outer = posixpath.normpath(path.text() or "").rstrip("/")
        if any(f"{folder}/".startswith(f"{outer}/") for folder in inner):
            yield fail(path.path, "holds the secret key of a server")
    if volumes & volumes_of(container):
        yield fail("volumes", "hold the secret key of a server")
        return
    unknown = sum(mount.volume.is_unknown for mount in mounts if mount.volume is not None)
    if volumes and unknown > sum(source.type == VOLUME for source in container.sources("volumes", "mounts")):
        yield undecidable("volumes", "has a name that is unknown, and could hold the secret key")


def _place(container: Resource) -> str:
    """Return the URN of the host that starts it, nothing for a container of Docker's."""
    host = host_of(container)
    return host.urn if host else ""


def _key_places(stack: Stack) -> tuple[set[str], dict[str, set[str]]]:
    """Return the volumes that hold a server's key, and by place the folders that do."""
    volumes: set[str] = set()
    folders: dict[str, set[str]] = defaultdict(set)
    for server in parts_in(stack, SERVER):
        carriers = [each.container for each in secret_key_uploads(server) if each.container.type == CONTAINER]
        volumes |= volumes_of(server) & {volume for carrier in carriers for volume in volumes_of(carrier)}
        folder = posixpath.dirname(setting(server, SECRET_KEY_FILE) or "")
        for mount in mounted(server):
            if mount.host_path is not None and posixpath.normpath(mount.target.text() or "") == folder:
                folders[_place(server)].add(posixpath.normpath(mount.host_path.text() or ""))
    return volumes, folders
