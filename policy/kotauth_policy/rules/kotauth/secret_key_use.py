"""Use of Kotauth's secret key: by all Kotauth servers of a stack, and by nothing else."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, References, Settings, Severity
from ...engine.verdict import UndecidableError, Verdict, fail, undecidable
from ...readers.docker.containers import containers_beside, holder_of, starts
from ...readers.docker.mounts import mounted, volumes_of
from ...readers.docker.parts import JOB, SERVER, part, parts_in
from ...readers.docker.resources import CONTAINER, DIGEST_LABELS, VOLUME
from ...readers.kotauth.key_fingerprint import is_fingerprint_only
from ...readers.kotauth.key_origin import derived_keys, may_be_key
from ...readers.kotauth.server import (
    SECRET_KEY_FILE,
    Upload,
    file_name,
    is_secret_named,
    is_server,
    secret_key_uploads,
    setting,
)
from ...readers.secrets.randomness import RANDOM_PASSWORD

AREA = Area("secret-key-use")
_PROVIDERS = ("aws:", "docker:", "random:")


@AREA.rule(
    "use-one-secret-key",
    Severity.CRITICAL,
    "Give all Kotauth servers of a stack the same secret key.",
    remedy="Derive the key file of each server from the same random password, or from the same secret of Secrets "
    "Manager.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(8,)),
)
def use_one_secret_key(server: Resource, _: Settings) -> Iterator[Verdict]:
    """With different keys, one server rejects the logins of another and can't decrypt what the other stored.

    The rule compares known keys. For a key that is unknown at preview, it compares the random passwords from which the
    container's uploads come. So it accepts two keys if both containers also upload the same long password. If a stack
    runs two installations, waive this rule.
    """
    first = server.in_stack().once(_first_server)
    others = [] if server is first else secret_key_uploads(first)
    for upload in secret_key_uploads(server) if others else []:
        if not any(_is_same(upload, other) for other in others):
            yield fail(
                upload.content.path, f"the file in {upload.container.name} is not the secret key of {first.name}"
            )


def _first_server(stack: Stack) -> Resource:
    # The same one in whichever order the engine sends them.
    return min(parts_in(stack, SERVER), key=lambda each: (each.urn, each.name))


def _is_same(one: Upload, other: Upload) -> bool:
    if not one.content.is_unknown and not other.content.is_unknown:
        return (one.content.text() or "").strip() == (other.content.text() or "").strip()
    origins = [
        {each.urn for each in upload.sources() if each.type == RANDOM_PASSWORD and may_be_key(each)}
        for upload in (one, other)
    ]
    if not all(origins):
        raise UndecidableError(
            one.content.path, f"of {one.container.name} can't be compared with the key of another server"
        )
    return bool(origins[0] & origins[1])


@AREA.rule(
    "keep-secret-key-apart",
    Severity.CRITICAL,
    "Use the secret key only for the key file of Kotauth servers.",
    remedy="Create another `random.RandomPassword` for every other purpose. Mount the volume with the key file only "
    'in servers and in containers with the label `kotauth.part` "job".',
    types=(RANDOM_PASSWORD, CONTAINER),
    references=References(checklist=(8,)),
)
def keep_secret_key_apart(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Another user of the key can leak it, and a rotation together with the key ends every login.

    A stored copy under the key's name is its recovery path. The fingerprint that the database stores can't be turned
    back into a key. The rule can't see outputs of the stack, which have no origin, a second file beside the key's file
    that is derived from the key, or other uses of an imported key.
    """
    if resource.type == CONTAINER:
        yield from _evaluate_reader(resource)
        return
    for candidates in derived_keys(resource):
        # One of them is the key: it is fine as long as any could be.
        strays = [list(_strays(candidate)) for candidate in candidates]
        if all(strays):
            where, name = strays[candidates.index(resource)][0]
            yield fail("", f"is the origin of the secret key, and property {name} of {where.name} uses it too")


def _strays(password: Resource) -> Iterator[tuple[Resource, str]]:
    """Yield each resource and property that uses the password for anything but a server's key."""
    stack = password.in_stack()
    carriers, files = stack.once(_key_files)
    components = stack.once(_parents)
    for consumer, name in stack.consumers(password):
        if consumer.type in components:
            # What it makes of its inputs are resources, which are evaluated themselves.
            continue
        is_key = name in ("uploads", "secretString") and (consumer.urn in carriers or is_secret_named(consumer, files))
        is_digest = name == "labels" and any(
            not (label := entry.field("label")).is_unknown and label.text() in DIGEST_LABELS
            for entry in consumer.get("labels").items()
        )
        if not is_key and not is_digest and not is_fingerprint_only(consumer, name):
            yield consumer, name


def _parents(stack: Stack) -> set[str]:
    """Return the types of components: resources with children that are not from a provider with rules."""
    chains = (urn.split("::")[2].split("$") for urn in stack.resources)
    return {type_ for *parents, _ in chains for type_ in parents if not type_.startswith(_PROVIDERS)}


def _key_files(stack: Stack) -> tuple[set[str], set[str]]:
    """Return the URNs of the resources that upload a server's key, and the names of the key files."""
    servers = parts_in(stack, SERVER)
    carriers = {upload.container.urn for server in servers for upload in secret_key_uploads(server)}
    return carriers, {file_name(path) for server in servers if (path := setting(server, SECRET_KEY_FILE))}


def _evaluate_reader(container: Resource) -> Iterator[Verdict]:
    """Yield a failure for a container that mounts a server's key but is neither a server nor a job."""
    if not starts(container) or part(container) in (SERVER, JOB):
        return
    if any(part(lender) == SERVER for lender in _lenders(container)):
        yield fail("volumes", "are the volumes of a server, which contain its secret key")
        return
    volumes, folders = container.in_stack().once(_key_places)
    mounts = list(mounted(container))
    inner = folders.get(_place(container), ())
    for path in [mount.host_path for mount in mounts if inner and mount.host_path is not None]:
        outer = posixpath.normpath(path.text() or "").rstrip("/")
        if any(f"{folder}/".startswith(f"{outer}/") for folder in inner):
            yield fail(path.path, "contains the secret key of a server")
    if volumes & volumes_of(container):
        yield fail("volumes", "contain the secret key of a server")
        return
    unknown = sum(mount.volume.is_unknown for mount in mounts if mount.volume is not None)
    if volumes and unknown > sum(source.type == VOLUME for source in container.sources("volumes", "mounts")):
        yield undecidable("volumes", "includes a volume with an unknown name, which could contain the secret key")


def _lenders(container: Resource) -> list[Resource]:
    """Return the containers from which a container takes its volumes (`fromContainer`)."""
    given = [entry.field("fromContainer") for entry in container.get("volumes").items()]
    names = {text for name in given if not name.is_unknown and (text := name.text())}
    lenders = [source for source in container.sources("volumes") if source.type == CONTAINER]
    if not names:
        return lenders
    if holder_of(container):
        return [other for other in containers_beside(container) if other.name in names]
    named = container.in_stack().named(CONTAINER)
    return [*lenders, *(named[name] for name in names if name in named)]


def _place(container: Resource) -> str:
    """Return the URN of the host that starts a container, empty for a container of the Docker provider."""
    host = holder_of(container)
    return host.urn if host else ""


def _key_places(stack: Stack) -> tuple[set[str], dict[str, set[str]]]:
    """Return the volumes that contain a server's key, and for each host the files that do."""
    volumes: set[str] = set()
    folders: dict[str, set[str]] = defaultdict(set)
    for server in parts_in(stack, SERVER):
        carriers = [upload.container for upload in secret_key_uploads(server) if _is_into_volume(upload)]
        volumes |= volumes_of(server) & {volume for carrier in carriers for volume in volumes_of(carrier)}
        file = posixpath.normpath(setting(server, SECRET_KEY_FILE) or "/")
        for mount in mounted(server):
            target = posixpath.normpath(mount.target.text() or "")
            if mount.host_path is not None and _is_in(file, target):
                inner = posixpath.join(mount.host_path.text() or "", posixpath.relpath(file, target))
                folders[_place(server)].add(posixpath.normpath(inner))
    return volumes, folders


def _is_into_volume(upload: Upload) -> bool:
    """Whether a file is inside a mount of its container."""
    file = upload.entry.field("file").text() or ""
    return upload.container.type == CONTAINER and any(
        _is_in(file, mount.target.text() or "") for mount in mounted(upload.container)
    )


def _is_in(path: str, folder: str) -> bool:
    return bool(folder) and f"{path}/".startswith(f"{folder.rstrip('/')}/")
